/*
 * resize.h - fewer pixels, or more, turned as they are shown.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_RESIZE_H
#define LUNETTE_BINDINGS_IMAGE_RESIZE_H

#include "bindings/image/engine.h"
#include "bindings/image/pixels.h"

struct resize {
    int64_t width, height;   /* what the whole source becomes, as it is stored */
    struct pixels_area part; /* which part of that is wanted, as it is stored */
    int orientation;         /* EXIF's 1 to 8: how the part is turned to be displayed */
    enum image_filter filter;
};

/* Colours are weighted by their alpha; not for CMYK with alpha, which the library keeps elsewhere.
 * A picture of its own; NULL on failure, owned by the caller (pixels_destroy). */
Image *resize_image(const Image *image, const struct resize *resize, struct error *err);

/*
 * The same of rows as they come, from the first to the last: red, green, blue and alpha of `width`
 * pixels each. The result is like `head` otherwise, and has an alpha channel if that has one.
 */
struct resize_stream;
MUST_CHECK bool resize_stream_open(struct resize_stream **stream, const Image *head, int64_t width,
                                   int64_t height, const struct resize *resize, struct error *err);
void resize_stream_row(struct resize_stream *stream, const uint8_t *rgba);

/* After the last row: the picture, owned by the caller (pixels_destroy). NULL on failure. */
Image *resize_stream_take(struct resize_stream *stream, struct error *err);
void resize_stream_close(struct resize_stream *stream); /* NULL, too */

/* Bytes of memory that resize_image() takes beyond its source, its result included. */
int64_t resize_memory(int64_t from_width, int64_t from_height, const struct resize *resize);

#endif
