/*
 * aws_answer_test.c - what AWS's answers become: times, errors, S3's headers and documents; and
 * what an S3 request looks like on the wire.
 */
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/aws/answer.h"
#include "bindings/aws/date.h"
#include "bindings/aws/dynamodb.h"
#include "bindings/aws/s3_parse.h"
#include "bindings/aws/s3_request.h"

TEST(aws_dates_are_read)
{
    static const struct {
        const char *text;
        int64_t time_ms; /* -1: refused */
    } http[] =
        {
            {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
            {"Fri, 20 Nov 2026 22:39:16 GMT", 1795214356000},
            {"Sat, 29 Feb 2020 23:59:59 GMT", 1583020799000},
            {"Sun, 29 Feb 2021 00:00:00 GMT", -1},
            {"Fri, 20 Nov 2026 22:39:16", -1},
            {"Fri, 20 Nov 2026 22:39:16 GMT+1", -1},
            {"Fri, 20 anF 2026 22:39:16 GMT", -1},
            {"Fri, 20 Nov 2026 25:00:00 GMT", -1},
            {"", -1},
        },
      iso[] = {
          {"2026-11-20T22:39:16.123Z", 1795214356123},
          {"2026-11-20T22:39:16Z", 1795214356000},
          {"2026-11-20T22:39:16.1Z", 1795214356100},
          {"2026-11-20T22:39:16.123456789Z", 1795214356123},
          {"2026-13-20T22:39:16Z", -1},
          {"2026-11-20T22:39:16", -1},
          {"2026-11-20 22:39:16Z", -1},
          {"", -1},
      };
    for (size_t i = 0; i < sizeof http / sizeof *http; i++) {
        int64_t time_ms = -1;
        check_case("%s", http[i].text);
        CHECK_INTEGER(date_read_http(http[i].text, &time_ms), http[i].time_ms >= 0);
        CHECK_INTEGER(time_ms, http[i].time_ms);
    }
    for (size_t i = 0; i < sizeof iso / sizeof *iso; i++) {
        int64_t time_ms = -1;
        check_case("%s", iso[i].text);
        CHECK_INTEGER(date_read_iso(iso[i].text, &time_ms), iso[i].time_ms >= 0);
        CHECK_INTEGER(time_ms, iso[i].time_ms);
    }
}

static struct http_response make_answer(int status, const char *headers, const char *body)
{
    struct http_response answer = {.status = status};
    buffer_init(&answer.headers, 65536);
    buffer_init(&answer.body, 65536);
    (void)buffer_append_text(&answer.headers, headers);
    (void)buffer_append_text(&answer.body, body);
    return answer;
}

static void free_answer(struct http_response *answer)
{
    buffer_release(&answer->headers);
    buffer_release(&answer->body);
}

TEST(aws_errors_are_read_from_whatever_came)
{
    static const struct {
        int status;
        const char *headers, *body;
        const char *code, *message, *request_id;
    } cases[] = {
        {404, "x-amz-request-id: H1\r\n",
         "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code><Message>It&apos;s gone</Message>"
         "<Key>a</Key><RequestId>B1</RequestId></Error>",
         "NoSuchKey", "It's gone", "B1"},
        {400, "", "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>",
         "BadRequest", NULL, ""},
        {404, "x-amz-request-id: H1\r\n", "", "NotFound", "the server answered with status 404",
         "H1"},
        {400, "", "", "BadRequest",
         "the server answered with status 400 and no reason: credentials that have expired, or "
         "another region's server",
         ""},
        {403, "", "", "Forbidden",
         "the server answered with status 403 and no reason: wrong or expired keys, or no "
         "permission (for what isn't there: none to list the bucket)",
         ""},
        {403, "", "<html><b>no</b>", "Forbidden",
         "the server answered with status 403 and: <html><b>no</b>", ""},
        {418, "", "", "HTTP 418", "the server answered with status 418", ""},
        {503, "", "\x01\xFF\n\nplain  text", "ServiceUnavailable",
         "the server answered with status 503 and: plain text", ""},
        {400, "x-amzn-RequestId: J1\r\n",
         "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ValidationException\","
         "\"message\":\"bad\"}",
         "ValidationException", "bad", "J1"},
        {400, "", "{\"__type\":\"com.amazon.coral.service#ExpiredTokenException:x\"}",
         "ExpiredTokenException", "ExpiredTokenException", ""},
        {400, "x-amzn-ErrorType: AccessDeniedException:http://x/\r\n", "{\"Message\":\"no\"}",
         "AccessDeniedException", "no", ""},
        {500, "", "{\"x\":1}", "InternalError", NULL, ""},
        {500, "", "{", "InternalError", NULL, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_response answer = make_answer(cases[i].status, cases[i].headers, cases[i].body);
        struct error err;
        check_case("%d %s", cases[i].status, cases[i].body);
        answer_read_error(&answer, &err);
        CHECK_TEXT(err.code, cases[i].code);
        CHECK_INTEGER(err.status, cases[i].status);
        CHECK_TEXT(err.request_id, cases[i].request_id);
        if (cases[i].message != NULL) {
            CHECK_TEXT(err.message, cases[i].message);
        }
        free_answer(&answer);
    }
}

TEST(aws_s3_headers_become_an_object)
{
    struct http_response answer = make_answer(
        206,
        "Content-Type: image/jpeg\r\nETag: \"abc\"\r\nContent-Length: 5\r\n"
        "Content-Range: bytes 5-9/10\r\nLast-Modified: Fri, 20 Nov 2026 22:39:16 GMT\r\n"
        "X-Amz-Meta-Author:  Ann \r\nx-amz-meta-empty:\r\nx-amz-meta-lunette-write: 00\r\n"
        "x-amz-storage-class: GLACIER\r\nx-amz-version-id: v1\r\n",
        "56789");
    struct s3_request request = {.operation = S3_GET, .max_bytes = 5, .ranged = true};
    struct s3_response response = {0};
    struct error err;
    request.range_first = 5;
    CHECK(s3_parse_has_marker(&answer, "00"));
    CHECK(!s3_parse_has_marker(&answer, "01"));
    CHECK(!s3_parse_has_marker(&answer, ""));
    if (!CHECK(s3_parse(&request, &answer, &response, &err))) {
        return;
    }
    CHECK_BYTES(response.body, response.body_length, "56789", 5);
    CHECK_INTEGER(response.range_first, 5);
    CHECK_INTEGER(response.object.size, 10);
    CHECK_INTEGER(response.object.last_modified_ms, 1795214356000);
    CHECK_TEXT(response.object.etag, "\"abc\"");
    CHECK_TEXT(response.object.content_type, "image/jpeg");
    CHECK_TEXT(response.object.storage_class, "GLACIER");
    CHECK_TEXT(response.object.version_id, "v1");
    CHECK_INTEGER((long long)response.object.metadata_count, 2);
    CHECK_TEXT(response.object.metadata[0].name, "author");
    CHECK_TEXT(response.object.metadata[0].value, "Ann");
    CHECK_TEXT(response.object.metadata[1].value, "");
    s3_response_release(&response);
    free_answer(&answer);
}

TEST(aws_s3_bodies_are_bounded_and_checked)
{
    struct http_response answer = make_answer(200, "x-amz-checksum-sha256: AAAA\r\n", "123456");
    struct s3_request request = {.operation = S3_GET, .max_bytes = 5};
    struct s3_response response = {0};
    struct error err;
    CHECK(!s3_parse(&request, &answer, &response, &err));
    CHECK_TEXT(err.code, "too_large");
    CHECK(!s3_parse_checksum(&answer, &err));
    CHECK_TEXT(err.code, "checksum");
    answer.status = 206; /* the sum is the whole object's */
    CHECK(s3_parse_checksum(&answer, &err));
    free_answer(&answer);
    answer = make_answer(
        200, "x-amz-checksum-sha256: jZae727K08KaOmKSgOaGzww/XVqGr/PKEgIMkjrcbJI=\r\n", "123456");
    CHECK(s3_parse_checksum(&answer, &err));
    free_answer(&answer);
    answer = make_answer(200, "x-amz-checksum-sha256: AAAA-2\r\n", "123456"); /* of parts */
    CHECK(s3_parse_checksum(&answer, &err));
    free_answer(&answer);
}

TEST(aws_s3_checksums_of_every_kind_are_verified)
{
    static const struct {
        const char *headers;
        bool holds;
    } cases[] = {
        {"x-amz-checksum-crc32: y/Q5Jg==\r\n", true},
        {"x-amz-checksum-crc32: AAAA\r\n", false},
        {"x-amz-checksum-crc32c: 4waSgw==\r\n", true},
        {"x-amz-checksum-crc32c: AAAA\r\n", false},
        {"x-amz-checksum-crc64nvme: rosUhgp5mIg=\r\n", true},
        {"x-amz-checksum-crc64nvme: AAAA\r\n", false},
        {"x-amz-checksum-sha1: 98O8HYCOBHMq32eZZczDTKeuNEE=\r\n", true},
        {"x-amz-checksum-sha1: AAAA\r\n", false},
        {"x-amz-checksum-sha256: FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=\r\n", true},
        {"x-amz-checksum-crc32: AAAA-2\r\n", true}, /* of parts */
        {"x-amz-checksum-crc32: AAAA\r\nx-amz-checksum-type: COMPOSITE\r\n", true},
        {"x-amz-checksum-crc32: AAAA\r\nx-amz-checksum-type: FULL_OBJECT\r\n", false},
        {"x-amz-checksum-sha256: AAAA-2\r\nx-amz-checksum-crc32: AAAA\r\n", false},
        {"x-amz-checksum-unheard-of: AAAA\r\n", true},
        {"", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_response answer = make_answer(200, cases[i].headers, "123456789");
        struct error err;
        check_case("%s", cases[i].headers);
        CHECK_INTEGER(s3_parse_checksum(&answer, &err), cases[i].holds);
        if (!cases[i].holds) {
            CHECK_TEXT(err.code, "checksum");
        }
        free_answer(&answer);
    }
}

TEST(aws_s3_lists_are_read)
{
    struct http_response answer = make_answer(
        200, "",
        "<ListBucketResult><Name>b</Name><Prefix>p%2F</Prefix><EncodingType>url</EncodingType>"
        "<IsTruncated>true</IsTruncated><NextContinuationToken>a%2Bb</NextContinuationToken>"
        "<Contents><Key>a+b%2Fc%25%00%G1%</Key><Size>7</Size><ETag>&quot;e&quot;</ETag>"
        "<LastModified>2026-11-20T22:39:16.123Z</LastModified>"
        "<Owner><ID>o</ID></Owner><StorageClass>STANDARD</StorageClass></Contents>"
        "<Contents><Key>%C3%A9%01</Key><ETag>f</ETag></Contents>"
        "<CommonPrefixes><Prefix>x%2F</Prefix></CommonPrefixes></ListBucketResult>");
    struct s3_request request = {.operation = S3_LIST};
    struct s3_response response = {0};
    struct error err;
    if (!CHECK(s3_parse(&request, &answer, &response, &err))) {
        return;
    }
    CHECK_INTEGER((long long)response.object_count, 2);
    CHECK_TEXT(response.objects[0].key, "a b/c%%00%G1%");
    CHECK_INTEGER(response.objects[0].size, 7);
    CHECK_TEXT(response.objects[0].etag, "\"e\"");
    CHECK_INTEGER(response.objects[0].last_modified_ms, 1795214356123);
    CHECK_TEXT(response.objects[1].key, "\xC3\xA9\x01");
    CHECK_TEXT(response.objects[1].etag, "\"f\"");
    CHECK_INTEGER((long long)response.prefix_count, 1);
    CHECK_TEXT(response.prefixes[0], "x/");
    CHECK_TEXT(response.next_token, "a%2Bb");
    s3_response_release(&response);
    free_answer(&answer);
}

TEST(aws_s3_documents_that_are_none)
{
    static const char *const bodies[] = {"", "<ListBucketResult>",
                                         "<L><Contents><Size>1</Size></Contents></L>", "{}"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct http_response answer = make_answer(200, "", bodies[i]);
        struct s3_request request = {.operation = S3_LIST};
        struct s3_response response = {0};
        struct error err;
        check_case("%s", bodies[i]);
        CHECK(!s3_parse(&request, &answer, &response, &err));
        CHECK_TEXT(err.code, "bad_response");
        free_answer(&answer);
    }
}

TEST(aws_s3_keys_that_stayed_are_told)
{
    struct http_response answer = make_answer(
        200, "",
        "<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code><Message>no</Message></Error>"
        "<Deleted><Key>c</Key></Deleted><Error><Key>b</Key><Code>InternalError</Code></Error>"
        "</DeleteResult>");
    struct s3_request request = {.operation = S3_DELETE_ALL};
    struct s3_response response = {0};
    struct error err;
    if (!CHECK(s3_parse(&request, &answer, &response, &err))) {
        return;
    }
    CHECK_INTEGER((long long)response.key_error_count, 2);
    CHECK_TEXT(response.key_errors[0].key, "a");
    CHECK_TEXT(response.key_errors[0].message, "no");
    CHECK_TEXT(response.key_errors[1].key, "b");
    CHECK_TEXT(response.key_errors[1].code, "InternalError");
    s3_response_release(&response);
    free_answer(&answer);
}

#define TEXT(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static const char *header_of(const struct s3_wire *wire, const char *name)
{
    for (size_t i = 0; i < wire->request.header_count; i++) {
        if (strcmp(wire->headers[i].name, name) == 0) {
            return wire->headers[i].value;
        }
    }
    return "(none)";
}

static const struct endpoint endpoint = {.scheme = "https", .host = "h", .path = "/b"};

TEST(aws_s3_puts_on_the_wire)
{
    struct s3_pair metadata[] = {{TEXT("author"), TEXT("Ann")}};
    struct s3_pair tags[] = {{TEXT("a b"), TEXT("c/d")}, {TEXT("e"), TEXT("")}};
    struct s3_request request = {.operation = S3_PUT,
                                 .bucket = TEXT("bucket"),
                                 .key = TEXT("a/../b c+%.jpg"),
                                 .body = TEXT("123456"),
                                 .content_type = TEXT("image/jpeg"),
                                 .metadata = metadata,
                                 .metadata_count = 1,
                                 .tags = tags,
                                 .tag_count = 2};
    struct s3_wire wire;
    struct error err;
    if (!CHECK(s3_wire_make(&wire, &request, &endpoint, false, &err))) {
        return;
    }
    CHECK_TEXT(wire.request.method, "PUT");
    CHECK_TEXT(wire.request.path, "/b/a/../b%20c%2B%25.jpg");
    CHECK_TEXT(header_of(&wire, "Content-Type"), "image/jpeg");
    CHECK_TEXT(header_of(&wire, "x-amz-meta-author"), "Ann");
    CHECK_TEXT(header_of(&wire, "x-amz-tagging"), "a%20b=c%2Fd&e=");
    CHECK_TEXT(header_of(&wire, "x-amz-checksum-sha256"),
               "jZae727K08KaOmKSgOaGzww/XVqGr/PKEgIMkjrcbJI=");
    CHECK(!wire.request.once);
    CHECK_TEXT(wire.marker, "");
    s3_wire_release(&wire);
}

TEST(aws_s3_conditional_puts_are_marked)
{
    struct s3_request request = {.operation = S3_PUT,
                                 .bucket = TEXT("bucket"),
                                 .key = TEXT("k"),
                                 .if_match = TEXT("\"abc\"")};
    struct s3_wire wire;
    struct error err;
    for (int bare = 0; bare <= 1; bare++) {
        if (!CHECK(s3_wire_make(&wire, &request, &endpoint, bare != 0, &err))) {
            return;
        }
        CHECK_TEXT(header_of(&wire, "If-Match"), bare ? "abc" : "\"abc\"");
        CHECK(wire.request.once);
        CHECK_INTEGER((long long)strlen(wire.marker), 32);
        CHECK_TEXT(header_of(&wire, "x-amz-meta-lunette-write"), wire.marker);
        s3_wire_release(&wire);
    }
}

static const char *query_of(const struct s3_wire *wire, const char *name)
{
    for (size_t i = 0; i < wire->request.query_count; i++) {
        if (strcmp(wire->query[i].name, name) == 0) {
            return wire->query[i].value;
        }
    }
    return "";
}

TEST(aws_s3_versions_and_owners_on_the_wire)
{
    static const enum s3_operation operations[] = {S3_GET,    S3_HEAD,       S3_PUT, S3_COPY,
                                                   S3_DELETE, S3_DELETE_ALL, S3_LIST};
    static const struct s3_text keys[] = {TEXT("k")};
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        struct s3_request request = {.operation = operations[i],
                                     .bucket = TEXT("bucket"),
                                     .bucket_owner = TEXT("123456789012"),
                                     .key = TEXT("k"),
                                     .keys = keys,
                                     .key_count = 1};
        bool versioned = request.operation == S3_GET || request.operation == S3_HEAD ||
                         request.operation == S3_DELETE;
        if (versioned) {
            request.version_id = (struct s3_text)TEXT("a+b");
        }
        if (request.operation == S3_COPY) {
            request.source_bucket = request.bucket;
            request.source_key = (struct s3_text)TEXT("s t");
            request.source_version_id = (struct s3_text)TEXT("a+b");
            request.source_bucket_owner = (struct s3_text)TEXT("210987654321");
        }
        struct s3_wire wire;
        struct error err;
        check_case("operation %d", (int)operations[i]);
        if (!CHECK(s3_wire_make(&wire, &request, &endpoint, false, &err))) {
            return;
        }
        CHECK_TEXT(header_of(&wire, "x-amz-expected-bucket-owner"), "123456789012");
        CHECK_TEXT(query_of(&wire, "versionId"), versioned ? "a+b" : "");
        if (request.operation == S3_COPY) {
            CHECK_TEXT(header_of(&wire, "x-amz-copy-source"), "bucket/s%20t?versionId=a%2Bb");
            CHECK_TEXT(header_of(&wire, "x-amz-source-expected-bucket-owner"), "210987654321");
        }
        s3_wire_release(&wire);
    }
}

TEST(aws_s3_ranges_on_the_wire)
{
    static const struct {
        int64_t first, last;
        const char *text;
    } cases[] = {{0, 3, "bytes=0-3"}, {8, -1, "bytes=8-"}, {-3, -1, "bytes=-3"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct s3_request request = {.operation = S3_GET,
                                     .bucket = TEXT("bucket"),
                                     .key = TEXT("k"),
                                     .ranged = true,
                                     .range_first = cases[i].first,
                                     .range_last = cases[i].last};
        struct s3_wire wire;
        struct error err;
        if (!CHECK(s3_wire_make(&wire, &request, &endpoint, false, &err))) {
            return;
        }
        CHECK_TEXT(header_of(&wire, "Range"), cases[i].text);
        s3_wire_release(&wire);
    }
}

TEST(aws_dynamodb_repeats_only_what_may_be)
{
    static const struct {
        const char *operation, *body;
        bool repeatable;
    } cases[] = {
        {"GetItem", "{}", true},
        {"Query", "{}", true},
        {"BatchWriteItem", "{}", true},
        {"PutItem", "{\"Item\":{}}", true},
        {"PutItem", "{\"ReturnValues\":\"NONE\"}", true},
        {"PutItem", "{\"ReturnValues\":\"ALL_OLD\"}", false},
        {"PutItem", "{\"ConditionExpression\":\"x\"}", false},
        {"DeleteItem", "{}", true},
        {"DeleteItem", "{\"ConditionExpression\":\"x\"}", false},
        {"UpdateItem", "{}", false},
        {"TransactWriteItems", "{}", false},
        {"TransactWriteItems", "{\"ClientRequestToken\":\"t\"}", true},
        {"PutItem", "no JSON", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_case("%s %s", cases[i].operation, cases[i].body);
        CHECK_INTEGER(
            dynamodb_is_repeatable(cases[i].operation, cases[i].body, strlen(cases[i].body)),
            cases[i].repeatable);
    }
}
