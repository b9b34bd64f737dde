/*
 * vm_invoke.c - loads the handler and runs it on events. The runtime's loop and the local commands
 * call it; see vm.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/invocation.h"
#include "host/loop.h"
#include "host/raise.h"
#include "host/vm_internal.h"
#include "host/vm_stream_internal.h"

#define HANDLER_BYTES_MAX (4 * 1024 * 1024)

/* What runs when the handler is loaded has the time that Lambda gives the init phase. */
#define LOAD_MS_MAX 10000

/* How long before the end the script is told, and how long before it is stopped for good. */
#define DEADLINE_NOTICE_MAX_MS 1500
#define DEADLINE_NOTICE_SHARE  10 /* of the time there was */
#define DEADLINE_LAST_SHARE    4  /* of the notice */

/* ---- errors with their lines ----------------------------------------------------------------- */

static void read_lines(lua_State *L, int index, struct buffer *traceback)
{
    const char *lines = raise_traceback(L, index);
    if (traceback != NULL && lines != NULL) {
        (void)buffer_append_text(traceback, lines);
    }
}

static void read_failure(struct vm *vm, lua_State *L, int index, struct error *err)
{
    raise_read(L, index, err);
    if (strcmp(err->code, "lua") == 0 && strcmp(err->message, "not enough memory") == 0) {
        (void)error_set(err, "memory",
                        "the script needed more than the %zu MB that Lua may use, half of the "
                        "function's memory; give the function more (locally: --memory)",
                        vm->memory_max / (1024 * 1024));
    }
}

bool vm_call(struct vm *vm, int arguments, int results, struct buffer *traceback, struct error *err)
{
    lua_State *L = vm->L;
    int function = lua_gettop(L) - arguments;
    lua_pushcfunction(L, raise_message_handler);
    lua_insert(L, function);
    bool ok = lua_pcall(L, arguments, results, function) == LUA_OK;
    if (!ok) {
        read_failure(vm, L, -1, err);
        read_lines(L, -1, traceback);
        lua_pop(L, 1);
    }
    lua_remove(L, function);
    return ok;
}

/* ---- loading --------------------------------------------------------------------------------- */

static bool read_file(const char *path, struct buffer *content, struct error *err)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL && errno == ENOENT) {
        return error_set(err, "no_handler", "there is no handler '%s'", path);
    }
    if (file == NULL) {
        return error_set_system(err, errno, "reading the handler '%s'", path);
    }
    char bytes[8192];
    size_t count;
    while ((count = fread(bytes, 1, sizeof bytes, file)) > 0) {
        (void)buffer_append(content, bytes, count);
    }
    int failure = ferror(file) != 0 ? errno : 0;
    (void)fclose(file);
    if (failure != 0) {
        return error_set_system(err, failure, "reading the handler '%s'", path);
    }
    return buffer_check(content, "the handler", err);
}

/* "a/b/handler.lua" -> "a/b"; "handler.lua" -> "." */
static bool folder_of(const char *path, struct buffer *folder, struct error *err)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        (void)buffer_append_text(folder, ".");
    } else {
        (void)buffer_append(folder, path, slash == path ? 1 : (size_t)(slash - path));
    }
    return buffer_check(folder, "the handler's folder", err);
}

struct loading {
    struct vm *vm;
    const char *name, *entry; /* NULL: none was named */
};

