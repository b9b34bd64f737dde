/*
 * rows.h - a picture's rows from above, without the library's raster. What it says beside its
 * pixels is read by the library, of a copy of the file that has but one pixel.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_CODEC_ROWS_H
#define LUNETTE_BINDINGS_IMAGE_CODEC_ROWS_H

#include <magick/api.h>

#include "bindings/image/engine.h"
#include "bindings/image/codec/png_read.h"
#include "bindings/image/codec/webp_read.h"
#include "host/buffer.h"

struct rows {
    int64_t width, height;
    int64_t next; /* the row that comes next */
    struct png_reader *png;
    struct webp_reader *webp;
};

/* PNG of up to 8 bits that isn't interlaced, and still WebP. */
bool rows_can(const struct image_info *info);

/* Writes into `file` a picture of one pixel with the profiles and texts of this one; the caller
 * initialises and releases it. */
MUST_CHECK bool rows_head(const void *bytes, size_t length, const struct image_info *info,
                          struct buffer *file, struct error *err);

/* Of `width` x `height` pixels: of a WebP any size up to its own, of a PNG its own. `bytes` are
 * borrowed until rows_close(). */
MUST_CHECK bool rows_open(struct rows *rows, const void *bytes, size_t length,
                          const struct image_info *info, int64_t width, int64_t height,
                          struct error *err);
void rows_close(struct rows *rows); /* zeroed ones, too */

/* The next row as red, green, blue, alpha; borrowed until the next call. With the last one the rest
 * of the file has been checked. NULL on failure, and not to be called after the last one. */
const uint8_t *rows_next(struct rows *rows, struct error *err);

/* Reads all rows into a picture that is like `head` otherwise. NULL on failure; owned by the caller
 * (pixels_destroy). Inside library_run(). */
Image *rows_image(const void *bytes, size_t length, const struct image_info *info, int64_t width,
                  int64_t height, const Image *head, struct error *err);

/* The most bytes of memory that open rows take. */
int64_t rows_memory(const struct image_info *info, int64_t width, int64_t height);

#endif
