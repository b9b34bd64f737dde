/*
 * aws_allocation_test.c - every allocation on the way to AWS and back fails once: in documents,
 * requests and answers by themselves, then in whole scripts on a server. The signer, credentials,
 * forms and shared addresses have this in their own tests.
 */
#include <stdlib.h>
#include <string.h>

#include "bindings/aws/profile.h"
#include "bindings/aws/s3_parse.h"
#include "bindings/aws/s3_request.h"
#include "bindings/aws/store.h"
#include "bindings/aws/xml.h"
#include "tests/unit/allocation.h"
#include "tests/unit/aws_server.h"
#include "tests/unit/check.h"
#include "tests/unit/script.h"

#define TEXT(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }
#define COUNT(array) (sizeof(array) / sizeof *(array))

#define LIST                                                                                       \
    "<ListBucketResult><IsTruncated>true</IsTruncated><EncodingType>url</EncodingType>"            \
    "<NextContinuationToken>t</NextContinuationToken><Contents><Key>a%20b</Key><Size>1</Size>"     \
    "<ETag>&quot;e&quot;</ETag><StorageClass>STANDARD</StorageClass></Contents>"                   \
    "<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes></ListBucketResult>"
#define DELETED                                                                                    \
    "<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code><Message>no</Message></Error>"      \
    "</DeleteResult>"
#define COPIED "<CopyObjectResult><ETag>&quot;e&quot;</ETag></CopyObjectResult>"
#define CREATED                                                                                    \
    "<InitiateMultipartUploadResult><UploadId>U</UploadId></InitiateMultipartUploadResult>"
#define COMPLETED                                                                                  \
    "<CompleteMultipartUploadResult><ETag>&quot;w-2&quot;</ETag></CompleteMultipartUploadResult>"
#define OBJECT                                                                                     \
    "200 OK\r\nETag: \"e\"\r\nContent-Type: text/plain\r\nx-amz-meta-a: 1\r\nx-amz-meta-b: 2\r\n"  \
    "Cache-Control: no-cache\r\nx-amz-version-id: v\r\n"

/* ---- by themselves --------------------------------------------------------------------------- */

static bool ignore_end(void *context, const char *name, int depth, const char *text, size_t length,
                       struct error *err)
{
    (void)context, (void)name, (void)depth, (void)text, (void)length, (void)err;
    return true;
}

static bool read_xml(void *context, struct error *err)
{
    struct xml_reader reader = {.end = ignore_end};
    return xml_read(context, strlen(context), &reader, err);
}

TEST(aws_allocation_failures_in_documents)
{
    static char document[] =
        "<a><b>x&amp;&#x42;<![CDATA[c]]></b><c d='e'>a text of more bytes than "
        "were made room for at first, so that it grows</c></a>";
    allocation_check("xml", read_xml, document);
}

static const struct endpoint endpoint = {.scheme = "http", .host = "h", .path = "/bucket"};

static bool make_wire(void *context, struct error *err)
{
    struct s3_wire wire;
    bool ok = s3_wire_make(&wire, context, &endpoint, false, err);
    if (ok) {
        s3_wire_release(&wire);
    }
    return ok;
}

static bool make_upload(void *context, struct error *err)
{
    const struct s3_request *request = context;
    static char etag[] = "\"e\"";
    struct s3_part part = {.etag = etag};
    struct s3_wire wires[4] = {0};
    bool ok = s3_wire_make_create(&wires[0], request, &endpoint, err) &&
              s3_wire_make_part(&wires[1], request, &endpoint, "U", 1, request->body, &part, err) &&
              s3_wire_make_complete(&wires[2], request, &endpoint, true, "U", &part, 1, err) &&
              s3_wire_make_abort(&wires[3], request, &endpoint, "U", err);
    for (size_t i = 0; i < COUNT(wires); i++) {
        s3_wire_release(&wires[i]);
    }
    return ok;
}

static const enum s3_operation operations[] = {S3_GET,    S3_HEAD,       S3_PUT, S3_COPY,
                                               S3_DELETE, S3_DELETE_ALL, S3_LIST};

