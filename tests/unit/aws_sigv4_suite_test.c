/*
 * aws_sigv4_suite_test.c - the signer against AWS's own test suite (../shared/corpus/sigv4): each
 * case with headers and with the query; canonical request, string to sign, signature, and the
 * request as it is sent.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bindings/aws/sigv4.h"
#include "bindings/digest.h"
#include "bindings/document.h"
#include "tests/unit/check.h"

#define SUITE     "../shared/corpus/sigv4"
#define TIME_S    1440938160 /* 2015-08-30T12:36:00Z, in all of them */
#define FIELD_MAX 16

struct suite_case {
    char request_text[8192];
    struct credentials credentials;
    bool omit_token;
    char path[1024];
    char hash[65];
    struct uri_parameter query[FIELD_MAX];
    struct http_header headers[FIELD_MAX];
    int64_t expires_s;
    struct sigv4_request request;
    struct sigv4_scope scope;
};

static bool read_file(const char *name, const char *file, char *text, size_t size)
{
    char path[512];
    (void)snprintf(path, sizeof path, SUITE "/%s/%s", name, file);
    FILE *stream = fopen(path, "r");
    if (stream == NULL) {
        return false;
    }
    size_t length = fread(text, 1, size - 1, stream);
    text[length] = '\0';
    (void)fclose(stream);
    return true;
}

/* ---- reading a case -------------------------------------------------------------------------- */

static int hex_value(char digit)
{
    return digit <= '9' ? digit - '0' : (digit | 32) - 'a' + 10;
}

static char *decode(char *text)
{
    char *out = text;
    for (const char *in = text; *in != '\0'; in++) {
        if (*in == '%') {
            *out++ = (char)(hex_value(in[1]) * 16 + hex_value(in[2]));
            in += 2;
        } else {
            *out++ = *in;
        }
    }
    *out = '\0';
    return text;
}

static size_t read_query(char *text, struct uri_parameter *query)
{
    size_t count = 0;
    for (char *at = text; at != NULL && *at != '\0';) {
        char *pair = strsep(&at, "&");
        char *name = strsep(&pair, "=");
        query[count++] = (struct uri_parameter){decode(name), pair == NULL ? "" : decode(pair)};
    }
    return count;
}

/* A line that begins with a blank continues the value before it. */
static char *read_header(char *at, struct http_header *header)
{
    char *end = strchr(at, '\n');
    while (end != NULL && (end[1] == ' ' || end[1] == '\t')) {
        end = strchr(end + 1, '\n');
    }
    char *next = end == NULL ? at + strlen(at) : end + 1;
    if (end != NULL) {
        *end = '\0';
    }
    header->name = strsep(&at, ":");
    header->value = at;
    return next;
}

static void add_header(struct suite_case *suite, const char *name, const char *value)
{
    suite->headers[suite->request.header_count++] = (struct http_header){name, value};
}

static void read_headers(struct suite_case *suite, char *at)
{
    struct http_header header;
    while (*at != '\0' && *at != '\n') {
        at = read_header(at, &header);
        if (strcasecmp(header.name, "host") == 0) {
            suite->request.host = header.value;
        } else {
            add_header(suite, header.name, header.value);
        }
    }
    const char *body = *at == '\n' ? at + 1 : at;
    unsigned char digest[DIGEST_MAX];
    size_t length = 0;
    struct error err;
    CHECK(digest_compute(DIGEST_SHA256, body, strlen(body), digest, &length, &err));
    digest_hex(digest, length, suite->hash);
}

static void read_request(struct suite_case *suite, bool normalise)
{
    char *at = suite->request_text;
    suite->request.method = strsep(&at, " ");
    char *target = at;
    at = strstr(at, " HTTP/1.1\n");
    *at = '\0';
    char *query = target;
    const char *path = strsep(&query, "?");
    suite->request.query_count = read_query(query, suite->query);
    read_headers(suite, at + strlen(" HTTP/1.1\n"));
    if (normalise) { /* the signer encodes it then */
        (void)snprintf(suite->path, sizeof suite->path, "%s", path);
        return;
    }
    struct buffer encoded;
    buffer_init(&encoded, sizeof suite->path - 1);
    uri_append_path(&encoded, path, strlen(path));
    (void)snprintf(suite->path, sizeof suite->path, "%s", buffer_text(&encoded));
    buffer_release(&encoded);
}

static void copy_text(const json_t *object, const char *name, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(object, name));
    (void)snprintf(out, size, "%s", text == NULL ? "" : text);
}

static bool read_case(const char *name, struct suite_case *suite, bool with_headers)
{
    char text[4096];
    struct error err;
    memset(suite, 0, sizeof *suite);
    if (!CHECK(read_file(name, "context.json", text, sizeof text)) ||
        !CHECK(read_file(name, "request.txt", suite->request_text, sizeof suite->request_text))) {
        return false;
    }
    json_t *context = document_parse(text, strlen(text), &err);
    if (!CHECK(context != NULL)) {
        return false;
    }
    const json_t *keys = json_object_get(context, "credentials");
    struct credentials *credentials = &suite->credentials;
    copy_text(keys, "access_key_id", credentials->access_key_id, CREDENTIALS_KEY_MAX);
    copy_text(keys, "secret_access_key", credentials->secret_access_key, CREDENTIALS_KEY_MAX);
    copy_text(keys, "token", credentials->session_token, CREDENTIALS_TOKEN_MAX);
    suite->omit_token = json_is_true(json_object_get(context, "omit_session_token"));
    suite->expires_s = json_integer_value(json_object_get(context, "expiration_in_seconds"));
    bool normalise = json_is_true(json_object_get(context, "normalize"));
    read_request(suite, normalise);
    if (with_headers && json_is_true(json_object_get(context, "sign_body"))) {
        add_header(suite, "x-amz-content-sha256", suite->hash);
    }
    json_decref(context);
    suite->request.path = suite->path;
    suite->request.query = suite->query;
    suite->request.headers = suite->headers;
    suite->request.payload_hash = suite->hash;
    suite->scope = (struct sigv4_scope){.credentials = &suite->credentials,
                                        .region = "us-east-1",
                                        .service = "service",
                                        .keep_path = !normalise,
                                        .time_s = TIME_S};
    return true;
}

