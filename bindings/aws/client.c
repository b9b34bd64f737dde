/*
 * client.c - an operation's attempts: sign, send, judge, wait, again. s3.c and dynamodb.c call it.
 */
#include "bindings/aws/client.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/aws/answer.h"
#include "bindings/aws/date.h"
#include "bindings/aws/trust.h"
#include "bindings/digest.h"
#include "host/env.h"

#define CONNECT_TIMEOUT_MS 3000
#define STALL_TIMEOUT_S    20
#define ATTEMPTS_MOST      20
#define WARM_ANSWER_MAX    65536
#define HEADERS_OURS       8

#define URL_MAX       8192
#define CLOCK_SKEW_MS ((int64_t)4 * 60 * 1000) /* smaller ones are not why it was refused */
#define TRACE_MAX     1024

/* ---- the client ------------------------------------------------------------------------------ */

bool aws_client_init(struct aws_client *client, enum endpoint_service service,
                     struct credentials *credentials, struct error *err)
{
    int64_t attempts = 0;
    *client = (struct aws_client){.tokens = RETRY_TOKENS_MAX, .credentials = credentials};
    client->service = service == ENDPOINT_S3 ? "s3" : "dynamodb";
    client->policy = service == ENDPOINT_S3 ? &retry_s3 : &retry_dynamodb;
    client->ca_file = trust_file();
    if (!env_integer("AWS_MAX_ATTEMPTS", 0, 1, ATTEMPTS_MOST, &attempts, err)) {
        return false;
    }
    client->attempts_max = (int)attempts;
    return endpoint_load(service, &client->settings, err);
}

void aws_client_release(struct aws_client *client)
{
    sigv4_keys_cleanse(&client->keys);
}

bool aws_client_refresh(struct aws_client *client, struct error *err)
{
    return credentials_refresh(client->credentials, loop_wall_ms(), err);
}

/* ---- headers --------------------------------------------------------------------------------- */

struct headers {
    struct http_header items[HEADERS_OURS + SIGV4_HEADERS_ADDED];
    size_t count;
    char attempt[48];
    struct buffer trace;
};

static void add(struct headers *headers, const char *name, const char *value)
{
    headers->items[headers->count++] = (struct http_header){name, value};
}

/* As AWS's own SDKs write it: what a header may hold stays, the rest is percent-encoded. */
static void encode_trace(const char *trace, struct buffer *out)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "_.-~=;:+&[]{}\"',";
    for (; *trace != '\0'; trace++) {
        if (strchr(plain, *trace) != NULL) {
            (void)buffer_append_byte(out, *trace);
        } else {
            (void)buffer_printf(out, "%%%02X", (unsigned char)*trace);
        }
    }
}

/* The invocation's trace id goes with every request: Lambda stops loops of functions by it. */
static void add_trace(struct headers *headers)
{
    const char *trace = env_text("_X_AMZN_TRACE_ID", NULL);
    if (trace == NULL || env_text("AWS_LAMBDA_FUNCTION_NAME", NULL) == NULL) {
        return;
    }
    encode_trace(trace, &headers->trace);
    if (headers->trace.length > 0 && headers->trace.state == BUFFER_OK) {
        add(headers, "X-Amzn-Trace-Id", buffer_text(&headers->trace));
    }
}

static void make_headers(const struct aws_call *call, struct headers *headers)
{
    int most =
        call->retry.attempts_max > 0 ? call->retry.attempts_max : call->retry.policy->attempts_max;
    headers->count = 0;
    buffer_init(&headers->trace, TRACE_MAX);
    (void)snprintf(headers->attempt, sizeof headers->attempt, "attempt=%d; max=%d",
                   call->retry.attempts, most);
    add(headers, "User-Agent", "lunette/" LUNETTE_VERSION);
    add(headers, "Accept", "*/*");
    add(headers, "Accept-Encoding", "identity"); /* what is stored compressed stays so */
    add(headers, "amz-sdk-invocation-id", call->invocation_id);
    add(headers, "amz-sdk-request", headers->attempt);
    add_trace(headers);
}

static bool make_invocation_id(char id[UUID_SIZE], struct error *err)
{
    unsigned char bytes[UUID_BYTES];
    if (!digest_random(bytes, sizeof bytes, err)) {
        return false;
    }
    uuid_write(bytes, 4, id);
    return true;
}

/* ---- one attempt ----------------------------------------------------------------------------- */

static void on_done(void *context, struct http_response *response, const struct error *err);

