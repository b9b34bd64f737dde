/*
 * post_form.c - policies for uploads from a browser. Called where a script asks for a form.
 */
#include "bindings/aws/post_form.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "bindings/base64.h"
#include "bindings/s3_store.h"
#include "host/utf8.h"

#define DOCUMENT_MAX 20480 /* bytes of a policy that S3 takes, in JSON */
#define ALGORITHM    "AWS4-HMAC-SHA256"
#define FILE_NAME    "${filename}" /* S3 puts the sent file's name in its place */

/* ---- rules ----------------------------------------------------------------------------------- */

static bool check_numbers(const struct post_form_rules *rules, struct error *err)
{
    if (rules->min_bytes < 0 || rules->min_bytes > rules->max_bytes ||
        rules->max_bytes > S3_PUT_MAX) {
        return error_set(err, "usage",
                         "a form for %" PRId64 " to %" PRId64 " bytes: the smallest must be 0 or "
                         "more, the largest at least that and at most %" PRId64,
                         rules->min_bytes, rules->max_bytes, (int64_t)S3_PUT_MAX);
    }
    if (rules->expires_s < 1 || rules->expires_s > SIGV4_EXPIRES_MAX_S) {
        return error_set(err, "usage", "a form can last 1 to %d seconds, not %" PRId64,
                         SIGV4_EXPIRES_MAX_S, rules->expires_s);
    }
    return true;
}

static bool check_key(const char *key, struct error *err)
{
    size_t length = strlen(key);
    if (length == 0 || strstr(key, FILE_NAME) != NULL) {
        return error_set(err, "usage",
                         "a form's key must be given and can't hold ${filename}: with that the "
                         "sender would choose what to overwrite");
    }
    if (length > S3_KEY_MAX) {
        return s3_fail(err, "KeyTooLongError", 400, "key has %zu bytes, S3 allows %d", length,
                       S3_KEY_MAX);
    }
    if (!utf8_valid(key, length)) {
        return s3_fail(err, "InvalidURI", 400, "key is not UTF-8");
    }
    return true;
}

