/*
 * s3_request.h - an s3_request as what goes over the wire: method, query, headers, body. Pure; s3.c
 * sends it.
 */
#ifndef LUNETTE_BINDINGS_AWS_S3_REQUEST_H
#define LUNETTE_BINDINGS_AWS_S3_REQUEST_H

#include "bindings/aws/client.h"
#include "bindings/base64.h"
#include "bindings/digest.h"
#include "bindings/s3_store.h"

#define S3_QUERY_MAX 8

/*
 * A conditional put, and one in parts, carries a random id in this entry of the user metadata, so
 * that the object itself tells whether a put whose answer was lost is the one that made it: another
 * writer's may have the same bytes. s3_parse.c keeps it from scripts.
 */
#define S3_MARKER_NAME "lunette-write"
#define S3_MARKER_SIZE 33 /* hex digits and a NUL */

/* Owned texts; zeroed is empty. */
struct s3_wire {
    struct aws_request request; /* endpoint and check are the caller's to set */
    struct buffer path, body;
    char body_sha256[2 * DIGEST_MAX + 1];
    char marker[S3_MARKER_SIZE]; /* empty: none was sent */
    struct uri_parameter query[S3_QUERY_MAX];
    struct http_header *headers; /* room for header_room */
    size_t header_room;
    char **texts; /* what query and headers point to */
    size_t text_count, text_room;
};

/*
 * Makes `wire` of a request that s3_check_request() has passed; it borrows the request's body. On
 * failure (`memory`) it is empty. Free with s3_wire_release().
 */
MUST_CHECK bool s3_wire_make(struct s3_wire *wire, const struct s3_request *request,
                             const struct endpoint *endpoint, bool bare_etags, struct error *err);

/* What an address for others says besides the request. */
struct s3_share {
    /* get and head: headers of the answer, in place of the object's own */
    struct s3_text response_content_type, response_cache_control, response_content_disposition,
        response_content_encoding;
    bool sized; /* put: of exactly this many bytes */
    int64_t content_length;
};

/* The same for somebody else to send (s3_presign.c): a get, head, put or delete without a body, and
 * without what only guards requests of our own. */
MUST_CHECK bool s3_wire_make_shared(struct s3_wire *wire, const struct s3_request *request,
                                    const struct s3_share *share, const struct endpoint *endpoint,
                                    struct error *err);
void s3_wire_release(struct s3_wire *wire);

/* ---- a put in parts -------------------------------------------------------------------------- */

#define S3_PART_MIN  ((size_t)5 * 1024 * 1024) /* but for the last */
#define S3_PARTS_MAX 10000

struct s3_part {
    char *etag;                              /* owned */
    char sum[BASE64_LENGTH(DIGEST_MAX) + 1]; /* SHA-256 */
};

/* The same for the steps of an upload. Of `request` the first takes the headers, all take the names
 * and the owner, and the last one, which makes the object, takes the conditions. */
MUST_CHECK bool s3_wire_make_create(struct s3_wire *wire, const struct s3_request *request,
                                    const struct endpoint *endpoint, struct error *err);
MUST_CHECK bool s3_wire_make_part(struct s3_wire *wire, const struct s3_request *request,
                                  const struct endpoint *endpoint, const char *upload_id,
                                  size_t number, struct s3_text bytes, struct s3_part *part,
                                  struct error *err);
MUST_CHECK bool s3_wire_make_complete(struct s3_wire *wire, const struct s3_request *request,
                                      const struct endpoint *endpoint, bool bare_etags,
                                      const char *upload_id, const struct s3_part *parts,
                                      size_t count, struct error *err);
MUST_CHECK bool s3_wire_make_abort(struct s3_wire *wire, const struct s3_request *request,
                                   const struct endpoint *endpoint, const char *upload_id,
                                   struct error *err);

#endif
