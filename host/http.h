/*
 * http.h - HTTP transfers, many at a time, on one thread. The only file that includes curl.
 *
 * Nothing here follows a redirect, decodes a content encoding, normalises a path or reads a
 * .netrc: the bytes that go out are the bytes that were given, as a signer needs them.
 */
#ifndef LUNETTE_HOST_HTTP_H
#define LUNETTE_HOST_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "host/buffer.h"
#include "host/error.h"

struct http;
struct http_transfer;

/* Idle connections that stay open, all hosts together: four of task.map's default at a time, a
 * sixteenth of the descriptors that a function has. */
#define HTTP_CONNECTIONS_KEPT 64
#define HTTP_HEADERS_MAX      65536 /* bytes of response headers kept, all together */
#define HTTP_ONCE_IDLE_S      2     /* servers wait longer before they hang up */

struct http_header {
    const char *name;
    const char *value; /* a name or value with CR, LF or NUL is refused: `usage` */
};

/* A body whose length nobody knows: it is sent in chunks, as it comes. */
struct http_source {
    void *context;
    /* Puts up to `size` bytes to `to` and returns how many. 0 with *ended: that was all. 0 without:
     * nothing at the moment; http_resume() says when there is. */
    size_t (*read)(void *context, char *to, size_t size, bool *ended);
    /* Headers that follow the body, at most `max`; asked once it has ended. Returns how many. Their
     * names stand in the request's header `Trailer`. NULL: none. */
    size_t (*trailers)(void *context, struct http_header *trailers, size_t max);
};

struct http_request {
    const char *method;
    const char *url; /* http or https, already encoded; sent as it is */
    const struct http_header *headers;
    size_t header_count;
    const void *body; /* borrowed until the transfer is done or cancelled */
    size_t body_length;
    const struct http_source *source; /* in place of a body; copied */
    size_t response_max;              /* bytes of body; more, come or announced, is `too_large` */
    int64_t timeout_ms;               /* for the whole transfer; 0 = none */
    int64_t connect_timeout_ms;       /* 0 = curl's own */
    int stall_timeout_s;              /* `timeout` when no byte has moved for this long; 0 = none */
    bool bypass_proxy;                /* ignore http_proxy and its kin (loopback services) */
    /* Never sent twice. curl sends a request again by itself when a kept-alive connection turns out
     * to be dead; this one is `network` then, and nobody knows whether it was done. To make that
     * rare, it never goes over a connection that has been idle for HTTP_ONCE_IDLE_S. */
    bool once;
    bool fresh_connection; /* not over a kept-alive one */
    bool close_connection; /* nobody uses it after this */
    const char *ca_file;   /* certificates to trust (PEM); NULL = curl's own */
};

struct http_response {
    int status;            /* 0 when no status line arrived */
    struct buffer headers; /* raw lines "Name: value\r\n" of the final response */
    struct buffer body;
    bool reused_connection; /* a send failure on one of these is a dead keep-alive */
    int64_t bytes_received; /* of the response, headers included */
    int64_t total_us, connect_us, first_byte_us;
};

/*
 * Called on the thread that runs http_wait(), once per started and not cancelled transfer. `err`
 * is NULL when a complete response arrived, whatever its status; else `timeout`, `connect` (nothing
 * of the request was sent), `tls` (it is not trusted), `network`, `too_large` or `memory`.
 * The response is borrowed until the callback returns; take its buffers to keep them.
 */
typedef void http_done(void *context, struct http_response *response, const struct error *err);

struct http *http_new(struct error *err); /* NULL on failure; free with http_free() */
void http_free(struct http *http);        /* cancels what runs; NULL is allowed */

/* Starts a transfer; everything of *request but its body is copied. NULL on failure. */
struct http_transfer *http_start(struct http *http, const struct http_request *request,
                                 http_done *done, void *context, struct error *err);

/* The source of this transfer has more to read, or has ended. */
void http_resume(struct http_transfer *transfer);

/* Stops it; `done` is not called. The pointer is dead afterwards, as it is after `done`. */
void http_cancel(struct http_transfer *transfer);

/* While nobody looks after them because the script stands still: the transfers that run now have no
 * limit of time until http_start_clock(), and then `stood_ms` more than they had. */
void http_stop_clock(struct http *http);
void http_start_clock(struct http *http, int64_t stood_ms);

/* Moves data, calls `done` for what has finished, and otherwise waits up to `timeout_ms` (-1 = no
 * bound) for the network or http_wakeup(). */
MUST_CHECK bool http_wait(struct http *http, int timeout_ms, struct error *err);

/* Is there a transfer that has not ended? */
bool http_busy(const struct http *http);

/* Makes a running or the next http_wait() return early. From any thread. */
void http_wakeup(struct http *http);

/* The value of a response header (case-insensitive), copied to `value`; false when absent or when
 * it does not fit. */
bool http_header_value(const struct http_response *response, const char *name, char *value,
                       size_t size);

/* curl's and its TLS library's versions, for --version. */
const char *http_versions(void);

#endif
