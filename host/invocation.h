/*
 * invocation.h - what the bindings may know of the invocation that runs: its event, and a place for
 * what follows from it. vm_invoke begins and ends one; outside of it there is none.
 */
#ifndef LUNETTE_HOST_INVOCATION_H
#define LUNETTE_HOST_INVOCATION_H

#include <lua.h>
#include <stddef.h>

/* `event` is JSON, borrowed until invocation_end(). May raise (memory). */
void invocation_begin(lua_State *L, const char *event, size_t length);
void invocation_end(lua_State *L);

/* The event as it arrived, whatever the script made of its own copy; borrowed as above. NULL when
 * there is no invocation. */
const char *invocation_event(lua_State *L, size_t *length);

/* Pushes the invocation's table, gone when it ends, or nil. A binding keeps its own value there,
 * under the address of something of its own (lua_rawsetp). */
void invocation_push_notes(lua_State *L);

#endif
