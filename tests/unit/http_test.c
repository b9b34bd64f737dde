/*
 * http_test.c - transfers against a real server: a thread of this process on loopback, which
 * answers what each path asks for.
 */
#include "tests/unit/check.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/http.h"
#include "host/loop.h"

struct server {
    int listener;
    int port;
    pthread_t thread;
    int hang_ups; /* of the thread until it has ended */
};

/* Reads one request with its body into `text`; its length, 0 when the peer has gone. */
static size_t read_request(int connection, char *text, size_t size)
{
    size_t length = 0;
    size_t wanted = SIZE_MAX;
    while (length < wanted && length + 1 < size) {
        ssize_t count = recv(connection, text + length, size - 1 - length, 0);
        if (count <= 0) {
            return 0;
        }
        length += (size_t)count;
        text[length] = '\0';
        const char *end = strstr(text, "\r\n\r\n");
        if (end != NULL) {
            const char *field = strcasestr(text, "content-length:");
            size_t body = field == NULL ? 0 : strtoul(field + 15, NULL, 10);
            wanted = (size_t)(end + 4 - text) + body;
        }
    }
    return length;
}

static void send_all(int connection, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t count = send(connection, text, length, MSG_NOSIGNAL);
        if (count <= 0) {
            return;
        }
        text += count;
        length -= (size_t)count;
    }
}

static void send_text(int connection, const char *text)
{
    send_all(connection, text, strlen(text));
}

/* The whole request comes back as the body: what was sent is what is checked. */
static void answer_echo(int connection, const char *request, size_t length)
{
    char head[128];
    (void)snprintf(head, sizeof head,
                   "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nX-Answer:  forty two \r\n\r\n",
                   length);
    send_text(connection, head);
    send_all(connection, request, length);
}

static int late[2]; /* a pipe: /late is answered when a byte comes */

/* True: keep the connection. */
static bool answer(int connection, const char *request, size_t length)
{
    if (strstr(request, " /missing ") != NULL) {
        send_text(connection, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone");
    } else if (strstr(request, " /redirect ") != NULL) {
        send_text(connection, "HTTP/1.1 301 Moved\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n");
    } else if (strstr(request, " /short ") != NULL) {
        send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
        return false;
    } else if (strncmp(request, "HEAD ", 5) == 0) {
        send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    } else if (strstr(request, " /hang-up ") != NULL) {
        return false;
    } else if (strstr(request, " /silent ") != NULL) {
        char byte;
        (void)!recv(connection, &byte, 1, 0); /* until the other side has enough */
        return false;
    } else if (strstr(request, " /late ") != NULL) {
        char byte;
        (void)!read(late[0], &byte, 1);
        send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    } else if (strstr(request, " /headers ") != NULL) {
        send_text(connection, "HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < 900; i++) {
            send_text(connection,
                      "X-Filler: 0123456789012345678901234567890123456789012345678901234567"
                      "890123456789\r\n");
        }
        send_text(connection, "Content-Length: 0\r\n\r\n");
    } else {
        answer_echo(connection, request, length);
    }
    return true;
}

static void *serve(void *argument)
{
    struct server *server = argument;
    char *request = malloc(1 << 20);
    int connection;
    while ((connection = accept(server->listener, NULL, NULL)) >= 0) {
        size_t length;
        while ((length = read_request(connection, request, 1 << 20)) > 0) {
            server->hang_ups += strstr(request, " /hang-up ") != NULL;
            if (!answer(connection, request, length)) {
                break;
            }
        }
        (void)close(connection);
    }
    free(request);
    return NULL;
}

static bool start_server(struct server *server)
{
    server->hang_ups = 0;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server->listener, (struct sockaddr *)&address, size) != 0 ||
        listen(server->listener, 16) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &size) != 0) {
        return false;
    }
    server->port = ntohs(address.sin_port);
    return pthread_create(&server->thread, NULL, serve, server) == 0;
}

