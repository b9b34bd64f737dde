/*
 * runtime_stream.c - takes the pieces that a handler writes and sends them as chunks of one answer.
 * runtime.c makes one for each event; most are never opened. See runtime_stream.h.
 *
 * Nothing is copied: a piece's job ends when its last byte has been handed to the network, so a
 * script is as fast as its reader. An error in the middle follows the body as trailers.
 */
#include "host/runtime_stream.h"

#include <stdio.h>
#include <string.h>

#define HEAD_MAX    65536
#define TRAILER_MAX 60000 /* bytes of the error's document, encoded; a header is no longer */

/* ---- what the network asks for --------------------------------------------------------------- */

static size_t send_head(struct runtime_stream *stream, char *to, size_t size)
{
    size_t left = stream->head.length - stream->head_sent;
    size_t length = left < size ? left : size;
    memcpy(to, stream->head.data + stream->head_sent, length);
    stream->head_sent += length;
    return length;
}

static void take_first(struct runtime_stream *stream)
{
    stream->first = stream->first->next;
    if (stream->first == NULL) {
        stream->last = NULL;
    }
}

static size_t send_piece(struct runtime_stream *stream, char *to, size_t size)
{
    struct vm_stream_piece *piece = stream->first;
    size_t left = piece->length - piece->sent;
    size_t length = left < size ? left : size;
    memcpy(to, piece->bytes + piece->sent, length);
    piece->sent += length;
    if (piece->sent == piece->length) {
        take_first(stream);
        job_finish(&piece->job, NULL);
    }
    return length;
}

static size_t read_stream(void *context, char *to, size_t size, bool *ended)
{
    struct runtime_stream *stream = context;
    if (stream->head_sent < stream->head.length) {
        return send_head(stream, to, size);
    }
    if (stream->first != NULL) {
        return send_piece(stream, to, size);
    }
    *ended = stream->ended;
    return 0;
}

static size_t read_trailers(void *context, struct http_header *trailers, size_t max)
{
    struct runtime_stream *stream = context;
    if (stream->failure_type[0] == '\0' || max < 2) {
        return 0;
    }
    trailers[0] = (struct http_header){RUNTIME_TRAILER_TYPE, stream->failure_type};
    trailers[1] = (struct http_header){RUNTIME_TRAILER_BODY, buffer_text(&stream->failure_body)};
    return stream->failure_body.state == BUFFER_OK ? 2 : 1;
}

static void transfer_done(void *context, struct http_response *response, const struct error *err)
{
    struct runtime_stream *stream = context;
    stream->transfer = NULL;
    stream->done = true;
    stream->failed = err != NULL;
    stream->status = response->status;
    if (err != NULL) {
        stream->error = *err;
    } else {
        (void)error_set(&stream->error, "runtime_api", "the stream was answered with %d: %.300s",
                        response->status, buffer_text(&response->body));
    }
    while (stream->first != NULL) {
        struct vm_stream_piece *piece = stream->first;
        take_first(stream);
        job_finish(&piece->job, &stream->error);
    }
}

/* ---- what the handler asks for --------------------------------------------------------------- */

static bool open_stream(void *context, const char *content_type, const char *head, size_t length,
                        struct error *err)
{
    struct runtime_stream *stream = context;
    if (strlen(content_type) >= sizeof stream->content_type) {
        return error_set(err, "usage", "the stream's content type is longer than %zu bytes",
                         sizeof stream->content_type - 1);
    }
    (void)buffer_append(&stream->head, head, length);
    if (!buffer_check(&stream->head, "the stream's status, headers and cookies", err)) {
        return false;
    }
    (void)snprintf(stream->content_type, sizeof stream->content_type, "%s", content_type);
    stream->opened = true;
    return true;
}

static bool start(struct runtime_stream *stream, struct error *err)
{
    struct http_source source = {stream, read_stream, read_trailers};
    if (stream->started) {
        return true;
    }
    stream->transfer = runtime_api_stream(stream->api, stream->event, stream->content_type, &source,
                                          transfer_done, stream, err);
    stream->started = stream->transfer != NULL;
    return stream->started;
}

static bool take_piece(void *context, struct vm_stream_piece *piece, struct error *err)
{
    struct runtime_stream *stream = context;
    if (!start(stream, err)) {
        return false;
    }
    if (stream->done) {
        *err = stream->error;
        return false;
    }
    if (stream->last != NULL) {
        stream->last->next = piece;
    } else {
        stream->first = piece;
    }
    stream->last = piece;
    http_resume(stream->transfer);
    return true;
}

static void forget_piece(void *context, struct vm_stream_piece *piece)
{
    struct runtime_stream *stream = context;
    struct vm_stream_piece **at = &stream->first;
    stream->last = NULL;
    while (*at != NULL) {
        if (*at == piece) {
            *at = piece->next;
        } else {
            stream->last = *at;
            at = &stream->last->next;
        }
    }
}

/* ---- for runtime.c --------------------------------------------------------------------------- */

void runtime_stream_init(struct runtime_stream *stream, struct runtime_api *api,
                         const struct runtime_event *event)
{
    memset(stream, 0, sizeof *stream);
    stream->taker = (struct vm_stream){stream, open_stream, take_piece, forget_piece};
    stream->api = api;
    stream->event = event;
    buffer_init(&stream->head, HEAD_MAX);
    buffer_init(&stream->failure_body, TRAILER_MAX);
}

void runtime_stream_release(struct runtime_stream *stream)
{
    if (stream->transfer != NULL) {
        http_cancel(stream->transfer);
    }
    buffer_release(&stream->head);
    buffer_release(&stream->failure_body);
}

bool runtime_stream_answers(const struct runtime_stream *stream, bool handler_failed)
{
    return stream->started || (stream->opened && !handler_failed);
}

static void append_base64(struct buffer *out, const char *text, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length; i += 3) {
        unsigned long bits = 0;
        for (size_t j = 0; j < 3; j++) {
            bits = bits << 8 | (i + j < length ? (unsigned char)text[i + j] : 0);
        }
        char quad[4] = {digits[bits >> 18], digits[bits >> 12 & 63],
                        i + 1 < length ? digits[bits >> 6 & 63] : '=',
                        i + 2 < length ? digits[bits & 63] : '='};
        (void)buffer_append(out, quad, sizeof quad);
    }
}

bool runtime_stream_finish(struct runtime_stream *stream, const struct runtime_report *report,
                           enum runtime_outcome *outcome, struct error *err)
{
    if (report != NULL) {
        (void)snprintf(stream->failure_type, sizeof stream->failure_type, "%s", report->type);
        append_base64(&stream->failure_body, report->body, strlen(report->body));
    }
    if (!start(stream, err)) {
        return false;
    }
    stream->ended = true;
    if (!stream->done) {
        http_resume(stream->transfer);
    }
    while (!stream->done) {
        if (!http_wait(stream->api->http, -1, err)) {
            return false;
        }
    }
    if (stream->failed || !runtime_api_read_outcome(stream->status, outcome)) {
        *err = stream->error;
        return false;
    }
    return true;
}