/* What the script returned is on top; leaves the function there. May raise (memory). */
static bool choose_entry(lua_State *L, const struct loading *loading, struct error *err)
{
    const char *name = loading->name;
    const char *entry = loading->entry == NULL ? "main" : loading->entry;
    if (lua_type(L, -1) == LUA_TFUNCTION) {
        return loading->entry == NULL || loading->vm->any_entry ||
               error_set(err, "bad_handler",
                         "%s returned a function, and no table in which '%s' could be: name it "
                         "without :%s",
                         name, entry, entry);
    }
    if (lua_type(L, -1) != LUA_TTABLE) {
        return error_set(err, "bad_handler",
                         "%s returned %s; it must return a function (event, context), or a table "
                         "with one named '%s'",
                         name, lua_isnil(L, -1) ? "nothing" : luaL_typename(L, -1), entry);
    }
    lua_pushstring(L, entry);
    lua_rawget(L, -2);
    lua_remove(L, -2);
    if (lua_type(L, -1) == LUA_TFUNCTION) {
        return true;
    }
    bool missing = lua_isnil(L, -1);
    return error_set(err, "bad_handler",
                     "%s returned a table in which '%s' is %s%s; name another with %s:NAME", name,
                     entry, missing ? "missing" : luaL_typename(L, -1),
                     missing ? "" : ", not a function", name);
}

/* Argument 1: the loading, 2: what the script returned. */
static int keep_handler(lua_State *L)
{
    const struct loading *loading = lua_touserdata(L, 1);
    struct error err;
    if (!choose_entry(L, loading, &err)) {
        raise_error(L, &err);
    }
    int handler = luaL_ref(L, LUA_REGISTRYINDEX);
    luaL_unref(L, LUA_REGISTRYINDEX, loading->vm->handler);
    loading->vm->handler = handler;
    return 0;
}

/* What was raised without a place: by error(message, 0), or by a function in `return f(...)`. */
static void name_file(const char *name, struct error *err)
{
    if (err->where[0] == '\0' && strstr(err->message, ".lua:") == NULL &&
        strstr(err->message, name) == NULL) {
        (void)error_prefix(err, "%s", name);
    }
}

/* The chunk on top runs, bounded as Lambda bounds it. */
static bool load_chunk(struct vm *vm, const char *name, struct buffer *traceback, struct error *err)
{
    int64_t end_ms = loop_now_us() / 1000 + LOAD_MS_MAX;
    loop_set_deadline(vm->loop, end_ms, end_ms);
    bool ok = vm_call(vm, 0, 1, traceback, err);
    loop_set_deadline(vm->loop, LOOP_NO_DEADLINE, LOOP_NO_DEADLINE);
    vm_arm_hook(vm->L);
    if (!ok && strcmp(err->code, "deadline") == 0) {
        (void)error_prefix(err, "%s was not loaded within %d s", name, LOAD_MS_MAX / 1000);
    }
    return ok;
}

bool vm_load_handler_text(struct vm *vm, const char *text, size_t length, const char *name,
                          const char *entry, struct buffer *traceback, struct error *err)
{
    lua_State *L = vm->L;
    char chunk[512];
    (void)snprintf(chunk, sizeof chunk, "@%s", name);
    struct loading loading = {vm, name, entry};
    lua_pushcfunction(L, keep_handler);
    lua_pushlightuserdata(L, &loading);
    int status = luaL_loadbufferx(L, text, length, chunk, "t");
    if (status != LUA_OK) {
        read_failure(vm, L, -1, err);
        if (status == LUA_ERRSYNTAX) {
            (void)error_set(err, "syntax", "%s", lua_tostring(L, -1));
        }
        lua_pop(L, 3);
        return false;
    }
    if (!load_chunk(vm, name, traceback, err)) {
        name_file(name, err);
        lua_pop(L, 2);
        return false;
    }
    return vm_call(vm, 2, 0, NULL, err);
}

bool vm_load_handler(struct vm *vm, const char *path, const char *entry, struct buffer *traceback,
                     struct error *err)
{
    struct buffer text, folder;
    buffer_init(&text, HANDLER_BYTES_MAX);
    buffer_init(&folder, 4096);
    bool ok =
        read_file(path, &text, err) && folder_of(path, &folder, err) &&
        vm_set_script_folder(vm, buffer_text(&folder), err) &&
        vm_load_handler_text(vm, buffer_text(&text), text.length, path, entry, traceback, err);
    buffer_release(&text);
    buffer_release(&folder);
    return ok;
}

