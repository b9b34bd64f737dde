/*
 * runtime_api.h - the calls of Lambda's Runtime API, version 2018-06-01, and of the Extensions API
 * that stands beside it. One thread; each call waits for its answer, during which other transfers
 * of the same struct http go on.
 *
 * A call that returns false has left the service in a state that nobody knows: the process should
 * end, so that Lambda starts another. Codes: `runtime_api` (an answer that should not be), or what
 * http.h says (`connect`, `network`, ...).
 */
#ifndef LUNETTE_HOST_RUNTIME_API_H
#define LUNETTE_HOST_RUNTIME_API_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "host/buffer.h"
#include "host/error.h"
#include "host/http.h"

/* What /response takes: 6 MiB and 100 bytes, as AWS's own emulator has it. */
#define RUNTIME_RESPONSE_MAX 6291556

/* More than any event that Lambda sends (6 MB); what a broken server might send is bounded. */
#define RUNTIME_EVENT_MAX (16 * 1024 * 1024)

struct runtime_api {
    struct http *http;
    char base[300];                  /* "http://127.0.0.1:9001" */
    atomic_bool stop;                /* set by anybody: the wait for an event ends with `stopped` */
    struct http_transfer *extension; /* waits for ever, see runtime_api_register() */
};

/* `address` is AWS_LAMBDA_RUNTIME_API, "host:port". `http` is borrowed. Error: `usage`. */
MUST_CHECK bool runtime_api_init(struct runtime_api *api, const char *address, struct http *http,
                                 struct error *err);

void runtime_api_release(struct runtime_api *api); /* before the struct http */

/* One event with its headers; a header that was not sent is "". */
struct runtime_event {
    char request_id[256];
    char function_arn[512];
    char trace_id[1024];
    char client_context[8192]; /* JSON */
    char identity[1024];       /* JSON */
    char tenant_id[512];
    char invocation_id[256]; /* goes back with the answer */
    int64_t deadline_ms;     /* since the epoch; INT64_MAX when none was sent */
    struct buffer body;
};

/* Waits for the next event, for as long as it takes, or until it is told to `stop` and the network
 * wakes up: then `stopped`. *event is released by the caller. */
MUST_CHECK bool runtime_api_next(struct runtime_api *api, struct runtime_event *event,
                                 struct error *err);
void runtime_event_release(struct runtime_event *event);

enum runtime_outcome {
    RUNTIME_ACCEPTED,
    RUNTIME_STALE,    /* 410: Lambda has given up on this event, which is over with that */
    RUNTIME_TOO_LARGE /* 413: the caller has been told so already */
};

/* Answers with JSON. */
MUST_CHECK bool runtime_api_respond(struct runtime_api *api, const struct runtime_event *event,
                                    const void *body, size_t length, enum runtime_outcome *outcome,
                                    struct error *err);

/*
 * Begins an answer that goes out as it is made; `source` gives its bytes and, as trailers, the
 * error that broke it off. NULL on failure. `done` as of http_start(): with a status that
 * runtime_api_read_outcome() understands.
 */
struct http_transfer *runtime_api_stream(struct runtime_api *api, const struct runtime_event *event,
                                         const char *content_type, const struct http_source *source,
                                         http_done *done, void *context, struct error *err);
MUST_CHECK bool runtime_api_read_outcome(int status, enum runtime_outcome *outcome);

#define RUNTIME_TRAILER_TYPE "Lambda-Runtime-Function-Error-Type"
#define RUNTIME_TRAILER_BODY "Lambda-Runtime-Function-Error-Body" /* base64 of report.body */

/* Texts are borrowed for the call. */
struct runtime_report {
    const char *type;  /* "Function.LuaError" */
    const char *body;  /* JSON: errorMessage, errorType, stackTrace */
    const char *cause; /* JSON for X-Ray, on one line; NULL: none */
};

/* The event failed. */
MUST_CHECK bool runtime_api_fail(struct runtime_api *api, const struct runtime_event *event,
                                 const struct runtime_report *report, enum runtime_outcome *outcome,
                                 struct error *err);

/*
 * Registers the process as an extension of its own function, for no event at all: Lambda then says
 * SIGTERM and waits half a second before it kills. The transfer that has to wait for events after
 * that goes on until runtime_api_release(). False where the service has no extensions, or no more.
 */
MUST_CHECK bool runtime_api_register(struct runtime_api *api, struct error *err);

/* The process can't serve. */
MUST_CHECK bool runtime_api_fail_init(struct runtime_api *api, const struct runtime_report *report,
                                      struct error *err);

#endif
