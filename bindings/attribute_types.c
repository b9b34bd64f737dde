/*
 * attribute_types.c - dynamodb.number, binary, set, list and null: the values that plain Lua has no
 * type for. Part of the module `dynamodb`.
 */
#include <lauxlib.h>
#include <string.h>

#include "bindings/attribute.h"
#include "bindings/json.h"
#include "host/raise.h"

#define NUMBER_TYPE "lunette.dynamodb.number"
#define BINARY_TYPE "lunette.dynamodb.binary"
#define SET_TYPE    "lunette.dynamodb.set"

struct binary {
    size_t length;
    char bytes[];
};

/* ---- numbers --------------------------------------------------------------------------------- */

const struct decimal *attribute_to_number(lua_State *L, int index)
{
    return luaL_testudata(L, index, NUMBER_TYPE);
}

void attribute_push_number(lua_State *L, const struct decimal *number)
{
    struct decimal *pushed = lua_newuserdatauv(L, sizeof *pushed, 0);
    *pushed = *number;
    luaL_setmetatable(L, NUMBER_TYPE);
}

/* dynamodb.number(text): a string, or an integer. A float is refused: its text would be a guess. */
static int number_new(lua_State *L)
{
    struct decimal number;
    struct error err;
    size_t length;
    bool exact = lua_type(L, 1) == LUA_TSTRING || lua_isinteger(L, 1);
    if (!exact) {
        (void)error_set(&err, "usage",
                        "bad argument #1 to 'number' (a string or an integer expected, got %s)",
                        lua_type(L, 1) == LUA_TNUMBER ? "a float" : luaL_typename(L, 1));
        raise_error(L, &err);
    }
    lua_settop(L, 1);
    const char *text = luaL_tolstring(L, 1, &length);
    if (!decimal_parse(text, length, &number, &err)) {
        (void)strcpy(err.code, "usage");
        (void)error_prefix(&err, "bad argument #1 to 'number'");
        raise_error(L, &err);
    }
    attribute_push_number(L, &number);
    return 1;
}

static int number_text(lua_State *L)
{
    char text[DECIMAL_TEXT_MAX];
    size_t length = decimal_print(luaL_checkudata(L, 1, NUMBER_TYPE), text);
    lua_pushlstring(L, text, length);
    return 1;
}

static int compare(lua_State *L)
{
    return decimal_compare(luaL_checkudata(L, 1, NUMBER_TYPE), luaL_checkudata(L, 2, NUMBER_TYPE));
}

static int number_equal(lua_State *L)
{
    bool both = attribute_to_number(L, 1) != NULL && attribute_to_number(L, 2) != NULL;
    lua_pushboolean(L, both && compare(L) == 0);
    return 1;
}

static int number_less(lua_State *L)
{
    lua_pushboolean(L, compare(L) < 0);
    return 1;
}

static int number_less_equal(lua_State *L)
{
    lua_pushboolean(L, compare(L) <= 0);
    return 1;
}

static const luaL_Reg number_metamethods[] = {
    {"__tostring", number_text}, {"__eq", number_equal}, {"__lt", number_less},
    {"__le", number_less_equal}, {NULL, NULL},
};

/* ---- bytes ----------------------------------------------------------------------------------- */

const char *attribute_to_binary(lua_State *L, int index, size_t *length)
{
    const struct binary *binary = luaL_testudata(L, index, BINARY_TYPE);
    if (binary == NULL) {
        return NULL;
    }
    *length = binary->length;
    return binary->bytes;
}

char *attribute_push_binary(lua_State *L, size_t length)
{
    struct binary *binary = lua_newuserdatauv(L, sizeof *binary + length, 0);
    binary->length = length;
    luaL_setmetatable(L, BINARY_TYPE);
    return binary->bytes;
}

static int binary_new(lua_State *L)
{
    size_t length;
    luaL_checktype(L, 1, LUA_TSTRING);
    const char *bytes = lua_tolstring(L, 1, &length);
    memcpy(attribute_push_binary(L, length), bytes, length);
    return 1;
}

static int binary_text(lua_State *L)
{
    const struct binary *binary = luaL_checkudata(L, 1, BINARY_TYPE);
    lua_pushlstring(L, binary->bytes, binary->length);
    return 1;
}

static int binary_length(lua_State *L)
{
    const struct binary *binary = luaL_checkudata(L, 1, BINARY_TYPE);
    lua_pushinteger(L, (lua_Integer)binary->length);
    return 1;
}

static int binary_equal(lua_State *L)
{
    size_t length, other_length;
    const char *bytes = attribute_to_binary(L, 1, &length);
    const char *other = attribute_to_binary(L, 2, &other_length);
    lua_pushboolean(L, bytes != NULL && other != NULL && length == other_length &&
                           memcmp(bytes, other, length) == 0);
    return 1;
}

static const luaL_Reg binary_metamethods[] = {
    {"__tostring", binary_text},
    {"__len", binary_length},
    {"__eq", binary_equal},
    {NULL, NULL},
};

/* ---- sets, lists ----------------------------------------------------------------------------- */

static bool has_metatable(lua_State *L, int index, const char *name)
{
    if (lua_type(L, index) != LUA_TTABLE || lua_getmetatable(L, index) == 0) {
        return false;
    }
    luaL_getmetatable(L, name);
    bool same = lua_rawequal(L, -1, -2) != 0;
    lua_pop(L, 2);
    return same;
}

bool attribute_is_set(lua_State *L, int index)
{
    return has_metatable(L, index, SET_TYPE);
}

void attribute_mark_set(lua_State *L)
{
    luaL_setmetatable(L, SET_TYPE);
}

/* dynamodb.set{...}: a set of the list's elements, in a table of its own. What they are is checked
 * when the set is sent. */
static int set_new(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer count = (lua_Integer)lua_rawlen(L, 1);
    lua_createtable(L, (int)count, 0);
    for (lua_Integer i = 1; i <= count; i++) {
        (void)lua_rawgeti(L, 1, i);
        lua_rawseti(L, -2, i);
    }
    attribute_mark_set(L);
    return 1;
}

/* set:has(value) */
static int set_has(lua_State *L)
{
    luaL_argcheck(L, attribute_is_set(L, 1), 1, "a set expected");
    luaL_checkany(L, 2);
    lua_Integer count = (lua_Integer)lua_rawlen(L, 1);
    for (lua_Integer i = 1; i <= count; i++) {
        (void)lua_rawgeti(L, 1, i);
        if (lua_compare(L, 2, -1, LUA_OPEQ)) {
            lua_pushboolean(L, true);
            return 1;
        }
        lua_pop(L, 1);
    }
    lua_pushboolean(L, false);
    return 1;
}

/* dynamodb.list{...}: marks the table itself as a list, so that it is one even when empty. */
static int list_new(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    json_mark_array(L, 1);
    return 1;
}

static void make_metatable(lua_State *L, const char *name, const luaL_Reg *metamethods)
{
    (void)luaL_newmetatable(L, name);
    luaL_setfuncs(L, metamethods, 0);
    lua_pop(L, 1);
}

static const luaL_Reg constructors[] = {
    {"number", number_new}, {"binary", binary_new}, {"set", set_new},
    {"list", list_new},     {NULL, NULL},
};

void attribute_open(lua_State *L)
{
    make_metatable(L, NUMBER_TYPE, number_metamethods);
    make_metatable(L, BINARY_TYPE, binary_metamethods);
    (void)luaL_newmetatable(L, SET_TYPE);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, set_has);
    lua_setfield(L, -2, "has");
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_setfuncs(L, constructors, 0);
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
}
