/*
 * http.c - the only file that includes curl. The loop polls through it; the AWS client and the
 * Runtime API client send through it. See http.h.
 */
#include "host/http.h"

#include <curl/curl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_SIZE (64L * 1024) /* curl's own 16 KiB asks the kernel four times as often */

#define TRAILERS_MAX 4

struct http {
    CURLM *multi;
    CURLSH *sessions; /* TLS sessions: a new connection to a known host costs half */
    struct http_transfer *transfers;
};

struct http_transfer {
    struct http *http;
    CURL *easy;
    struct curl_slist *headers;
    struct http_response response;
    const char *body;
    size_t body_length, body_sent;
    struct http_source source;
    bool paused; /* the source had nothing to read */
    int64_t timeout_ms, connect_timeout_ms;
    int stall_timeout_s;
    bool stands; /* see http_stop_clock() */
    http_done *done;
    void *context;
    bool refused; /* by our own limits: response.headers or body says why */
    bool starved; /* there was no memory for the trailers */
    int sent;     /* how often */
    char reason[CURL_ERROR_SIZE];
    struct http_transfer *previous, *next;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode global_result;

static void start_curl(void)
{
    global_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* Left to itself curl keeps four connections for each transfer that runs just then: after a burst
 * of many it closes most of them. */
static bool open_handles(struct http *http)
{
    http->multi = curl_multi_init();
    http->sessions = curl_share_init();
    return http->multi != NULL && http->sessions != NULL &&
           curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)HTTP_CONNECTIONS_KEPT) ==
               CURLM_OK &&
           curl_share_setopt(http->sessions, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) ==
               CURLSHE_OK;
}

struct http *http_new(struct error *err)
{
    (void)pthread_once(&once, start_curl);
    struct http *http = calloc(1, sizeof *http);
    if (http == NULL || global_result != CURLE_OK || !open_handles(http)) {
        http_free(http);
        (void)error_set_memory(err, "starting the HTTP client");
        return NULL;
    }
    return http;
}

void http_free(struct http *http)
{
    if (http == NULL) {
        return;
    }
    while (http->transfers != NULL) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it takes itself off the list */
        http_cancel(http->transfers);
    }
    (void)curl_multi_cleanup(http->multi); /* NULL is allowed, here and below */
    (void)curl_share_cleanup(http->sessions);
    free(http);
}

const char *http_versions(void)
{
    return curl_version();
}

/* ---- what curl calls while a transfer runs --------------------------------------------------- */

/* At once, when its length is announced; too much is refused before it comes. */
static void make_room(struct http_transfer *transfer)
{
    struct buffer *body = &transfer->response.body;
    curl_off_t length = -1;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length > 0) {
        (void)buffer_reserve(body, (size_t)length);
    }
}

static size_t receive_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    if (transfer->response.body.data == NULL) {
        make_room(transfer);
    }
    if (!buffer_append(&transfer->response.body, bytes, size * count)) {
        transfer->refused = true;
        return 0;
    }
    return size * count;
}

/* A new status line (after 100 Continue, say) begins a new set of headers. */
static size_t receive_header(char *bytes, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    size_t length = size * count;
    if (length >= 5 && memcmp(bytes, "HTTP/", 5) == 0) {
        buffer_reset(&transfer->response.headers);
        return length;
    }
    if (!buffer_append(&transfer->response.headers, bytes, length)) {
        transfer->refused = true;
        return 0;
    }
    return length;
}

static size_t send_body(char *to, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    size_t left = transfer->body_length - transfer->body_sent;
    size_t length = size * count < left ? size * count : left;
    if (length > 0) {
        memcpy(to, transfer->body + transfer->body_sent, length);
    }
    transfer->body_sent += length;
    return length;
}

static size_t send_source(char *to, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    bool ended = false;
    size_t length = transfer->source.read(transfer->source.context, to, size * count, &ended);
    transfer->paused = length == 0 && !ended;
    return transfer->paused ? CURL_READFUNC_PAUSE : length;
}

static int send_trailers(struct curl_slist **lines, void *context)
{
    struct http_transfer *transfer = context;
    struct http_header trailers[TRAILERS_MAX];
    size_t count = transfer->source.trailers(transfer->source.context, trailers, TRAILERS_MAX);
    for (size_t i = 0; i < count; i++) {
        struct buffer line;
        buffer_init(&line, HTTP_HEADERS_MAX);
        (void)buffer_printf(&line, "%s: %s", trailers[i].name, trailers[i].value);
        struct curl_slist *longer =
            line.state == BUFFER_OK ? curl_slist_append(*lines, buffer_text(&line)) : NULL;
        transfer->starved = longer == NULL && line.state != BUFFER_FULL;
        buffer_release(&line);
        if (longer == NULL) {
            return CURL_TRAILERFUNC_ABORT;
        }
        *lines = longer;
    }
    return CURL_TRAILERFUNC_OK;
}