static void stop_server(struct server *server)
{
    (void)shutdown(server->listener, SHUT_RDWR);
    (void)pthread_join(server->thread, NULL);
    (void)close(server->listener);
}

struct outcome {
    int done;
    int status;
    char *body;
    size_t body_length;
    char code[64], message[256], answer[64];
    bool reused;
};

static void keep(void *context, struct http_response *response, const struct error *err)
{
    struct outcome *outcome = context;
    outcome->done++;
    outcome->status = response->status;
    outcome->reused = response->reused_connection;
    (void)http_header_value(response, "x-answer", outcome->answer, sizeof outcome->answer);
    free(outcome->body);
    outcome->body = buffer_take(&response->body, &outcome->body_length);
    (void)snprintf(outcome->code, sizeof outcome->code, "%s", err == NULL ? "" : err->code);
    (void)snprintf(outcome->message, sizeof outcome->message, "%.200s",
                   err == NULL ? "" : err->message);
}

static struct http_request request_to(const struct server *server, const char *path, char url[256])
{
    (void)snprintf(url, 256, "http://127.0.0.1:%d%s", server->port, path);
    return (struct http_request){.method = "GET",
                                 .url = url,
                                 .response_max = 1 << 20,
                                 .timeout_ms = 60000,
                                 .bypass_proxy = true};
}

static void run(struct http *http, const struct http_request *request, struct outcome *outcome)
{
    struct error err;
    outcome->done = 0;
    if (!CHECK(http_start(http, request, keep, outcome, &err) != NULL)) {
        return;
    }
    while (outcome->done == 0 && CHECK(http_wait(http, 1000, &err))) {
    }
    CHECK_INTEGER(outcome->done, 1);
}

TEST(http_sends_what_it_was_given)
{
    struct server server;
    struct error err;
    char url[256];
    struct outcome outcome = {0};
    struct http *http = http_new(&err);
    CHECK(start_server(&server));
    struct http_header headers[] = {{"X-Empty", ""}, {"X-One", "1"}};
    struct http_request request = request_to(&server, "/a/../b//c%2Fd?x=%20y", url);
    request.method = "PUT";
    request.headers = headers;
    request.header_count = 2;
    request.body = "hello";
    request.body_length = 5;
    run(http, &request, &outcome);
    CHECK_INTEGER(outcome.status, 200);
    CHECK_TEXT(outcome.code, "");
    CHECK_TEXT(outcome.answer, "forty two");
    CHECK(strstr(outcome.body, "PUT /a/../b//c%2Fd?x=%20y HTTP/1.1\r\n") == outcome.body);
    CHECK(strstr(outcome.body, "\r\nX-Empty:\r\n") != NULL);
    CHECK(strstr(outcome.body, "\r\nX-One: 1\r\n") != NULL);
    CHECK(strstr(outcome.body, "\r\nContent-Length: 5\r\n") != NULL);
    CHECK(strcasestr(outcome.body, "expect:") == NULL);
    CHECK(strcasestr(outcome.body, "accept-encoding:") == NULL);
    CHECK(strstr(outcome.body, "\r\n\r\nhello") != NULL);
    free(outcome.body);
    http_free(http);
    stop_server(&server);
}

TEST(http_keeps_connections_and_follows_nothing)
{
    struct server server;
    struct error err;
    char url[256];
    struct outcome outcome = {0};
    struct http *http = http_new(&err);
    CHECK(start_server(&server));
    struct http_request request = request_to(&server, "/redirect", url);
    run(http, &request, &outcome);
    CHECK_INTEGER(outcome.status, 301);
    CHECK(!outcome.reused);
    request = request_to(&server, "/missing", url);
    run(http, &request, &outcome);
    CHECK_INTEGER(outcome.status, 404);
    CHECK_TEXT(outcome.body, "gone");
    CHECK(outcome.reused);
    request = request_to(&server, "/hang-up", url);
    request.method = "POST"; /* curl repeats it by itself, once, on a new connection */
    request.body = "x";
    request.body_length = 1;
    run(http, &request, &outcome);
    CHECK_TEXT(outcome.code, "network");
    CHECK(!outcome.reused);
    free(outcome.body);
    http_free(http);
    stop_server(&server);
}

