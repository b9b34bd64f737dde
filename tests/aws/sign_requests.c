/*
 * sign_requests.c - signs what tests/aws/sign_test.py asks for: a JSON document a line on standard
 * input, and one a line as the answer. A program of its own, so that another signer can be
 * compared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/aws/sigv4.h"
#include "bindings/document.h"

#define PAIRS_MAX      32
#define LINE_MAX_BYTES (1024 * 1024)

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

/* [["name", "value"], ...] */
static size_t read_query(const json_t *list, struct uri_parameter query[PAIRS_MAX])
{
    size_t count = json_array_size(list);
    for (size_t i = 0; i < count && i < PAIRS_MAX; i++) {
        const json_t *pair = json_array_get(list, i);
        query[i] = (struct uri_parameter){json_string_value(json_array_get(pair, 0)),
                                          json_string_value(json_array_get(pair, 1))};
    }
    return count < PAIRS_MAX ? count : PAIRS_MAX;
}

static size_t read_headers(const json_t *list, struct http_header headers[PAIRS_MAX])
{
    struct uri_parameter pairs[PAIRS_MAX];
    size_t count = read_query(list, pairs);
    for (size_t i = 0; i < count; i++) {
        headers[i] = (struct http_header){pairs[i].name, pairs[i].value};
    }
    return count;
}

static bool sign(const json_t *asked, struct sigv4_keys *keys, struct sigv4_signature *signature,
                 struct error *err)
{
    struct uri_parameter query[PAIRS_MAX];
    struct http_header headers[PAIRS_MAX];
    struct credentials credentials = {.expires_ms = 0};
    (void)snprintf(credentials.access_key_id, sizeof credentials.access_key_id, "%s",
                   text_of(asked, "id"));
    (void)snprintf(credentials.secret_access_key, sizeof credentials.secret_access_key, "%s",
                   text_of(asked, "secret"));
    (void)snprintf(credentials.session_token, sizeof credentials.session_token, "%s",
                   text_of(asked, "token"));
    struct sigv4_request request = {
        .method = text_of(asked, "method"),
        .host = text_of(asked, "host"),
        .path = text_of(asked, "path"),
        .query = query,
        .query_count = read_query(json_object_get(asked, "query"), query),
        .headers = headers,
        .header_count = read_headers(json_object_get(asked, "headers"), headers),
        .payload_hash = text_of(asked, "payload")};
    struct sigv4_scope scope = {.credentials = &credentials,
                                .region = text_of(asked, "region"),
                                .service = text_of(asked, "service"),
                                .time_s = json_integer_value(json_object_get(asked, "time")),
                                .keys = keys};
    int64_t expires_s = json_integer_value(json_object_get(asked, "expires"));
    return expires_s == 0 ? sigv4_sign(&request, &scope, signature, err)
                          : sigv4_presign(&request, &scope, expires_s, signature, err);
}

static bool answer(const char *line, struct sigv4_keys *keys, struct error *err)
{
    struct sigv4_signature signature;
    json_t *asked = document_parse(line, strlen(line), err);
    if (asked == NULL) {
        return false;
    }
    bool ok = sign(asked, keys, &signature, err);
    json_decref(asked);
    if (!ok) {
        return false;
    }
    struct buffer out;
    buffer_init(&out, LINE_MAX_BYTES);
    buffer_printf(&out, "{\"signature\":\"%s\",\"canonical\":", signature.signature);
    buffer_append_json(&out, signature.canonical_request.data, signature.canonical_request.length);
    buffer_append_text(&out, "}\n");
    ok = buffer_check(&out, "an answer", err) && fputs(out.data, stdout) != EOF;
    buffer_release(&out);
    sigv4_release(&signature);
    return ok;
}

int main(void)
{
    struct sigv4_keys keys = {.next = 0};
    struct error err = {.message = "standard output is closed"};
    char *line = NULL;
    size_t size = 0;
    int status = EXIT_SUCCESS;
    while (status == EXIT_SUCCESS && getline(&line, &size, stdin) > 0) {
        if (!answer(line, &keys, &err)) {
            (void)fprintf(stderr, "%s\n", err.message);
            status = EXIT_FAILURE;
        }
    }
    free(line);
    sigv4_keys_cleanse(&keys);
    return status;
}
