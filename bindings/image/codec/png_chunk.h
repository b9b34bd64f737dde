/*
 * png_chunk.h - a PNG's chunks: a length, a type of four letters, the content, and a checksum of
 * type and content. What does not fit the file's buffer shows in its state.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_CODEC_PNG_CHUNK_H
#define LUNETTE_BINDINGS_IMAGE_CODEC_PNG_CHUNK_H

#include <stdint.h>

#include "host/buffer.h"

/* What the caller appends between the two is the content. `start` is what png_chunk_begin() gave:
 * the content's place in the file, never 0. */
size_t png_chunk_begin(struct buffer *file, const char *type);
void png_chunk_end(struct buffer *file, size_t start);

void png_chunk_append(struct buffer *file, const char *type, const void *content, size_t length);

void png_chunk_number(struct buffer *file, uint32_t value); /* of 4 bytes, into the content */

/* The checksum of a chunk whose type and content have `length` bytes. */
uint32_t png_chunk_sum(const void *type, size_t length);

#endif
