/*
 * vm_stream.h - an answer that goes out while it is made: what the handler's `context.stream` gives
 * to whoever runs the handler.
 *
 *     local write = context.stream { status = 200, headers = { ["content-type"] = "image/webp" } }
 *     write(picture.bytes)
 *
 * The answer begins with the first write and ends with the handler, whose result then says nothing.
 */
#ifndef LUNETTE_HOST_VM_STREAM_H
#define LUNETTE_HOST_VM_STREAM_H

#include <stddef.h>

#include "host/error.h"
#include "host/loop.h"

#define VM_STREAM_MAX ((size_t)200 * 1024 * 1024) /* bytes; what Lambda streams at most */

/* One write. The bytes live until the job is finished: with job_finish(), once they are sent. */
struct vm_stream_piece {
    struct job job;
    const char *bytes;
    size_t length, sent;
    const struct vm_stream *stream;
    struct vm_stream_piece *next; /* the taker's */
};

/* Who takes it; called on the loop's thread. */
struct vm_stream {
    void *context;
    /* The script has asked for a stream; nothing need be sent before the first write. `head` comes
     * before all that is written; both are borrowed for the call. */
    bool (*open)(void *context, const char *content_type, const char *head, size_t head_length,
                 struct error *err);
    /* Takes a piece, and finishes its job now or later. */
    bool (*write)(void *context, struct vm_stream_piece *piece, struct error *err);
    /* The piece is over: it must not be touched any more. */
    void (*cancel)(void *context, struct vm_stream_piece *piece);
};

#endif
