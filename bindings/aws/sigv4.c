/*
 * sigv4.c - AWS Signature Version 4 on the HMAC of digest.h. Called by the AWS client for each
 * attempt, and for presigned addresses and upload forms.
 */
#include "bindings/aws/sigv4.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bindings/aws/canonical.h"
#include "bindings/digest.h"

#define ALGORITHM   "AWS4-HMAC-SHA256"
#define TERMINATOR  "aws4_request"
#define TEXT_MAX    (1024 * 1024) /* bytes of a canonical request: far above what AWS accepts */
#define DATE_LENGTH 8             /* of YYYYMMDD, which begins the time stamp */
#define KEY_LENGTH  32
#define TIME_MAX_S  253402300799 /* the last second of the year 9999 */

static bool is_s3(const struct sigv4_scope *scope)
{
    return strcmp(scope->service, "s3") == 0;
}

static bool has_token(const struct sigv4_scope *scope)
{
    return scope->credentials->session_token[0] != '\0';
}

/* ---- names ---------------------------------------------------------------------------------- */

static bool check_scope(const struct sigv4_scope *scope, struct error *err)
{
    if (strlen(scope->region) > SIGV4_REGION_MAX || scope->region[0] == '\0') {
        return error_set(err, "usage", "the region '%.80s' must have 1 to %d characters",
                         scope->region, SIGV4_REGION_MAX);
    }
    if (strlen(scope->service) > SIGV4_SERVICE_MAX) {
        return error_set(err, "usage", "the service '%.80s' must have up to %d characters",
                         scope->service, SIGV4_SERVICE_MAX);
    }
    if (scope->time_s < 0 || scope->time_s > TIME_MAX_S) {
        return error_set(err, "usage", "the time %" PRId64 " can't be written in a signature",
                         scope->time_s);
    }
    return true;
}

bool sigv4_scope_names(const struct sigv4_scope *scope, struct sigv4_signature *signature,
                       struct error *err)
{
    if (!check_scope(scope, err)) {
        return false;
    }
    *signature = (struct sigv4_signature){.header_count = 0};
    buffer_init(&signature->query, TEXT_MAX);
    buffer_init(&signature->canonical_request, TEXT_MAX);
    buffer_init(&signature->string_to_sign, TEXT_MAX);
    buffer_init(&signature->authorization, TEXT_MAX);
    time_t time = (time_t)scope->time_s;
    struct tm utc;
    (void)gmtime_r(&time, &utc);
    (void)strftime(signature->date, sizeof signature->date, "%Y%m%dT%H%M%SZ", &utc);
    (void)snprintf(signature->credential, sizeof signature->credential, "%s/%.*s/%s/%s/" TERMINATOR,
                   scope->credentials->access_key_id, DATE_LENGTH, signature->date, scope->region,
                   scope->service);
    return true;
}

void sigv4_release(struct sigv4_signature *signature)
{
    buffer_release(&signature->query);
    buffer_release(&signature->canonical_request);
    buffer_release(&signature->string_to_sign);
    buffer_release(&signature->authorization);
    signature->header_count = 0;
}

/* ---- keys ----------------------------------------------------------------------------------- */

static bool hash(const char *text, size_t length, unsigned char out[DIGEST_MAX], struct error *err)
{
    size_t out_length;
    return digest_compute(DIGEST_SHA256, text, length, out, &out_length, err);
}

static bool hmac(const unsigned char key[DIGEST_MAX], const char *text,
                 unsigned char out[DIGEST_MAX], struct error *err)
{
    size_t length;
    return digest_hmac(DIGEST_SHA256, key, KEY_LENGTH, text, strlen(text), out, &length, err);
}

static bool derive_key(const struct sigv4_scope *scope, const char *date,
                       unsigned char key[DIGEST_MAX], struct error *err)
{
    char secret[4 + CREDENTIALS_KEY_MAX + 1];
    unsigned char dated[DIGEST_MAX], regional[DIGEST_MAX], serving[DIGEST_MAX];
    size_t length;
    int secret_length =
        snprintf(secret, sizeof secret, "AWS4%s", scope->credentials->secret_access_key);
    bool ok = digest_hmac(DIGEST_SHA256, secret, (size_t)secret_length, date, DATE_LENGTH, dated,
                          &length, err) &&
              hmac(dated, scope->region, regional, err) &&
              hmac(regional, scope->service, serving, err) && hmac(serving, TERMINATOR, key, err);
    digest_cleanse(secret, sizeof secret);
    digest_cleanse(dated, sizeof dated);
    digest_cleanse(regional, sizeof regional);
    digest_cleanse(serving, sizeof serving);
    return ok;
}

static const struct sigv4_key *find_key(const struct sigv4_keys *keys,
                                        const struct sigv4_key *wanted)
{
    for (size_t i = 0; i < sizeof keys->entries / sizeof *keys->entries; i++) {
        const struct sigv4_key *entry = &keys->entries[i];
        if (strcmp(entry->date, wanted->date) == 0 && strcmp(entry->region, wanted->region) == 0 &&
            strcmp(entry->service, wanted->service) == 0 &&
            memcmp(entry->secret_hash, wanted->secret_hash, sizeof wanted->secret_hash) == 0) {
            return entry;
        }
    }
    return NULL;
}

