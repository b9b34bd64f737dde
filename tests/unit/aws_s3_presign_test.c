/*
 * aws_s3_presign_test.c - addresses and forms for others: whole addresses as S3 documents them and
 * as botocore signs them, when they end, and what is not signed.
 */
#include "bindings/aws/s3_presign.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/allocation.h"
#include "tests/unit/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define TEXT(text)   ((struct s3_text){(text), sizeof(text) - 1})
#define NOW_MS       1369353600000 /* 20130524T000000Z */

#define KEY_ID "AKIAIOSFODNN7EXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

static const struct credentials lasting = {.access_key_id = KEY_ID, .secret_access_key = SECRET};
static const struct credentials temporary = {
    .access_key_id = KEY_ID, .secret_access_key = SECRET, .session_token = "AQoD+/EXAMPLE=="};

static struct s3_signer signer_of(const struct credentials *credentials, const char *region)
{
    struct s3_signer signer = {.credentials = credentials};
    (void)snprintf(signer.settings.region, sizeof signer.settings.region, "%s", region);
    return signer;
}

static struct s3_request request_of(enum s3_operation operation)
{
    return (struct s3_request){
        .operation = operation, .bucket = TEXT("photos"), .key = TEXT("in/\xC3\xBC %.jpg")};
}

static void check_url(const struct s3_signer *signer, const struct s3_presign_rules *rules,
                      const char *wanted)
{
    struct s3_presigned made;
    struct error err = {.message = ""};
    if (!CHECK(s3_presign(signer, rules, NOW_MS, &made, &err))) {
        CHECK_TEXT(err.message, "");
        return;
    }
    CHECK_TEXT(buffer_text(&made.url), wanted);
    CHECK_INTEGER(made.expires_ms, NOW_MS + rules->expires_s * 1000);
    s3_presigned_release(&made);
}

/* docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
TEST(aws_s3_presigns_as_s3_documents)
{
    struct s3_signer signer = signer_of(&lasting, "us-east-1");
    (void)strcpy(signer.settings.url, "https://s3.amazonaws.com");
    signer.settings.addressing = ENDPOINT_VIRTUAL;
    struct s3_request request = {
        .operation = S3_GET, .bucket = TEXT("examplebucket"), .key = TEXT("test.txt")};
    struct s3_presign_rules rules = {.request = &request, .expires_s = 86400};
    check_url(&signer, &rules,
              "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
              "&X-Amz-Credential=" KEY_ID "%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
              "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
              "&X-Amz-Signature="
              "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

#define IRELAND                                                                                    \
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" KEY_ID                                    \
    "%2F20130524%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z"

/* Signed by botocore 1.43 (S3SigV4QueryAuth) for comparison. */
TEST(aws_s3_presigns_a_download_from_a_bucket_with_a_dot)
{
    struct s3_signer signer = signer_of(&lasting, "eu-west-1");
    struct s3_request request = {.operation = S3_GET,
                                 .bucket = TEXT("my.photos"),
                                 .key = TEXT("a//b"),
                                 .version_id = TEXT("v+1")};
    struct s3_presign_rules rules = {
        .request = &request,
        .share = {.response_content_disposition = TEXT("attachment; filename=\"a b.jpg\"")},
        .expires_s = 60};
    check_url(&signer, &rules,
              "https://s3.eu-west-1.amazonaws.com/my.photos/a//b?" IRELAND
              "&X-Amz-Expires=60&X-Amz-SignedHeaders=host&response-content-disposition="
              "attachment%3B%20filename%3D%22a%20b.jpg%22&versionId=v%2B1&X-Amz-Signature="
              "d181f4423c8a062a325e3a7795b30384ee1ed61bd386135e9b712eac524ebfd1");
}

static const struct s3_pair user = {TEXT("user"), TEXT("ann")};
static const struct s3_pair tag = {TEXT("a b"), TEXT("c/d")};

