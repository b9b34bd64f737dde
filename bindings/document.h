/*
 * document.h - JSON documents in memory. The only file that includes jansson; DynamoDB's requests,
 * answers and items are jansson values everywhere else.
 *
 * Strings may hold any character, NUL too; object keys may not hold NUL.
 */
#ifndef LUNETTE_BINDINGS_DOCUMENT_H
#define LUNETTE_BINDINGS_DOCUMENT_H

#include <jansson.h>

#include "host/buffer.h"
#include "host/error.h"

#define DOCUMENT_DEPTH_MAX 128 /* brackets within brackets */

/* NULL with `SerializationException` (and where the text is wrong) or `memory`. Owned by the
 * caller: json_decref(). No name may come twice in an object. */
json_t *document_parse(const char *text, size_t length, struct error *err);

/* Appends the document, compact. */
MUST_CHECK bool document_print(const json_t *document, struct buffer *text, struct error *err);

/*
 * For building: put a new value (consumed, also on failure; NULL is a failure) into an object or
 * at an array's end. On failure *err is `memory`.
 */
MUST_CHECK bool document_set(json_t *object, const char *name, size_t name_length, json_t *value,
                             struct error *err);
MUST_CHECK bool document_set_field(json_t *object, const char *name, json_t *value,
                                   struct error *err);
MUST_CHECK bool document_append(json_t *array, json_t *value, struct error *err);

/* Passes `value` through; when it is NULL sets *err to `memory`. */
json_t *document_new(json_t *value, struct error *err);

#endif
