/*
 * bytes.c - bytes outside of Lua. s3_results.c makes them; what takes a file's content reads them.
 */
#include "bindings/bytes.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_METATABLE "lunette.bytes"

struct bytes {
    char *data;
    size_t length;
};

static struct bytes *check(lua_State *L)
{
    return luaL_checkudata(L, 1, BYTES_METATABLE);
}

static int collect(lua_State *L)
{
    struct bytes *bytes = check(L);
    free(bytes->data);
    *bytes = (struct bytes){0};
    return 0;
}

/* #bytes */
static int length(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check(L)->length);
    return 1;
}

/* tostring(bytes) */
static int to_string(lua_State *L)
{
    const struct bytes *bytes = check(L);
    lua_pushlstring(L, bytes->data, bytes->length);
    return 1;
}

/* Where a position counted from 1, or from the end, lies: from 0 to the length and 1. */
static size_t place(lua_Integer position, size_t length)
{
    if (position < 0) {
        position = position < -(lua_Integer)length ? 0 : position + (lua_Integer)length + 1;
    }
    return (size_t)position > length ? length + 1 : (size_t)position;
}

/* bytes:sub(first [, last]), as of a string */
static int sub(lua_State *L)
{
    const struct bytes *bytes = check(L);
    size_t first = place(luaL_checkinteger(L, 2), bytes->length);
    size_t last = place(luaL_optinteger(L, 3, -1), bytes->length);
    first = first < 1 ? 1 : first;
    last = last > bytes->length ? bytes->length : last;
    if (first <= last) {
        lua_pushlstring(L, bytes->data + first - 1, last - first + 1);
    } else {
        lua_pushliteral(L, "");
    }
    return 1;
}

/* bytes == bytes */
static int equal(lua_State *L)
{
    const struct bytes *one = luaL_testudata(L, 1, BYTES_METATABLE);
    const struct bytes *other = luaL_testudata(L, 2, BYTES_METATABLE);
    lua_pushboolean(L, one != NULL && other != NULL && one->length == other->length &&
                           (one->length == 0 || memcmp(one->data, other->data, one->length) == 0));
    return 1;
}

static const luaL_Reg metamethods[] = {
    {"__gc", collect}, {"__len", length}, {"__tostring", to_string}, {"__eq", equal}, {NULL, NULL},
};

static const luaL_Reg methods[] = {{"sub", sub}, {NULL, NULL}};

void bytes_new(lua_State *L)
{
    struct bytes *bytes = lua_newuserdatauv(L, sizeof *bytes, 0);
    *bytes = (struct bytes){0};
    if (luaL_newmetatable(L, BYTES_METATABLE)) {
        luaL_setfuncs(L, metamethods, 0);
        luaL_newlib(L, methods);
        lua_setfield(L, -2, "__index");
        /* For scripts instead of the table, whose __gc would free what a photo has borrowed. */
        lua_pushliteral(L, "bytes");
        lua_setfield(L, -2, "__metatable");
    }
    lua_setmetatable(L, -2);
}

void bytes_take(lua_State *L, char *data, size_t length)
{
    struct bytes *bytes = lua_touserdata(L, -1);
    bytes->data = data;
    bytes->length = length;
    /* It counts what Lua holds itself, and that is next to nothing of these. */
    (void)lua_gc(L, LUA_GCSTEP, 1 + (int)(length >> 10));
}

bool bytes_read(lua_State *L, int index, const char **data, size_t *length)
{
    if (lua_type(L, index) == LUA_TSTRING) {
        *data = lua_tolstring(L, index, length);
        return true;
    }
    const struct bytes *bytes = luaL_testudata(L, index, BYTES_METATABLE);
    if (bytes != NULL) {
        *data = bytes->data == NULL ? "" : bytes->data;
        *length = bytes->length;
    }
    return bytes != NULL;
}