static struct s3_request upload(void)
{
    struct s3_request request = request_of(S3_PUT);
    request.content_type = TEXT("image/jpeg");
    request.cache_control = TEXT("no-cache");
    request.metadata = &user;
    request.tags = &tag;
    request.metadata_count = request.tag_count = 1;
    request.if_none_match = TEXT("*");
    return request;
}

TEST(aws_s3_presigns_an_upload_with_a_token)
{
    static const struct http_header wanted[] = {
        {"If-None-Match", "*"},     {"Content-Type", "image/jpeg"},   {"Cache-Control", "no-cache"},
        {"x-amz-meta-user", "ann"}, {"x-amz-tagging", "a%20b=c%2Fd"}, {"Content-Length", "17"}};
    struct s3_signer signer = signer_of(&temporary, "eu-west-1");
    struct s3_request request = upload();
    struct s3_presign_rules rules = {.request = &request,
                                     .share = {.sized = true, .content_length = 17},
                                     .expires_s = SIGV4_EXPIRES_MAX_S};
    check_url(&signer, &rules,
              "https://photos.s3.eu-west-1.amazonaws.com/in/%C3%BC%20%25.jpg?" IRELAND
              "&X-Amz-Expires=604800&X-Amz-Security-Token=AQoD%2B%2FEXAMPLE%3D%3D"
              "&X-Amz-SignedHeaders=cache-control%3Bcontent-length%3Bcontent-type%3Bhost"
              "%3Bif-none-match%3Bx-amz-meta-user%3Bx-amz-tagging&X-Amz-Signature="
              "85f64b03d6f9fa58059fc02fd9ec4cd7b7698481b2b686accb2285da3252e321");
    struct s3_presigned made;
    struct error err;
    if (CHECK(s3_presign(&signer, &rules, NOW_MS, &made, &err))) {
        CHECK_TEXT(made.wire.request.method, "PUT");
        CHECK_INTEGER(made.wire.request.header_count, COUNT(wanted));
        for (size_t i = 0; i < COUNT(wanted) && i < made.wire.request.header_count; i++) {
            CHECK_TEXT(made.wire.request.headers[i].name, wanted[i].name);
            CHECK_TEXT(made.wire.request.headers[i].value, wanted[i].value);
        }
        s3_presigned_release(&made);
    }
}

TEST(aws_s3_presigns_reads_and_deletes_without_headers)
{
    static const struct {
        enum s3_operation operation;
        const char *method;
    } cases[] = {{S3_GET, "GET"}, {S3_HEAD, "HEAD"}, {S3_PUT, "PUT"}, {S3_DELETE, "DELETE"}};
    struct s3_signer signer = signer_of(&lasting, "eu-west-1");
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case("%s", cases[i].method);
        struct s3_request request = request_of(cases[i].operation);
        struct s3_presign_rules rules = {.request = &request, .expires_s = 1};
        struct s3_presigned made;
        struct error err;
        if (CHECK(s3_presign(&signer, &rules, NOW_MS, &made, &err))) {
            CHECK_TEXT(made.wire.request.method, cases[i].method);
            CHECK_INTEGER(made.wire.request.header_count, 0);
            s3_presigned_release(&made);
        }
    }
}

/* ---- how long ---------------------------------------------------------------------------------*/