static bool hash_body(const struct aws_request *request, char hex[2 * DIGEST_MAX + 1],
                      struct error *err)
{
    unsigned char digest[DIGEST_MAX];
    size_t length;
    if (request->body_sha256 != NULL) {
        (void)snprintf(hex, 2 * DIGEST_MAX + 1, "%s", request->body_sha256);
        return true;
    }
    if (!digest_compute(DIGEST_SHA256, request->body_length == 0 ? "" : request->body,
                        request->body_length, digest, &length, err)) {
        return false;
    }
    digest_hex(digest, length, hex);
    return true;
}

static bool send_signed(struct aws_call *call, const struct http_header *headers, size_t count,
                        const struct sigv4_signature *signature, struct error *err)
{
    const struct aws_request *request = call->request;
    const struct endpoint *endpoint = request->endpoint;
    struct buffer url;
    buffer_init(&url, URL_MAX);
    (void)buffer_printf(&url, "%s://%s%s%s%s", endpoint->scheme, endpoint->host, request->path,
                        signature->query.length > 0 ? "?" : "", buffer_text(&signature->query));
    struct http_request attempt = {
        .method = request->method,
        .url = buffer_text(&url),
        .headers = headers,
        .header_count = count,
        .body = request->body,
        .body_length = request->body_length,
        .response_max = request->response_max,
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .stall_timeout_s = STALL_TIMEOUT_S,
        .bypass_proxy = endpoint_is_loopback(endpoint->host),
        .once = request->once,
        .ca_file = call->client->ca_file,
    };
    if (buffer_check(&url, "the address of a request", err)) {
        call->transfer = http_start(loop_http(call->loop), &attempt, on_done, call, err);
    }
    buffer_release(&url);
    return call->transfer != NULL;
}

static bool sign_and_send(struct aws_call *call, struct headers *headers, struct http_header *all,
                          struct error *err)
{
    const struct aws_request *request = call->request;
    struct aws_client *client = call->client;
    char hash[2 * DIGEST_MAX + 1];
    struct sigv4_signature signature;
    size_t count = request->header_count + headers->count;
    call->clock_ahead_ms = client->clock_ahead_ms;
    if (request->header_count > 0) {
        memcpy(all, request->headers, request->header_count * sizeof *all);
    }
    memcpy(all + request->header_count, headers->items, headers->count * sizeof *all);
    struct sigv4_request to_sign = {.method = request->method,
                                    .host = request->endpoint->host,
                                    .path = request->path,
                                    .query = request->query,
                                    .query_count = request->query_count,
                                    .headers = all,
                                    .header_count = count,
                                    .payload_hash = hash};
    struct sigv4_scope scope = {.credentials = client->credentials,
                                .region = request->region != NULL ? request->region
                                                                  : client->settings.region,
                                .service = client->service,
                                .time_s = (loop_wall_ms() + call->clock_ahead_ms) / 1000,
                                .keys = &client->keys};
    if (!hash_body(request, hash, err) || !sigv4_sign(&to_sign, &scope, &signature, err)) {
        return false;
    }
    memcpy(all + count, signature.headers, signature.header_count * sizeof *all);
    bool ok = send_signed(call, all, count + signature.header_count, &signature, err);
    sigv4_release(&signature);
    return ok;
}

static bool begin_attempt(struct aws_call *call, struct error *err)
{
    struct headers headers;
    if (!aws_client_refresh(call->client, err)) {
        return false;
    }
    make_headers(call, &headers);
    size_t most = call->request->header_count + headers.count + SIGV4_HEADERS_ADDED;
    struct http_header *all = calloc(most, sizeof *all);
    bool ok = all != NULL ? sign_and_send(call, &headers, all, err)
                          : error_set_memory(err, "signing a request");
    free(all);
    buffer_release(&headers.trace);
    return ok;
}

/* ---- judging --------------------------------------------------------------------------------- */

static bool is_success(const struct http_response *response)
{
    return (response->status >= 200 && response->status < 300) || response->status == 304;
}

/* Fills *failure and returns true when the attempt failed. */
static bool find_failure(const struct aws_call *call, const struct http_response *response,
                         const struct error *err, struct error *failure)
{
    if (err != NULL) {
        *failure = *err;
        failure->status = response->status;
        answer_request_id(response, failure->request_id, sizeof failure->request_id);
        return true;
    }
    if (!is_success(response)) {
        answer_read_error(response, failure);
        return true;
    }
    return call->request->check != NULL && !call->request->check(call->context, response, failure);
}

