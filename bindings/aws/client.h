/*
 * client.h - one operation of an AWS service: attempts over HTTP, each signed when it is sent,
 * until one succeeds or the retry policy says no. Lives on the loop's thread.
 *
 * No attempt is begun that has less than RETRY_MARGIN_MS until the deadline; what is left of an
 * operation when it has passed is its owner's to cancel, which is what the loop does with a job's.
 */
#ifndef LUNETTE_BINDINGS_AWS_CLIENT_H
#define LUNETTE_BINDINGS_AWS_CLIENT_H

#include "bindings/aws/credentials.h"
#include "bindings/aws/endpoint.h"
#include "bindings/aws/retry.h"
#include "bindings/aws/sigv4.h"
#include "host/http.h"
#include "host/loop.h"
#include "host/uuid.h"

/* What the operations of one service share. Plain data, but for the keys: its owner calls
 * aws_client_release(). Must not move while a call runs. */
struct aws_client {
    const char *service; /* "s3", "dynamodb" */
    struct endpoint_settings settings;
    struct credentials *credentials; /* borrowed: of all services */
    struct sigv4_keys keys;
    const struct retry_policy *policy;
    int tokens;
    int attempts_max;       /* AWS_MAX_ATTEMPTS; 0: the policy's */
    int64_t clock_ahead_ms; /* the server's clock before ours, once a server has complained */
    const char *ca_file;    /* NULL: curl's own */
};

/* Reads region, endpoint and retry settings from the environment and the shared files; the
 * credentials are loaded by their owner, before or after. Errors: `usage`, `io`, `memory`, naming
 * what has to be set. */
MUST_CHECK bool aws_client_init(struct aws_client *client, enum endpoint_service service,
                                struct credentials *credentials, struct error *err);
void aws_client_release(struct aws_client *client); /* takes a zeroed one, too */

/* Before anything is signed with the client's credentials: credentials_refresh(). May block. */
MUST_CHECK bool aws_client_refresh(struct aws_client *client, struct error *err);

/* Opens `count` connections to where this bucket's requests go (NULL: the service's), by as many
 * requests whose answers nobody reads. Errors: `usage`, those of endpoint_resolve(), `memory`. */
MUST_CHECK bool aws_client_warm(const struct aws_client *client, struct http *http,
                                const char *bucket, int count, struct error *err);

/* Everything is borrowed until the call is done or cancelled. */
struct aws_request {
    const char *method;
    const struct endpoint *endpoint;
    const char *region; /* to sign for; NULL: the client's */
    const char *path;   /* as endpoint_append_path() made it */
    const struct uri_parameter *query;
    size_t query_count;
    const struct http_header *headers;
    size_t header_count;
    const void *body;
    size_t body_length;
    const char *body_sha256; /* in hex, where it is known already; NULL: computed when signing */
    size_t response_max;
    /* Doing it twice is not doing it once: repeated only when it has surely not been done: not even
     * connected, throttled, by S3 with any 503. */
    bool once;
    /* Looks at an answer of 2xx before it counts as success; false with *err makes it a failure,
     * which is repeated as its code says. NULL: none. `context` is the call's. */
    bool (*check)(void *context, const struct http_response *response, struct error *err);
    /* The server says that what was asked is in `region`: makes endpoint and region those of there
     * and returns true, and it is asked there, once. False: the answer stays a failure. A Location
     * is never followed. NULL: none. `context` is the call's. */
    bool (*move)(void *context, const char *region);
};

/*
 * `err` is NULL for an answer of 2xx or 304. Else err->code, message, status, request_id, attempts
 * and retryable are set, and `response` is the last answer (status 0 when there was none). The
 * response is borrowed until the callback returns; its buffers may be taken. The callback may
 * start the call anew.
 */
typedef void aws_done(void *context, struct http_response *response, const struct error *err);

/* One running operation; embedded in its owner's. Zeroed before its first start. */
struct aws_call {
    /* Its owner's to set. */
    struct aws_client *client;
    struct loop *loop;
    const struct job *job; /* whose deadline it keeps; NULL: its own */
    int64_t deadline_ms;   /* that one, in loop_now_us() / 1000; LOOP_NO_DEADLINE for none */
    const struct aws_request *request;
    aws_done *done;
    void *context;

    /* Its own. */
    struct retry retry;
    struct http_transfer *transfer; /* while one runs */
    struct loop_timer timer;        /* while it waits before the next */
    char invocation_id[UUID_SIZE];  /* the same for all attempts */
    int64_t clock_ahead_ms;         /* what the last attempt was signed with */
    bool clock_corrected, reconnected, moved;
    bool uncertain; /* after a failure: it may have been done all the same */
};

/* False with *err: nothing was begun. */
MUST_CHECK bool aws_call_start(struct aws_call *call, struct error *err);

/* Stops it; `done` is not called. A call that is done or was never started is left as it is. */
void aws_call_cancel(struct aws_call *call);

#endif
