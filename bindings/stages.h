/*
 * stages.h - where an invocation's time goes: what this process has spent in each stage so far. For
 * the metrics of an invocation and for the REPL, which take the difference of two readings of the
 * internal module `stages`:
 *
 *     stages.totals()   {get_ms=, put_ms=, s3_ms=, dynamodb_ms=, decode_ms=, resize_ms=,
 *                       encode_ms=, lua_ms=, bytes_in=, bytes_out=, pixels=, pictures=,
 *                       requests=, peak_memory_bytes=}
 *
 * All but peak_memory_bytes only grow. What ran side by side is added: the sum may be more than the
 * time that passed. get_ms is s3.get and s3.find, put_ms s3.put, s3_ms the rest of s3; colours are
 * converted in resize_ms; bytes are those of the bodies that came by `get` and went by `put`.
 */
#ifndef LUNETTE_BINDINGS_STAGES_H
#define LUNETTE_BINDINGS_STAGES_H

#include "bindings/effects.h"

/* A store call has ended. On the thread that runs Lua. */
void stages_record(const struct effect *effect, int64_t duration_us);

#endif
