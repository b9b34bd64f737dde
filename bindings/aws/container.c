/*
 * container.c - one GET to the endpoint that hands out a container's credentials. Called by
 * credentials.c. It waits with a client of its own: the loop's may be in the middle of anything,
 * and the endpoint is on the same machine.
 */
#include "bindings/aws/container.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bindings/aws/endpoint.h"
#include "bindings/aws/trust.h"
#include "bindings/digest.h"
#include "host/env.h"
#include "host/http.h"

#define RELATIVE   "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL       "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TOKEN      "AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define TOKEN_FILE "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"

const char *container_variable(void)
{
    return env_text(RELATIVE, NULL) != NULL ? RELATIVE : env_text(FULL, NULL) != NULL ? FULL : NULL;
}

/* ---- where it is ----------------------------------------------------------------------------- */

static bool may_be_plain(const char *host)
{
    static const char *const hosts[] = {"169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        if (strcmp(host, hosts[i]) == 0) {
            return true;
        }
    }
    return endpoint_is_loopback(host);
}

/* Cuts the host out of what stands between "://" and the path: "[::1]:80", "localhost". */
static bool copy_host(const char *authority, char *host, size_t size)
{
    size_t length = strcspn(authority, "/?#");
    size_t brackets = authority[0] == '[' ? strcspn(authority, "]") + 1 : 0;
    size_t host_length = brackets > 0 ? brackets : strcspn(authority, ":/?#");
    if (host_length == 0 || host_length > length || host_length >= size ||
        (authority[host_length] != ':' && host_length != length) ||
        memchr(authority, '@', length) != NULL) {
        return false;
    }
    memcpy(host, authority, host_length);
    host[host_length] = '\0';
    return true;
}

/* The address may hold a secret: of it, messages say the host. */
static bool check_full(const char *full, struct error *err)
{
    char host[256];
    bool plain = strncmp(full, "http://", strlen("http://")) == 0;
    bool secure = strncmp(full, "https://", strlen("https://")) == 0;
    if ((!plain && !secure) || !copy_host(strchr(full, '/') + 2, host, sizeof host)) {
        return error_set(err, "credentials",
                         FULL " is no address like http://localhost:1338/path or https://...");
    }
    if (plain && !may_be_plain(host)) {
        return error_set(err, "credentials",
                         FULL " goes to '%s' over http; that is for localhost, loopback "
                              "addresses, 169.254.170.2, 169.254.170.23 and [fd00:ec2::23]",
                         host);
    }
    return true;
}

bool container_url(const char *relative, const char *full, struct buffer *url, struct error *err)
{
    if (relative == NULL && !check_full(full, err)) {
        return false;
    }
    if (relative != NULL && relative[0] != '/') {
        return error_set(err, "credentials", RELATIVE " is no path like /v2/credentials/...");
    }
    (void)buffer_append_text(url, relative != NULL ? "http://169.254.170.2" : "");
    (void)buffer_append_text(url, relative != NULL ? relative : full);
    return buffer_check(url, relative != NULL ? RELATIVE : FULL, err);
}

/* ---- the token ------------------------------------------------------------------------------- */

static bool read_token_file(const char *path, struct buffer *token, struct error *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return error_set(err, "credentials", TOKEN_FILE ": %.300s: %s", path, strerror(errno));
    }
    char bytes[1024];
    size_t count;
    do {
        count = fread(bytes, 1, sizeof bytes, file);
    } while (count > 0 && buffer_append(token, bytes, count));
    bool ok = ferror(file) == 0;
    (void)fclose(file);
    digest_cleanse(bytes, sizeof bytes);
    while (token->length > 0 && strchr("\r\n", token->data[token->length - 1]) != NULL) {
        token->data[--token->length] = '\0';
    }
    return ok || error_set(err, "credentials", TOKEN_FILE ": %.300s can't be read", path);
}

