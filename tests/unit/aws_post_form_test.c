/*
 * aws_post_form_test.c - the form of an upload from a browser: what its policy says, and what no
 * policy is made of.
 */
#include "bindings/aws/post_form.h"

#include <string.h>

#include "bindings/base64.h"
#include "bindings/s3_store.h"
#include "tests/unit/allocation.h"
#include "tests/unit/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct credentials temporary = {
    .access_key_id = "AKIAIOSFODNN7EXAMPLE",
    .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    .session_token = "AQoD+/EXAMPLE==",
};

static const struct sigv4_scope scope = {
    .credentials = &temporary, .region = "us-east-1", .service = "s3", .time_s = 1369353600};

static const struct http_header own_fields[] = {{"success_action_status", "201"},
                                                {"x-amz-meta-user", "ann"}};

static struct post_form_rules image_rules(void)
{
    return (struct post_form_rules){.bucket = "photos",
                                    .key = "in/\"a b\"/\xC3\xBC.jpg",
                                    .fields = own_fields,
                                    .field_count = COUNT(own_fields),
                                    .content_type_prefix = "image/",
                                    .min_bytes = 1,
                                    .max_bytes = 5242880,
                                    .expires_s = 3600};
}

#define CREDENTIAL "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"

static const char document[] =
    "{\"expiration\":\"2013-05-24T01:00:00.000Z\",\"conditions\":[{\"bucket\":\"photos\"},"
    "{\"key\":\"in/\\\"a b\\\"/\xC3\xBC.jpg\"},{\"success_action_status\":\"201\"},"
    "{\"x-amz-meta-user\":\"ann\"},[\"starts-with\",\"$Content-Type\",\"image/\"],"
    "[\"content-length-range\",1,5242880],{\"x-amz-algorithm\":\"AWS4-HMAC-SHA256\"},"
    "{\"x-amz-credential\":\"" CREDENTIAL "\"},{\"x-amz-date\":\"20130524T000000Z\"},"
    "{\"x-amz-security-token\":\"AQoD+/EXAMPLE==\"}]}";

/* The signature of the document's base64, by Python's hmac. */
static const char signature[] = "1190d6039c9d7913e98c6ee12124a9539f7f61e7add8e948af3389e1f3812e91";

TEST(aws_post_form_fields)
{
    struct post_form_rules rules = image_rules();
    struct post_form form;
    struct error err;
    if (!CHECK(post_form_sign(&rules, &scope, &form, &err))) {
        return;
    }
    CHECK_TEXT(buffer_text(&form.document), document);
    char base64[BASE64_LENGTH(sizeof document - 1) + 1];
    base64_encode(document, sizeof document - 1, base64);
    const struct http_header wanted[] = {
        {"key", rules.key},
        {"success_action_status", "201"},
        {"x-amz-meta-user", "ann"},
        {"x-amz-algorithm", "AWS4-HMAC-SHA256"},
        {"x-amz-credential", CREDENTIAL},
        {"x-amz-date", "20130524T000000Z"},
        {"x-amz-security-token", "AQoD+/EXAMPLE=="},
        {"policy", base64},
        {"x-amz-signature", signature},
    };
    CHECK_INTEGER(form.field_count, COUNT(wanted));
    for (size_t i = 0; i < form.field_count && i < COUNT(wanted); i++) {
        CHECK_TEXT(form.fields[i].name, wanted[i].name);
        CHECK_TEXT(form.fields[i].value, wanted[i].value);
    }
    post_form_release(&form);
}

TEST(aws_post_form_without_token_or_choice)
{
    struct credentials lasting = temporary;
    lasting.session_token[0] = '\0';
    struct sigv4_scope plain = scope;
    plain.credentials = &lasting;
    const struct http_header type = {"Content-Type", "image/png"};
    struct post_form_rules rules = {.bucket = "photos",
                                    .key = "k",
                                    .fields = &type,
                                    .field_count = 1,
                                    .max_bytes = S3_PUT_MAX,
                                    .expires_s = SIGV4_EXPIRES_MAX_S};
    struct post_form form;
    struct error err;
    if (CHECK(post_form_sign(&rules, &plain, &form, &err))) {
        CHECK_TEXT(buffer_text(&form.document),
                   "{\"expiration\":\"2013-05-31T00:00:00.000Z\",\"conditions\":["
                   "{\"bucket\":\"photos\"},{\"key\":\"k\"},{\"Content-Type\":\"image/png\"},"
                   "[\"content-length-range\",0,5368709120],"
                   "{\"x-amz-algorithm\":\"AWS4-HMAC-SHA256\"},"
                   "{\"x-amz-credential\":\"" CREDENTIAL "\"},"
                   "{\"x-amz-date\":\"20130524T000000Z\"}]}");
        post_form_release(&form);
    }
}

