/*
 * json.h - JSON for the other bindings: the mark that says "this table is an array", and encoding.
 *
 * An empty Lua table could be [] or {}. A table with the metatable JSON_ARRAY (in the registry) is
 * an array, also when it is empty; any other empty table is an object. `null` is the light userdata
 * NULL, as lua-cjson's.
 */
#ifndef LUNETTE_BINDINGS_JSON_H
#define LUNETTE_BINDINGS_JSON_H

#include <lua.h>

#include "host/buffer.h"
#include "host/error.h"

#define JSON_ARRAY "lunette.array"

struct json_style {
    int indent;        /* blanks a level, 0 to 8; 0: everything on one line */
    bool mask_secrets; /* the values of fields with a secret's name become "***" */
};

/* Pushes the metatable of arrays. Raises on memory. */
void json_push_array_mark(lua_State *L);
bool json_has_array_mark(lua_State *L, int index);

/* Sets the mark on the table at `index`. Raises on memory. */
void json_mark_array(lua_State *L, int index);

/*
 * Appends the value at `index` to `out`, keys sorted by their bytes, so that equal values give
 * equal texts. Integers are exact; floats are the shortest text that reads back the same, without
 * ".0" where they are whole and below 2^53.
 *
 * False: `usage` for what JSON can't say, with the path to it ("event.tags[3] is a function"), or
 * `too_large`, `memory`. Raises on memory only: `out` must belong to a userdata (scratch.h).
 */
MUST_CHECK bool json_encode(lua_State *L, int index, const struct json_style *style,
                            struct buffer *out, struct error *err);

/* json.decode, to be made with json_push_decoder(): raises an error object with `bad_json`. */
void json_push_decoder(lua_State *L);

#endif