TEST(http_sends_once_what_must_not_be_done_twice)
{
    static const struct {
        const char *method;
        size_t body_length;
    } cases[] = {{"POST", 1}, {"PUT", 3}, {"DELETE", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct server server;
        struct error err;
        char url[256];
        struct outcome outcome = {0};
        struct http *http = http_new(&err);
        check_case("%s", cases[i].method);
        CHECK(start_server(&server));
        struct http_request request = request_to(&server, "/missing", url);
        run(http, &request, &outcome);
        request.once = true;
        run(http, &request, &outcome);
        CHECK_INTEGER(outcome.status, 404);
        CHECK(outcome.reused); /* a connection that has just been used is as good as a new one */
        request = request_to(&server, "/hang-up", url);
        request.method = cases[i].method;
        request.body = "xyz";
        request.body_length = cases[i].body_length;
        request.once = true;
        run(http, &request, &outcome);
        CHECK_TEXT(outcome.code, "network");
        CHECK_TEXT(outcome.message, "the connection broke before there was an answer");
        request = request_to(&server, "/missing", url);
        run(http, &request, &outcome);
        CHECK_INTEGER(outcome.status, 404);
        free(outcome.body);
        http_free(http);
        stop_server(&server);
        CHECK_INTEGER(server.hang_ups, 1);
    }
}

TEST(http_names_what_went_wrong)
{
    static const struct {
        const char *path, *code, *message;
        size_t response_max;
        int64_t timeout_ms;
    } cases[] = {
        {"/short", "network", "", 1000, 60000},
        {"/silent", "timeout", "", 1000, 100},
        {"/echo", "too_large", "the response is larger than its limit of 10 bytes", 10, 60000},
        {"/short", "too_large", "the response is larger than its limit of 99 bytes", 99, 60000},
        {"/headers", "too_large", "the response's header is larger", 1000, 60000},
    };
    struct server server;
    struct error err;
    struct http *http = http_new(&err);
    CHECK(start_server(&server));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char url[256];
        struct outcome outcome = {0};
        check_case("%s", cases[i].path);
        struct http_request request = request_to(&server, cases[i].path, url);
        request.response_max = cases[i].response_max;
        request.timeout_ms = cases[i].timeout_ms;
        run(http, &request, &outcome);
        CHECK_TEXT(outcome.code, cases[i].code);
        CHECK(strncmp(outcome.message, cases[i].message, strlen(cases[i].message)) == 0);
        free(outcome.body);
    }
    int port = server.port;
    stop_server(&server);
    check_case("nobody listens");
    char url[256];
    struct outcome outcome = {0};
    server.port = port;
    struct http_request request = request_to(&server, "/", url);
    run(http, &request, &outcome);
    CHECK_TEXT(outcome.code, "connect");
    CHECK(!outcome.reused);
    outcome.reused = true;
    request.url = "ftp://127.0.0.1/";
    run(http, &request, &outcome);
    CHECK_TEXT(outcome.code, "usage");
    CHECK(!outcome.reused);
    free(outcome.body);
    http_free(http);
}

TEST(http_refuses_line_breaks_in_headers)
{
    struct error err;
    struct http *http = http_new(&err);
    struct http_header header = {"X-Bad", "a\r\nX-Smuggled: b"};
    struct http_request request = {.method = "GET",
                                   .url = "http://127.0.0.1:1/",
                                   .headers = &header,
                                   .header_count = 1,
                                   .response_max = 10};
    CHECK(http_start(http, &request, keep, NULL, &err) == NULL);
    CHECK_TEXT(err.code, "usage");
    http_free(http);
}

