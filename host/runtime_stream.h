/*
 * runtime_stream.h - an answer to Lambda that goes out while the handler makes it.
 */
#ifndef LUNETTE_HOST_RUNTIME_STREAM_H
#define LUNETTE_HOST_RUNTIME_STREAM_H

#include "host/buffer.h"
#include "host/error.h"
#include "host/runtime_api.h"
#include "host/vm_stream.h"

struct runtime_stream {
    struct vm_stream taker; /* for the vm; its context is this */
    struct runtime_api *api;
    const struct runtime_event *event;
    char content_type[256];
    struct buffer head; /* goes out before the first piece */
    size_t head_sent;
    struct vm_stream_piece *first, *last; /* not yet sent */
    struct http_transfer *transfer;       /* while it runs */
    bool opened, started, ended;
    bool done, failed; /* the transfer is over; failed: with `error` */
    int status;
    struct error error;
    char failure_type[128];     /* for the trailers, "" when all went well */
    struct buffer failure_body; /* base64 */
};

/* Everything is borrowed until the release. The struct must not move. */
void runtime_stream_init(struct runtime_stream *stream, struct runtime_api *api,
                         const struct runtime_event *event);
void runtime_stream_release(struct runtime_stream *stream);

/* Is this how the event is answered? Once a byte may have gone out, always; before that, when the
 * handler that opened it has not failed. */
bool runtime_stream_answers(const struct runtime_stream *stream, bool handler_failed);

/* Sends what is left, then the report in trailers if there is one, and waits for the service. */
MUST_CHECK bool runtime_stream_finish(struct runtime_stream *stream,
                                      const struct runtime_report *report,
                                      enum runtime_outcome *outcome, struct error *err);

#endif