static bool is_clock_code(const char *code)
{
    static const char *const codes[] = {"RequestTimeTooSkewed",
                                        "RequestExpired",
                                        "RequestInTheFuture",
                                        "InvalidSignatureException",
                                        "SignatureDoesNotMatch",
                                        "AuthFailure",
                                        "Forbidden" /* HEAD: untold */};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(code, codes[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* A wrong clock makes wrong signatures: the server's is taken, once an operation; also where
 * another one has done so since this attempt was signed. */
static bool correct_clock(struct aws_call *call, const struct http_response *response,
                          const struct error *failure)
{
    char text[64];
    int64_t server_ms;
    if (call->clock_corrected || !is_clock_code(failure->code) ||
        !http_header_value(response, "Date", text, sizeof text) ||
        !date_read_http(text, &server_ms)) {
        return false;
    }
    int64_t ahead_ms = server_ms - loop_wall_ms();
    int64_t change_ms = ahead_ms - call->clock_ahead_ms;
    if (change_ms > -CLOCK_SKEW_MS && change_ms < CLOCK_SKEW_MS) {
        return false;
    }
    call->client->clock_ahead_ms = ahead_ms;
    call->clock_corrected = true;
    return true;
}

/* A connection that died while the process was frozen is nobody's failure, unless what was sent
 * over it must not be done twice. */
static bool was_dead_connection(struct aws_call *call, const struct http_response *response,
                                const struct error *err)
{
    bool dead = err != NULL && response->reused_connection && response->bytes_received == 0 &&
                error_is(err, "network") && !call->reconnected && !call->request->once;
    call->reconnected = call->reconnected || dead;
    return dead;
}

/* A bucket of another region is asked for there, by a new signature. */
static bool was_moved(struct aws_call *call, const struct http_response *response,
                      const struct error *failure)
{
    const struct aws_request *request = call->request;
    const char *here = request->region != NULL ? request->region : call->client->settings.region;
    char region[ENDPOINT_REGION_MAX + 1];
    if (call->moved || request->move == NULL || !answer_is_elsewhere(response, failure) ||
        !answer_region(response, region, sizeof region) || strcmp(region, here) == 0) {
        return false;
    }
    call->moved = request->move(call->context, region);
    return call->moved;
}

/* Nobody said where the bucket is, or it isn't there either. */
static void advise_region(const struct aws_call *call, const struct http_response *response,
                          struct error *failure)
{
    const struct aws_request *request = call->request;
    bool redirect = response->status >= 300 && response->status < 400;
    if (redirect && answer_is_elsewhere(response, failure)) {
        size_t length = strlen(failure->message);
        (void)snprintf(failure->message + length, sizeof failure->message - length,
                       "; the bucket may be in another region than '%s': set AWS_REGION",
                       request->region != NULL ? request->region : call->client->settings.region);
    }
}

/* Has the server surely not done what it was asked? S3's 503 asks for fewer requests; another's may
 * be a proxy's, which has lost the answer. */
static bool was_refused(const struct aws_call *call, const struct error *failure,
                        enum retry_kind kind)
{
    bool slowed = failure->status == 503 && call->client->settings.service == ENDPOINT_S3;
    return kind == RETRY_THROTTLED || slowed || error_is(failure, "connect");
}

static int64_t remaining_ms(const struct aws_call *call)
{
    if (call->job != NULL) {
        return job_remaining_ms(call->job);
    }
    return call->deadline_ms == LOOP_NO_DEADLINE ? INT64_MAX
                                                 : call->deadline_ms - loop_now_us() / 1000;
}

static int64_t read_hint_ms(const struct http_response *response)
{
    char text[24];
    int64_t hint_ms;
    return http_header_value(response, "x-amz-retry-after", text, sizeof text) &&
                   env_parse_integer(text, &hint_ms) && hint_ms >= 0
               ? hint_ms
               : -1;
}

static double random_share(void)
{
    uint32_t number = 0;
    struct error ignored;
    return digest_random(&number, sizeof number, &ignored) ? number / 4294967296.0 : 0.5;
}

static void finish(struct aws_call *call, struct http_response *response, struct error *failure)
{
    if (failure == NULL) {
        retry_succeeded(&call->retry);
    } else {
        failure->attempts = call->retry.attempts;
    }
    call->done(call->context, response, failure);
}

static void again(struct loop_timer *timer)
{
    struct aws_call *call = (struct aws_call *)((char *)timer - offsetof(struct aws_call, timer));
    struct error err;
    struct http_response none = {0};
    if (!begin_attempt(call, &err)) {
        finish(call, &none, &err);
    }
}

/* Through a timer also when there is no delay: whatever begins an attempt after the first ends the
 * call itself when that fails. */
static void repeat_after(struct aws_call *call, int64_t delay_ms)
{
    call->timer.fire = again;
    loop_timer_start(call->loop, &call->timer, loop_now_us() + delay_ms * 1000);
}

static bool retry(struct aws_call *call, const struct http_response *response,
                  struct error *failure)
{
    enum retry_kind kind = retry_classify(failure->status, failure->code);
    bool done_perhaps = kind == RETRY_TRANSIENT && !was_refused(call, failure, kind);
    failure->retryable = kind != RETRY_NEVER;
    call->uncertain = call->uncertain || done_perhaps;
    struct retry_failure asked = {.kind = kind,
                                  .hint_ms = read_hint_ms(response),
                                  .remaining_ms = remaining_ms(call),
                                  .random = random_share()};
    int64_t delay_ms;
    if ((call->request->once && done_perhaps) || !retry_again(&call->retry, &asked, &delay_ms)) {
        return false;
    }
    repeat_after(call, delay_ms);
    return true;
}

static void on_done(void *context, struct http_response *response, const struct error *err)
{
    struct aws_call *call = context;
    struct error failure;
    call->transfer = NULL;
    if (!find_failure(call, response, err, &failure)) {
        finish(call, response, NULL);
    } else if (was_dead_connection(call, response, err) ||
               correct_clock(call, response, &failure) || was_moved(call, response, &failure)) {
        repeat_after(call, 0);
    } else if (!retry(call, response, &failure)) {
        advise_region(call, response, &failure);
        finish(call, response, &failure);
    }
}

/* ---------------------------------------------------------------------------------------------- */

bool aws_call_start(struct aws_call *call, struct error *err)
{
    struct aws_client *client = call->client;
    *call = (struct aws_call){.client = client,
                              .loop = call->loop,
                              .job = call->job,
                              .deadline_ms = call->deadline_ms,
                              .request = call->request,
                              .done = call->done,
                              .context = call->context,
                              .retry = {.policy = client->policy,
                                        .tokens = &client->tokens,
                                        .attempts_max = client->attempts_max}};
    if (remaining_ms(call) < RETRY_MARGIN_MS) {
        (void)error_set(err, "deadline", "less than %d ms are left, too little for a request",
                        RETRY_MARGIN_MS);
        err->retryable = true;
        return false;
    }
    retry_begin(&call->retry);
    return make_invocation_id(call->invocation_id, err) && begin_attempt(call, err);
}

void aws_call_cancel(struct aws_call *call)
{
    if (call->transfer != NULL) {
        http_cancel(call->transfer);
        call->transfer = NULL;
    }
    if (call->timer.running) {
        loop_timer_stop(call->loop, &call->timer);
    }
}

/* ---- warming --------------------------------------------------------------------------------- */

static void on_warm(void *context, struct http_response *response, const struct error *err)
{
    (void)context;
    (void)response;
    (void)err;
}

bool aws_client_warm(const struct aws_client *client, struct http *http, const char *bucket,
                     int count, struct error *err)
{
    struct endpoint endpoint;
    if (!endpoint_resolve(&client->settings, bucket, bucket == NULL ? 0 : strlen(bucket), &endpoint,
                          err)) {
        return false;
    }
    const struct http_header agent = {"User-Agent", "lunette/" LUNETTE_VERSION};
    struct buffer url;
    buffer_init(&url, URL_MAX);
    (void)buffer_printf(&url, "%s://%s%s/", endpoint.scheme, endpoint.host, endpoint.path);
    struct http_request request = {.method =
                                       client->settings.service == ENDPOINT_S3 ? "HEAD" : "GET",
                                   .url = buffer_text(&url),
                                   .headers = &agent,
                                   .header_count = 1,
                                   .response_max = WARM_ANSWER_MAX,
                                   .timeout_ms = CONNECT_TIMEOUT_MS,
                                   .bypass_proxy = endpoint_is_loopback(endpoint.host),
                                   .ca_file = client->ca_file};
    bool ok = buffer_check(&url, "the address of a request", err);
    for (int i = 0; ok && i < count; i++) {
        ok = http_start(http, &request, on_warm, NULL, err) != NULL;
    }
    buffer_release(&url);
    return ok;
}
