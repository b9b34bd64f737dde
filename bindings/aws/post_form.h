/*
 * post_form.h - the fields of an HTML form that uploads to S3: a policy and its signature. The only
 * kind of signed upload that bounds the size of what a stranger may send. A pure function.
 *
 * The form is sent as multipart/form-data to the bucket's endpoint; the fields, then the field
 * `file` last.
 */
#ifndef LUNETTE_BINDINGS_AWS_POST_FORM_H
#define LUNETTE_BINDINGS_AWS_POST_FORM_H

#include <stddef.h>
#include <stdint.h>

#include "bindings/aws/sigv4.h"
#include "host/buffer.h"
#include "host/error.h"
#include "host/http.h"

#define POST_FORM_FIELDS_MAX   48 /* of the caller's */
#define POST_FORM_FIELDS_ADDED 8

/* What the browser is allowed. Borrowed while the form is in use. */
struct post_form_rules {
    const char *bucket;
    /* Exactly this, or, as the sender chooses, any that begins so: then a browser puts the file's
     * name behind it. "${filename}" would let the sender choose, and is refused here. */
    const char *key;
    bool key_is_prefix;
    /* Sent exactly like this: content-type, success_action_status, x-amz-meta-*, ... */
    const struct http_header *fields;
    size_t field_count;
    /* "image/": the form's Content-Type is the sender's choice if it begins so. NULL: it is among
     * the fields, or not allowed. */
    const char *content_type_prefix;
    int64_t min_bytes, max_bytes; /* of the file: 0 <= min <= max <= S3_PUT_MAX */
    int64_t expires_s;            /* 1 to SIGV4_EXPIRES_MAX_S; ends with the credentials, too */
};

/* Owned by the caller: post_form_release(), after success only. */
struct post_form {
    /* Borrowed from this, the rules and the scope's credentials. */
    struct http_header fields[POST_FORM_FIELDS_MAX + POST_FORM_FIELDS_ADDED];
    size_t field_count;
    struct buffer document; /* the policy as JSON */
    char *policy;           /* and in base64, as it is sent */
    char *sent_key;         /* with key_is_prefix: PREFIX${filename} */
    struct sigv4_signature signature;
};

/*
 * Errors: `usage`, which names the rule; InvalidBucketName 400, KeyTooLongError 400, InvalidURI
 * 400; `memory`, `too_large`.
 */
MUST_CHECK bool post_form_sign(const struct post_form_rules *rules, const struct sigv4_scope *scope,
                               struct post_form *form, struct error *err);

void post_form_release(struct post_form *form);

#endif
