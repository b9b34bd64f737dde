/*
 * invocation.c - keeps the running invocation's event in the registry. vm_invoke.c sets it,
 * bindings ask.
 */
#include "host/invocation.h"

#include <stdint.h>

static const char registry_key; /* of the notes; its address is the key */
static const char event_key;    /* in the notes: where the event begins */
static const char length_key;

void invocation_begin(lua_State *L, const char *event, size_t length)
{
    lua_createtable(L, 0, 3);
    lua_pushlightuserdata(L, (void *)(uintptr_t)event);
    lua_rawsetp(L, -2, &event_key);
    lua_pushinteger(L, (lua_Integer)length);
    lua_rawsetp(L, -2, &length_key);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &registry_key);
}

void invocation_end(lua_State *L)
{
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &registry_key);
}

void invocation_push_notes(lua_State *L)
{
    (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &registry_key);
}

const char *invocation_event(lua_State *L, size_t *length)
{
    const char *event = NULL;
    invocation_push_notes(L);
    if (lua_istable(L, -1)) {
        (void)lua_rawgetp(L, -1, &event_key);
        (void)lua_rawgetp(L, -2, &length_key);
        event = lua_touserdata(L, -2);
        *length = (size_t)lua_tointeger(L, -1);
        lua_pop(L, 2);
    }
    lua_pop(L, 1);
    return event;
}
