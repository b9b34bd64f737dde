/*
 * uri.h - percent-encoding and query strings, as AWS signs them. Pure C.
 *
 * What these functions append is both what is signed and what is sent: the two must be the same
 * bytes, so there is no other encoder. Failed appends are seen with buffer_check(), as always.
 */
#ifndef LUNETTE_BINDINGS_AWS_URI_H
#define LUNETTE_BINDINGS_AWS_URI_H

#include <stddef.h>

#include "host/buffer.h"
#include "host/error.h"

#define URI_PARAMETERS_MAX 64 /* of one query; S3 has no operation with half as many */

/* One parameter of a query, not encoded. A parameter without a value is one with an empty value. */
struct uri_parameter {
    const char *name;
    const char *value;
};

/* Everything but A-Z a-z 0-9 - . _ ~ as %XX, upper-case; a space is %20, never +. */
void uri_append_encoded(struct buffer *out, const char *bytes, size_t length);

/* The same, but "/" stays: an S3 key in a path. */
void uri_append_path(struct buffer *out, const char *bytes, size_t length);

/*
 * Appends "name=value&name=value", encoded and sorted by encoded name, then value. Nothing for an
 * empty list. Errors: `limit` (URI_PARAMETERS_MAX), `memory`, `too_large` (the buffer's maximum).
 */
MUST_CHECK bool uri_append_query(struct buffer *out, const struct uri_parameter *parameters,
                                 size_t count, struct error *err);

/*
 * Appends an absolute path without its empty, "." and ".." segments; a "/" at the end stays.
 * Services other than S3 sign this, encoded once more.
 */
void uri_append_normalised(struct buffer *out, const char *path);

#endif
