/*
 * s3_presign.h - addresses and forms by which somebody without credentials may do one thing with S3
 * for some time. Pure functions: no clock, no environment, no network.
 */
#ifndef LUNETTE_BINDINGS_AWS_S3_PRESIGN_H
#define LUNETTE_BINDINGS_AWS_S3_PRESIGN_H

#include "bindings/aws/post_form.h"
#include "bindings/aws/s3_request.h"

/* Who signs, and for which server. Pointers are borrowed from the store. */
struct s3_signer {
    struct endpoint_settings settings;
    const struct credentials *credentials;
    struct sigv4_keys *keys; /* may be NULL */
    int64_t clock_ahead_ms;  /* the server's clock before ours */
};

/* The one that signs where there is no server, so that handlers can be tried: AWS's example
 * credentials and a host under .invalid (RFC 2606), which no resolver ever finds. */
void s3_signer_example(struct s3_signer *signer);

/* Borrowed until the call returns. The operation is S3_GET, S3_HEAD, S3_PUT or S3_DELETE; what the
 * request has of headers is what the sender has to send. */
struct s3_presign_rules {
    const struct s3_request *request;
    struct s3_share share;
    int64_t expires_s; /* 1 to SIGV4_EXPIRES_MAX_S; sooner if the credentials are known to end */
};

/* Owned by the caller: s3_presigned_release(), which takes a zeroed one, too. */
struct s3_presigned {
    struct buffer url;
    struct s3_wire wire; /* request.method, and .headers: to be sent exactly so */
    int64_t expires_ms;  /* since the epoch */
};

/*
 * Errors: what s3_check_request() and endpoint_resolve() refuse; `usage` (expires_s, a bucket whose
 * name can't stand in a host's); `credentials` (they have expired); `memory`, `too_large`.
 */
MUST_CHECK bool s3_presign(const struct s3_signer *signer, const struct s3_presign_rules *rules,
                           int64_t now_ms, struct s3_presigned *made, struct error *err);
void s3_presigned_release(struct s3_presigned *made);

/* Borrowed until the form is released. */
struct s3_form_rules {
    const struct s3_request *request; /* S3_PUT with its headers and metadata; no tags */
    bool key_is_prefix;               /* any key that begins with the request's */
    const char *content_type_prefix;  /* NULL: the request's content type, or none at all */
    const char *success_redirect;     /* NULL: none */
    const char *success_status;       /* "200", "201", "204"; NULL: S3's own, 204 */
    int64_t min_bytes, max_bytes, expires_s;
};

/* Owned by the caller: s3_presigned_form_release(), which takes a zeroed one, too. */
struct s3_presigned_form {
    struct buffer url; /* where to POST */
    struct post_form form;
    int64_t expires_ms;
    /* what the form's fields borrow */
    struct s3_wire wire;
    char bucket[64], key[S3_KEY_MAX + 1];
};

/* Errors: those of s3_presign() and of post_form_sign(), and `limit` (fields). Then *made is empty.
 * It points into itself: do not copy it. */
MUST_CHECK bool s3_presign_form(const struct s3_signer *signer, const struct s3_form_rules *rules,
                                int64_t now_ms, struct s3_presigned_form *made, struct error *err);
void s3_presigned_form_release(struct s3_presigned_form *made);

#endif
