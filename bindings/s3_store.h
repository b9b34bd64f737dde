/*
 * s3_store.h - the seam between the `s3` module and where objects live.
 *
 * A store implements s3_store: the embedded one (bindings/local) blocks and is run on a worker
 * thread; the one that talks to AWS will start a transfer on the loop's thread. The module parses
 * the script's arguments into an s3_request, hands it over, and makes Lua values of the
 * s3_response. Failures carry AWS's names and statuses whatever the store.
 */
#ifndef LUNETTE_BINDINGS_S3_STORE_H
#define LUNETTE_BINDINGS_S3_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "host/error.h"

struct job;
struct s3_signer; /* bindings/aws/s3_presign.h */

/* Limits of S3 itself. */
#define S3_KEY_MAX      1024 /* bytes of UTF-8 */
#define S3_METADATA_MAX 2048 /* bytes, names and values of user metadata together */
#define S3_TAGS_MAX     10
#define S3_LIST_MAX     1000       /* keys a page */
#define S3_DELETE_MAX   1000       /* keys a delete_all */
#define S3_PUT_MAX      5368709120 /* bytes of one put, or copy */

/* A borrowed byte string; data == NULL means "not given". Need not be NUL-terminated. */
struct s3_text {
    const char *data;
    size_t length;
};

struct s3_pair {
    struct s3_text name, value;
};

enum s3_operation { S3_GET, S3_HEAD, S3_PUT, S3_COPY, S3_DELETE, S3_DELETE_ALL, S3_LIST };

/* Everything is borrowed until the operation has finished. */
struct s3_request {
    enum s3_operation operation;
    struct s3_text bucket, key;
    struct s3_text version_id;   /* get, head, delete */
    struct s3_text bucket_owner; /* 12 digits: of no other account */

    struct s3_text if_match, if_none_match; /* an ETag with its quotes, or "*" */
    bool ranged;                            /* get: bytes first..last, last == -1: to the end; */
    int64_t range_first;                    /* first < 0: the last -first bytes */
    int64_t range_last;
    size_t max_bytes; /* get: a larger body is `too_large`, before it is read */

    struct s3_text body; /* put */
    struct s3_text content_type, cache_control, content_disposition, content_encoding;
    struct s3_text storage_class;
    const struct s3_pair *metadata; /* user metadata, names without x-amz-meta- */
    size_t metadata_count;
    const struct s3_pair *tags;
    size_t tag_count;

    struct s3_text source_bucket, source_key; /* copy */
    struct s3_text source_if_match, source_version_id, source_bucket_owner;
    bool replace_metadata; /* copy: take the fields above, not the source's */

    const struct s3_text *keys; /* delete_all */
    size_t key_count;

    struct s3_text prefix, delimiter, start_after, continuation_token; /* list */
    int max_keys;                                                      /* list: 1 to S3_LIST_MAX */
};

/* An object's headers. Owned strings, NULL when absent. */
struct s3_object {
    char *key;  /* list only; may hold any byte but NUL: S3 keys are UTF-8 */
    char *etag; /* with its quotes */
    char *content_type, *cache_control, *content_disposition, *content_encoding;
    char *storage_class, *version_id;
    int64_t size;             /* of the whole object */
    int64_t last_modified_ms; /* since the epoch */
    struct s3_owned_pair {
        char *name, *value;
    } * metadata, *tags;
    size_t metadata_count, tag_count;
};

struct s3_key_error { /* delete_all: a key that could not be deleted */
    char *key, *code, *message;
};

/* Owned by whoever holds it; s3_response_release() frees. Zeroed is empty. */
struct s3_response {
    struct s3_object object; /* get, head, put, copy: what is known of it now */
    char *body;              /* get; malloc'ed, body_length bytes and a NUL */
    size_t body_length;
    int64_t range_first; /* get with a range: where `body` begins in the object */
    bool not_modified;   /* get, head: if_none_match matched (304) */

    struct s3_object *objects; /* list */
    size_t object_count;
    char **prefixes; /* list: common prefixes */
    size_t prefix_count;
    char *next_token; /* list: NULL on the last page */

    struct s3_key_error *key_errors; /* delete_all */
    size_t key_error_count;
};

void s3_response_release(struct s3_response *response);
void s3_object_release(struct s3_object *object);

/*
 * What S3 would refuse whatever is stored: bucket names, keys, owners, metadata, tags, conditions
 * that it does not implement. A store calls it before anything else, so that all refuse alike; user
 * metadata that HTTP would change on its way (white space at an end, capitals that would make two
 * names one) is refused too.
 */
MUST_CHECK bool s3_check_request(const struct s3_request *request, struct error *err);
MUST_CHECK bool s3_check_bucket(const char *bucket, size_t length, struct error *err);

/* Printable ASCII without a space at an end: what travels in a header as it is. Errors:
 * InvalidArgument 400, naming `what`. */
MUST_CHECK bool s3_check_header(const char *what, struct s3_text value, struct error *err);

/* error_set() with an HTTP status. Returns false. */
bool s3_fail(struct error *err, const char *code, int status, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* Is it the same ETag, with its quotes or without? `wanted` may be "*": any. */
bool s3_etag_matches(struct s3_text wanted, const char *etag);

/*
 * Failures: code and status as S3 has them: NoSuchKey 404, NoSuchBucket 404, PreconditionFailed
 * 412, ConditionalRequestConflict 409, InvalidRange 416, KeyTooLongError 400, InvalidBucketName
 * 400, NoSuchVersion 404, EntityTooLarge 400, MetadataTooLarge 400, InvalidTag 400, InvalidArgument
 * 400, InvalidURI 400 (a key that is not UTF-8), InvalidStorageClass 400, NotImplemented 501; and
 * our own: `too_large` (max_bytes), `io`, `memory`, `deadline`, `cancelled`.
 */
struct s3_store {
    const char *name; /* "local", "aws" */

    /* One of the two is set. `execute` blocks, may be called by several threads at once, and may
     * ask job_stopped(job) (job may be NULL). `start` is the body of a job_type.start. */
    bool (*execute)(struct s3_store *store, const struct s3_request *request,
                    struct s3_response *response, const struct job *job, struct error *err);
    bool (*start)(struct s3_store *store, const struct s3_request *request,
                  struct s3_response *response, struct job *job, struct error *err);
    void (*cancel)(struct s3_store *store, struct job *job);

    /* Who signs addresses of the request's bucket for others to use; on the loop's thread, borrowed
     * until it is called again. NULL: nobody whom a server knows (s3_signer_example()). */
    bool (*lend_signer)(struct s3_store *store, const struct s3_request *request,
                        struct s3_signer *signer, struct error *err);
};

#endif