static void remember_key(struct sigv4_keys *keys, const struct sigv4_key *key)
{
    keys->entries[keys->next] = *key;
    keys->next = (keys->next + 1) % (sizeof keys->entries / sizeof *keys->entries);
}

static bool signing_key(const struct sigv4_scope *scope, const char *date,
                        unsigned char key[DIGEST_MAX], struct error *err)
{
    if (scope->keys == NULL) {
        return derive_key(scope, date, key, err);
    }
    struct sigv4_key entry = {.date = ""};
    const char *secret = scope->credentials->secret_access_key;
    if (!hash(secret, strlen(secret), entry.secret_hash, err)) {
        return false;
    }
    (void)snprintf(entry.date, sizeof entry.date, "%.*s", DATE_LENGTH, date);
    (void)snprintf(entry.region, sizeof entry.region, "%s", scope->region);
    (void)snprintf(entry.service, sizeof entry.service, "%s", scope->service);
    const struct sigv4_key *found = find_key(scope->keys, &entry);
    if (found != NULL) {
        memcpy(key, found->key, KEY_LENGTH);
        return true;
    }
    if (!derive_key(scope, date, key, err)) {
        return false;
    }
    memcpy(entry.key, key, KEY_LENGTH);
    remember_key(scope->keys, &entry);
    digest_cleanse(&entry, sizeof entry);
    return true;
}

void sigv4_keys_cleanse(struct sigv4_keys *keys)
{
    digest_cleanse(keys, sizeof *keys);
}

/* ---- signing -------------------------------------------------------------------------------- */

static bool sign_text(const char *text, const struct sigv4_scope *scope,
                      struct sigv4_signature *signature, struct error *err)
{
    unsigned char key[DIGEST_MAX], signed_text[DIGEST_MAX];
    bool ok = signing_key(scope, signature->date, key, err) && hmac(key, text, signed_text, err);
    digest_cleanse(key, sizeof key);
    if (ok) {
        digest_hex(signed_text, KEY_LENGTH, signature->signature);
    }
    return ok;
}

static bool sign_canonical(const struct sigv4_scope *scope, struct sigv4_signature *signature,
                           struct error *err)
{
    const struct buffer *request = &signature->canonical_request;
    unsigned char digest[DIGEST_MAX];
    char hex[2 * KEY_LENGTH + 1];
    if (!hash(request->data, request->length, digest, err)) {
        return false;
    }
    digest_hex(digest, KEY_LENGTH, hex);
    /* The scope is the credential without the access key's id. */
    const char *named = signature->credential + strlen(scope->credentials->access_key_id) + 1;
    buffer_printf(&signature->string_to_sign, ALGORITHM "\n%s\n%s\n%s", signature->date, named,
                  hex);
    return buffer_check(&signature->string_to_sign, "a string to sign", err) &&
           sign_text(signature->string_to_sign.data, scope, signature, err);
}

/* Needs the query; `lines` and `names` are of canonical_append_headers(). */
static bool build_canonical(const struct sigv4_request *request, const struct sigv4_scope *scope,
                            const struct buffer *lines, const struct buffer *names,
                            struct sigv4_signature *signature, struct error *err)
{
    struct buffer *out = &signature->canonical_request;
    buffer_append_text(out, request->method);
    buffer_append_byte(out, '\n');
    if (!canonical_append_path(request->path, scope->keep_path || is_s3(scope), out, err)) {
        return false;
    }
    buffer_printf(out, "\n%s\n", buffer_text(&signature->query));
    buffer_append(out, lines->data, lines->length);
    buffer_printf(out, "\n%s\n%s", buffer_text(names), request->payload_hash);
    return buffer_check(out, "a canonical request", err);
}

/* The request's headers, the host, and those that signing adds: as lines and as names. */
static bool describe_headers(const struct sigv4_request *request,
                             const struct sigv4_signature *signature, struct buffer *lines,
                             struct buffer *names, struct error *err)
{
    size_t count = request->header_count;
    struct http_header *all = malloc((count + 1 + SIGV4_HEADERS_ADDED) * sizeof *all);
    if (all == NULL) {
        return error_set_memory(err, "signing a request");
    }
    if (count > 0) {
        memcpy(all, request->headers, count * sizeof *all);
    }
    all[count++] = (struct http_header){"host", request->host};
    for (size_t i = 0; i < signature->header_count; i++) {
        all[count++] = signature->headers[i];
    }
    bool ok = canonical_append_headers(all, count, lines, names, err);
    free(all);
    return ok;
}

/* ---- with headers --------------------------------------------------------------------------- */

static void add_header(struct sigv4_signature *signature, const char *name, const char *value)
{
    signature->headers[signature->header_count++] = (struct http_header){name, value};
}