/* Names that mean something to S3 and are set here, or that would undo a rule. */
static bool is_reserved(const char *name)
{
    static const char *const reserved[] = {
        "awsaccesskeyid",
        "bucket",
        "file",
        "key",
        "policy",
        "signature",
        "x-amz-algorithm",
        "x-amz-date",
        "x-amz-credential",
        "x-amz-signature",
        "x-amz-security-token",
    };
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        if (strcasecmp(name, reserved[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool check_field(const struct post_form_rules *rules, const struct http_header *field,
                        struct error *err)
{
    const char *allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    bool choice =
        rules->content_type_prefix != NULL && strcasecmp(field->name, "content-type") == 0;
    if (field->name[0] == '\0' || field->name[strspn(field->name, allowed)] != '\0' ||
        is_reserved(field->name) || choice) {
        return error_set(err, "usage", "'%.80s' can't be one of a form's own fields%s", field->name,
                         choice ? " and the sender's choice" : "");
    }
    if (!utf8_valid(field->value, strlen(field->value))) {
        return error_set(err, "usage", "the form's field '%.80s' is not UTF-8", field->name);
    }
    return true;
}

static bool check_rules(const struct post_form_rules *rules, struct error *err)
{
    if (!s3_check_bucket(rules->bucket, strlen(rules->bucket), err) ||
        !check_key(rules->key, err) || !check_numbers(rules, err)) {
        return false;
    }
    if (rules->field_count > POST_FORM_FIELDS_MAX) {
        return error_set(err, "usage", "a form has %zu fields of its own, at most %d are sent",
                         rules->field_count, POST_FORM_FIELDS_MAX);
    }
    for (size_t i = 0; i < rules->field_count; i++) {
        if (!check_field(rules, &rules->fields[i], err)) {
            return false;
        }
    }
    const char *prefix = rules->content_type_prefix;
    if (prefix != NULL && !utf8_valid(prefix, strlen(prefix))) {
        return error_set(err, "usage", "the form's content type is not UTF-8");
    }
    return true;
}

/* ---- the document ---------------------------------------------------------------------------- */

static void append_expiration(struct buffer *out, int64_t time_s)
{
    time_t time = (time_t)time_s;
    struct tm utc;
    char text[40];
    (void)gmtime_r(&time, &utc);
    (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.000Z", &utc);
    buffer_append_json(out, text, strlen(text));
}

/* S3 refuses a form with a field that the policy does not mention: each goes into both. */
static void add_field(struct post_form *form, const char *name, const char *value)
{
    form->fields[form->field_count++] = (struct http_header){name, value};
    buffer_append_text(&form->document, ",{");
    buffer_append_json(&form->document, name, strlen(name));
    buffer_append_byte(&form->document, ':');
    buffer_append_json(&form->document, value, strlen(value));
    buffer_append_byte(&form->document, '}');
}

static void add_key(const struct post_form_rules *rules, struct post_form *form)
{
    if (!rules->key_is_prefix) {
        add_field(form, "key", rules->key);
        return;
    }
    form->fields[form->field_count++] = (struct http_header){"key", form->sent_key};
    buffer_append_text(&form->document, ",[\"starts-with\",\"$key\",");
    buffer_append_json(&form->document, rules->key, strlen(rules->key));
    buffer_append_byte(&form->document, ']');
}

static bool build_document(const struct post_form_rules *rules, const struct sigv4_scope *scope,
                           struct post_form *form, struct error *err)
{
    struct buffer *out = &form->document;
    buffer_append_text(out, "{\"expiration\":");
    append_expiration(out, scope->time_s + rules->expires_s);
    buffer_printf(out, ",\"conditions\":[{\"bucket\":\"%s\"}", rules->bucket);
    add_key(rules, form);
    for (size_t i = 0; i < rules->field_count; i++) {
        add_field(form, rules->fields[i].name, rules->fields[i].value);
    }
    if (rules->content_type_prefix != NULL) {
        buffer_append_text(out, ",[\"starts-with\",\"$Content-Type\",");
        buffer_append_json(out, rules->content_type_prefix, strlen(rules->content_type_prefix));
        buffer_append_byte(out, ']');
    }
    buffer_printf(out, ",[\"content-length-range\",%" PRId64 ",%" PRId64 "]", rules->min_bytes,
                  rules->max_bytes);
    add_field(form, "x-amz-algorithm", ALGORITHM);
    add_field(form, "x-amz-credential", form->signature.credential);
    add_field(form, "x-amz-date", form->signature.date);
    if (scope->credentials->session_token[0] != '\0') {
        add_field(form, "x-amz-security-token", scope->credentials->session_token);
    }
    buffer_append_text(out, "]}");
    return buffer_check(out, "a form's policy", err);
}

/* ---- signing --------------------------------------------------------------------------------- */

static bool make_sent_key(const struct post_form_rules *rules, struct post_form *form,
                          struct error *err)
{
    size_t size = strlen(rules->key) + sizeof FILE_NAME;
    form->sent_key = rules->key_is_prefix ? malloc(size) : NULL;
    if (form->sent_key != NULL) {
        (void)snprintf(form->sent_key, size, "%s" FILE_NAME, rules->key);
    }
    return form->sent_key != NULL || !rules->key_is_prefix ||
           error_set_memory(err, "signing a form");
}

static bool build_form(const struct post_form_rules *rules, const struct sigv4_scope *scope,
                       struct post_form *form, struct error *err)
{
    if (!make_sent_key(rules, form, err) || !build_document(rules, scope, form, err)) {
        return false;
    }
    form->policy = malloc(BASE64_LENGTH(form->document.length) + 1);
    if (form->policy == NULL) {
        return error_set_memory(err, "signing a form");
    }
    base64_encode(form->document.data, form->document.length, form->policy);
    /* Writes the names again, which are the same: the fields stay what they point to. */
    if (!sigv4_sign_policy(form->policy, scope, &form->signature, err)) {
        return false;
    }
    form->fields[form->field_count++] = (struct http_header){"policy", form->policy};
    form->fields[form->field_count++] =
        (struct http_header){"x-amz-signature", form->signature.signature};
    return true;
}

bool post_form_sign(const struct post_form_rules *rules, const struct sigv4_scope *scope,
                    struct post_form *form, struct error *err)
{
    if (!check_rules(rules, err) || !sigv4_scope_names(scope, &form->signature, err)) {
        return false;
    }
    form->field_count = 0;
    form->policy = form->sent_key = NULL;
    buffer_init(&form->document, DOCUMENT_MAX);
    bool ok = build_form(rules, scope, form, err);
    if (!ok) {
        post_form_release(form);
    }
    return ok;
}

void post_form_release(struct post_form *form)
{
    buffer_release(&form->document);
    free(form->policy);
    free(form->sent_key);
    form->policy = form->sent_key = NULL;
    sigv4_release(&form->signature);
    form->field_count = 0;
}