TEST(http_cancel_is_silent)
{
    struct server server;
    struct error err;
    char url[256];
    struct outcome outcome = {0};
    struct http *http = http_new(&err);
    CHECK(start_server(&server));
    struct http_request request = request_to(&server, "/silent", url);
    struct http_transfer *transfer = http_start(http, &request, keep, &outcome, &err);
    CHECK(http_wait(http, 20, &err));
    http_cancel(transfer);
    CHECK(http_wait(http, 20, &err));
    CHECK_INTEGER(outcome.done, 0);
    http_free(http);
    stop_server(&server);
}

static void *wake_later(void *http)
{
    usleep(20000);
    http_wakeup(http);
    return NULL;
}

TEST(http_wakeup_ends_a_wait)
{
    struct error err;
    struct http *http = http_new(&err);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, wake_later, http) == 0);
    CHECK(http_wait(http, 30000, &err)); /* the test's own time limit would notice */
    (void)pthread_join(thread, NULL);
    http_free(http);
}

TEST(http_methods_send_what_they_should)
{
    static const struct {
        const char *method, *body, *length; /* "" : an empty Content-Length is not sent */
    } cases[] = {
        {"GET", "", NULL},    {"PUT", "", "0"},       {"POST", "", "0"},     {"POST", "abc", "3"},
        {"DELETE", "", NULL}, {"DELETE", "abc", "3"}, {"OPTIONS", "", NULL}, {"HEAD", "", NULL},
    };
    struct server server;
    struct error err;
    struct http *http = http_new(&err);
    CHECK(start_server(&server));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char url[256], line[64];
        struct outcome outcome = {0};
        check_case("%s %s", cases[i].method, cases[i].body);
        bool is_head = strcmp(cases[i].method, "HEAD") == 0;
        struct http_request request = request_to(&server, is_head ? "/head" : "/", url);
        struct http_header blank = {"X-Blank", " \t"};
        request.method = cases[i].method;
        request.body = cases[i].body;
        request.body_length = strlen(cases[i].body);
        request.headers = &blank;
        request.header_count = 1;
        run(http, &request, &outcome);
        CHECK_TEXT(outcome.code, "");
        CHECK_INTEGER(outcome.status, 200);
        if (is_head) {
            CHECK_INTEGER(outcome.body_length, 0);
        } else {
            (void)snprintf(line, sizeof line, "%s / HTTP/1.1\r\n", cases[i].method);
            CHECK(strncmp(outcome.body, line, strlen(line)) == 0);
            (void)snprintf(line, sizeof line, "\r\nContent-Length: %s\r\n",
                           cases[i].length == NULL ? "" : cases[i].length);
            CHECK((strstr(outcome.body, line) != NULL) == (cases[i].length != NULL));
            CHECK(strcasestr(outcome.body, "transfer-encoding:") == NULL);
            CHECK(strcasestr(outcome.body, "content-type:") == NULL);
            CHECK(strstr(outcome.body, "\r\nX-Blank:\r\n") != NULL);
            const char *end = strstr(outcome.body, "\r\n\r\n");
            CHECK_TEXT(end == NULL ? NULL : end + 4, cases[i].body);
        }
        free(outcome.body);
    }
    http_free(http);
    stop_server(&server);
}

/* What a `done` may do: stop others, whether they have finished or not, and start some. */
struct chain {
    struct http *http;
    struct http_request request;
    struct http_transfer *others[2];
    struct outcome first, next, never;
};

static void replace_others(void *context, struct http_response *response, const struct error *err)
{
    struct chain *chain = context;
    struct error failure;
    keep(&chain->first, response, err);
    for (size_t i = 0; i < 2; i++) {
        http_cancel(chain->others[i]);
    }
    CHECK(http_start(chain->http, &chain->request, keep, &chain->next, &failure) != NULL);
}

