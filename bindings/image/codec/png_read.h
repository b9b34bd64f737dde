/*
 * png_read.h - a PNG's rows, one after the other, and never more than a few of them in memory.
 *
 * Errors: `bad_image` (a checksum that is wrong, a chunk or rows that are missing, ...), `memory`.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_CODEC_PNG_READ_H
#define LUNETTE_BINDINGS_IMAGE_CODEC_PNG_READ_H

#include "bindings/image/engine.h"

struct png_reader;

/* Up to 8 bits a channel, and not interlaced. */
bool png_reader_can(const struct image_info *info);

/* `bytes` are borrowed until png_reader_close(). */
MUST_CHECK bool png_reader_open(struct png_reader **reader, const void *bytes, size_t length,
                                const struct image_info *info, struct error *err);
void png_reader_close(struct png_reader *reader); /* NULL, too */

/* The next row as red, green, blue, alpha; borrowed until the next call. NULL on failure, and not
 * to be called after the last one. */
const uint8_t *png_reader_row(struct png_reader *reader, struct error *err);

/* After the last row: is the rest of the file there? */
MUST_CHECK bool png_reader_end(struct png_reader *reader, struct error *err);

/* Bytes of memory that reading takes. */
int64_t png_reader_memory(const struct image_info *info);

#endif
