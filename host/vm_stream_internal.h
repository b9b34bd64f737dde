/*
 * vm_stream_internal.h - what vm_invoke.c needs of vm_stream.c. For nobody else.
 */
#ifndef LUNETTE_HOST_VM_STREAM_INTERNAL_H
#define LUNETTE_HOST_VM_STREAM_INTERNAL_H

#include <lua.h>

#include "host/vm_stream.h"

/* Pushes the function `context.stream`. `stream` is borrowed until vm_stream_close(). */
void vm_stream_push(lua_State *L, const struct vm_stream *stream);

/* From now on that function and what it returned raise. Never raises itself. True when the script
 * has opened the stream. */
bool vm_stream_close(lua_State *L);

bool vm_stream_is_open(lua_State *L);

#endif
