/*
 * resize.c - the one place that changes the number of pixels. Called by the engine for each target.
 *
 * Each row of the source is resized along itself and kept in a ring for as long as rows of the
 * result need it, so that beside source and result there are only a few rows. The result is
 * written turned and cut: what is cut off is never computed.
 */
#include "bindings/image/resize.h"
#include "bindings/image/filter.h"
#include "bindings/image/kernel.h"
#include "bindings/image/library.h"
#include "bindings/image/orient.h"
#include "bindings/image/times.h"

#include <stdlib.h>

/* Rows between two questions whether to go on. */
#define PATIENCE_ROWS 32

struct work {
    const Image *image;              /* NULL: the rows come from elsewhere */
    int64_t from_width, from_height; /* of the source */
    bool alpha;
    struct weights across, down;
    int64_t left, width; /* the columns of the source that count */
    int64_t line;        /* floats of a row of the ring */
    float *floats;       /* all rows, owned: */
    float *source;       /*   one of the source */
    float *ring;         /*   down.longest that are resized across */
    float *result;       /*   one of the result */
    const float **rows;  /* those of the ring that are added up; owned */
    int64_t next;        /* the first row of the source that was not read yet */
};

static int64_t row_floats(int64_t pixels)
{
    return (pixels + KERNEL_SPARE) * KERNEL_LANES;
}

/* The columns of the source that any output needs: those before are not even read. */
static void choose_columns(struct work *work)
{
    const struct weights *across = &work->across;
    work->left = across->first[0];
    work->width = 0;
    for (int64_t i = 0; i < across->count; i++) {
        across->first[i] -= (int32_t)work->left;
        int64_t end = across->first[i] + across->taps[i];
        work->width = end > work->width ? end : work->width;
    }
}

static bool make_rows(struct work *work, struct error *err)
{
    int64_t source = row_floats(work->width);
    work->line = row_floats(work->across.count);
    work->floats = calloc((size_t)(source + work->line * (work->down.longest + 1)), sizeof(float));
    work->rows = calloc((size_t)work->down.longest, sizeof *work->rows);
    if (work->floats == NULL || work->rows == NULL) {
        return error_set_memory(err, "resizing an image");
    }
    work->source = work->floats;
    work->result = work->source + source;
    work->ring = work->result + work->line;
    return true;
}

static bool begin(struct work *work, const struct resize *resize, struct error *err)
{
    const struct pixels_area *part = &resize->part;
    if (!weights_make(&work->across, resize->filter, work->from_width, resize->width, part->x,
                      part->width, err) ||
        !weights_make(&work->down, resize->filter, work->from_height, resize->height, part->y,
                      part->height, err)) {
        return false;
    }
    choose_columns(work);
    return make_rows(work, err);
}

static void end(struct work *work)
{
    weights_release(&work->across);
    weights_release(&work->down);
    free(work->floats);
    free(work->rows);
}

static float *ring_row(const struct work *work, int64_t y)
{
    return work->ring + y % work->down.longest * work->line;
}

static bool read_row(struct work *work, int64_t y, ExceptionInfo *exception, struct error *err)
{
    const PixelPacket *pixels = AcquireImagePixels(work->image, (long)work->left, (long)y,
                                                   (unsigned long)work->width, 1, exception);
    if (pixels == NULL) {
        return library_failed(exception, "memory", "reading pixels", err);
    }
    kernel_load(work->source, pixels, work->width, work->alpha);
    kernel_across(ring_row(work, y), work->source, &work->across);
    return y % PATIENCE_ROWS != 0 || !library_stopped(err);
}

/* Row `i` of the result, of rows that are in the ring. */
static void add_rows(struct work *work, int64_t i)
{
    int64_t first = work->down.first[i], taps = work->down.taps[i];
    for (int64_t t = 0; t < taps; t++) {
        work->rows[t] = ring_row(work, first + t);
    }
    kernel_down(work->result, work->rows, work->down.values + i * work->down.stride, taps,
                work->across.count);
}

/* Row `i` of the result, into work->result. */
static bool make_row(struct work *work, int64_t i, ExceptionInfo *exception, struct error *err)
{
    int64_t first = work->down.first[i], taps = work->down.taps[i];
    if (work->next < first) {
        work->next = first;
    }
    for (; work->next < first + taps; work->next++) {
        if (!read_row(work, work->next, exception, err)) {
            return false;
        }
    }
    add_rows(work, i);
    return true;
}

static bool make_all(struct work *work, const struct resize *resize, PixelPacket *to,
                     ExceptionInfo *exception, struct error *err)
{
    int64_t width = work->across.count, height = work->down.count;
    struct orient_path path = orient_path(resize->orientation, width, height);
    for (int64_t i = 0; i < height; i++) {
        if (!make_row(work, i, exception, err)) {
            return false;
        }
        kernel_store(to + path.start + i * path.down, path.across, work->result, width,
                     work->alpha);
        if (i % PATIENCE_ROWS == 0 && library_stopped(err)) {
            return false;
        }
    }
    return true;
}

