/*
 * scratch.c - buffers and sorted keys that belong to a userdata. For bindings that build something
 * while they call Lua functions that may raise.
 */
#include "bindings/scratch.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#define SCRATCH_METATABLE "lunette.scratch"

static int scratch_collect(lua_State *L)
{
    buffer_release(lua_touserdata(L, 1));
    return 0;
}

struct buffer *scratch_push_buffer(lua_State *L, size_t max)
{
    struct buffer *buffer = lua_newuserdatauv(L, sizeof *buffer, 0);
    buffer_init(buffer, max);
    if (luaL_newmetatable(L, SCRATCH_METATABLE) != 0) {
        lua_pushcfunction(L, scratch_collect);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return buffer;
}

static int compare_keys(const void *left, const void *right)
{
    const struct scratch_key *a = left;
    const struct scratch_key *b = right;
    int order = memcmp(a->text, b->text, a->length < b->length ? a->length : b->length);
    if (order != 0) {
        return order;
    }
    return (a->length > b->length) - (a->length < b->length);
}

static bool count_text_keys(lua_State *L, int index, size_t *count)
{
    *count = 0;
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING) {
            lua_pop(L, 1);
            return false;
        }
        (*count)++;
    }
    return true;
}

struct scratch_key *scratch_push_keys(lua_State *L, int index, size_t *count)
{
    index = lua_absindex(L, index);
    luaL_checkstack(L, 4, "sorting keys");
    if (!count_text_keys(L, index, count)) {
        return NULL;
    }
    struct scratch_key *keys = lua_newuserdatauv(L, (*count + 1) * sizeof *keys, 0);
    size_t i = 0;
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        lua_pop(L, 1);
        keys[i].text = lua_tolstring(L, -1, &keys[i].length);
        i++;
    }
    qsort(keys, *count, sizeof *keys, compare_keys);
    return keys;
}
