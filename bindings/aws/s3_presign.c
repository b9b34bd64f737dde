/*
 * s3_presign.c - what an S3 address or form for others says, and its signature. Called by the `s3`
 * module's presign and presign_post.
 */
#include "bindings/aws/s3_presign.h"

#include <inttypes.h>
#include <string.h>

#define URL_MAX 65536 /* bytes: a key, a session token of CREDENTIALS_TOKEN_MAX, encoded */

void s3_signer_example(struct s3_signer *signer)
{
    /* docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
    static const struct credentials example = {
        .access_key_id = "AKIAIOSFODNN7EXAMPLE",
        .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    };
    *signer = (struct s3_signer){.settings = {.service = ENDPOINT_S3,
                                              .region = "us-east-1",
                                              .url = "http://s3.lunette.invalid",
                                              .addressing = ENDPOINT_VIRTUAL},
                                 .credentials = &example};
}

/* ---- what both have in common ---------------------------------------------------------------- */

/* A signature outlives its credentials in no case; then it had better say so. */
static bool bound_expiry(const struct s3_signer *signer, int64_t now_ms, int64_t asked_s,
                         int64_t *expires_s, struct error *err)
{
    int64_t end_ms = signer->credentials->expires_ms;
    if (asked_s < 1 || asked_s > SIGV4_EXPIRES_MAX_S) {
        return error_set(err, "usage", "expires_s is %" PRId64 ", expected 1 to %d", asked_s,
                         SIGV4_EXPIRES_MAX_S);
    }
    int64_t left_s = end_ms == 0 ? asked_s : (end_ms - now_ms) / 1000;
    if (left_s < 1) {
        return error_set(err, "credentials",
                         "the credentials have expired: nothing that is signed with them would be "
                         "accepted; get new ones");
    }
    *expires_s = left_s < asked_s ? left_s : asked_s;
    return true;
}

/* AWS's certificates are for one label before the host, and a browser won't look away. */
static bool check_host(const struct endpoint_settings *settings, struct s3_text bucket,
                       struct error *err)
{
    bool refused = settings->url[0] == '\0' && settings->addressing == ENDPOINT_VIRTUAL &&
                   memchr(bucket.data, '.', bucket.length) != NULL;
    if (refused) {
        return error_set(err, "usage",
                         "bucket '%.*s' has a dot and can't stand in a host's name: AWS's "
                         "certificates don't cover it; set LUNETTE_S3_ADDRESSING to auto or path",
                         (int)bucket.length, bucket.data);
    }
    return true;
}

struct signing {
    struct endpoint endpoint;
    struct sigv4_scope scope;
    int64_t expires_s, expires_ms;
};

static bool prepare(const struct s3_signer *signer, const struct s3_request *request,
                    int64_t asked_s, int64_t now_ms, struct signing *signing, struct error *err)
{
    int64_t server_ms = now_ms + signer->clock_ahead_ms;
    if (!s3_check_request(request, err) ||
        !bound_expiry(signer, server_ms, asked_s, &signing->expires_s, err) ||
        !check_host(&signer->settings, request->bucket, err)) {
        return false;
    }
    signing->scope = (struct sigv4_scope){.credentials = signer->credentials,
                                          .region = signer->settings.region,
                                          .service = "s3",
                                          .time_s = server_ms / 1000,
                                          .keys = signer->keys};
    signing->expires_ms = (now_ms / 1000 + signing->expires_s) * 1000;
    return endpoint_resolve(&signer->settings, request->bucket.data, request->bucket.length,
                            &signing->endpoint, err);
}

/* ---- addresses ------------------------------------------------------------------------------- */

static bool check_share(const struct s3_share *share, struct error *err)
{
    return s3_check_header("response_content_type", share->response_content_type, err) &&
           s3_check_header("response_cache_control", share->response_cache_control, err) &&
           s3_check_header("response_content_disposition", share->response_content_disposition,
                           err) &&
           s3_check_header("response_content_encoding", share->response_content_encoding, err);
}

static bool sign_wire(const struct signing *signing, struct s3_presigned *made, struct error *err)
{
    const struct aws_request *request = &made->wire.request;
    struct sigv4_request to_sign = {.method = request->method,
                                    .host = signing->endpoint.host,
                                    .path = request->path,
                                    .query = request->query,
                                    .query_count = request->query_count,
                                    .headers = request->headers,
                                    .header_count = request->header_count,
                                    .payload_hash = SIGV4_UNSIGNED_PAYLOAD};
    struct sigv4_signature signature;
    if (!sigv4_presign(&to_sign, &signing->scope, signing->expires_s, &signature, err)) {
        return false;
    }
    buffer_printf(&made->url, "%s://%s%s?", signing->endpoint.scheme, signing->endpoint.host,
                  request->path);
    buffer_append(&made->url, signature.query.data, signature.query.length);
    sigv4_release(&signature);
    return buffer_check(&made->url, "a presigned address", err);
}

bool s3_presign(const struct s3_signer *signer, const struct s3_presign_rules *rules,
                int64_t now_ms, struct s3_presigned *made, struct error *err)
{
    struct signing signing;
    struct s3_presigned presigned = {.expires_ms = 0};
    if (!check_share(&rules->share, err) ||
        !prepare(signer, rules->request, rules->expires_s, now_ms, &signing, err) ||
        !s3_wire_make_shared(&presigned.wire, rules->request, &rules->share, &signing.endpoint,
                             err)) {
        return false;
    }
    buffer_init(&presigned.url, URL_MAX);
    if (!sign_wire(&signing, &presigned, err)) {
        s3_presigned_release(&presigned);
        return false;
    }
    presigned.wire.request.endpoint = NULL; /* ends here */
    presigned.expires_ms = signing.expires_ms;
    *made = presigned;
    return true;
}

void s3_presigned_release(struct s3_presigned *made)
{
    buffer_release(&made->url);
    s3_wire_release(&made->wire);
}

/* ---- forms ----------------------------------------------------------------------------------- */

static void copy_text(struct s3_text text, char *copy)
{
    memcpy(copy, text.data, text.length);
    copy[text.length] = '\0';
}

/* The wire's headers are the form's fields, and two that only forms have. */
static size_t list_fields(const struct s3_form_rules *rules, const struct s3_wire *wire,
                          struct http_header fields[POST_FORM_FIELDS_MAX])
{
    size_t count = wire->request.header_count;
    memcpy(fields, wire->request.headers, count * sizeof *fields);
    if (rules->success_status != NULL) {
        fields[count++] = (struct http_header){"success_action_status", rules->success_status};
    }
    if (rules->success_redirect != NULL) {
        fields[count++] = (struct http_header){"success_action_redirect", rules->success_redirect};
    }
    return count;
}

static bool sign_form(const struct s3_form_rules *rules, const struct signing *signing,
                      struct s3_presigned_form *made, struct error *err)
{
    struct http_header fields[POST_FORM_FIELDS_MAX];
    if (made->wire.request.header_count + 2 > POST_FORM_FIELDS_MAX) {
        return error_set(err, "limit",
                         "a form has %zu headers and entries of metadata, at most %d are sent",
                         made->wire.request.header_count, POST_FORM_FIELDS_MAX - 2);
    }
    copy_text(rules->request->bucket, made->bucket);
    copy_text(rules->request->key, made->key);
    struct post_form_rules form = {.bucket = made->bucket,
                                   .key = made->key,
                                   .key_is_prefix = rules->key_is_prefix,
                                   .fields = fields,
                                   .field_count = list_fields(rules, &made->wire, fields),
                                   .content_type_prefix = rules->content_type_prefix,
                                   .min_bytes = rules->min_bytes,
                                   .max_bytes = rules->max_bytes,
                                   .expires_s = signing->expires_s};
    return post_form_sign(&form, &signing->scope, &made->form, err);
}

static bool build_form(const struct s3_form_rules *rules, const struct signing *signing,
                       struct s3_presigned_form *made, struct error *err)
{
    const struct s3_share none = {.sized = false};
    buffer_init(&made->url, URL_MAX);
    buffer_printf(&made->url, "%s://%s", signing->endpoint.scheme, signing->endpoint.host);
    endpoint_append_path(&signing->endpoint, "", 0, &made->url);
    return buffer_check(&made->url, "a form's address", err) &&
           s3_wire_make_shared(&made->wire, rules->request, &none, &signing->endpoint, err) &&
           sign_form(rules, signing, made, err);
}

static struct s3_text text_of(const char *text)
{
    return (struct s3_text){text, text == NULL ? 0 : strlen(text)};
}

bool s3_presign_form(const struct s3_signer *signer, const struct s3_form_rules *rules,
                     int64_t now_ms, struct s3_presigned_form *made, struct error *err)
{
    struct signing signing;
    if (!s3_check_header("content_type_starts_with", text_of(rules->content_type_prefix), err) ||
        !s3_check_header("success_action_redirect", text_of(rules->success_redirect), err) ||
        !prepare(signer, rules->request, rules->expires_s, now_ms, &signing, err)) {
        return false;
    }
    *made = (struct s3_presigned_form){.expires_ms = signing.expires_ms};
    bool ok = build_form(rules, &signing, made, err);
    if (!ok) {
        s3_presigned_form_release(made);
    }
    return ok;
}

void s3_presigned_form_release(struct s3_presigned_form *made)
{
    buffer_release(&made->url);
    post_form_release(&made->form);
    s3_wire_release(&made->wire);
}
