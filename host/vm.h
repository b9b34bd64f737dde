/*
 * vm.h - the Lua state: its memory limit, its modules, its strict globals, the hook that interrupts
 * scripts at the deadline; and the handler in it. Knows no binding: main hands it the modules.
 */
#ifndef LUNETTE_HOST_VM_H
#define LUNETTE_HOST_VM_H

#include <lauxlib.h>
#include <lua.h>
#include <stdint.h>

#include "host/buffer.h"
#include "host/error.h"

struct vm;
struct vm_stream;
struct loop;

/* require "PREFIXname" finds the embedded file FOLDERname.lua. */
struct vm_folder {
    const char *prefix; /* NULL ends a table */
    const char *folder;
};

struct vm_options {
    struct loop *loop;
    const luaL_Reg *const *modules;  /* C modules: tables ended by {NULL, NULL}; ended by NULL */
    const struct vm_folder *folders; /* borrowed as long as the state lives */
    const char *library_folder; /* where `require` looks after the script's folder; NULL: nowhere
                                   else. Borrowed as long as the state lives. */
    size_t memory_max;          /* bytes that Lua may hold */
    bool any_entry; /* a handler that returns a function is taken whatever the entry is called, for
                       Lambda always names one; else it must be asked for without a name */
};

/*
 * A state with the standard libraries, `require` for the modules given, for embedded Lua files and
 * for files beside the handler (which win over embedded ones); os.exit raises; no native modules;
 * assigning or reading an undeclared global raises with its name. NULL on failure.
 */
struct vm *vm_new(const struct vm_options *options, struct error *err);
void vm_free(struct vm *vm); /* NULL is allowed */

lua_State *vm_state(struct vm *vm);

/* Bytes held by Lua now, and the most since the last vm_memory_reset_peak(). */
size_t vm_memory(const struct vm *vm);
size_t vm_memory_peak(const struct vm *vm);
void vm_memory_reset_peak(struct vm *vm);

/* `require` looks in this folder first, then in the library folder. */
MUST_CHECK bool vm_set_script_folder(struct vm *vm, const char *folder, struct error *err);

/*
 * Loads the handler: a script that returns a function, or a table with a function named `entry`
 * (NULL: "main"). Errors: `no_handler` (no such file), `syntax`, `bad_handler` (returned something
 * else, or a function when an entry was named; see `any_entry`), `deadline` (not done after 10 s,
 * the time of Lambda's init phase), or what the script raised. `traceback` gets the latter's lines,
 * or stays empty.
 */
MUST_CHECK bool vm_load_handler(struct vm *vm, const char *path, const char *entry,
                                struct buffer *traceback, struct error *err);

/* The same for a handler whose text is in memory; `name` is what tracebacks call it. */
MUST_CHECK bool vm_load_handler_text(struct vm *vm, const char *text, size_t length,
                                     const char *name, const char *entry, struct buffer *traceback,
                                     struct error *err);

/* What one invocation knows; texts are borrowed, NULL when unknown. Becomes the `context`. */
struct vm_invocation {
    const char *event; /* JSON */
    size_t event_length;
    const char *request_id, *function_name, *function_version, *function_arn, *trace_id, *tenant_id;
    const char *client_context, *identity; /* JSON: of a mobile SDK's caller, and of Cognito */
    const struct vm_stream *stream; /* takes what context.stream writes; NULL: it is the result */
    int64_t memory_mb;
    int64_t deadline_ms; /* since the epoch; LOOP_NO_DEADLINE for none */
    bool cold_start;
};

/*
 * Runs the handler on one event and waits for it and everything it started. True: `result` holds
 * JSON. False: *err, and in `traceback` the lines of the script, if it got that far. Either way the
 * state has been swept. Not from inside a task: `usage`. A result of more than result->max bytes is
 * `response_size_too_large`.
 *
 * The script is told of the deadline some time before it (a tenth of the time there was, at most
 * 1.5 s) and stopped for good at a quarter of that.
 */
MUST_CHECK bool vm_invoke(struct vm *vm, const struct vm_invocation *invocation,
                          struct buffer *result, struct buffer *traceback, struct error *err);

/* lua_call() in the main state, protected. `traceback` (may be NULL) gets the script's lines on
 * failure; the stack is then as before the function was pushed. */
MUST_CHECK bool vm_call(struct vm *vm, int arguments, int results, struct buffer *traceback,
                        struct error *err);

#define VM_TRACEBACK_MAX 16384

/* For a debugger: `on_line` is called before each line that runs from now on, in coroutines that
 * begin from now on, too; it may call Lua in other states, and must not raise. NULL: none. */
void vm_watch_lines(struct vm *vm, lua_Hook on_line);

#endif