TEST(aws_s3_presigned_ends_with_the_credentials)
{
    static const struct {
        int64_t credentials_left_ms, clock_ahead_ms;
        const char *expires, *date;
        int64_t left_ms;
    } cases[] = {
        {0, 0, "X-Amz-Expires=600&", "X-Amz-Date=20130524T000000Z", 600000}, /* not known */
        {600999, 0, "X-Amz-Expires=600&", "X-Amz-Date=20130524T000000Z", 600000},
        {599999, 0, "X-Amz-Expires=599&", "X-Amz-Date=20130524T000000Z", 599000},
        {1000, 0, "X-Amz-Expires=1&", "X-Amz-Date=20130524T000000Z", 1000},
        {0, 3600000, "X-Amz-Expires=600&", "X-Amz-Date=20130524T010000Z", 600000},
        {3660000, 3600000, "X-Amz-Expires=60&", "X-Amz-Date=20130524T010000Z", 60000},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case("case %zu", i);
        struct credentials ending = temporary;
        if (cases[i].credentials_left_ms != 0) {
            ending.expires_ms = NOW_MS + cases[i].credentials_left_ms;
        }
        struct s3_signer signer = signer_of(&ending, "eu-west-1");
        signer.clock_ahead_ms = cases[i].clock_ahead_ms;
        struct s3_request request = request_of(S3_GET);
        struct s3_presign_rules rules = {.request = &request, .expires_s = 600};
        struct s3_presigned made;
        struct error err;
        if (CHECK(s3_presign(&signer, &rules, NOW_MS, &made, &err))) {
            CHECK(strstr(buffer_text(&made.url), cases[i].expires) != NULL);
            CHECK(strstr(buffer_text(&made.url), cases[i].date) != NULL);
            CHECK_INTEGER(made.expires_ms, NOW_MS + cases[i].left_ms);
            s3_presigned_release(&made);
        }
    }
}

/* ---- what is not signed ---------------------------------------------------------------------- */

static void check_refused(const struct s3_signer *signer, const struct s3_presign_rules *rules,
                          const char *code, const char *named)
{
    struct s3_presigned made;
    struct error err = {.code = ""};
    check_case("%s", named);
    CHECK(!s3_presign(signer, rules, NOW_MS, &made, &err));
    CHECK_TEXT(err.code, code);
    CHECK(strstr(err.message, named) != NULL);
}

TEST(aws_s3_presign_refuses)
{
    struct s3_request get = request_of(S3_GET), dotted = get, empty = get, control = get;
    struct s3_signer signer = signer_of(&lasting, "eu-west-1"), virtual_host = signer;
    struct credentials over = temporary;
    over.expires_ms = NOW_MS + 999;
    struct s3_signer late = signer_of(&over, "eu-west-1");
    virtual_host.settings.addressing = ENDPOINT_VIRTUAL;
    dotted.bucket = TEXT("my.photos");
    empty.key = TEXT("");
    control.version_id = TEXT("a\nb");
    struct s3_presign_rules rules = {.request = &get, .expires_s = 0};
    check_refused(&signer, &rules, "usage", "expires_s is 0");
    rules.expires_s = SIGV4_EXPIRES_MAX_S + 1;
    check_refused(&signer, &rules, "usage", "expires_s is 604801");
    check_refused(&late, &rules, "usage", "expires_s is 604801");
    rules.expires_s = 60;
    check_refused(&late, &rules, "credentials", "have expired");
    rules.request = &dotted;
    check_refused(&virtual_host, &rules, "usage", "LUNETTE_S3_ADDRESSING");
    rules.request = &empty;
    check_refused(&signer, &rules, "InvalidArgument", "key is empty");
    rules.request = &control;
    check_refused(&signer, &rules, "InvalidArgument", "version_id");
    rules.request = &get;
    rules.share.response_content_type = TEXT("a\r\nb");
    check_refused(&signer, &rules, "InvalidArgument", "response_content_type");
}

/* ---- forms ----------------------------------------------------------------------------------- */

static const char *field_of(const struct s3_presigned_form *made, const char *name)
{
    for (size_t i = 0; i < made->form.field_count; i++) {
        if (strcmp(made->form.fields[i].name, name) == 0) {
            return made->form.fields[i].value;
        }
    }
    return "(none)";
}