/* Leaves it empty where there is none. */
static bool read_token(struct buffer *token, struct error *err)
{
    const char *path = env_text(TOKEN_FILE, NULL);
    if (path == NULL) {
        (void)buffer_append_text(token, env_text(TOKEN, ""));
    } else if (!read_token_file(path, token, err)) {
        return false;
    }
    const char *name = path == NULL ? TOKEN : TOKEN_FILE;
    if (strcspn(buffer_text(token), "\r\n") != token->length) {
        return error_set(err, "credentials", "%s holds a line break or a zero byte", name);
    }
    return buffer_check(token, name, err);
}

/* ---- asking ---------------------------------------------------------------------------------- */

struct question {
    struct buffer *answer;
    struct error failure;
    bool done, ok, again;
};

/* What the body says is in there only if it says it as these endpoints do. */
static void describe(struct question *question, const struct http_response *response)
{
    const char *says = strstr(buffer_text(&response->body), "essage\":");
    says = says == NULL ? "" : says + strlen("essage\":");
    says += strspn(says, " \"");
    int length = (int)strcspn(says, "\"\r\n");
    (void)error_set(&question->failure, "credentials", "the endpoint answered status %d%s%.*s",
                    response->status, length > 0 ? ": " : "", length > 200 ? 200 : length, says);
    question->failure.status = response->status;
}

static void on_done(void *context, struct http_response *response, const struct error *err)
{
    struct question *question = context;
    question->done = true;
    question->again = err != NULL ? err->retryable : response->status >= 500;
    question->ok = err == NULL && response->status == 200;
    if (err != NULL) {
        bool memory = error_is(err, "memory");
        (void)error_set(&question->failure, memory ? err->code : "credentials", "%s", err->message);
    } else if (!question->ok) {
        describe(question, response);
    } else {
        buffer_release(question->answer);
        *question->answer = response->body;
        buffer_init(&response->body, 0);
    }
}

static bool ask_once(struct http *http, const struct http_request *request,
                     struct question *question)
{
    question->done = question->ok = question->again = false;
    if (http_start(http, request, on_done, question, &question->failure) == NULL) {
        return false;
    }
    while (!question->done) {
        if (!http_wait(http, CONTAINER_TIMEOUT_MS, &question->failure)) {
            return false;
        }
    }
    return question->ok;
}

static bool ask(struct http *http, const char *url, const char *token, struct buffer *answer,
                struct error *err)
{
    struct question question = {.answer = answer};
    const struct http_header headers[] = {
        {"Accept", "application/json"},
        {"User-Agent", "lunette/" LUNETTE_VERSION},
        {"Authorization", token},
    };
    const struct http_request request = {.method = "GET",
                                         .url = url,
                                         .headers = headers,
                                         .header_count = token[0] == '\0' ? 2 : 3,
                                         .response_max = CONTAINER_ANSWER_MAX,
                                         .timeout_ms = CONTAINER_TIMEOUT_MS,
                                         .bypass_proxy = true,
                                         .ca_file = trust_file()};
    int attempts = 1;
    bool ok = ask_once(http, &request, &question);
    while (!ok && question.again && attempts < CONTAINER_ATTEMPTS) {
        attempts++;
        ok = ask_once(http, &request, &question);
    }
    if (!ok) {
        *err = question.failure;
        err->attempts = attempts;
        (void)error_prefix(err, "%s", container_variable());
    }
    return ok;
}

bool container_ask(struct buffer *answer, struct error *err)
{
    struct buffer url, token;
    buffer_init(&url, CONTAINER_URL_MAX);
    buffer_init(&token, CONTAINER_TOKEN_MAX);
    struct http *http = NULL;
    bool ok = container_url(env_text(RELATIVE, NULL), env_text(FULL, NULL), &url, err) &&
              read_token(&token, err) && (http = http_new(err)) != NULL &&
              ask(http, buffer_text(&url), buffer_text(&token), answer, err);
    http_free(http);
    if (token.data != NULL) {
        digest_cleanse(token.data, token.capacity);
    }
    buffer_release(&token);
    buffer_release(&url);
    return ok;
}
