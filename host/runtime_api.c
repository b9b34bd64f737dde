/*
 * runtime_api.c - Lambda's Runtime API over host/http. runtime.c calls it; see runtime_api.h.
 *
 * The service's pages: "Using the Lambda runtime API for custom runtimes" and "Building a custom
 * runtime". It speaks plain HTTP on loopback or a link-local address: never through a proxy.
 */
#include "host/runtime_api.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/env.h"

#define INVOCATION         "/2018-06-01/runtime/invocation/"
#define ANSWER_MAX         65536 /* bytes of what the service says to an answer of ours */
#define CONNECT_TIMEOUT_MS 1000
#define HEADERS_MAX        8
#define URL_MAX            2048

static const char user_agent[] = "lunette/" LUNETTE_VERSION;

bool runtime_api_init(struct runtime_api *api, const char *address, struct http *http,
                      struct error *err)
{
    struct runtime_api made = {.http = http};
    int written = snprintf(made.base, sizeof made.base, "http://%s", address);
    if (written >= (int)sizeof made.base || strpbrk(address, "/@?# \r\n") != NULL) {
        return error_set(err, "usage", "AWS_LAMBDA_RUNTIME_API is '%.100s'; it must be HOST:PORT",
                         address);
    }
    *api = made;
    return true;
}

void runtime_api_release(struct runtime_api *api)
{
    if (api->extension != NULL) {
        http_cancel(api->extension);
        api->extension = NULL;
    }
}

/* ---- one call -------------------------------------------------------------------------------- */

struct exchange {
    struct http_response response; /* its buffers are ours once it is done */
    struct error error;
    bool done, failed;
};

static void exchanged(void *context, struct http_response *response, const struct error *err)
{
    struct exchange *exchange = context;
    exchange->done = true;
    exchange->failed = err != NULL;
    if (err != NULL) {
        exchange->error = *err;
    }
    exchange->response = *response;
    buffer_init(&response->headers, 0);
    buffer_init(&response->body, 0);
}

static void release(struct exchange *exchange)
{
    buffer_release(&exchange->response.headers);
    buffer_release(&exchange->response.body);
}

/* True with a complete answer of any status, which is then to be released. `stop` may end the
 * wait. */
static bool perform(struct runtime_api *api, const struct http_request *request,
                    const atomic_bool *stop, struct exchange *exchange, struct error *err)
{
    memset(exchange, 0, sizeof *exchange);
    struct http_transfer *transfer = http_start(api->http, request, exchanged, exchange, err);
    if (transfer == NULL) {
        return false;
    }
    while (!exchange->done) {
        bool ok = stop == NULL || !atomic_load(stop) ||
                  error_set(err, "stopped", "the process was asked to end");
        if (!ok || !http_wait(api->http, -1, err)) {
            if (!exchange->done) {
                http_cancel(transfer);
            }
            release(exchange);
            return false;
        }
    }
    if (exchange->failed) {
        *err = exchange->error;
        release(exchange);
        return false;
    }
    return true;
}

static const char *path_of(const char *url)
{
    const char *slashes = strstr(url, "//");
    const char *path = slashes == NULL ? NULL : strchr(slashes + 2, '/');
    return path == NULL ? url : path;
}

/* The service's own words: {"errorMessage": ..., "errorType": ...}. */
static bool unexpected(const struct http_request *request, const struct exchange *exchange,
                       struct error *err)
{
    (void)error_set(err, "runtime_api", "%s %s was answered with %d: %.300s", request->method,
                    path_of(request->url), exchange->response.status,
                    buffer_text(&exchange->response.body));
    err->status = exchange->response.status;
    return false;
}

struct call {
    struct http_header headers[HEADERS_MAX];
    struct http_request request;
    char url[URL_MAX];
};

static void add_header(struct call *call, const char *name, const char *value)
{
    call->headers[call->request.header_count++] = (struct http_header){name, value};
}

static void prepare(struct call *call, const char *method, size_t response_max)
{
    memset(call, 0, sizeof *call);
    call->request = (struct http_request){.method = method,
                                          .url = call->url,
                                          .headers = call->headers,
                                          .response_max = response_max,
                                          .connect_timeout_ms = CONNECT_TIMEOUT_MS,
                                          .bypass_proxy = true};
    add_header(call, "User-Agent", user_agent);
}

/* ---- /next ----------------------------------------------------------------------------------- */