TEST(aws_s3_presigns_a_form)
{
    struct credentials ending = temporary;
    ending.expires_ms = NOW_MS + 60000;
    struct s3_signer signer = signer_of(&ending, "eu-west-1");
    struct s3_request request = upload();
    request.tag_count = 0;
    request.if_none_match = (struct s3_text){0};
    struct s3_form_rules rules = {.request = &request,
                                  .success_redirect = "https://example.com/done",
                                  .success_status = "201",
                                  .min_bytes = 1,
                                  .max_bytes = 5000,
                                  .expires_s = 3600};
    struct s3_presigned_form made;
    struct error err;
    if (CHECK(s3_presign_form(&signer, &rules, NOW_MS, &made, &err))) {
        CHECK_TEXT(buffer_text(&made.url), "https://photos.s3.eu-west-1.amazonaws.com/");
        CHECK_INTEGER(made.expires_ms, NOW_MS + 60000);
        CHECK_TEXT(buffer_text(&made.form.document),
                   "{\"expiration\":\"2013-05-24T00:01:00.000Z\",\"conditions\":["
                   "{\"bucket\":\"photos\"},{\"key\":\"in/\xC3\xBC %.jpg\"},"
                   "{\"Content-Type\":\"image/jpeg\"},{\"Cache-Control\":\"no-cache\"},"
                   "{\"x-amz-meta-user\":\"ann\"},{\"success_action_status\":\"201\"},"
                   "{\"success_action_redirect\":\"https://example.com/done\"},"
                   "[\"content-length-range\",1,5000],"
                   "{\"x-amz-algorithm\":\"AWS4-HMAC-SHA256\"},"
                   "{\"x-amz-credential\":\"" KEY_ID "/20130524/eu-west-1/s3/aws4_request\"},"
                   "{\"x-amz-date\":\"20130524T000000Z\"},"
                   "{\"x-amz-security-token\":\"AQoD+/EXAMPLE==\"}]}");
        CHECK_TEXT(field_of(&made, "key"), "in/\xC3\xBC %.jpg");
        CHECK_TEXT(field_of(&made, "Content-Type"), "image/jpeg");
        CHECK_TEXT(field_of(&made, "x-amz-signature"), made.form.signature.signature);
        s3_presigned_form_release(&made);
    }
}

TEST(aws_s3_presigns_a_form_for_keys_of_the_sender_s_choice)
{
    struct s3_signer signer = signer_of(&lasting, "eu-west-1");
    struct s3_request request = request_of(S3_PUT);
    request.bucket = TEXT("my.photos");
    request.key = TEXT("in/\"7\"/");
    struct s3_form_rules rules = {.request = &request,
                                  .key_is_prefix = true,
                                  .content_type_prefix = "image/",
                                  .max_bytes = 10,
                                  .expires_s = 60};
    struct s3_presigned_form made;
    struct error err;
    if (CHECK(s3_presign_form(&signer, &rules, NOW_MS, &made, &err))) {
        CHECK_TEXT(buffer_text(&made.url), "https://s3.eu-west-1.amazonaws.com/my.photos/");
        CHECK_TEXT(buffer_text(&made.form.document),
                   "{\"expiration\":\"2013-05-24T00:01:00.000Z\",\"conditions\":["
                   "{\"bucket\":\"my.photos\"},[\"starts-with\",\"$key\",\"in/\\\"7\\\"/\"],"
                   "[\"starts-with\",\"$Content-Type\",\"image/\"],[\"content-length-range\",0,10],"
                   "{\"x-amz-algorithm\":\"AWS4-HMAC-SHA256\"},"
                   "{\"x-amz-credential\":\"" KEY_ID "/20130524/eu-west-1/s3/aws4_request\"},"
                   "{\"x-amz-date\":\"20130524T000000Z\"}]}");
        CHECK_TEXT(field_of(&made, "key"), "in/\"7\"/${filename}");
        CHECK_TEXT(field_of(&made, "Content-Type"), "(none)");
        s3_presigned_form_release(&made);
    }
}

static void check_form_refused(const struct s3_form_rules *rules, const char *code,
                               const char *named)
{
    struct s3_signer signer = signer_of(&lasting, "eu-west-1");
    struct s3_presigned_form made;
    struct error err = {.code = ""};
    check_case("%s", named);
    CHECK(!s3_presign_form(&signer, rules, NOW_MS, &made, &err));
    CHECK_TEXT(err.code, code);
    CHECK(strstr(err.message, named) != NULL);
}

