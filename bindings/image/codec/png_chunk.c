/*
 * png_chunk.c - writes chunks, and sums them up by libdeflate. Called by what writes PNG, whole or
 * in parts, and by png_read.c.
 */
#include "bindings/image/codec/png_chunk.h"

#include <libdeflate.h>

enum { NUMBER = 4, TYPE = 4 };

static void write_number(char to[NUMBER], uint32_t value)
{
    for (int i = 0; i < NUMBER; i++) {
        to[i] = (char)(value >> (24 - 8 * i) & 0xff);
    }
}

void png_chunk_number(struct buffer *file, uint32_t value)
{
    char bytes[NUMBER];
    write_number(bytes, value);
    buffer_append(file, bytes, sizeof bytes);
}

size_t png_chunk_begin(struct buffer *file, const char *type)
{
    png_chunk_number(file, 0); /* its length, not known yet */
    buffer_append(file, type, TYPE);
    return file->length;
}

void png_chunk_end(struct buffer *file, size_t start)
{
    if (file->state != BUFFER_OK) {
        return;
    }
    size_t length = file->length - start;
    write_number(file->data + start - TYPE - NUMBER, (uint32_t)length);
    png_chunk_number(file, png_chunk_sum(file->data + start - TYPE, TYPE + length));
}

void png_chunk_append(struct buffer *file, const char *type, const void *content, size_t length)
{
    size_t start = png_chunk_begin(file, type);
    buffer_append(file, content, length);
    png_chunk_end(file, start);
}

uint32_t png_chunk_sum(const void *type, size_t length)
{
    return libdeflate_crc32(0, type, length);
}
