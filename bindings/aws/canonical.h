/*
 * canonical.h - a request in the form that AWS signs (Signature Version 4, step 1). Pure C; called
 * by sigv4.c only.
 */
#ifndef LUNETTE_BINDINGS_AWS_CANONICAL_H
#define LUNETTE_BINDINGS_AWS_CANONICAL_H

#include <stddef.h>

#include "host/buffer.h"
#include "host/error.h"
#include "host/http.h"

/*
 * Appends the lines "name:value\n" to `lines` and the list "name;name" to `names`: names in lower
 * case and sorted, values trimmed and with runs of white space made one space, repeated headers
 * joined with commas in their order. Leaves out the headers that are never signed. Errors:
 * `memory`, `too_large`.
 */
MUST_CHECK bool canonical_append_headers(const struct http_header *headers, size_t count,
                                         struct buffer *lines, struct buffer *names,
                                         struct error *err);

/* `path` is as sent: S3 signs it as it is (`keep`), the others normalise it and encode it again. */
MUST_CHECK bool canonical_append_path(const char *path, bool keep, struct buffer *out,
                                      struct error *err);

#endif
