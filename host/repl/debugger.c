/*
 * debugger.c - breakpoints and steps in the handler's Lua state. See debugger.h;
 * host/repl/debugging.lua is the rest of it.
 */
#include "host/repl/debugger.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "host/console.h"
#include "host/loop.h"
#include "host/repl/prompt.h"
#include "host/vm.h"

#define BREAKS_MAX 64

struct breakpoint {
    char file[256];
    int line;
};

static struct {
    lua_State *L; /* the prompt's */
    int on_pause; /* registry reference there */
    struct prompt *prompt;
    struct breakpoint breaks[BREAKS_MAX];
    int count;
    bool step;
    lua_State *stopped; /* the handler's coroutine while it is stopped, else NULL */
} debugger = {.on_pause = LUA_NOREF};

/* ---- stopping -------------------------------------------------------------------------------- */

static bool ends_in(const char *path, const char *file)
{
    size_t length = strlen(path), end = strlen(file);
    return end <= length && strcmp(path + length - end, file) == 0 &&
           (end == length || path[length - end - 1] == '/');
}

static bool is_break(const lua_Debug *frame)
{
    for (int i = 0; i < debugger.count; i++) {
        const struct breakpoint *at = &debugger.breaks[i];
        if (at->line == frame->currentline && ends_in(frame->short_src, at->file)) {
            return true;
        }
    }
    return debugger.step;
}

/* In the prompt's state. Arguments: the file, the line. */
static bool tell(const lua_Debug *frame)
{
    lua_State *L = debugger.L;
    int top = lua_gettop(L);
    if (!lua_checkstack(L, 8)) {
        return false;
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, debugger.on_pause);
    lua_pushstring(L, frame->short_src);
    lua_pushinteger(L, frame->currentline);
    bool step = lua_pcall(L, 2, 1, 0) == LUA_OK && lua_toboolean(L, -1);
    lua_settop(L, top);
    return step;
}

/* For every line of the handler's state. Modules that were compiled in are passed over. */
static void on_line(lua_State *L, lua_Debug *frame)
{
    (void)lua_getinfo(L, "Sl", frame);
    bool is_built_in = strncmp(frame->short_src, "lunette/", strlen("lunette/")) == 0;
    if (debugger.stopped != NULL || is_built_in || !is_break(frame)) {
        return;
    }
    struct loop_clock clock;
    loop_stop_clock(debugger.prompt->handler_loop, &clock);
    debugger.stopped = L;
    debugger.step = tell(frame);
    debugger.stopped = NULL;
    loop_start_clock(debugger.prompt->handler_loop, &clock);
}

/* ---- the module ------------------------------------------------------------------------------ */

static int debugger_on_pause(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    debugger.L = L;
    debugger.prompt = prompt_of(L);
    debugger.on_pause = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

static void read_breakpoint(lua_State *L, struct breakpoint *at)
{
    lua_getfield(L, -1, "file");
    lua_getfield(L, -2, "line");
    (void)snprintf(at->file, sizeof at->file, "%s", luaL_checkstring(L, -2));
    at->line = (int)luaL_checkinteger(L, -1);
    lua_pop(L, 2);
}

static int debugger_watch(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer count = luaL_len(L, 1);
    luaL_argcheck(L, count <= BREAKS_MAX, 1, "64 breakpoints at most");
    debugger.count = 0;
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, 1, i);
        read_breakpoint(L, &debugger.breaks[i - 1]);
        lua_pop(L, 1);
    }
    debugger.count = (int)count;
    debugger.step = lua_toboolean(L, 2) != 0;
    bool watches = debugger.on_pause != LUA_NOREF && (debugger.count > 0 || debugger.step);
    struct vm *vm = prompt_of(L)->console->vm;
    if (vm != NULL) {
        vm_watch_lines(vm, watches ? on_line : NULL);
    }
    return 0;
}

static int debugger_ask(lua_State *L)
{
    luaL_argcheck(L, debugger.stopped != NULL, 1, "the handler is not stopped");
    return prompt_ask_beside(L, debugger.stopped);
}

static const luaL_Reg functions[] = {
    {"on_pause", debugger_on_pause},
    {"watch", debugger_watch},
    {"ask", debugger_ask},
    {NULL, NULL},
};

int luaopen_debugger(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
