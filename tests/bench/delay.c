/*
 * delay.c - a line that takes time: what tests/bench puts between a function and its servers.
 *
 *   delay PORT MILLISECONDS    prints the port of 127.0.0.1 that it listens on, and passes all on
 *                              to PORT; ends with its standard input
 *
 * What comes back is held up by that time, so that each request takes so much longer; and so is
 * what a new connection sends first, as by TCP's handshake. Nothing is slowed down otherwise.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK_BYTES   65536
#define QUEUE_MAX     256 /* chunks; a window of 16 MB for each direction */
#define LINES_MAX     200
#define NANOSECONDS_S 1000000000LL

struct chunk {
    struct chunk *next;
    int64_t due_ns;
    size_t length, sent;
    char bytes[CHUNK_BYTES];
};

struct direction {
    int from, to;
    int64_t delay_ns, not_before_ns;
    struct chunk *first, **last;
    int queued;
    bool ended;     /* nothing more comes from there */
    bool passed_on; /* and the other end knows */
};

struct line {
    struct direction request, answer;
    bool broken;
};

static struct line *lines[LINES_MAX];
static size_t line_count;

static int64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * NANOSECONDS_S + time.tv_nsec;
}

static int64_t later(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

/* ---- one direction: false when the line is broken -------------------------------------------- */

static bool take(struct direction *direction)
{
    struct chunk *chunk = malloc(sizeof *chunk);
    if (chunk == NULL) {
        return false;
    }
    ssize_t got = recv(direction->from, chunk->bytes, sizeof chunk->bytes, MSG_DONTWAIT);
    if (got <= 0) {
        free(chunk);
        direction->ended = got == 0;
        return got == 0 || errno == EAGAIN || errno == EINTR;
    }
    chunk->next = NULL;
    chunk->length = (size_t)got;
    chunk->sent = 0;
    chunk->due_ns = later(now_ns() + direction->delay_ns, direction->not_before_ns);
    *direction->last = chunk;
    direction->last = &chunk->next;
    direction->queued++;
    return true;
}

static void drop_first(struct direction *direction)
{
    struct chunk *chunk = direction->first;
    direction->first = chunk->next;
    if (direction->first == NULL) {
        direction->last = &direction->first;
    }
    direction->queued--;
    free(chunk);
}

static bool give(struct direction *direction)
{
    struct chunk *chunk;
    while ((chunk = direction->first) != NULL && chunk->due_ns <= now_ns()) {
        ssize_t sent = send(direction->to, chunk->bytes + chunk->sent, chunk->length - chunk->sent,
                            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        chunk->sent += (size_t)sent;
        if (chunk->sent == chunk->length) {
            drop_first(direction);
        }
    }
    if (direction->ended && direction->first == NULL && !direction->passed_on) {
        direction->passed_on = true;
        shutdown(direction->to, SHUT_WR);
    }
    return true;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int server = socket(AF_INET, SOCK_STREAM, 0);
    if (server >= 0 && connect(server, (struct sockaddr *)&address, sizeof address) != 0) {
        close(server);
        return -1;
    }
    return server;
}

static void at_once(int connection)
{
    int yes = 1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

static void begin(struct direction *direction, int from, int to)
{
    *direction = (struct direction){.from = from, .to = to};
    direction->last = &direction->first;
}

static void open_line(int listener, int port, int64_t delay_ns)
{
    int client = accept(listener, NULL, NULL);
    int server = client < 0 ? -1 : connect_to(port);
    struct line *line = server < 0 ? NULL : calloc(1, sizeof *line);
    if (line == NULL) {
        close(client);
        close(server);
        return;
    }
    at_once(client);
    at_once(server);
    begin(&line->request, client, server);
    begin(&line->answer, server, client);
    line->answer.delay_ns = delay_ns;
    line->request.not_before_ns = now_ns() + delay_ns;
    lines[line_count++] = line;
}

static void close_line(size_t i)
{
    struct line *line = lines[i];
    close(line->request.from);
    close(line->answer.from);
    while (line->request.first != NULL) {
        drop_first(&line->request);
    }
    while (line->answer.first != NULL) {
        drop_first(&line->answer);
    }
    free(line);
    lines[i] = lines[--line_count];
}

/* What to wait for in `direction`; the time that its first chunk has left goes into *wait_ns. */
static void want(const struct direction *direction, struct pollfd *from, struct pollfd *to,
                 int64_t *wait_ns)
{
    if (!direction->ended && direction->queued < QUEUE_MAX) {
        from->events |= POLLIN;
    }
    if (direction->first == NULL) {
        return;
    }
    int64_t left_ns = later(direction->first->due_ns - now_ns(), 0);
    if (left_ns == 0) {
        to->events |= POLLOUT;
    } else if (left_ns < *wait_ns) {
        *wait_ns = left_ns;
    }
}

static void wait_for_any(struct pollfd *polled, size_t count)
{
    int64_t wait_ns = 10 * NANOSECONDS_S;
    for (size_t i = 0; i < line_count; i++) {
        struct pollfd *client = &polled[2 + 2 * i], *server = client + 1;
        *client = (struct pollfd){.fd = lines[i]->request.from};
        *server = (struct pollfd){.fd = lines[i]->answer.from};
        want(&lines[i]->request, client, server, &wait_ns);
        want(&lines[i]->answer, server, client, &wait_ns);
        /* A hang-up that has been seen would be told again and again. */
        client->fd = client->events == 0 ? -1 : client->fd;
        server->fd = server->events == 0 ? -1 : server->fd;
    }
    struct timespec timeout = {.tv_sec = wait_ns / NANOSECONDS_S,
                               .tv_nsec = wait_ns % NANOSECONDS_S};
    ppoll(polled, count, &timeout, NULL);
}

static void move(struct line *line, const struct pollfd *client, const struct pollfd *server)
{
    bool works = (client->revents == 0 || (client->events & POLLIN) == 0 || take(&line->request)) &&
                 (server->revents == 0 || (server->events & POLLIN) == 0 || take(&line->answer));
    line->broken = !works || !give(&line->request) || !give(&line->answer) ||
                   (line->request.passed_on && line->answer.passed_on);
}

static void run(int listener, int port, int64_t delay_ns)
{
    struct pollfd polled[2 + 2 * LINES_MAX];
    for (;;) {
        polled[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
        polled[1] = (struct pollfd){.fd = line_count < LINES_MAX ? listener : -1, .events = POLLIN};
        wait_for_any(polled, 2 + 2 * line_count);
        if (polled[0].revents != 0) {
            return;
        }
        for (size_t i = 0; i < line_count; i++) {
            move(lines[i], &polled[2 + 2 * i], &polled[3 + 2 * i]);
        }
        for (size_t i = line_count; i-- > 0;) {
            if (lines[i]->broken) {
                close_line(i);
            }
        }
        if (polled[1].revents != 0) {
            open_line(listener, port, delay_ns);
        }
    }
}

int main(int count, char **arguments)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (count != 3 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 128) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
        fprintf(stderr, "delay PORT MILLISECONDS\n");
        return 2;
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    run(listener, atoi(arguments[1]), (int64_t)(atof(arguments[2]) * 1e6));
    return 0;
}
