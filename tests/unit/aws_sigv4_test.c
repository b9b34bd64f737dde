/*
 * aws_sigv4_test.c - the signer against S3's documented examples, against requests that AWS's suite
 * lacks (signed by botocore 1.43 for comparison), and its own rules: tokens, limits, kept keys.
 */
#include "bindings/aws/sigv4.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/allocation.h"
#include "tests/unit/check.h"

#define EMPTY_HASH   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct credentials example = {
    .access_key_id = "AKIAIOSFODNN7EXAMPLE",
    .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};

/* The same with a token that needs encoding in a query. */
static const struct credentials temporary = {
    .access_key_id = "AKIAIOSFODNN7EXAMPLE",
    .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    .session_token = "AQoD+/EXAMPLE==",
};

#define S3_TIME_S 1369353600 /* 20130524T000000Z */

static struct sigv4_scope s3_scope(void)
{
    return (struct sigv4_scope){
        .credentials = &example, .region = "us-east-1", .service = "s3", .time_s = S3_TIME_S};
}

/* ---- S3's examples --------------------------------------------------------------------------- */

/* docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
static const struct {
    const char *method, *path;
    struct uri_parameter query[2];
    struct http_header headers[2];
    const char *payload_hash, *signature;
} examples[] = {
    {"GET",
     "/test.txt",
     {{NULL, NULL}},
     {{"Range", "bytes=0-9"}},
     EMPTY_HASH,
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {"PUT",
     "/test%24file.text",
     {{NULL, NULL}},
     {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
     "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {"GET",
     "/",
     {{"lifecycle", ""}},
     {{NULL, NULL}},
     EMPTY_HASH,
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {"GET",
     "/",
     {{"prefix", "J"}, {"max-keys", "2"}},
     {{NULL, NULL}},
     EMPTY_HASH,
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
};

TEST(aws_sigv4_signs_as_s3_documents)
{
    for (size_t i = 0; i < COUNT(examples); i++) {
        check_case("example %zu: %s %s", i, examples[i].method, examples[i].path);
        size_t headers = 0, parameters = 0;
        while (headers < 2 && examples[i].headers[headers].name != NULL) {
            headers++;
        }
        while (parameters < 2 && examples[i].query[parameters].name != NULL) {
            parameters++;
        }
        struct sigv4_request request = {.method = examples[i].method,
                                        .host = "examplebucket.s3.amazonaws.com",
                                        .path = examples[i].path,
                                        .query = examples[i].query,
                                        .query_count = parameters,
                                        .headers = examples[i].headers,
                                        .header_count = headers,
                                        .payload_hash = examples[i].payload_hash};
        struct sigv4_scope scope = s3_scope();
        struct sigv4_signature signature;
        struct error err;
        if (CHECK(sigv4_sign(&request, &scope, &signature, &err))) {
            CHECK_TEXT(signature.signature, examples[i].signature);
            sigv4_release(&signature);
        }
    }
}

static const struct sigv4_request plain_get = {.method = "GET",
                                               .host = "examplebucket.s3.amazonaws.com",
                                               .path = "/test.txt",
                                               .payload_hash = SIGV4_UNSIGNED_PAYLOAD};

/* .../API/sigv4-query-string-auth.html */
TEST(aws_sigv4_presigns_as_s3_documents)
{
    struct sigv4_scope scope = s3_scope();
    struct sigv4_signature signature;
    struct error err;
    if (CHECK(sigv4_presign(&plain_get, &scope, 86400, &signature, &err))) {
        CHECK_TEXT(buffer_text(&signature.query),
                   "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE"
                   "%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z"
                   "&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
                   "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
        CHECK_INTEGER(signature.header_count, 0);
        sigv4_release(&signature);
    }
}

/* .../API/sigv4-post-example.html; its policy is text with CR LF, in base64. */
TEST(aws_sigv4_signs_policies_as_s3_documents)
{
    static const char policy[] =
        "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAg"
        "ICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAi"
        "dXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25f"
        "cmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxf"
        "dXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQog"
        "ICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRl"
        "LWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAi"
        "Il0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMt"
        "ZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEy"
        "NTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9";
    struct sigv4_scope scope = s3_scope();
    scope.time_s = 1451347200; /* 20151229T000000Z */
    struct sigv4_signature signature;
    struct error err;
    if (CHECK(sigv4_sign_policy(policy, &scope, &signature, &err))) {
        CHECK_TEXT(signature.date, "20151229T000000Z");
        CHECK_TEXT(signature.credential, "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request");
        CHECK_TEXT(signature.signature,
                   "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e");
        sigv4_release(&signature);
    }
}

/* ---- what the suites lack -------------------------------------------------------------------- */

/* Signed by botocore 1.43.11 with the same keys at the same time. */
static const struct {
    const char *what, *service, *method, *host, *path;
    const struct credentials *credentials;
    struct uri_parameter query[4];
    struct http_header headers[3];
    const char *signature;
} vectors[] = {
    {.what = "a key's plus, space, percent and umlaut are encoded once",
     .path = "/a%2Bb%20c/%25/%C3%BC",
     .signature = "d83b6646a6760c36b68fd9ff77ebd1251f4f07d35c520411b3247c6d9a2a99fb"},
    {.what = "dots in a key are its own",
     .path = "/a/../k.jpg",
     .signature = "17966b88cba629ba8a9e0ed447552520e5b5a5a47ae3f31bb364643991f6d711"},
    {.what = "slashes in a key are its own",
     .path = "//lead//x/./y/",
     .signature = "dfeb2f7fe9cfc6e1509f584d3dbbfa1dd837fc3c8e80825e6be4c5954d6b924e"},
    {.what = "other services sign a path encoded twice",
     .service = "execute-api",
     .host = "api.example.com",
     .path = "/a%2Fb/%25/c%20d",
     .signature = "c9a8057d792d95fd776665ef209998f4e0bc760f25b84ad7154bf3851418207e"},
    {.what = "and without dots and empty segments",
     .service = "execute-api",
     .host = "api.example.com",
     .path = "/a/./b/../c//d/",
     .signature = "a7b70af4af85b374cc7e272f02f14a1aab09ff6a68144ef79acc0affeb014917"},
    {.what = "headers are sorted by name, not by line",
     .method = "PUT",
     .path = "/k",
     .headers = {{"x-amz-meta-a-b", "2"}, {"x-amz-meta-a", "1"}, {"X-Amz-Meta-A.b", "3"}},
     .signature = "559a9d225755ebf85ff3808ea0a82f2e34d75b192d4f2148afa00505d1c2d777"},
    {.what = "empty values; a query is sorted by name, then value",
     .path = "/",
     .query = {{"a-b", "1"}, {"a", "0"}, {"prefix", "a+b %&/"}, {"a", ""}},
     .headers = {{"x-amz-meta-empty", ""}},
     .signature = "7e1d1d69c96d5e6194255d3c49d845154b603a088ad895116631368f247a500c"},
    {.what = "a port is signed",
     .host = "localhost:9000",
     .path = "/photos/k",
     .signature = "bacfa0ff31ae30342d842bd35578bc87c5d161a08f2108d15e68d655eef2d0db"},
    {.what = "white space in values is folded",
     .path = "/k",
     .headers = {{"x-amz-meta-x", "  two   words\t here "}},
     .signature = "ccdbbc9247e3cc1d4bf40fe8d49522d38f2bcd2f2026da61f3a200c2e183b7ca"},
    {.what = "a session token",
     .path = "/k",
     .credentials = &temporary,
     .signature = "ec00b38112a4f72021d1780f5ba444156f52302693c8d2d7e6631931bc2a4aac"},
    {.what = "DynamoDB has no payload header",
     .service = "dynamodb",
     .method = "POST",
     .host = "dynamodb.us-east-1.amazonaws.com",
     .path = "/",
     .credentials = &temporary,
     .headers = {{"X-Amz-Target", "DynamoDB_20120810.GetItem"},
                 {"Content-Type", "application/x-amz-json-1.0"}},
     .signature = "7922415a8518587b41115aec54808d4a4be81cf7738eefb03e3a2ec052f73cdd"},
};

static const char *or_else(const char *text, const char *fallback)
{
    return text == NULL ? fallback : text;
}

TEST(aws_sigv4_signs_as_botocore)
{
    struct sigv4_keys keys = {.next = 0};
    for (size_t i = 0; i < 2 * COUNT(vectors); i++) { /* the second time with remembered keys */
        size_t row = i % COUNT(vectors);
        check_case("%s, round %zu", vectors[row].what, i / COUNT(vectors) + 1);
        size_t headers = 0, parameters = 0;
        while (headers < 3 && vectors[row].headers[headers].name != NULL) {
            headers++;
        }
        while (parameters < 4 && vectors[row].query[parameters].name != NULL) {
            parameters++;
        }
        struct sigv4_request request = {.method = or_else(vectors[row].method, "GET"),
                                        .host =
                                            or_else(vectors[row].host, "photos.s3.amazonaws.com"),
                                        .path = vectors[row].path,
                                        .query = vectors[row].query,
                                        .query_count = parameters,
                                        .headers = vectors[row].headers,
                                        .header_count = headers,
                                        .payload_hash = EMPTY_HASH};
        struct sigv4_scope scope = s3_scope();
        scope.service = or_else(vectors[row].service, "s3");
        scope.keys = &keys;
        if (vectors[row].credentials != NULL) {
            scope.credentials = vectors[row].credentials;
        }
        struct sigv4_signature signature;
        struct error err;
        if (CHECK(sigv4_sign(&request, &scope, &signature, &err))) {
            CHECK_TEXT(signature.signature, vectors[row].signature);
            sigv4_release(&signature);
        }
    }
    CHECK_INTEGER(keys.next, 3); /* s3, execute-api, dynamodb: one key each */
    sigv4_keys_cleanse(&keys);
    CHECK_TEXT(keys.entries[0].date, "");
}

TEST(aws_sigv4_presigns_a_token_and_pinned_headers)
{
    static const struct http_header pinned[] = {{"Content-Type", "image/png"},
                                                {"Content-Length", "17"}};
    struct sigv4_request request = {.method = "PUT",
                                    .host = "photos.s3.amazonaws.com",
                                    .path = "/a%20b",
                                    .headers = pinned,
                                    .header_count = 2,
                                    .payload_hash = SIGV4_UNSIGNED_PAYLOAD};
    struct sigv4_scope scope = s3_scope();
    scope.credentials = &temporary;
    struct sigv4_signature signature;
    struct error err;
    if (CHECK(sigv4_presign(&request, &scope, SIGV4_EXPIRES_MAX_S, &signature, &err))) {
        CHECK_TEXT(buffer_text(&signature.query),
                   "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE"
                   "%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z"
                   "&X-Amz-Expires=604800&X-Amz-Security-Token=AQoD%2B%2FEXAMPLE%3D%3D"
                   "&X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost&X-Amz-Signature="
                   "a15c9d77ca2b2d40782783d6e0f7cb33c9085c28db23032de4b09ceecf2f96f9");
        sigv4_release(&signature);
    }
}

/* ---- rules ----------------------------------------------------------------------------------- */

TEST(aws_sigv4_leaves_out_what_travels_differently)
{
    static const struct http_header unsigned_headers[] = {
        {"User-Agent", "lunette"},  {"X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793"},
        {"Expect", "100-continue"}, {"Accept-Encoding", "identity"},
        {"Connection", "close"},    {"Transfer-Encoding", "chunked"}};
    struct sigv4_request request = plain_get;
    request.headers = unsigned_headers;
    request.header_count = COUNT(unsigned_headers);
    struct sigv4_scope scope = s3_scope();
    struct sigv4_signature with, without;
    struct error err;
    if (!CHECK(sigv4_sign(&request, &scope, &with, &err))) {
        return;
    }
    if (CHECK(sigv4_sign(&plain_get, &scope, &without, &err))) {
        CHECK_TEXT(buffer_text(&with.authorization), buffer_text(&without.authorization));
        CHECK(strstr(buffer_text(&with.authorization),
                     "SignedHeaders=host;x-amz-content-sha256;x-amz-date,") != NULL);
        sigv4_release(&without);
    }
    sigv4_release(&with);
}

TEST(aws_sigv4_refuses_what_cannot_be_signed)
{
    static const char long_region[] =
        "a-region-with-a-name-of-more-than-sixty-three-characters-is-none";
    struct sigv4_scope scope = s3_scope();
    struct sigv4_signature signature;
    struct error err;
    static const int64_t lives[] = {0, -1, SIGV4_EXPIRES_MAX_S + 1, INT64_MAX};
    for (size_t i = 0; i < COUNT(lives); i++) {
        check_case("expires in %lld", (long long)lives[i]);
        CHECK(!sigv4_presign(&plain_get, &scope, lives[i], &signature, &err));
        CHECK_TEXT(err.code, "usage");
    }
    check_case("time");
    scope.time_s = -1;
    CHECK(!sigv4_sign(&plain_get, &scope, &signature, &err) && error_is(&err, "usage"));
    scope = s3_scope();
    scope.region = long_region;
    CHECK(!sigv4_sign(&plain_get, &scope, &signature, &err) && error_is(&err, "usage"));
    CHECK(strstr(err.message, "region") != NULL);

    struct uri_parameter many[URI_PARAMETERS_MAX + 1];
    for (size_t i = 0; i < COUNT(many); i++) {
        many[i] = (struct uri_parameter){"a", "b"};
    }
    struct sigv4_request request = plain_get;
    request.query = many;
    scope = s3_scope();
    check_case("parameters");
    request.query_count = URI_PARAMETERS_MAX;
    if (CHECK(sigv4_sign(&request, &scope, &signature, &err))) {
        sigv4_release(&signature);
    }
    CHECK(!sigv4_presign(&request, &scope, 1, &signature, &err) && error_is(&err, "limit"));
    request.query_count = URI_PARAMETERS_MAX + 1;
    CHECK(!sigv4_sign(&request, &scope, &signature, &err) && error_is(&err, "limit"));
}

/* A key remembered for one secret, day or region must not serve another. */
TEST(aws_sigv4_keys_are_kept_apart)
{
    struct sigv4_keys keys = {.next = 0};
    struct credentials other = example;
    other.secret_access_key[0] = 'x';
    struct sigv4_scope scopes[12];
    for (size_t i = 0; i < COUNT(scopes); i++) {
        scopes[i] = s3_scope();
        scopes[i].time_s += (int64_t)(i % 3) * 86400;
        scopes[i].region = i % 2 == 0 ? "us-east-1" : "eu-west-1";
        scopes[i].credentials = i % 4 < 2 ? &example : &other;
    }
    for (size_t i = 0; i < 3 * COUNT(scopes); i++) {
        struct sigv4_scope scope = scopes[i % COUNT(scopes)];
        check_case("scope %zu", i);
        struct sigv4_signature derived, remembered;
        struct error err;
        if (!CHECK(sigv4_sign(&plain_get, &scope, &derived, &err))) {
            return;
        }
        scope.keys = &keys;
        if (CHECK(sigv4_sign(&plain_get, &scope, &remembered, &err))) {
            CHECK_TEXT(remembered.signature, derived.signature);
            sigv4_release(&remembered);
        }
        sigv4_release(&derived);
    }
}

static bool sign_once(void *context, struct error *err)
{
    (void)context;
    struct uri_parameter query = {"prefix", "J"};
    struct sigv4_request request = plain_get;
    request.query = &query;
    request.query_count = 1;
    struct sigv4_scope scope = s3_scope();
    struct sigv4_signature signature;
    if (!sigv4_sign(&request, &scope, &signature, err)) {
        return false;
    }
    sigv4_release(&signature);
    scope.service = "execute-api";
    if (!sigv4_presign(&request, &scope, 60, &signature, err)) {
        return false;
    }
    sigv4_release(&signature);
    return true;
}

TEST(aws_sigv4_survives_failed_allocations)
{
    allocation_check("sigv4", sign_once, NULL);
}