/* ---- one invocation -------------------------------------------------------------------------- */

struct run {
    struct vm *vm;
    const struct vm_invocation *invocation;
    struct buffer *result, *traceback;
    struct error *err;
    bool finished, ok;
    struct vm_stream collected; /* where nobody takes a stream */
};

static int remaining_ms(lua_State *L)
{
    lua_Integer deadline_ms = lua_tointeger(L, lua_upvalueindex(1));
    int64_t left_ms = deadline_ms - loop_wall_ms();
    lua_pushinteger(L, deadline_ms == LOOP_NO_DEADLINE ? LUA_MAXINTEGER
                       : left_ms < 0                   ? 0
                                                       : left_ms);
    return 1;
}

static void set_text(lua_State *L, const char *name, const char *value)
{
    if (value != NULL) {
        lua_pushstring(L, value);
        lua_setfield(L, -2, name);
    }
}

/* require("json")[name] */
static void push_json_function(lua_State *L, const char *name)
{
    lua_getglobal(L, "require");
    lua_pushliteral(L, "json");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, name);
    lua_remove(L, -2);
}

static void set_json(lua_State *L, const char *name, const char *text)
{
    if (text != NULL) {
        push_json_function(L, "decode");
        lua_pushstring(L, text);
        lua_call(L, 1, 1);
        lua_setfield(L, -2, name);
    }
}

static void push_context(lua_State *L, const struct vm_invocation *invocation)
{
    lua_createtable(L, 0, 13);
    set_text(L, "request_id", invocation->request_id);
    set_text(L, "function_name", invocation->function_name);
    set_text(L, "function_version", invocation->function_version);
    set_text(L, "function_arn", invocation->function_arn);
    set_text(L, "trace_id", invocation->trace_id);
    set_text(L, "tenant_id", invocation->tenant_id);
    set_json(L, "client_context", invocation->client_context);
    set_json(L, "identity", invocation->identity);
    lua_pushinteger(L, invocation->memory_mb);
    lua_setfield(L, -2, "memory_mb");
    lua_pushinteger(L, invocation->deadline_ms);
    lua_setfield(L, -2, "deadline_ms");
    lua_pushboolean(L, invocation->cold_start);
    lua_setfield(L, -2, "cold_start");
    lua_pushinteger(L, invocation->deadline_ms);
    lua_pushcclosure(L, remaining_ms, 1);
    lua_setfield(L, -2, "remaining_ms");
}

