/*
 * prompt.h - the module `prompt`: what the REPL's Lua can ask of the two Lua states. The prompt's
 * own state runs the REPL and what a person types; the handler's state is made anew when a file has
 * changed, so that nothing of the old rules stays behind. The state's `host` module (console.h)
 * loads and invokes the handler in the latter.
 *
 *     prompt.guard(f, ...)           like pcall, but Ctrl-C stops what runs in this state
 *     prompt.guard_handler(f, ...)   likewise, Ctrl-C stops the handler; f gets its error
 *     prompt.was_interrupted()       did it, in the guard that ended last?
 *     prompt.ask(chunk, text)        runs Lua in the handler's state, which gets the text as `...`
 *                                    and returns one: text; or nil, error object
 *     prompt.renew()                 true, a new state for the handler; or nil, error object
 *     prompt.limits([{memory_mb=, timeout_ms=}])   of the handler from its next state, its next
 *                                    invocation, on; returns both
 */
#ifndef LUNETTE_HOST_REPL_PROMPT_H
#define LUNETTE_HOST_REPL_PROMPT_H

#include <lua.h>

#include "host/error.h"

struct console;
struct loop;
struct vm;

struct prompt {
    struct console *console;          /* its `vm` is the handler's state */
    struct loop *loop, *handler_loop; /* of the prompt's state and of the handler's */

    /* Ends the handler's state and puts a new one into console->vm, as console->memory_mb says.
     * When that fails there is none any more: console->vm is NULL. */
    bool (*renew)(void *context, struct error *err);
    void *context;
};

/* `prompt` is borrowed as long as the state lives. */
void prompt_attach(lua_State *L, struct prompt *prompt);
struct prompt *prompt_of(lua_State *L);

/* What prompt.ask does; `stopped` (may be NULL) is the chunk's second argument, a coroutine of the
 * handler's state. */
int prompt_ask_beside(lua_State *L, lua_State *stopped);

int luaopen_prompt(lua_State *L);

#endif
