/*
 * aws_server.c - one connection after the other, one request each. See aws_server.h.
 */
#include "tests/unit/aws_server.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/check.h"

#define HEADERS_MAX 16384
#define BACKLOG     64

/* Up to the empty line; the bytes of the body that came with it are counted in *more. */
static bool read_headers(int connection, char text[HEADERS_MAX + 1], size_t *more)
{
    size_t length = 0;
    const char *end = NULL;
    while (end == NULL && length < HEADERS_MAX) {
        ssize_t count = recv(connection, text + length, HEADERS_MAX - length, 0);
        if (count <= 0) {
            return false;
        }
        length += (size_t)count;
        text[length] = '\0';
        end = strstr(text, "\r\n\r\n");
    }
    *more = end == NULL ? 0 : length - (size_t)(end + 4 - text);
    return end != NULL;
}

/* Chunks, in the same memory as the headers: there are few. Trailers may follow the last one, and
 * an empty line ends them all. */
static bool skip_chunks(int connection, char text[HEADERS_MAX + 1], size_t had)
{
    char *body = strstr(text, "\r\n\r\n") + 2;
    size_t length = (size_t)(body - text) + 2 + had;
    while (memmem(body, (size_t)(text + length - body), "\r\n0\r\n", 5) == NULL ||
           memcmp(text + length - 4, "\r\n\r\n", 4) != 0) {
        ssize_t count = recv(connection, text + length, HEADERS_MAX - length, 0);
        if (count <= 0) {
            return false;
        }
        length += (size_t)count;
        text[length] = '\0';
    }
    return true;
}

static bool skip_body(int connection, char *headers, size_t had)
{
    if (strcasestr(headers, "\r\nTransfer-Encoding: chunked\r\n") != NULL) {
        return skip_chunks(connection, headers, had);
    }
    static char bytes[65536];
    const char *line = strcasestr(headers, "\r\nContent-Length:");
    long left = line == NULL ? 0 : strtol(line + strlen("\r\nContent-Length:"), NULL, 10);
    left -= (long)had;
    while (left > 0) {
        ssize_t count = recv(connection, bytes, sizeof bytes, 0);
        if (count <= 0) {
            return false;
        }
        left -= count;
    }
    return true;
}

static void answer(int connection, const struct aws_server *server, const char *request)
{
    const struct aws_server_answer *found = server->answers;
    while (found->request != NULL &&
           strncmp(request, found->request, strlen(found->request)) != 0) {
        found++;
    }
    bool known = found->request != NULL;
    const char *body = known ? found->body : "";
    char text[4096];
    int length =
        snprintf(text, sizeof text, "HTTP/1.1 %sConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
                 known ? found->head : "404 Not Found\r\n", strlen(body),
                 strncmp(request, "HEAD", 4) == 0 ? "" : body);
    (void)!send(connection, text, (size_t)length, MSG_NOSIGNAL);
}

static void *serve(void *context)
{
    static char headers[HEADERS_MAX + 1];
    const struct aws_server *server = context;
    int connection;
    while ((connection = accept(server->listener, NULL, NULL)) >= 0) {
        size_t more;
        if (read_headers(connection, headers, &more) && skip_body(connection, headers, more)) {
            answer(connection, server, headers);
        }
        (void)close(connection);
    }
    return NULL;
}

bool aws_server_start(struct aws_server *server, const struct aws_server_answer *answers)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    char url[64];
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->answers = answers;
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server->listener, (struct sockaddr *)&address, size) != 0 ||
        listen(server->listener, BACKLOG) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &size) != 0 ||
        pthread_create(&server->thread, NULL, serve, server) != 0) {
        return CHECK(!"a server on loopback");
    }
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    (void)setenv("AWS_ENDPOINT_URL", url, 1);
    (void)setenv("AWS_REGION", "eu-west-1", 1);
    (void)setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    return true;
}

void aws_server_stop(struct aws_server *server)
{
    static const char *const names[] = {"AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID",
                                        "AWS_SECRET_ACCESS_KEY"};
    (void)shutdown(server->listener, SHUT_RDWR);
    (void)pthread_join(server->thread, NULL);
    (void)close(server->listener);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)unsetenv(names[i]);
    }
}
