/*
 * scratch.h - C memory that Lua owns, so that an error raised half way leaks nothing.
 */
#ifndef LUNETTE_BINDINGS_SCRATCH_H
#define LUNETTE_BINDINGS_SCRATCH_H

#include <lua.h>
#include <stddef.h>

#include "host/buffer.h"

/* Pushes a userdata with an empty buffer in it and returns that buffer. It is freed when the
 * userdata is collected; release it (buffer_release) as soon as it has done its work. */
struct buffer *scratch_push_buffer(lua_State *L, size_t max);

struct scratch_key {
    const char *text;
    size_t length;
};

/*
 * Pushes a userdata with the keys of the table at `index` in the order of their bytes, and says how
 * many. They are borrowed as long as the table keeps them. Every key must be a string: else pushes
 * nothing and returns NULL. Raises on memory only.
 */
struct scratch_key *scratch_push_keys(lua_State *L, int index, size_t *count);

#endif