/* curl rewinds when a kept-alive connection turned out to be dead. */
static int seek_body(void *context, curl_off_t offset, int origin)
{
    struct http_transfer *transfer = context;
    if (origin != SEEK_SET || offset < 0 || (size_t)offset > transfer->body_length) {
        return CURL_SEEKFUNC_FAIL;
    }
    transfer->body_sent = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

/* Called before each time that a request is sent. */
static int forbid_second(void *context, char *to, char *from, int to_port, int from_port)
{
    (void)to, (void)from, (void)to_port, (void)from_port;
    struct http_transfer *transfer = context;
    return ++transfer->sent > 1 ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* ---- starting -------------------------------------------------------------------------------- */

static bool is_clean(const char *text)
{
    return strpbrk(text, "\r\n") == NULL;
}

static bool add_header(struct http_transfer *transfer, const char *line, struct error *err)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, line);
    if (longer == NULL) {
        return error_set_memory(err, "starting a request");
    }
    transfer->headers = longer;
    return true;
}

static bool add_headers(struct http_transfer *transfer, const struct http_request *request,
                        struct error *err)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        if (!is_clean(header->name) || !is_clean(header->value)) {
            return error_set(err, "usage", "header '%.64s' holds a line break", header->name);
        }
        struct buffer line;
        buffer_init(&line, HTTP_HEADERS_MAX);
        /* "Name;" is curl's way to send a header with an empty value. */
        bool is_blank = header->value[strspn(header->value, " \t")] == '\0';
        (void)buffer_printf(&line, is_blank ? "%s;" : "%s: %s", header->name, header->value);
        bool ok = buffer_check(&line, "a request header", err) &&
                  add_header(transfer, buffer_text(&line), err);
        buffer_release(&line);
        if (!ok) {
            return false;
        }
    }
    /* What curl would add by itself is not ours to sign. */
    return add_header(transfer, "Expect:", err);
}

static void set_method(CURL *easy, const struct http_request *request)
{
    if (strcmp(request->method, "HEAD") == 0) {
        (void)curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    if (request->source != NULL) {
        (void)curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        return; /* of unknown length: in chunks */
    }
    bool has_body = request->body_length > 0 || strcmp(request->method, "PUT") == 0 ||
                    strcmp(request->method, "POST") == 0;
    if (has_body) {
        (void)curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body_length);
    }
}

static void set_callbacks(CURL *easy, struct http_transfer *transfer)
{
    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->reason);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, receive_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    (void)curl_easy_setopt(easy, CURLOPT_READFUNCTION, send_body);
    (void)curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
    (void)curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_body);
    (void)curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer);
}

static void set_source(CURL *easy, struct http_transfer *transfer)
{
    (void)curl_easy_setopt(easy, CURLOPT_READFUNCTION, send_source);
    (void)curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, NULL); /* what was read is gone */
    if (transfer->source.trailers != NULL) {
        (void)curl_easy_setopt(easy, CURLOPT_TRAILERFUNCTION, send_trailers);
        (void)curl_easy_setopt(easy, CURLOPT_TRAILERDATA, transfer);
    }
}

static void set_once(CURL *easy, struct http_transfer *transfer)
{
    (void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, forbid_second);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    /* curl compares whole seconds, and takes what is as old as this. */
    (void)curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)HTTP_ONCE_IDLE_S - 1);
}

static long milliseconds(int64_t value_ms)
{
    return value_ms > INT_MAX ? INT_MAX : (long)value_ms;
}

/* The file alone, without the folder of certificates that curl was built with: that is what was
 * asked, and only so does curl keep what it has read of the file (it takes 20 ms and more). */
static bool set_trust(CURL *easy, const char *ca_file)
{
    return ca_file == NULL || (curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file) == CURLE_OK &&
                               curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK);
}

static void set_timeouts(CURL *easy, int64_t timeout_ms, int64_t connect_timeout_ms, int stall_s)
{
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds(timeout_ms));
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(connect_timeout_ms));
    (void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)stall_s);
}