/* ---- checking -------------------------------------------------------------------------------- */

static void check_file(const char *name, const char *mode, const char *what, const char *got)
{
    char file[64], wanted[8192];
    (void)snprintf(file, sizeof file, "%s-%s.txt", mode, what);
    check_case("%s/%s", name, file);
    if (CHECK(read_file(name, file, wanted, sizeof wanted))) {
        CHECK_TEXT(got, wanted);
    }
}

static void check_signature(const char *name, const char *mode,
                            const struct sigv4_signature *signature)
{
    check_file(name, mode, "canonical-request", buffer_text(&signature->canonical_request));
    check_file(name, mode, "string-to-sign", buffer_text(&signature->string_to_sign));
    check_file(name, mode, "signature", signature->signature);
}

/* The request that is sent holds each line that signing adds. The suite writes some names with
 * capitals, and those two have no meaning in HTTP. */
static void check_sent_headers(const char *name, const struct sigv4_signature *signature)
{
    char sent[8192], line[4096];
    check_case("%s/header-signed-request.txt", name);
    if (!CHECK(read_file(name, "header-signed-request.txt", sent, sizeof sent))) {
        return;
    }
    CHECK(signature->header_count >= 2);
    for (size_t i = 0; i < signature->header_count; i++) {
        const struct http_header *header = &signature->headers[i];
        (void)snprintf(line, sizeof line, "\n%s:%s\n", header->name, header->value);
        if (!CHECK(strcasestr(sent, line) != NULL)) {
            CHECK_TEXT(line, sent);
        }
    }
}

/* The same parameters, whatever their order: the suite sends them in another one. */
static void check_sent_query(const char *name, const struct suite_case *suite,
                             const struct sigv4_signature *signature)
{
    char sent[8192];
    check_case("%s/query-signed-request.txt", name);
    if (!CHECK(read_file(name, "query-signed-request.txt", sent, sizeof sent))) {
        return;
    }
    char *end = strstr(sent, " HTTP/1.1\n");
    char *question = strchr(sent, '?');
    if (!CHECK(end != NULL && question != NULL && question < end)) {
        return;
    }
    *end = '\0';
    struct uri_parameter parameters[FIELD_MAX];
    size_t count = read_query(question + 1, parameters);
    for (size_t i = 0; suite->omit_token && i < count; i++) {
        if (strcmp(parameters[i].name, "X-Amz-Security-Token") == 0) {
            parameters[i] = parameters[--count];
        }
    }
    char *got = strdup(buffer_text(&signature->query));
    if (!CHECK(got != NULL)) {
        return;
    }
    struct uri_parameter ours[FIELD_MAX];
    size_t our_count = read_query(got, ours);
    struct buffer sorted, our_sorted;
    struct error err;
    buffer_init(&sorted, sizeof sent);
    buffer_init(&our_sorted, sizeof sent);
    CHECK(uri_append_query(&sorted, parameters, count, &err));
    CHECK(uri_append_query(&our_sorted, ours, our_count, &err));
    CHECK_TEXT(buffer_text(&our_sorted), buffer_text(&sorted));
    buffer_release(&sorted);
    buffer_release(&our_sorted);
    free(got);
}

static void check_headers_mode(const char *name)
{
    struct suite_case suite;
    struct sigv4_signature signature;
    struct error err;
    if (!read_case(name, &suite, true)) {
        return;
    }
    if (suite.omit_token) { /* is sent, but added after signing */
        suite.credentials.session_token[0] = '\0';
    }
    if (CHECK(sigv4_sign(&suite.request, &suite.scope, &signature, &err))) {
        check_signature(name, "header", &signature);
        check_sent_headers(name, &signature);
        sigv4_release(&signature);
    }
}

static void check_query_mode(const char *name)
{
    struct suite_case suite;
    struct sigv4_signature signature;
    struct error err;
    if (!read_case(name, &suite, false)) {
        return;
    }
    if (suite.omit_token) {
        suite.credentials.session_token[0] = '\0';
    }
    if (CHECK(sigv4_presign(&suite.request, &suite.scope, suite.expires_s, &signature, &err))) {
        check_signature(name, "query", &signature);
        check_sent_query(name, &suite, &signature);
        sigv4_release(&signature);
    }
}

TEST(aws_sigv4_suite)
{
    DIR *folder = opendir(SUITE);
    if (folder == NULL) {
        check_skip("no " SUITE);
        return;
    }
    int cases = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] != '.') {
            check_headers_mode(entry->d_name);
            check_query_mode(entry->d_name);
            cases++;
        }
    }
    (void)closedir(folder);
    check_case("all cases");
    CHECK_INTEGER(cases, 38);
}