static void read_header(const struct http_response *response, const char *name, char *value,
                        size_t size)
{
    if (!http_header_value(response, name, value, size)) {
        value[0] = '\0';
    }
}

static void read_headers(const struct http_response *response, struct runtime_event *event)
{
    const struct {
        const char *name;
        char *value;
        size_t size;
    } headers[] = {
        {"Lambda-Runtime-Aws-Request-Id", event->request_id, sizeof event->request_id},
        {"Lambda-Runtime-Invoked-Function-Arn", event->function_arn, sizeof event->function_arn},
        {"Lambda-Runtime-Trace-Id", event->trace_id, sizeof event->trace_id},
        {"Lambda-Runtime-Client-Context", event->client_context, sizeof event->client_context},
        {"Lambda-Runtime-Cognito-Identity", event->identity, sizeof event->identity},
        {"Lambda-Runtime-Aws-Tenant-Id", event->tenant_id, sizeof event->tenant_id},
        {"Lambda-Runtime-Invocation-Id", event->invocation_id, sizeof event->invocation_id},
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        read_header(response, headers[i].name, headers[i].value, headers[i].size);
    }
    char deadline[32];
    read_header(response, "Lambda-Runtime-Deadline-Ms", deadline, sizeof deadline);
    if (!env_parse_integer(deadline, &event->deadline_ms)) {
        event->deadline_ms = INT64_MAX;
    }
}

bool runtime_api_next(struct runtime_api *api, struct runtime_event *event, struct error *err)
{
    struct call call;
    struct exchange exchange;
    prepare(&call, "GET", RUNTIME_EVENT_MAX);
    (void)snprintf(call.url, sizeof call.url, "%s" INVOCATION "next", api->base);
    if (!perform(api, &call.request, &api->stop, &exchange, err)) {
        return false;
    }
    bool ok = exchange.response.status == 200 || unexpected(&call.request, &exchange, err);
    if (ok) {
        read_headers(&exchange.response, event);
        event->body = exchange.response.body;
        buffer_init(&exchange.response.body, 0);
        if (event->request_id[0] == '\0') {
            runtime_event_release(event);
            ok = error_set(err, "runtime_api", "the event came without a request id to answer to");
        }
    }
    release(&exchange);
    return ok;
}

void runtime_event_release(struct runtime_event *event)
{
    buffer_release(&event->body);
}

/* ---- answers --------------------------------------------------------------------------------- */

/* A caller may choose the id: what is no part of a path segment is written %XX. */
static bool set_answer_url(struct call *call, const struct runtime_api *api, const char *request_id,
                           const char *what, struct error *err)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "-._~:@!$&'()*+,;=";
    struct buffer url;
    buffer_init(&url, sizeof call->url - 1);
    (void)buffer_printf(&url, "%s" INVOCATION, api->base);
    for (const char *at = request_id; *at != '\0'; at++) {
        (void)buffer_printf(&url, strchr(plain, *at) != NULL ? "%c" : "%%%02X", (unsigned char)*at);
    }
    (void)buffer_printf(&url, "/%s", what);
    bool ok = buffer_check(&url, "the answer's address", err);
    if (ok) {
        memcpy(call->url, url.data, url.length + 1);
    }
    buffer_release(&url);
    return ok;
}

/* Each event has its own, so that an answer can't go to another's caller. */
static void add_invocation_id(struct call *call, const struct runtime_event *event)
{
    if (event->invocation_id[0] != '\0') {
        add_header(call, "Lambda-Runtime-Invocation-Id", event->invocation_id);
    }
}

bool runtime_api_read_outcome(int status, enum runtime_outcome *outcome)
{
    if (status >= 200 && status <= 299) {
        *outcome = RUNTIME_ACCEPTED;
    } else if (status == 410) {
        *outcome = RUNTIME_STALE;
    } else if (status == 413) {
        *outcome = RUNTIME_TOO_LARGE;
    } else {
        return false;
    }
    return true;
}

static bool send_answer(struct runtime_api *api, const struct http_request *request,
                        enum runtime_outcome *outcome, struct error *err)
{
    struct exchange exchange;
    if (!perform(api, request, NULL, &exchange, err)) {
        return false;
    }
    bool ok = runtime_api_read_outcome(exchange.response.status, outcome) ||
              unexpected(request, &exchange, err);
    release(&exchange);
    return ok;
}

