/*
 * attribute.h - Lua values and AttributeValues, both ways and exactly.
 *
 *     Lua                                     AttributeValue
 *     string (UTF-8)                          S
 *     dynamodb.binary(bytes)                  B
 *     integer; float (finite, in range)       N, the shortest text that reads back the same
 *     dynamodb.number("...")                  N, for what neither integer nor float can hold
 *     boolean; dynamodb.null                  BOOL; NULL
 *     dynamodb.set{...}                       SS, NS or BS
 *     table with the array mark, or 1..n      L
 *     any other table, keys all strings       M (so an empty table is an empty map)
 *
 * On the way back a number is an integer when it is whole and fits, else a float when that float's
 * shortest text is this number, else a dynamodb.number: never silently another number.
 */
#ifndef LUNETTE_BINDINGS_ATTRIBUTE_H
#define LUNETTE_BINDINGS_ATTRIBUTE_H

#include <lua.h>

#include "bindings/decimal.h"
#include "bindings/document.h"
#include "host/buffer.h"
#include "host/error.h"

#define ATTRIBUTE_DEPTH_MAX 31 /* tables within one another: of 32 levels the value is the last */

/*
 * Appends the value at `index`, or the table at `index` as a map of attributes (an item, a key).
 * `path` is its name for complaints: "item.tags[3] is a function, ...", code `usage`. Raises on
 * memory only: `out` must belong to a userdata (scratch.h). No metamethod runs.
 */
MUST_CHECK bool attribute_write(lua_State *L, int index, const char *path, struct buffer *out,
                                struct error *err);
MUST_CHECK bool attribute_write_item(lua_State *L, int index, const char *path, struct buffer *out,
                                     struct error *err);

/* Pushes the Lua value of an AttributeValue, or the table of a map of them. Raises on memory, and
 * `bad_answer` for what is none; `value` must belong to somebody else. */
void attribute_push(lua_State *L, json_t *value);
void attribute_push_item(lua_State *L, json_t *item);

/* ---- the types that only DynamoDB has (attribute_types.c) ------------------------------------ */

/* Makes their metatables and puts number, binary, set, list and null into the table on top. */
void attribute_open(lua_State *L);

/* The number at `index`, or NULL when it is no dynamodb.number. */
const struct decimal *attribute_to_number(lua_State *L, int index);

/* The bytes of the dynamodb.binary at `index`, or NULL. Borrowed as long as the value lives. */
const char *attribute_to_binary(lua_State *L, int index, size_t *length);

bool attribute_is_set(lua_State *L, int index);

void attribute_push_number(lua_State *L, const struct decimal *number);

/* Pushes a binary with room for `length` bytes, to be filled at once. */
char *attribute_push_binary(lua_State *L, size_t length);

/* Makes a set of the table on top. */
void attribute_mark_set(lua_State *L);

#endif