static bool authorize(const struct sigv4_request *request, const struct sigv4_scope *scope,
                      const struct buffer *lines, const struct buffer *names,
                      struct sigv4_signature *signature, struct error *err)
{
    if (!build_canonical(request, scope, lines, names, signature, err) ||
        !sign_canonical(scope, signature, err)) {
        return false;
    }
    buffer_printf(&signature->authorization,
                  ALGORITHM " Credential=%s, SignedHeaders=%s, Signature=%s", signature->credential,
                  buffer_text(names), signature->signature);
    if (!buffer_check(&signature->authorization, "an Authorization header", err)) {
        return false;
    }
    add_header(signature, "authorization", signature->authorization.data);
    return true;
}

bool sigv4_sign(const struct sigv4_request *request, const struct sigv4_scope *scope,
                struct sigv4_signature *signature, struct error *err)
{
    if (!sigv4_scope_names(scope, signature, err)) {
        return false;
    }
    add_header(signature, "x-amz-date", signature->date);
    if (is_s3(scope)) {
        add_header(signature, "x-amz-content-sha256", request->payload_hash);
    }
    if (has_token(scope)) {
        add_header(signature, "x-amz-security-token", scope->credentials->session_token);
    }
    struct buffer lines, names;
    buffer_init(&lines, TEXT_MAX);
    buffer_init(&names, TEXT_MAX);
    bool ok = uri_append_query(&signature->query, request->query, request->query_count, err) &&
              describe_headers(request, signature, &lines, &names, err) &&
              authorize(request, scope, &lines, &names, signature, err);
    buffer_release(&lines);
    buffer_release(&names);
    if (!ok) {
        sigv4_release(signature);
    }
    return ok;
}

/* ---- with the query ------------------------------------------------------------------------- */

#define PARAMETERS_ADDED 6

/* The query that is signed: the request's, and who signs what for how long. */
static bool build_query(const struct sigv4_request *request, const struct sigv4_scope *scope,
                        int64_t expires_s, const char *names, struct sigv4_signature *signature,
                        struct error *err)
{
    struct uri_parameter all[URI_PARAMETERS_MAX + PARAMETERS_ADDED];
    size_t count = request->query_count;
    if (count > URI_PARAMETERS_MAX - PARAMETERS_ADDED) {
        return error_set(err, "limit", "a presigned query has %zu parameters, at most %d are sent",
                         count, URI_PARAMETERS_MAX - PARAMETERS_ADDED);
    }
    if (count > 0) {
        memcpy(all, request->query, count * sizeof *all);
    }
    char expires[24];
    (void)snprintf(expires, sizeof expires, "%" PRId64, expires_s);
    all[count++] = (struct uri_parameter){"X-Amz-Algorithm", ALGORITHM};
    all[count++] = (struct uri_parameter){"X-Amz-Credential", signature->credential};
    all[count++] = (struct uri_parameter){"X-Amz-Date", signature->date};
    all[count++] = (struct uri_parameter){"X-Amz-Expires", expires};
    all[count++] = (struct uri_parameter){"X-Amz-SignedHeaders", names};
    if (has_token(scope)) {
        const char *token = scope->credentials->session_token;
        all[count++] = (struct uri_parameter){"X-Amz-Security-Token", token};
    }
    return uri_append_query(&signature->query, all, count, err);
}

static bool presign(const struct sigv4_request *request, const struct sigv4_scope *scope,
                    int64_t expires_s, const struct buffer *lines, const struct buffer *names,
                    struct sigv4_signature *signature, struct error *err)
{
    if (!build_query(request, scope, expires_s, buffer_text(names), signature, err) ||
        !build_canonical(request, scope, lines, names, signature, err) ||
        !sign_canonical(scope, signature, err)) {
        return false;
    }
    buffer_printf(&signature->query, "&X-Amz-Signature=%s", signature->signature);
    return buffer_check(&signature->query, "a presigned query", err);
}

bool sigv4_presign(const struct sigv4_request *request, const struct sigv4_scope *scope,
                   int64_t expires_s, struct sigv4_signature *signature, struct error *err)
{
    if (expires_s < 1 || expires_s > SIGV4_EXPIRES_MAX_S) {
        return error_set(err, "usage", "a presigned address can last 1 to %d seconds, not %" PRId64,
                         SIGV4_EXPIRES_MAX_S, expires_s);
    }
    if (!sigv4_scope_names(scope, signature, err)) {
        return false;
    }
    struct buffer lines, names;
    buffer_init(&lines, TEXT_MAX);
    buffer_init(&names, TEXT_MAX);
    bool ok = describe_headers(request, signature, &lines, &names, err) &&
              presign(request, scope, expires_s, &lines, &names, signature, err);
    buffer_release(&lines);
    buffer_release(&names);
    if (!ok) {
        sigv4_release(signature);
    }
    return ok;
}

/* ---- forms ---------------------------------------------------------------------------------- */

bool sigv4_sign_policy(const char *policy, const struct sigv4_scope *scope,
                       struct sigv4_signature *signature, struct error *err)
{
    return sigv4_scope_names(scope, signature, err) && sign_text(policy, scope, signature, err);
}