static int encode_result(lua_State *L)
{
    push_json_function(L, "encode");
    lua_insert(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

static bool append_result(struct run *run, const char *text, size_t length)
{
    if (length > run->result->max) {
        return error_set(
            run->err, "response_size_too_large",
            "the handler's result is %zu bytes of JSON, and %zu are the most that "
            "Lambda takes; put it in S3 and answer with an address of it (s3.presign), "
            "or stream it (context.stream)",
            length, run->result->max);
    }
    (void)buffer_append(run->result, text, length);
    return buffer_check(run->result, "the handler's result", run->err);
}

static bool collect_head(void *context, const char *content_type, const char *head, size_t length,
                         struct error *err)
{
    (void)context;
    (void)content_type;
    (void)head;
    (void)length;
    (void)err;
    return true;
}

static bool collect_piece(void *context, struct vm_stream_piece *piece, struct error *err)
{
    struct run *run = context;
    if (!buffer_append(run->result, piece->bytes, piece->length)) {
        return buffer_check(run->result, "what was streamed", err);
    }
    job_finish(&piece->job, NULL);
    return true;
}

static void forget_piece(void *context, struct vm_stream_piece *piece)
{
    (void)context;
    (void)piece;
}

static void keep_result(struct run *run, lua_State *co, int results)
{
    lua_State *L = run->vm->L;
    if (vm_stream_is_open(L)) {
        run->ok = true;
        return;
    }
    lua_pushcfunction(L, encode_result);
    if (results == 0) {
        lua_pushnil(L);
    } else {
        lua_settop(co, -results); /* the first one counts */
        lua_xmove(co, L, 1);
    }
    run->ok = vm_call(run->vm, 1, 1, NULL, run->err);
    if (!run->ok) {
        (void)error_prefix(run->err, "the handler's result can't be answered as JSON");
        return;
    }
    size_t length;
    const char *text = lua_tolstring(L, -1, &length);
    run->ok = append_result(run, text, length);
    lua_pop(L, 1);
}

static void ended(void *context, enum task_status status, lua_State *co, int results)
{
    struct run *run = context;
    run->finished = true;
    if (status == TASK_RETURNED) {
        keep_result(run, co, results);
    } else if (status == TASK_FAILED) {
        read_failure(run->vm, co, -1, run->err);
        read_lines(co, -1, run->traceback);
    } else {
        (void)error_set(run->err, "cancelled", "the invocation was stopped");
    }
}

/* Argument 1: the run. Spawns the task that is the handler. */
static int spawn_handler(lua_State *L)
{
    struct run *run = lua_touserdata(L, 1);
    const struct vm_invocation *invocation = run->invocation;
    invocation_begin(L, invocation->event, invocation->event_length);
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->vm->handler);
    push_json_function(L, "decode");
    lua_pushlstring(L, invocation->event, invocation->event_length);
    lua_call(L, 1, 1);
    push_context(L, invocation);
    vm_stream_push(L, invocation->stream != NULL ? invocation->stream : &run->collected);
    lua_setfield(L, -2, "stream");
    (void)loop_spawn(L, 2, ended, run);
    return 0;
}

static void set_deadline(struct loop *loop, int64_t deadline_ms)
{
    if (deadline_ms == LOOP_NO_DEADLINE) {
        loop_set_deadline(loop, LOOP_NO_DEADLINE, LOOP_NO_DEADLINE);
        return;
    }
    int64_t left_ms = deadline_ms - loop_wall_ms();
    int64_t end_ms = loop_now_us() / 1000 + left_ms;
    int64_t notice_ms = left_ms < 0 ? 0 : left_ms / DEADLINE_NOTICE_SHARE;
    if (notice_ms > DEADLINE_NOTICE_MAX_MS) {
        notice_ms = DEADLINE_NOTICE_MAX_MS;
    }
    loop_set_deadline(loop, end_ms - notice_ms, end_ms - notice_ms / DEADLINE_LAST_SHARE);
}

/* Pictures and bodies are garbage now; the next invocation should not find it. */
static void sweep(struct vm *vm)
{
    loop_stop_all(vm->loop);
    invocation_end(vm->L);
    (void)vm_stream_close(vm->L);
    loop_set_deadline(vm->loop, LOOP_NO_DEADLINE, LOOP_NO_DEADLINE);
    vm_arm_hook(vm->L);
    lua_gc(vm->L, LUA_GCCOLLECT);
}

bool vm_invoke(struct vm *vm, const struct vm_invocation *invocation, struct buffer *result,
               struct buffer *traceback, struct error *err)
{
    struct run run = {vm,  invocation, result, traceback,
                      err, false,      false,  {NULL, collect_head, collect_piece, forget_piece}};
    run.collected.context = &run;
    if (loop_has_tasks(vm->loop)) {
        return error_set(err, "usage", "an invocation can't be started from inside another");
    }
    if (vm->handler == LUA_NOREF) {
        return error_set(err, "no_handler", "no handler has been loaded");
    }
    set_deadline(vm->loop, invocation->deadline_ms);
    lua_pushcfunction(vm->L, spawn_handler);
    lua_pushlightuserdata(vm->L, &run);
    if (!vm_call(vm, 1, 0, NULL, err)) {
        (void)error_prefix(err, "the event can't be read");
    } else if (!loop_run_until(vm->loop, &run.finished, err)) {
        run.ok = false;
    }
    sweep(vm);
    return run.ok;
}