static void set_body(struct call *call, const void *body, size_t length)
{
    add_header(call, "Content-Type", "application/json");
    call->request.body = body;
    call->request.body_length = length;
}

bool runtime_api_respond(struct runtime_api *api, const struct runtime_event *event,
                         const void *body, size_t length, enum runtime_outcome *outcome,
                         struct error *err)
{
    struct call call;
    prepare(&call, "POST", ANSWER_MAX);
    add_invocation_id(&call, event);
    set_body(&call, body, length);
    return set_answer_url(&call, api, event->request_id, "response", err) &&
           send_answer(api, &call.request, outcome, err);
}

struct http_transfer *runtime_api_stream(struct runtime_api *api, const struct runtime_event *event,
                                         const char *content_type, const struct http_source *source,
                                         http_done *done, void *context, struct error *err)
{
    struct call call;
    prepare(&call, "POST", ANSWER_MAX);
    add_invocation_id(&call, event);
    add_header(&call, "Lambda-Runtime-Function-Response-Mode", "streaming");
    add_header(&call, "Transfer-Encoding", "chunked");
    add_header(&call, "Trailer", RUNTIME_TRAILER_TYPE ", " RUNTIME_TRAILER_BODY);
    add_header(&call, "Content-Type", content_type);
    add_header(&call, "Connection", "close");
    call.request.source = source;
    call.request.fresh_connection = call.request.close_connection = true;
    return set_answer_url(&call, api, event->request_id, "response", err)
               ? http_start(api->http, &call.request, done, context, err)
               : NULL;
}

static void set_report(struct call *call, const struct runtime_report *report)
{
    add_header(call, "Lambda-Runtime-Function-Error-Type", report->type);
    if (report->cause != NULL) {
        add_header(call, "Lambda-Runtime-Function-XRay-Error-Cause", report->cause);
    }
    set_body(call, report->body, strlen(report->body));
}

bool runtime_api_fail(struct runtime_api *api, const struct runtime_event *event,
                      const struct runtime_report *report, enum runtime_outcome *outcome,
                      struct error *err)
{
    struct call call;
    prepare(&call, "POST", ANSWER_MAX);
    add_invocation_id(&call, event);
    set_report(&call, report);
    return set_answer_url(&call, api, event->request_id, "error", err) &&
           send_answer(api, &call.request, outcome, err);
}

bool runtime_api_fail_init(struct runtime_api *api, const struct runtime_report *report,
                           struct error *err)
{
    struct call call;
    enum runtime_outcome outcome;
    prepare(&call, "POST", ANSWER_MAX);
    set_report(&call, report);
    (void)snprintf(call.url, sizeof call.url, "%s/2018-06-01/runtime/init/error", api->base);
    return send_answer(api, &call.request, &outcome, err);
}

/* ---- the extension --------------------------------------------------------------------------- */

#define EXTENSION "/2020-01-01/extension/"

static void extension_ended(void *context, struct http_response *response, const struct error *err)
{
    struct runtime_api *api = context;
    (void)response;
    (void)err;
    api->extension = NULL; /* it asked for no event, so nothing is lost */
}

static bool wait_as_extension(struct runtime_api *api, const char *identifier, struct error *err)
{
    struct call call;
    prepare(&call, "GET", ANSWER_MAX);
    add_header(&call, "Lambda-Extension-Identifier", identifier);
    (void)snprintf(call.url, sizeof call.url, "%s" EXTENSION "event/next", api->base);
    api->extension = http_start(api->http, &call.request, extension_ended, api, err);
    return api->extension != NULL;
}

bool runtime_api_register(struct runtime_api *api, struct error *err)
{
    static const char body[] = "{\"events\":[]}";
    struct call call;
    struct exchange exchange;
    char identifier[128];
    prepare(&call, "POST", ANSWER_MAX);
    add_header(&call, "Lambda-Extension-Name", "lunette");
    set_body(&call, body, strlen(body));
    (void)snprintf(call.url, sizeof call.url, "%s" EXTENSION "register", api->base);
    if (!perform(api, &call.request, NULL, &exchange, err)) {
        return false;
    }
    bool ok = (exchange.response.status == 200 &&
               http_header_value(&exchange.response, "Lambda-Extension-Identifier", identifier,
                                 sizeof identifier)) ||
              unexpected(&call.request, &exchange, err);
    release(&exchange);
    return ok && wait_as_extension(api, identifier, err);
}
