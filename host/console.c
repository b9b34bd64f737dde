/*
 * console.c - what commands written in Lua can ask of the host. See console.h.
 */
#include "host/console.h"

#include <dirent.h>
#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/embedded.h"
#include "host/log.h"
#include "host/loop.h"
#include "host/raise.h"
#include "host/uuid.h"
#include "host/vm.h"

#define RESULT_BYTES_MAX (6 * 1024 * 1024) /* what Lambda answers at most */

static const char attached; /* its address is the registry key */

void console_attach(lua_State *L, struct console *console)
{
    lua_pushlightuserdata(L, console);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &attached);
}

static struct console *console_of(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &attached);
    struct console *console = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return console;
}

/* nil, error object; with the traceback in it when there is one. Releases `traceback`. */
static int push_failure(lua_State *L, const struct error *err, struct buffer *traceback)
{
    lua_pushnil(L);
    raise_push(L, err);
    if (traceback->length > 0) {
        lua_pushlstring(L, traceback->data, traceback->length);
        lua_setfield(L, -2, "traceback");
    }
    return 2;
}

/* A buffer that Lua frees, so that a raise on the way to its content leaks nothing. */
static int release_box(lua_State *L)
{
    buffer_release(lua_touserdata(L, 1));
    return 0;
}

static struct buffer *push_buffer(lua_State *L, size_t max)
{
    struct buffer *buffer = lua_newuserdatauv(L, sizeof *buffer, 0);
    buffer_init(buffer, max);
    if (luaL_newmetatable(L, "lunette.host.buffer") != 0) {
        lua_pushcfunction(L, release_box);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return buffer;
}

/* ---- the handler ----------------------------------------------------------------------------- */

static const char *const usual_places[] = {"handler.lua", "scripts/handler.lua"};

/* --handler, else the first of the usual places, else the pipeline that is built in (NULL). */
static const char *handler_path(const struct console *console)
{
    if (console->handler_path != NULL) {
        return console->handler_path;
    }
    for (size_t i = 0; i < sizeof usual_places / sizeof usual_places[0]; i++) {
        if (access(usual_places[i], F_OK) == 0) {
            return usual_places[i];
        }
    }
    return NULL;
}

static const struct embedded_file *find_source(const char *name)
{
    const struct embedded_file *file = embedded_files;
    while (file->name != NULL && strcmp(file->name, name) != 0) {
        file++;
    }
    return file->name == NULL ? NULL : file;
}

static bool load_builtin(struct console *console, struct buffer *traceback, struct error *err)
{
    const struct embedded_file *file = find_source("scripts/handler.lua");
    if (file == NULL) {
        return error_set(err, "no_handler",
                         "there is no handler.lua here; name one: --handler FILE");
    }
    return vm_load_handler_text(console->vm, file->begin, (size_t)(file->end - file->begin),
                                "handler.lua", console->entry, traceback, err);
}

static bool load(struct console *console, struct buffer *traceback, struct error *err)
{
    const char *path = handler_path(console);
    if (console->vm == NULL) {
        return error_set(err, "no_handler", "there is no Lua state for the handler");
    }
    bool ok = path == NULL ? load_builtin(console, traceback, err)
                           : vm_load_handler(console->vm, path, console->entry, traceback, err);
    console->loaded = ok;
    return ok;
}

static int host_load_handler(lua_State *L)
{
    struct console *console = console_of(L);
    struct console asked = *console;
    asked.handler_path = luaL_optstring(L, 1, console->handler_path);
    asked.entry = luaL_optstring(L, 2, console->entry);
    struct buffer *traceback = push_buffer(L, VM_TRACEBACK_MAX);
    struct error err;
    bool ok = load(&asked, traceback, &err);
    console->loaded = console->loaded || ok; /* else the one before stays */
    if (!ok) {
        return push_failure(L, &err, traceback);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static int host_handler_name(lua_State *L)
{
    const char *path = handler_path(console_of(L));
    lua_pushstring(L, path == NULL ? "the built-in handler" : path);
    return 1;
}

/* A random UUID, version 4, as Lambda's request ids are. */
static void make_request_id(char text[UUID_SIZE])
{
    unsigned char bytes[UUID_BYTES];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        memset(bytes, 0, sizeof bytes);
    }
    uuid_write(bytes, 4, text);
}

static lua_Integer optional_integer(lua_State *L, int index, const char *name, lua_Integer fallback)
{
    if (lua_type(L, index) != LUA_TTABLE || lua_getfield(L, index, name) == LUA_TNIL) {
        return fallback;
    }
    return luaL_checkinteger(L, -1);
}

static const char *optional_text(lua_State *L, int index, const char *name)
{
    if (lua_type(L, index) != LUA_TTABLE || lua_getfield(L, index, name) == LUA_TNIL) {
        return NULL;
    }
    return luaL_checkstring(L, -1);
}

static int64_t deadline_in(int64_t timeout_ms)
{
    int64_t now_ms = loop_wall_ms();
    return timeout_ms < LOOP_NO_DEADLINE - now_ms ? now_ms + timeout_ms : LOOP_NO_DEADLINE;
}

static int host_invoke(lua_State *L)
{
    struct console *console = console_of(L);
    size_t length;
    const char *event = luaL_checklstring(L, 1, &length);
    lua_settop(L, 2);
    const char *request_id = optional_text(L, 2, "request_id");
    int64_t timeout_ms = optional_integer(L, 2, "timeout_ms", console->timeout_ms);
    struct buffer *traceback = push_buffer(L, VM_TRACEBACK_MAX);
    struct buffer *result = push_buffer(L, RESULT_BYTES_MAX);
    struct error err;
    if (!console->loaded && !load(console, traceback, &err)) {
        return push_failure(L, &err, traceback);
    }
    char random_id[UUID_SIZE];
    make_request_id(random_id);
    struct vm_invocation invocation = {
        .event = event,
        .event_length = length,
        .request_id = request_id == NULL ? random_id : request_id,
        .function_name = "local",
        .function_version = "$LATEST",
        .memory_mb = console->memory_mb,
        .deadline_ms = timeout_ms <= 0 ? LOOP_NO_DEADLINE : deadline_in(timeout_ms),
        .cold_start = console->invocations++ == 0,
    };
    log_begin_invocation(invocation.request_id);
    bool ok = vm_invoke(console->vm, &invocation, result, traceback, &err);
    log_begin_invocation(NULL);
    if (!ok) {
        return push_failure(L, &err, traceback);
    }
    lua_pushlstring(L, buffer_text(result), result->length);
    return 1;
}

/* ---- terminal, files, figures ---------------------------------------------------------------- */

static int host_is_terminal(lua_State *L)
{
    lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
    return 1;
}

/* Why the path is no file that can be read; nil when it is. Opening a pipe would wait for ever. */
static int host_file_problem(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct stat info;
    if (stat(path, &info) != 0 || (S_ISREG(info.st_mode) && access(path, R_OK) != 0)) {
        lua_pushstring(L, strerror(errno));
    } else if (S_ISDIR(info.st_mode)) {
        lua_pushstring(L, strerror(EISDIR));
    } else if (!S_ISREG(info.st_mode)) {
        lua_pushliteral(L, "not a regular file");
    } else {
        lua_pushnil(L);
    }
    return 1;
}

static void close_box(DIR **folder)
{
    if (*folder != NULL) {
        (void)closedir(*folder);
        *folder = NULL;
    }
}

static int close_folder(lua_State *L)
{
    close_box(lua_touserdata(L, 1));
    return 0;
}

static DIR **push_folder(lua_State *L)
{
    DIR **folder = lua_newuserdatauv(L, sizeof *folder, 0);
    *folder = NULL;
    if (luaL_newmetatable(L, "lunette.host.folder") != 0) {
        lua_pushcfunction(L, close_folder);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return folder;
}

static bool is_folder(DIR *folder, const char *name)
{
    struct stat info;
    return fstatat(dirfd(folder), name, &info, 0) == 0 && S_ISDIR(info.st_mode);
}

static void sort(lua_State *L)
{
    lua_getglobal(L, "table");
    lua_getfield(L, -1, "sort");
    lua_pushvalue(L, -3);
    lua_call(L, 1, 0);
    lua_pop(L, 1);
}

static int host_list(lua_State *L)
{
    DIR **folder = push_folder(L);
    *folder = opendir(luaL_checkstring(L, 1));
    if (*folder == NULL) {
        lua_pushnil(L);
        return 1;
    }
    lua_newtable(L);
    lua_Integer count = 0;
    for (struct dirent *entry; (entry = readdir(*folder)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            const char *mark = is_folder(*folder, entry->d_name) ? "/" : "";
            lua_pushfstring(L, "%s%s", entry->d_name, mark);
            lua_rawseti(L, -2, ++count);
        }
    }
    close_box(folder);
    sort(L);
    return 1;
}

static int host_columns(lua_State *L)
{
    struct winsize size;
    bool known = (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ||
                  ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) &&
                 size.ws_col > 0;
    lua_pushinteger(L, known ? size.ws_col : 80);
    return 1;
}

static int host_source(lua_State *L)
{
    const struct embedded_file *file = find_source(luaL_checkstring(L, 1));
    if (file == NULL) {
        lua_pushnil(L);
    } else {
        lua_pushlstring(L, file->begin, (size_t)(file->end - file->begin));
    }
    return 1;
}

static int host_sources(lua_State *L)
{
    lua_newtable(L);
    for (lua_Integer i = 0; embedded_files[i].name != NULL; i++) {
        lua_pushstring(L, embedded_files[i].name);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

static int host_memory(lua_State *L)
{
    struct console *console = console_of(L);
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, (lua_Integer)vm_memory(console->vm));
    lua_setfield(L, -2, "lua_bytes");
    lua_pushinteger(L, (lua_Integer)vm_memory_peak(console->vm));
    lua_setfield(L, -2, "lua_peak_bytes");
    lua_pushinteger(L, (lua_Integer)usage.ru_maxrss * 1024);
    lua_setfield(L, -2, "process_peak_bytes");
    return 1;
}

static int host_now_ms(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)loop_now_us() / 1000.0);
    return 1;
}

static const luaL_Reg functions[] = {
    {"load_handler", host_load_handler},
    {"handler_name", host_handler_name},
    {"invoke", host_invoke},
    {"is_terminal", host_is_terminal},
    {"file_problem", host_file_problem},
    {"list", host_list},
    {"columns", host_columns},
    {"source", host_source},
    {"sources", host_sources},
    {"memory", host_memory},
    {"now_ms", host_now_ms},
    {NULL, NULL},
};

int luaopen_host(lua_State *L)
{
    luaL_newlib(L, functions);
    lua_pushliteral(L, LUNETTE_VERSION);
    lua_setfield(L, -2, "version");
    return 1;
}
