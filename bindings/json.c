/*
 * json.c - the module `json`: text to values and back, exactly. See bindings/api/json.lua.
 */
#include "bindings/json.h"

#include <lauxlib.h>

#include "bindings/arguments.h"
#include "bindings/bindings.h"
#include "bindings/json_scan.h"
#include "bindings/scratch.h"
#include "host/raise.h"

#define INDENT_MAX 8

void json_push_array_mark(lua_State *L)
{
    (void)luaL_newmetatable(L, JSON_ARRAY);
}

bool json_has_array_mark(lua_State *L, int index)
{
    if (lua_getmetatable(L, index) == 0) {
        return false;
    }
    luaL_getmetatable(L, JSON_ARRAY);
    bool marked = lua_rawequal(L, -1, -2) != 0 && lua_type(L, -1) == LUA_TTABLE;
    lua_pop(L, 2);
    return marked;
}

void json_mark_array(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    json_push_array_mark(L);
    lua_setmetatable(L, index);
}

struct encode_options {
    int64_t indent;
};

static const struct argument encode_fields[] = {
    {"indent", ARGUMENT_INTEGER, offsetof(struct encode_options, indent), .max = INDENT_MAX},
    {.name = NULL},
};

/* json.encode(value [, {indent=n}]) */
static int encode(lua_State *L)
{
    luaL_checkany(L, 1);
    struct encode_options options = {0};
    if (!lua_isnoneornil(L, 2)) {
        arguments_read(L, 2, "encode", encode_fields, &options, 0);
    }
    struct json_style style = {.indent = (int)options.indent};
    struct buffer *out = scratch_push_buffer(L, JSON_TEXT_MAX);
    struct error err;
    if (!json_encode(L, 1, &style, out, &err)) {
        buffer_release(out);
        raise_error(L, &err);
    }
    lua_pushlstring(L, out->data, out->length);
    buffer_release(out);
    return 1;
}

/* json.array([table]) */
static int array(lua_State *L)
{
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    json_mark_array(L, 1);
    return 1;
}

/* json.object([table]) */
static int object(lua_State *L)
{
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    if (json_has_array_mark(L, 1)) {
        lua_pushnil(L);
        lua_setmetatable(L, 1);
    }
    return 1;
}

/* json.is_array(value) */
static int is_array(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushboolean(L, lua_type(L, 1) == LUA_TTABLE &&
                           (json_has_array_mark(L, 1) || lua_rawlen(L, 1) > 0));
    return 1;
}

static const luaL_Reg functions[] = {
    {"encode", encode}, {"array", array}, {"object", object}, {"is_array", is_array}, {NULL, NULL},
};

int luaopen_json(lua_State *L)
{
    luaL_newlib(L, functions);
    json_push_decoder(L);
    lua_setfield(L, -2, "decode");
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    return 1;
}
