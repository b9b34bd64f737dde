/*
 * stand_in.c - a server that only answers, as fast as it can: what tests/bench puts in the place of
 * S3 when the clients are to be measured and not the server. Nothing is stored, no signature is
 * checked.
 *
 *   stand-in       prints the port of 127.0.0.1 that it listens on; ends with its standard input
 *
 * GET /.../N answers N bytes, the last part of the path being a number; any other request is read
 * to its end and answered with 200 and an ETag.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define HEAD_MAX 16384
#define BODY_MAX ((size_t)16 * 1024 * 1024)
#define EVENTS   64

struct client {
    int socket;
    char head[HEAD_MAX + 1]; /* of the request that is arriving */
    size_t head_length;
    size_t body_left; /* of the request, still to be thrown away */
    bool answering;
    char answer[256];
    size_t answer_length, body_length, sent; /* of the answer; `sent` counts both */
};

static char *object; /* what every body is cut from */

/* ---- what is asked --------------------------------------------------------------------------- */

static size_t content_length(const char *head)
{
    const char *line = strcasestr(head, "\r\ncontent-length:");
    return line == NULL ? 0 : strtoull(line + strlen("\r\ncontent-length:"), NULL, 10);
}

static size_t asked_length(const char *head)
{
    const char *end = head + strcspn(head, "\r\n");
    end -= strlen(" HTTP/1.1");
    const char *number = end;
    while (number > head && number[-1] >= '0' && number[-1] <= '9') {
        number--;
    }
    size_t length = strtoull(number, NULL, 10);
    return length < BODY_MAX ? length : BODY_MAX;
}

static void prepare_answer(struct client *client)
{
    client->body_length = strncmp(client->head, "GET ", 4) == 0 ? asked_length(client->head) : 0;
    client->answer_length = (size_t)snprintf(client->answer, sizeof client->answer,
                                             "HTTP/1.1 200 OK\r\n"
                                             "Content-Length: %zu\r\n"
                                             "Content-Type: image/jpeg\r\n"
                                             "ETag: \"0f343b0931126a20f133d67c2b018a3b\"\r\n"
                                             "Last-Modified: Fri, 20 Nov 2026 12:00:00 GMT\r\n"
                                             "x-amz-request-id: 4442587FB7D0A2F9\r\n\r\n",
                                             client->body_length);
    client->sent = 0;
    client->answering = true;
}

/* ---- sockets: false when the client is gone -------------------------------------------------- */

static bool would_block(void)
{
    return errno == EAGAIN || errno == EINTR;
}

/* boto3 waits for this before it sends a body. */
static bool allow_body(const struct client *client)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    return strcasestr(client->head, "\r\nexpect: 100-continue") == NULL ||
           write(client->socket, go_on, strlen(go_on)) == (ssize_t)strlen(go_on);
}

static bool read_head(struct client *client)
{
    ssize_t count =
        recv(client->socket, client->head + client->head_length, HEAD_MAX - client->head_length, 0);
    if (count <= 0) {
        return count < 0 && would_block();
    }
    client->head_length += (size_t)count;
    client->head[client->head_length] = '\0';
    const char *end = strstr(client->head, "\r\n\r\n");
    if (end == NULL) {
        return client->head_length < HEAD_MAX;
    }
    size_t arrived = client->head_length - (size_t)(end + 4 - client->head);
    size_t length = content_length(client->head);
    client->body_left = arrived < length ? length - arrived : 0;
    client->head_length = 0;
    prepare_answer(client);
    return arrived > 0 || allow_body(client);
}

/* MSG_TRUNC: the kernel throws the bytes away without copying them. */
static bool drop_body(struct client *client)
{
    ssize_t count = recv(client->socket, NULL, client->body_left, MSG_TRUNC);
    if (count <= 0) {
        return count < 0 && would_block();
    }
    client->body_left -= (size_t)count;
    return true;
}

static bool send_answer(struct client *client)
{
    size_t total = client->answer_length + client->body_length;
    size_t head_sent = client->sent < client->answer_length ? client->sent : client->answer_length;
    size_t body_sent = client->sent - head_sent;
    struct iovec parts[] = {
        {client->answer + head_sent, client->answer_length - head_sent},
        {object + body_sent, client->body_length - body_sent},
    };
    ssize_t count = writev(client->socket, parts, 2);
    if (count < 0) {
        return would_block();
    }
    client->sent += (size_t)count;
    client->answering = client->sent < total;
    return true;
}

static bool watch(int poller, struct client *client, int operation)
{
    bool sending = client->answering && client->body_left == 0;
    struct epoll_event event = {.events = sending ? EPOLLOUT : EPOLLIN, .data.ptr = client};
    return epoll_ctl(poller, operation, client->socket, &event) == 0;
}

/* As far as it goes without waiting; only then is the poller asked. */
static bool serve(int poller, struct client *client)
{
    bool was_sending = client->answering && client->body_left == 0;
    bool ok = was_sending             ? send_answer(client)
              : client->body_left > 0 ? drop_body(client)
                                      : read_head(client);
    if (ok && !was_sending && client->answering && client->body_left == 0) {
        ok = send_answer(client);
    }
    bool is_sending = client->answering && client->body_left == 0;
    return ok && (is_sending == was_sending || watch(poller, client, EPOLL_CTL_MOD));
}

static void drop_client(struct client *client)
{
    (void)close(client->socket);
    free(client);
}

static void take_client(int poller, int listener)
{
    int on = 1, socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    struct client *client = calloc(1, sizeof *client);
    if (socket < 0 || client == NULL) {
        free(client);
        return;
    }
    client->socket = socket;
    (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!watch(poller, client, EPOLL_CTL_ADD)) {
        drop_client(client);
    }
}

/* ---------------------------------------------------------------------------------------------- */

static int listen_anywhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
        return -1;
    }
    printf("%d\n", ntohs(address.sin_port));
    (void)fflush(stdout);
    return listener;
}

static char *make_object(void)
{
    char *bytes = malloc(BODY_MAX);
    unsigned int state = 1;
    for (size_t i = 0; bytes != NULL && i < BODY_MAX; i++) {
        state = state * 1664525U + 1013904223U;
        bytes[i] = (char)(state >> 24);
    }
    return bytes;
}

/* Until the standard input ends: whoever started this is gone then. */
static void run(int poller, struct client *listener, struct client *input)
{
    struct epoll_event events[EVENTS];
    for (;;) {
        int count = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            struct client *client = events[i].data.ptr;
            if (client == input) {
                return;
            }
            if (client == listener) {
                take_client(poller, listener->socket);
            } else if (!serve(poller, client)) {
                drop_client(client);
            }
        }
    }
}

int main(void)
{
    int poller = epoll_create1(0);
    static struct client listener, input; /* no clients, but watched as they are */
    object = make_object();
    if (poller < 0 || object == NULL) {
        perror("stand-in");
        return 1;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    listener.socket = listen_anywhere();
    input.socket = STDIN_FILENO;
    if (listener.socket < 0 || !watch(poller, &listener, EPOLL_CTL_ADD) ||
        !watch(poller, &input, EPOLL_CTL_ADD)) {
        perror("stand-in");
        return 1;
    }
    run(poller, &listener, &input);
    return 0;
}