static bool set_options(struct http_transfer *transfer, const struct http_request *request,
                        struct error *err)
{
    CURL *easy = transfer->easy;
    set_callbacks(easy, transfer);
    if (request->source != NULL) {
        set_source(easy, transfer);
    }
    if (request->once) {
        set_once(easy, transfer);
    }
    set_method(easy, request);
    (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    (void)curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, READ_SIZE);
    set_timeouts(easy, request->timeout_ms, request->connect_timeout_ms, request->stall_timeout_s);
    (void)curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->fresh_connection ? 1L : 0L);
    (void)curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, request->close_connection ? 1L : 0L);
    if (request->bypass_proxy) {
        (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
    }
    if (curl_easy_setopt(easy, CURLOPT_SHARE, transfer->http->sessions) != CURLE_OK ||
        !set_trust(easy, request->ca_file) ||
        curl_easy_setopt(easy, CURLOPT_URL, request->url) != CURLE_OK) {
        return error_set_memory(err, "starting a request");
    }
    return true;
}

/* Takes a half-built transfer, too. */
static void free_transfer(struct http_transfer *transfer)
{
    if (transfer->easy != NULL) {
        curl_easy_cleanup(transfer->easy);
    }
    curl_slist_free_all(transfer->headers);
    buffer_release(&transfer->response.headers);
    buffer_release(&transfer->response.body);
    free(transfer);
}

static void link_transfer(struct http_transfer *transfer)
{
    struct http *http = transfer->http;
    transfer->next = http->transfers;
    if (http->transfers != NULL) {
        http->transfers->previous = transfer;
    }
    http->transfers = transfer;
}

static void unlink_transfer(struct http_transfer *transfer)
{
    if (transfer->previous != NULL) {
        transfer->previous->next = transfer->next;
    } else {
        transfer->http->transfers = transfer->next;
    }
    if (transfer->next != NULL) {
        transfer->next->previous = transfer->previous;
    }
}

struct http_transfer *http_start(struct http *http, const struct http_request *request,
                                 http_done *done, void *context, struct error *err)
{
    struct http_transfer *transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL) {
        (void)error_set_memory(err, "starting a request");
        return NULL;
    }
    transfer->http = http;
    transfer->body = request->body;
    transfer->body_length = request->body_length;
    if (request->source != NULL) {
        transfer->source = *request->source;
    }
    transfer->timeout_ms = request->timeout_ms;
    transfer->connect_timeout_ms = request->connect_timeout_ms;
    transfer->stall_timeout_s = request->stall_timeout_s;
    transfer->done = done;
    transfer->context = context;
    buffer_init(&transfer->response.headers, HTTP_HEADERS_MAX);
    buffer_init(&transfer->response.body, request->response_max);
    transfer->easy = curl_easy_init();
    bool ok = transfer->easy != NULL || error_set_memory(err, "starting a request");
    ok = ok && add_headers(transfer, request, err) && set_options(transfer, request, err);
    if (ok && curl_multi_add_handle(http->multi, transfer->easy) != CURLM_OK) {
        ok = error_set_memory(err, "starting a request");
    }
    if (!ok) {
        free_transfer(transfer);
        return NULL;
    }
    link_transfer(transfer);
    return transfer;
}

void http_resume(struct http_transfer *transfer)
{
    if (transfer->paused) {
        transfer->paused = false;
        (void)curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
    }
}

void http_cancel(struct http_transfer *transfer)
{
    unlink_transfer(transfer);
    (void)curl_multi_remove_handle(transfer->http->multi, transfer->easy);
    free_transfer(transfer);
}

/* ---- standing still -------------------------------------------------------------------------- */

void http_stop_clock(struct http *http)
{
    for (struct http_transfer *at = http->transfers; at != NULL; at = at->next) {
        at->stands = true;
        set_timeouts(at->easy, 0, INT_MAX, 0);
    }
}

/* curl counts from when it began, so what it may take grows. A transfer that began meanwhile has
 * all its time. */
void http_start_clock(struct http *http, int64_t stood_ms)
{
    for (struct http_transfer *at = http->transfers; at != NULL; at = at->next) {
        if (at->stands) {
            at->stands = false;
            at->timeout_ms += at->timeout_ms > 0 ? stood_ms : 0;
            at->connect_timeout_ms += at->connect_timeout_ms > 0 ? stood_ms : 0;
            at->stall_timeout_s += at->stall_timeout_s > 0 ? (int)(stood_ms / 1000 + 1) : 0;
            set_timeouts(at->easy, at->timeout_ms, at->connect_timeout_ms, at->stall_timeout_s);
        }
    }
}

