/*
 * failure.c - module `failure`, for the modules written in Lua: it makes the error objects that
 * the ones written in C raise (host/raise.h). Not for scripts.
 *
 *     failure.raise({code=, message=, ...} [, level])   level as in error(): whose line to name
 *     failure.field(value, name)                        a field of an error object, else nil
 *     failure.with_traceback(value)                     xpcall's handler: an object, with traceback
 */
#include "bindings/bindings.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>

#include "host/raise.h"

/* Puts "handler.lua:31" into the field `where` of the table on top. */
static void set_where(lua_State *L, int level)
{
    lua_Debug frame;
    if (lua_getstack(L, level, &frame) == 0) {
        return;
    }
    (void)lua_getinfo(L, "Sl", &frame);
    if (frame.currentline > 0) {
        lua_pushfstring(L, "%s:%d", frame.short_src, frame.currentline);
        lua_setfield(L, -2, "where");
    }
}

static int l_raise(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    int level = (int)luaL_optinteger(L, 2, 0);
    lua_settop(L, 1);
    luaL_setmetatable(L, RAISE_METATABLE);
    if (level > 0) {
        set_where(L, level);
    }
    return lua_error(L);
}

static bool is_object(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TTABLE || lua_getmetatable(L, index) == 0) {
        return false;
    }
    luaL_getmetatable(L, RAISE_METATABLE);
    bool same = lua_rawequal(L, -1, -2) != 0;
    lua_pop(L, 2);
    return same;
}

static int l_field(lua_State *L)
{
    const char *name = luaL_checkstring(L, 2);
    if (!is_object(L, 1)) {
        return 0;
    }
    lua_getfield(L, 1, name);
    return 1;
}

/* What isn't an object becomes one: a string has no room for the traceback. */
static void make_object(lua_State *L)
{
    lua_createtable(L, 0, 4);
    lua_pushliteral(L, "lua");
    lua_setfield(L, -2, "code");
    (void)luaL_tolstring(L, 1, NULL);
    lua_setfield(L, -2, "message");
    lua_pushboolean(L, true);
    lua_setfield(L, -2, "retryable");
    luaL_setmetatable(L, RAISE_METATABLE);
    lua_replace(L, 1);
}

static int l_with_traceback(lua_State *L)
{
    lua_settop(L, 1);
    if (!is_object(L, 1)) {
        make_object(L);
    }
    if (lua_getfield(L, 1, "traceback") == LUA_TNIL) {
        luaL_traceback(L, L, NULL, 1);
        lua_setfield(L, 1, "traceback");
    }
    lua_settop(L, 1);
    return 1;
}

int luaopen_failure(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"raise", l_raise},
        {"field", l_field},
        {"with_traceback", l_with_traceback},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
