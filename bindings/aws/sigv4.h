/*
 * sigv4.h - AWS Signature Version 4: signed headers, presigned addresses, form uploads. A pure
 * function of request, scope and time: reads no clock, no environment.
 *
 * Signing fails only with `memory`, `too_large`, `limit` (URI_PARAMETERS_MAX) or `usage`.
 */
#ifndef LUNETTE_BINDINGS_AWS_SIGV4_H
#define LUNETTE_BINDINGS_AWS_SIGV4_H

#include <stddef.h>
#include <stdint.h>

#include "bindings/aws/credentials.h"
#include "bindings/aws/uri.h"
#include "host/buffer.h"
#include "host/error.h"
#include "host/http.h"

#define SIGV4_EXPIRES_MAX_S    604800 /* a week */
#define SIGV4_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"
#define SIGV4_REGION_MAX       63 /* bytes */
#define SIGV4_SERVICE_MAX      15
#define SIGV4_HEADERS_ADDED    4

/* Everything is borrowed until the call returns. */
struct sigv4_request {
    const char *method;
    const char *host; /* as it is sent: with its port unless that is the scheme's own */
    const char *path; /* as it is sent: begins with "/", encoded (uri_append_path), no "?" */
    const struct uri_parameter *query; /* not encoded; sent in the form of uri_append_query() */
    size_t query_count;
    /* What is sent and signed besides; all but what is never signed (canonical.c). To sign is to
     * pin: a content-length or content-type in a presigned address must be sent as it is here. */
    const struct http_header *headers;
    size_t header_count;
    const char *payload_hash; /* SHA-256 of the body, hex, or SIGV4_UNSIGNED_PAYLOAD */
};

/* Derived keys of the last few scopes. Belongs to one thread. Zeroed is empty. */
struct sigv4_keys {
    struct sigv4_key {
        unsigned char secret_hash[32];
        char date[9];
        char region[SIGV4_REGION_MAX + 1];
        char service[SIGV4_SERVICE_MAX + 1];
        unsigned char key[32];
    } entries[4];
    size_t next; /* entry to replace */
};

/* Borrowed until the call returns; headers of a signature borrow the session token. */
struct sigv4_scope {
    const struct credentials *credentials;
    const char *region;
    const char *service;     /* "s3": the path is signed as it is sent, the payload's hash too */
    bool keep_path;          /* sign the path as it is sent for another service, too */
    int64_t time_s;          /* since the epoch, from 0 to the year 9999 */
    struct sigv4_keys *keys; /* NULL: derive the key each time */
};

/* Owned by the caller: sigv4_release(), after success only. Its headers point into it: do not copy
 * the struct. */
struct sigv4_signature {
    /* sigv4_sign: to be sent with the request; borrowed from this and scope->credentials. */
    struct http_header headers[SIGV4_HEADERS_ADDED];
    size_t header_count;
    struct buffer query; /* as it is to be sent; sigv4_presign: X-Amz-Signature at its end */
    /* What the server recomputes and, when the signature does not match, tells of in its error.
     * They hold the session token: never to be logged. */
    struct buffer canonical_request, string_to_sign;
    char signature[65]; /* lower-case hex */
    char date[17];      /* "20150830T123600Z" */
    char credential[CREDENTIALS_KEY_MAX + SIGV4_REGION_MAX + SIGV4_SERVICE_MAX + 32];
    struct buffer authorization;
};

/*
 * Signs with headers: Authorization, X-Amz-Date, X-Amz-Security-Token if there is a token, and
 * X-Amz-Content-Sha256 for S3; none of them may be among the request's own.
 */
MUST_CHECK bool sigv4_sign(const struct sigv4_request *request, const struct sigv4_scope *scope,
                           struct sigv4_signature *signature, struct error *err);

/*
 * Signs with the query, for somebody else to send within `expires_s` (1 to SIGV4_EXPIRES_MAX_S;
 * else `usage`). It ends with the credentials' own life if that is sooner. S3's convention for
 * the payload hash is SIGV4_UNSIGNED_PAYLOAD.
 */
MUST_CHECK bool sigv4_presign(const struct sigv4_request *request, const struct sigv4_scope *scope,
                              int64_t expires_s, struct sigv4_signature *signature,
                              struct error *err);

/*
 * Signs the policy of a form upload: `policy` is its base64 text, date, credential and signature
 * are what the form's fields x-amz-date, x-amz-credential and x-amz-signature hold.
 */
MUST_CHECK bool sigv4_sign_policy(const char *policy, const struct sigv4_scope *scope,
                                  struct sigv4_signature *signature, struct error *err);

/* x-amz-date and x-amz-credential of a scope, which a policy must hold before it is signed. */
MUST_CHECK bool sigv4_scope_names(const struct sigv4_scope *scope,
                                  struct sigv4_signature *signature, struct error *err);

void sigv4_release(struct sigv4_signature *signature);
void sigv4_keys_cleanse(struct sigv4_keys *keys);

#endif