/* An empty picture like `image` in the size of the result, and where its pixels are. */
static Image *new_result(const Image *image, const struct resize *resize, PixelPacket **pixels,
                         ExceptionInfo *exception)
{
    bool swapped = orient_swaps(resize->orientation);
    unsigned long width = (unsigned long)resize->part.width;
    unsigned long height = (unsigned long)resize->part.height;
    Image *result = CloneImage(image, swapped ? height : width, swapped ? width : height,
                               MagickTrue, exception);
    if (result != NULL) {
        result->storage_class = DirectClass;
        result->orientation = TopLeftOrientation;
        *pixels = SetImagePixelsEx(result, 0, 0, result->columns, result->rows, exception);
    }
    return result;
}

/* The mean of black and white is neither; that of greys is grey. */
static void note_kind(Image *made, const Image *source)
{
    made->is_monochrome = MagickFalse;
    made->is_grayscale = source->is_grayscale;
    pixels_forget_page(made);
}

static Image *resample(const Image *image, const struct resize *resize, struct error *err)
{
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    /* First what the library allocates, which may escape from here, then what is ours. */
    PixelPacket *pixels = NULL;
    Image *made = new_result(image, resize, &pixels, &exception);
    bool ok = made != NULL && pixels != NULL;
    if (!ok) {
        (void)library_failed(&exception, "memory", "making a smaller picture", err);
    }
    struct work work = {.image = image,
                        .from_width = (int64_t)image->columns,
                        .from_height = (int64_t)image->rows,
                        .alpha = image->matte != 0};
    ok = ok && begin(&work, resize, err) && make_all(&work, resize, pixels, &exception, err);
    end(&work);
    if (ok && !SyncImagePixelsEx(made, &exception)) {
        ok = library_failed(&exception, "memory", "writing pixels", err);
    }
    DestroyExceptionInfo(&exception);
    if (!ok) {
        pixels_destroy(made);
        return NULL;
    }
    note_kind(made, image);
    return made;
}

Image *resize_image(const Image *image, const struct resize *resize, struct error *err)
{
    const struct pixels_area *part = &resize->part;
    bool same = resize->width == (int64_t)image->columns &&
                resize->height == (int64_t)image->rows && part->width == resize->width &&
                part->height == resize->height && resize->orientation <= 1;
    int64_t began_us = times_begin();
    Image *made = same ? pixels_clone(image, err) : resample(image, resize, err);
    times_end(TIMES_RESIZE, began_us);
    return made;
}

/* ---- row by row ---------------------------------------------------------------------------- */

struct resize_stream {
    struct work work;
    struct orient_path path;
    Image *image;        /* the result */
    PixelPacket *pixels; /* its */
    int64_t made;        /* rows of it */
};

bool resize_stream_open(struct resize_stream **stream, const Image *head, int64_t width,
                        int64_t height, const struct resize *resize, struct error *err)
{
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    PixelPacket *pixels = NULL;
    Image *image = new_result(head, resize, &pixels, &exception);
    bool ok =
        pixels != NULL || library_failed(&exception, "memory", "making a smaller picture", err);
    DestroyExceptionInfo(&exception);
    struct resize_stream *made = ok ? calloc(1, sizeof *made) : NULL;
    if (made == NULL) {
        pixels_destroy(image);
        return ok && error_set_memory(err, "resizing an image");
    }
    note_kind(image, head);
    *made = (struct resize_stream){
        .work = {.from_width = width, .from_height = height, .alpha = head->matte != 0},
        .image = image,
        .pixels = pixels};
    if (!begin(&made->work, resize, err)) {
        resize_stream_close(made);
        return false;
    }
    made->path = orient_path(resize->orientation, made->work.across.count, made->work.down.count);
    *stream = made;
    return true;
}

void resize_stream_close(struct resize_stream *stream)
{
    if (stream != NULL) {
        end(&stream->work);
        pixels_destroy(stream->image);
        free(stream);
    }
}

void resize_stream_row(struct resize_stream *stream, const uint8_t *rgba)
{
    struct work *work = &stream->work;
    const struct weights *down = &work->down;
    int64_t y = work->next++;
    if (stream->made == down->count || y < down->first[stream->made]) {
        return;
    }
    kernel_load_bytes(work->source, rgba + work->left * 4, work->width, work->alpha);
    kernel_across(ring_row(work, y), work->source, &work->across);
    for (; stream->made < down->count; stream->made++) {
        int64_t i = stream->made;
        if (down->first[i] + down->taps[i] > work->next) {
            return;
        }
        add_rows(work, i);
        kernel_store(stream->pixels + stream->path.start + i * stream->path.down,
                     stream->path.across, work->result, work->across.count, work->alpha);
    }
}

Image *resize_stream_take(struct resize_stream *stream, struct error *err)
{
    Image *image = stream->image;
    if (!SyncImagePixels(image)) {
        (void)library_failed(&image->exception, "memory", "writing pixels", err);
        return NULL;
    }
    stream->image = NULL;
    return image;
}

int64_t resize_memory(int64_t from_width, int64_t from_height, const struct resize *resize)
{
    const struct pixels_area *part = &resize->part;
    int64_t rows = weights_longest(resize->filter, from_height, resize->height) + 1;
    int64_t floats = row_floats(from_width) + rows * row_floats(part->width);
    return floats * (int64_t)sizeof(float) +
           weights_memory(resize->filter, from_width, resize->width, part->width) +
           weights_memory(resize->filter, from_height, resize->height, part->height) +
           part->width * part->height * (int64_t)sizeof(PixelPacket);
}