TEST(aws_s3_presign_form_refuses)
{
    struct s3_pair many[POST_FORM_FIELDS_MAX - 1];
    char names[COUNT(many)][4];
    for (size_t i = 0; i < COUNT(many); i++) {
        (void)snprintf(names[i], sizeof names[i], "n%zu", i);
        many[i] = (struct s3_pair){{names[i], strlen(names[i])}, TEXT("v")};
    }
    struct s3_request request = request_of(S3_PUT), crowded = request, choice = request;
    crowded.metadata = many;
    crowded.metadata_count = COUNT(many);
    choice.key = TEXT("in/${filename}");
    struct s3_form_rules rules = {.request = &request, .max_bytes = 10, .expires_s = 604801};
    check_form_refused(&rules, "usage", "expires_s is 604801");
    rules.expires_s = 60;
    rules.request = &crowded;
    check_form_refused(&rules, "limit", "at most 46");
    rules.request = &choice;
    check_form_refused(&rules, "usage", "${filename}");
    rules.key_is_prefix = true;
    check_form_refused(&rules, "usage", "${filename}");
    rules.request = &request;
    rules.content_type_prefix = "image/\n";
    check_form_refused(&rules, "InvalidArgument", "content_type_starts_with");
    rules.content_type_prefix = NULL;
    rules.success_redirect = "https://example.com/\xC3\xBC";
    check_form_refused(&rules, "InvalidArgument", "success_action_redirect");
    crowded.metadata_count--;
    rules.request = &crowded;
    rules.success_redirect = "https://example.com/";
    rules.success_status = "201";
    struct s3_signer signer = signer_of(&temporary, "eu-west-1");
    struct s3_presigned_form made;
    struct error err;
    if (CHECK(s3_presign_form(&signer, &rules, NOW_MS, &made, &err))) {
        CHECK_INTEGER(made.form.field_count, POST_FORM_FIELDS_MAX + 7);
        s3_presigned_form_release(&made);
    }
}

/* ---- where there is no server ---------------------------------------------------------------- */

TEST(aws_s3_example_signer_points_nowhere)
{
    struct s3_signer signer;
    s3_signer_example(&signer);
    struct s3_request request = {
        .operation = S3_GET, .bucket = TEXT("my.photos"), .key = TEXT("k")};
    struct s3_presign_rules rules = {.request = &request, .expires_s = 60};
    struct s3_presigned made;
    struct error err;
    if (CHECK(s3_presign(&signer, &rules, NOW_MS, &made, &err))) {
        const char *wanted = "http://my.photos.s3.lunette.invalid/k?X-Amz-Algorithm=";
        CHECK(strncmp(buffer_text(&made.url), wanted, strlen(wanted)) == 0);
        s3_presigned_release(&made);
    }
}

/* ---- memory ---------------------------------------------------------------------------------- */

static bool sign_both(void *context, struct error *err)
{
    (void)context;
    struct s3_signer signer = signer_of(&temporary, "eu-west-1");
    struct s3_request put = upload(), form = upload();
    struct s3_presign_rules rules = {.request = &put, .expires_s = 60};
    struct s3_form_rules form_rules = {
        .request = &form, .key_is_prefix = true, .max_bytes = 10, .expires_s = 60};
    struct s3_presigned made;
    struct s3_presigned_form made_form;
    form.if_none_match = (struct s3_text){0};
    form.tag_count = 0;
    if (!s3_presign(&signer, &rules, NOW_MS, &made, err)) {
        return false;
    }
    s3_presigned_release(&made);
    if (!s3_presign_form(&signer, &form_rules, NOW_MS, &made_form, err)) {
        return false;
    }
    s3_presigned_form_release(&made_form);
    return true;
}

TEST(aws_s3_presign_survives_failed_allocations)
{
    allocation_check("s3_presign", sign_both, NULL);
}
