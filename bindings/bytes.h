/*
 * bytes.h - bytes that a script hands from one function to the next. As a Lua string they would be
 * there twice while they are made one, and be copied. The contract is the class `bytes` in
 * bindings/api/s3.lua. A script knows one by getmetatable(value) == "bytes".
 */
#ifndef LUNETTE_BINDINGS_BYTES_H
#define LUNETTE_BINDINGS_BYTES_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* Pushes an object that has no bytes yet. Raises when there is no memory. */
void bytes_new(lua_State *L);

/* Gives that object, on top of the stack, its bytes: malloc'ed ones, which are its from here on.
 * The collector hears of them, and may run. */
void bytes_take(lua_State *L, char *data, size_t length);

/* What the string or object at `index` holds; false for any other value, a number, too. Borrowed as
 * long as that value lives; never changed. */
bool bytes_read(lua_State *L, int index, const char **data, size_t *length);

#endif