TEST(http_done_may_start_and_cancel_others)
{
    struct server server;
    struct error err;
    char url[256];
    CHECK(start_server(&server));
    struct chain chain = {.http = http_new(&err)};
    chain.request = request_to(&server, "/echo", url);
    CHECK(http_start(chain.http, &chain.request, replace_others, &chain, &err) != NULL);
    for (size_t i = 0; i < 2; i++) {
        chain.others[i] = http_start(chain.http, &chain.request, keep, &chain.never, &err);
        CHECK(chain.others[i] != NULL);
    }
    while (chain.next.done == 0 && CHECK(http_wait(chain.http, 2000, &err))) {
    }
    CHECK_INTEGER(chain.first.done, 1);
    CHECK_INTEGER(chain.next.done, 1);
    CHECK_INTEGER(chain.next.status, 200);
    CHECK_INTEGER(chain.never.done, 0);
    free(chain.first.body);
    free(chain.next.body);
    http_free(chain.http);
    stop_server(&server);
}

/* A transfer that is not the newest ends: the wait must end with it, and not go on for its time. */
TEST(http_wait_returns_as_soon_as_any_transfer_has_ended)
{
    struct server server;
    struct error err;
    char url[256], other_url[256];
    struct outcome outcome = {0}, other = {0};
    struct http *http = http_new(&err);
    CHECK(start_server(&server));
    struct http_request request = request_to(&server, "/echo", url);
    struct http_request slow = request_to(&server, "/silent", other_url);
    CHECK(http_start(http, &request, keep, &outcome, &err) != NULL);
    CHECK(http_start(http, &slow, keep, &other, &err) != NULL);
    int waits = 0;
    while (outcome.done == 0 && waits++ < 1000 && CHECK(http_wait(http, 20, &err))) {
    }
    CHECK_INTEGER(outcome.done, 1);
    CHECK_INTEGER(other.done, 0);
    free(outcome.body);
    http_free(http);
    free(other.body);
    stop_server(&server);
}

/* Begins, goes on for 100 ms, stands still for 2,200, and goes on to its end: is answered then, or
 * is not. */
static void run_standing(struct http *http, const struct http_request *request, bool is_answered,
                         struct outcome *outcome)
{
    struct error err;
    outcome->done = 0;
    if (!CHECK(http_start(http, request, keep, outcome, &err) != NULL)) {
        return;
    }
    for (int i = 0; i < 5; i++) {
        CHECK(http_wait(http, 20, &err));
    }
    int64_t stopped_us = loop_now_us();
    http_stop_clock(http);
    usleep(2200000);
    CHECK(http_wait(http, 0, &err)); /* somebody asks for something meanwhile */
    http_start_clock(http, (loop_now_us() - stopped_us) / 1000);
    if (is_answered) {
        CHECK(write(late[1], "a", 1) == 1);
    }
    while (outcome->done == 0 && CHECK(http_wait(http, 20, &err))) {
    }
}

TEST(http_transfers_have_their_time_while_the_clock_is_stopped)
{
    static const struct {
        int64_t timeout_ms;
        int stall_s;
        const char *code;
    } cases[] = {{2000, 0, ""}, {0, 2, ""}, {400, 0, "timeout"}};
    struct error err;
    CHECK(pipe(late) == 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct server server;
        struct outcome outcome = {0};
        char url[256];
        struct http *http = http_new(&err);
        check_case("%d ms, %d s", (int)cases[i].timeout_ms, cases[i].stall_s);
        CHECK(start_server(&server));
        struct http_request request = request_to(&server, "/late", url);
        request.timeout_ms = cases[i].timeout_ms;
        request.stall_timeout_s = cases[i].stall_s;
        bool is_answered = cases[i].code[0] == '\0';
        run_standing(http, &request, is_answered, &outcome);
        CHECK_TEXT(outcome.code, cases[i].code);
        CHECK(is_answered || write(late[1], "a", 1) == 1);
        free(outcome.body);
        http_free(http);
        stop_server(&server);
    }
    (void)close(late[0]);
    (void)close(late[1]);
}