TEST(aws_allocation_failures_in_s3_requests)
{
    static const struct s3_pair pairs[] = {{TEXT("a"), TEXT("1")}, {TEXT("b"), TEXT("2")}};
    static const struct s3_text keys[] = {TEXT("a&b"), TEXT("c")};
    for (size_t i = 0; i < COUNT(operations); i++) {
        struct s3_request request = {.operation = operations[i],
                                     .bucket = TEXT("bucket"),
                                     .bucket_owner = TEXT("123456789012"),
                                     .key = TEXT("k/\xC3\xA4"),
                                     .body = TEXT("body"),
                                     .if_match = TEXT("\"e\""),
                                     .content_type = TEXT("text/plain"),
                                     .storage_class = TEXT("GLACIER"),
                                     .metadata = pairs,
                                     .metadata_count = 2,
                                     .tags = pairs,
                                     .tag_count = 2,
                                     .source_bucket = TEXT("other"),
                                     .source_key = TEXT("s"),
                                     .source_version_id = TEXT("v"),
                                     .replace_metadata = true,
                                     .keys = keys,
                                     .key_count = 2,
                                     .prefix = TEXT("p"),
                                     .ranged = true,
                                     .max_keys = 10};
        allocation_check("s3_wire_make", make_wire, &request);
        if (operations[i] == S3_PUT) {
            allocation_check("an upload's wires", make_upload, &request);
        }
    }
}

struct answered {
    struct s3_request request;
    const char *headers, *body;
};

static bool parse_answer(void *context, struct error *err)
{
    const struct answered *answered = context;
    struct http_response answer = {.status = 200};
    struct s3_response response = {0};
    buffer_init(&answer.headers, 65536);
    buffer_init(&answer.body, 65536);
    (void)buffer_append_text(&answer.headers, answered->headers);
    (void)buffer_append_text(&answer.body, answered->body);
    bool ok = buffer_check(&answer.headers, "headers", err) &&
              buffer_check(&answer.body, "a body", err) &&
              s3_parse(&answered->request, &answer, &response, err);
    s3_response_release(&response);
    buffer_release(&answer.headers);
    buffer_release(&answer.body);
    return ok;
}

static bool parse_upload(void *context, struct error *err)
{
    struct http_response answer = {.status = 200};
    struct s3_response response = {0};
    char *id = NULL;
    (void)context;
    buffer_init(&answer.headers, 65536);
    buffer_init(&answer.body, 65536);
    (void)buffer_append_text(&answer.body, CREATED);
    bool ok = buffer_check(&answer.body, "a body", err) && s3_parse_upload_id(&answer, &id, err);
    buffer_reset(&answer.body);
    (void)buffer_append_text(&answer.body, COMPLETED);
    ok = ok && buffer_check(&answer.body, "a body", err) &&
         s3_parse_completed(&answer, &response, err);
    s3_response_release(&response);
    free(id);
    buffer_release(&answer.headers);
    buffer_release(&answer.body);
    return ok;
}

TEST(aws_allocation_failures_in_s3_answers)
{
    static const struct {
        enum s3_operation operation;
        const char *body;
    } cases[] = {{S3_GET, "body"},  {S3_HEAD, ""},   {S3_PUT, ""},
                 {S3_COPY, COPIED}, {S3_LIST, LIST}, {S3_DELETE_ALL, DELETED}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct answered answered = {.request = {.operation = cases[i].operation, .max_bytes = 100},
                                    .headers = OBJECT,
                                    .body = cases[i].body};
        allocation_check("s3_parse", parse_answer, &answered);
    }
    allocation_check("an upload's answers", parse_upload, NULL);
}

/* ---- all together ---------------------------------------------------------------------------- */

