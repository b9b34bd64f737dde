/*
 * aws_server.h - a server on loopback, in a thread, that gives each request the answer written down
 * for it. It allocates nothing, so that it can serve tests in which allocations fail.
 */
#ifndef LUNETTE_TESTS_AWS_SERVER_H
#define LUNETTE_TESTS_AWS_SERVER_H

#include <pthread.h>
#include <stdbool.h>

/* The first one whose `request` the request line begins with ("GET /b/k ") answers. */
struct aws_server_answer {
    const char *request;
    const char *head; /* "200 OK\r\nETag: x\r\n" */
    const char *body;
};

struct aws_server {
    int listener;
    pthread_t thread;
    const struct aws_server_answer *answers; /* borrowed; ends with a NULL request */
};

/* Makes AWS's settings in the environment point to it. */
bool aws_server_start(struct aws_server *server, const struct aws_server_answer *answers);
void aws_server_stop(struct aws_server *server);

#endif