/* ---- ending ---------------------------------------------------------------------------------- */

static const char *code_of(CURLcode result)
{
    switch (result) {
    case CURLE_OPERATION_TIMEDOUT:
        return "timeout";
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR: /* the handshake was cut off: by a server that is busy, say */
        return "connect";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
        return "tls";
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return "usage";
    case CURLE_OUT_OF_MEMORY:
        return "memory";
    default:
        return "network";
    }
}

static void describe(const struct http_transfer *transfer, CURLcode result, struct error *err)
{
    if (transfer->refused &&
        buffer_check(&transfer->response.headers, "the response's header", err)) {
        (void)!buffer_check(&transfer->response.body, "the response", err);
        return;
    }
    if (transfer->refused) {
        return;
    }
    if (transfer->starved) {
        (void)error_set_memory(err, "sending a request's trailers");
        return;
    }
    const char *reason =
        transfer->reason[0] != '\0' ? transfer->reason : curl_easy_strerror(result);
    if (transfer->sent > 1) {
        reason = "the connection broke before there was an answer";
    }
    /* curl says of a server that speaks another protocol what it says of an address with one. */
    const struct http_response *response = &transfer->response;
    bool spoke = result == CURLE_UNSUPPORTED_PROTOCOL &&
                 (response->reused_connection || response->connect_us > 0);
    /* OpenSSL's words for an answer that is no TLS. */
    bool plain =
        result == CURLE_SSL_CONNECT_ERROR && strstr(reason, "wrong version number") != NULL;
    (void)error_set(err, spoke ? "network" : code_of(result), "%s%s", reason,
                    plain ? " (the endpoint may speak plain http)" : "");
    err->retryable = strcmp(err->code, "usage") != 0 && strcmp(err->code, "tls") != 0;
}

static int64_t time_us(CURL *easy, CURLINFO what)
{
    curl_off_t value_us = 0;
    (void)curl_easy_getinfo(easy, what, &value_us);
    return value_us;
}

static void read_facts(struct http_transfer *transfer)
{
    struct http_response *response = &transfer->response;
    long status = 0, header_size = 0, connects = 0, local_port = 0;
    curl_off_t downloaded = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_HEADER_SIZE, &header_size);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connects);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_LOCAL_PORT, &local_port);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_DOWNLOAD_T, &downloaded);
    response->status = (int)status;
    response->bytes_received = header_size + downloaded;
    /* No new connection, and yet there was one. */
    response->reused_connection = connects == 0 && local_port != 0;
    response->total_us = time_us(transfer->easy, CURLINFO_TOTAL_TIME_T);
    response->connect_us = time_us(transfer->easy, CURLINFO_CONNECT_TIME_T);
    response->first_byte_us = time_us(transfer->easy, CURLINFO_STARTTRANSFER_TIME_T);
}

static void finish(struct http_transfer *transfer, CURLcode result)
{
    struct error err;
    read_facts(transfer);
    if (result != CURLE_OK) {
        describe(transfer, result, &err);
    }
    unlink_transfer(transfer);
    (void)curl_multi_remove_handle(transfer->http->multi, transfer->easy);
    transfer->done(transfer->context, &transfer->response, result == CURLE_OK ? NULL : &err);
    free_transfer(transfer);
}

/* Whether any had finished. A callback may start or cancel transfers, so the messages are asked
 * for one by one. */
static bool finish_all(struct http *http)
{
    CURLMsg *message;
    int left;
    bool any = false;
    while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            struct http_transfer *transfer = NULL;
            CURLcode result = message->data.result;
            (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
            finish(transfer, result);
            any = true;
        }
    }
    return any;
}

bool http_wait(struct http *http, int timeout_ms, struct error *err)
{
    int running = 0;
    CURLMcode result = curl_multi_perform(http->multi, &running);
    bool any = finish_all(http);
    if (result == CURLM_OK && !any) {
        int bound_ms = timeout_ms < 0 ? 60000 : timeout_ms;
        result = curl_multi_poll(http->multi, NULL, 0, bound_ms, NULL);
        if (result == CURLM_OK) {
            result = curl_multi_perform(http->multi, &running);
            (void)finish_all(http);
        }
    }
    if (result != CURLM_OK) {
        return error_set(err, "network", "waiting for the network: %s",
                         curl_multi_strerror(result));
    }
    return true;
}

bool http_busy(const struct http *http)
{
    return http->transfers != NULL;
}

void http_wakeup(struct http *http)
{
    (void)curl_multi_wakeup(http->multi);
}