static const struct aws_server_answer answers[] = {
    {"GET /bucket/k ", OBJECT, "body"},
    {"GET /bucket/k?", OBJECT, "body"},
    {"HEAD /bucket/k ", OBJECT, ""},
    {"PUT /bucket/copy ", "200 OK\r\n", COPIED},
    {"PUT /bucket/k ", "200 OK\r\nETag: \"e\"\r\n", ""},
    {"DELETE /bucket/k ", "204 No Content\r\n", ""},
    {"POST /bucket/?delete= ", "200 OK\r\n", DELETED},
    {"GET /bucket/?", "200 OK\r\n", LIST},
    {"POST /bucket/large?uploads= ", "200 OK\r\n", CREATED},
    {"PUT /bucket/large?partNumber=", "200 OK\r\nETag: \"p\"\r\n", ""},
    {"POST /bucket/large?uploadId=U ", "200 OK\r\n", COMPLETED},
    {"DELETE /bucket/large?uploadId=U ", "204 No Content\r\n", ""},
    {"POST / ", "200 OK\r\n", "{\"Item\":{\"id\":{\"S\":\"a\"},\"n\":{\"N\":\"1\"}}}"},
    {NULL, NULL, NULL},
};

/* With the server, the script on stores that were opened for it. */
static void check_script(const struct script_case *script)
{
    struct aws_server server;
    struct error err = {.code = ""};
    if (!aws_server_start(&server, answers)) {
        return;
    }
    struct aws_store *store = aws_store_open(&err);
    CHECK_TEXT(err.message, "");
    if (store != NULL) {
        struct bindings bindings = {.s3 = aws_store_s3(store),
                                    .dynamodb = aws_store_dynamodb(store)};
        script_check_allocations(script, &bindings);
    }
    aws_store_close(store);
    aws_server_stop(&server);
}

TEST(aws_allocation_failures_in_opening)
{
    struct aws_server server;
    if (!aws_server_start(&server, answers)) {
        return;
    }
    struct error err;
    for (long n = 1; n <= 2; n++) { /* the store itself; then there is nothing more */
        allocation_fail(n);
        struct aws_store *store = aws_store_open(&err);
        bool failed = allocation_has_failed();
        allocation_fail(0);
        CHECK_INTEGER(store == NULL, failed);
        aws_store_close(store);
    }
    aws_server_stop(&server);
}

TEST(aws_allocation_failures_in_s3_calls)
{
    static const struct script_case script = {
        .name = "s3",
        .script = "local s3 = require 's3'\n"
                  "return function()\n"
                  "  local b = 'bucket'\n"
                  "  s3.put { bucket = b, key = 'k', body = 'body', metadata = { a = '1' } }\n"
                  "  s3.put { bucket = b, key = 'k', body = 'body', if_none_match = '*' }\n"
                  "  local o = s3.get { bucket = b, key = 'k' }\n"
                  "  s3.head { bucket = b, key = 'k' }\n"
                  "  s3.copy { bucket = b, key = 'copy', source_key = 'k' }\n"
                  "  local p = s3.list { bucket = b }\n"
                  "  local d = s3.delete_all { bucket = b, keys = { 'a', 'b' } }\n"
                  "  s3.delete { bucket = b, key = 'k' }\n"
                  "  return { o.body, p.objects[1].key, d.errors[1].code }\n"
                  "end\n",
        .wanted = "[\"body\",\"a b\",\"AccessDenied\"]"};
    check_script(&script);
}

TEST(aws_allocation_failures_in_uploads)
{
    (void)setenv("LUNETTE_S3_MULTIPART_BYTES", "5242880", 1);
    static const struct script_case script = {
        .name = "upload",
        .script = "local s3 = require 's3'\n"
                  "local body = ('x'):rep(5242881)\n"
                  "return function()\n"
                  "  return s3.put { bucket = 'bucket', key = 'large', body = body }\n"
                  "end\n",
        .wanted = "{\"etag\":\"\\\"w-2\\\"\"}"};
    check_script(&script);
    (void)unsetenv("LUNETTE_S3_MULTIPART_BYTES");
}

TEST(aws_allocation_failures_in_dynamodb_calls)
{
    static const struct script_case script = {
        .name = "dynamodb",
        .script = "local d = require 'dynamodb'\n"
                  "return function()\n"
                  "  d.put { table = 't', item = { id = 'a' },\n"
                  "    condition = 'attribute_not_exists(id)' }\n"
                  "  return { d.get { table = 't', key = { id = 'a' } }.n }\n"
                  "end\n",
        .wanted = "[1]"};
    check_script(&script);
}
