/*
 * s3_parse.h - S3's answers as s3_response. Pure; s3.c calls it with what has arrived.
 */
#ifndef LUNETTE_BINDINGS_AWS_S3_PARSE_H
#define LUNETTE_BINDINGS_AWS_S3_PARSE_H

#include "bindings/s3_store.h"
#include "host/http.h"

/*
 * Fills `response` (zeroed) from a successful answer (2xx, 304) to `request`; a get takes the
 * answer's body. On failure it holds nothing. Errors: `bad_response`, `too_large`, `memory`.
 */
MUST_CHECK bool s3_parse(const struct s3_request *request, struct http_response *answer,
                         struct s3_response *response, struct error *err);

/* For an upload in parts: its id, a part's ETag, what has been made of them. Owned by the caller.
 * Errors: `bad_response`, `memory`. */
MUST_CHECK bool s3_parse_upload_id(const struct http_response *answer, char **upload_id,
                                   struct error *err);
MUST_CHECK bool s3_parse_part(const struct http_response *answer, char **etag, struct error *err);
MUST_CHECK bool s3_parse_completed(const struct http_response *answer, struct s3_response *response,
                                   struct error *err);

/* Was the object that a get or head answered made by the put with this marker? */
bool s3_parse_has_marker(const struct http_response *answer, const char *marker);

/* Does the body have the checksum that the answer tells of (SHA-256, SHA-1, CRC-64/NVME, CRC-32C,
 * CRC-32)? True, too, when it tells of none that is of the whole body: S3 can't know one of a
 * range, and of an object in parts it may know the parts' only. Else `checksum`. */
MUST_CHECK bool s3_parse_checksum(const struct http_response *answer, struct error *err);

#endif