static const struct {
    const char *bucket, *key;
    struct http_header field;
    int64_t min_bytes, max_bytes, expires_s;
    const char *code, *named;
} refused[] = {
    {"Photos", "k", {NULL, NULL}, 0, 1, 1, "InvalidBucketName", "Photos"},
    {"photos", "", {NULL, NULL}, 0, 1, 1, "usage", "key"},
    {"photos", "in/${filename}", {NULL, NULL}, 0, 1, 1, "usage", "${filename}"},
    {"photos", "\xFF", {NULL, NULL}, 0, 1, 1, "InvalidURI", "UTF-8"},
    {"photos", "k", {NULL, NULL}, -1, 1, 1, "usage", "-1 to 1 bytes"},
    {"photos", "k", {NULL, NULL}, 2, 1, 1, "usage", "2 to 1 bytes"},
    {"photos", "k", {NULL, NULL}, 0, S3_PUT_MAX + 1, 1, "usage", "5368709121 bytes"},
    {"photos", "k", {NULL, NULL}, 0, 1, 0, "usage", "not 0"},
    {"photos", "k", {NULL, NULL}, 0, 1, SIGV4_EXPIRES_MAX_S + 1, "usage", "not 604801"},
    {"photos", "k", {"Key", "other"}, 0, 1, 1, "usage", "'Key'"},
    {"photos", "k", {"Policy", "x"}, 0, 1, 1, "usage", "'Policy'"},
    {"photos", "k", {"X-Amz-Date", "x"}, 0, 1, 1, "usage", "'X-Amz-Date'"},
    {"photos", "k", {"a\"b", "x"}, 0, 1, 1, "usage", "'a\"b'"},
    {"photos", "k", {"", "x"}, 0, 1, 1, "usage", "''"},
    {"photos", "k", {"content-type", "image/png"}, 0, 1, 1, "usage", "the sender's choice"},
    {"photos", "k", {"x-amz-meta-a", "\xC3"}, 0, 1, 1, "usage", "'x-amz-meta-a' is not UTF-8"},
};

TEST(aws_post_form_refuses_what_would_not_bind)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        check_case("case %zu: %s", i, refused[i].named);
        struct post_form_rules rules = {.bucket = refused[i].bucket,
                                        .key = refused[i].key,
                                        .fields = &refused[i].field,
                                        .field_count = refused[i].field.name == NULL ? 0 : 1,
                                        .content_type_prefix = "image/",
                                        .min_bytes = refused[i].min_bytes,
                                        .max_bytes = refused[i].max_bytes,
                                        .expires_s = refused[i].expires_s};
        struct post_form form;
        struct error err = {.code = ""};
        CHECK(!post_form_sign(&rules, &scope, &form, &err));
        CHECK_TEXT(err.code, refused[i].code);
        CHECK(strstr(err.message, refused[i].named) != NULL);
    }
}

TEST(aws_post_form_has_a_number_of_fields)
{
    struct http_header many[POST_FORM_FIELDS_MAX + 1];
    for (size_t i = 0; i < COUNT(many); i++) {
        many[i] = (struct http_header){"x-amz-meta-a", "b"};
    }
    struct post_form_rules rules = image_rules();
    rules.fields = many;
    rules.field_count = POST_FORM_FIELDS_MAX;
    struct post_form form;
    struct error err;
    if (CHECK(post_form_sign(&rules, &scope, &form, &err))) {
        CHECK_INTEGER(form.field_count, POST_FORM_FIELDS_MAX + 7);
        post_form_release(&form);
    }
    rules.field_count = POST_FORM_FIELDS_MAX + 1;
    CHECK(!post_form_sign(&rules, &scope, &form, &err) && error_is(&err, "usage"));
}

static bool sign_once(void *context, struct error *err)
{
    (void)context;
    struct post_form_rules rules = image_rules();
    struct post_form form;
    if (!post_form_sign(&rules, &scope, &form, err)) {
        return false;
    }
    post_form_release(&form);
    return true;
}

TEST(aws_post_form_survives_failed_allocations)
{
    allocation_check("post_form", sign_once, NULL);
}
