/*
 * webp_read.h - a still WebP's rows, one after the other, in any size up to its own.
 *
 * Errors: `bad_image` (pixels that are damaged or missing), `memory`, and whatever makes the work
 * stop.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_CODEC_WEBP_READ_H
#define LUNETTE_BINDINGS_IMAGE_CODEC_WEBP_READ_H

#include "bindings/image/engine.h"

struct webp_reader;

/* Of `width` x `height` pixels. `bytes` are borrowed until webp_reader_close(). */
MUST_CHECK bool webp_reader_open(struct webp_reader **reader, const void *bytes, size_t length,
                                 const struct image_info *info, int64_t width, int64_t height,
                                 struct error *err);
void webp_reader_close(struct webp_reader *reader); /* NULL, too */

/* The next row as red, green, blue, alpha; borrowed until the next call. NULL on failure, and not
 * to be called after the last one. Inside library_run() it asks whether to go on. */
const uint8_t *webp_reader_row(struct webp_reader *reader, struct error *err);

/* After the last row: are all the file's pixels there? */
MUST_CHECK bool webp_reader_end(struct webp_reader *reader, struct error *err);

/* The most bytes of memory that the rows take. */
int64_t webp_reader_memory(int64_t width, int64_t height);

#endif
