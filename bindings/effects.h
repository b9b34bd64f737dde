/*
 * effects.h - what a script did to the world: the last store calls of this Lua state.
 *
 * The s3 and dynamodb modules record every call when it has ended; the commands (`process`, the
 * REPL) read the list through the internal module `effects`:
 *
 *     effects.list()     oldest first: {operation="s3.put", place="uploads", key="a.jpg",
 *                        bytes=1234, status=200, code=nil, milliseconds=3.1, write=true,
 *                        attempts=nil, or how often a server was asked}
 *     effects.counts()   {reads=, writes=, failures=} since the last clear; writes that failed
 *                        (or lost their condition) count as failures alone
 *     effects.clear()
 */
#ifndef LUNETTE_BINDINGS_EFFECTS_H
#define LUNETTE_BINDINGS_EFFECTS_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/error.h"
#include "host/loop.h"

#define EFFECTS_MAX 1000 /* older ones are forgotten, but stay counted */

struct effect {
    const char *operation; /* "s3.put" */
    const char *place;     /* bucket or table, place_length bytes */
    size_t place_length;
    const char *key; /* NULL: none */
    size_t key_length;
    int64_t bytes; /* of the body that went or came */
    bool write;
};

/* Records how the job ended; `err` is NULL when it went well. From a job_type's push or failed.
 * May raise (memory). */
void effects_record(lua_State *L, const struct effect *effect, const struct job *job,
                    const struct error *err);

#endif
