/*
 * reader.h - a cursor over hostile bytes: every read is checked, and the first one that would pass
 * the end makes the reader fail and every later read give zero. A parser reads without looking
 * and asks `failed` once.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_PROBE_READER_H
#define LUNETTE_BINDINGS_IMAGE_PROBE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
    const uint8_t *data; /* borrowed */
    size_t length;
    size_t position; /* <= length */
    bool big_endian;
    bool failed;
};

static inline struct reader reader_of(const void *data, size_t length, bool big_endian)
{
    return (struct reader){.data = data, .length = length, .big_endian = big_endian};
}

static inline size_t reader_left(const struct reader *reader)
{
    return reader->failed ? 0 : reader->length - reader->position;
}

/* The next `count` bytes, and past them; NULL (and failed) when there are fewer, and ever after. */
static inline const uint8_t *reader_take(struct reader *reader, uint64_t count)
{
    if (reader->failed || count > reader_left(reader)) {
        reader->failed = true;
        return NULL;
    }
    const uint8_t *bytes = reader->data + reader->position;
    reader->position += (size_t)count;
    return bytes;
}

static inline void reader_seek(struct reader *reader, uint64_t position)
{
    if (position > reader->length) {
        reader->failed = true;
    } else {
        reader->position = (size_t)position;
    }
}

/* An unsigned number of `size` bytes (1 to 8) in the reader's byte order. */
static inline uint64_t reader_number(struct reader *reader, unsigned size)
{
    const uint8_t *bytes = reader_take(reader, size);
    uint64_t value = 0;
    for (unsigned i = 0; bytes != NULL && i < size; i++) {
        value = value << 8 | bytes[reader->big_endian ? i : size - 1 - i];
    }
    return value;
}

static inline uint8_t reader_u8(struct reader *reader)
{
    return (uint8_t)reader_number(reader, 1);
}

static inline uint16_t reader_u16(struct reader *reader)
{
    return (uint16_t)reader_number(reader, 2);
}

static inline uint32_t reader_u32(struct reader *reader)
{
    return (uint32_t)reader_number(reader, 4);
}

/* The next `count` bytes as a reader of their own; past them. An overrun fails both. */
static inline struct reader reader_part(struct reader *reader, uint64_t count)
{
    const uint8_t *bytes = reader_take(reader, count);
    struct reader part = reader_of(bytes, bytes != NULL ? (size_t)count : 0, reader->big_endian);
    part.failed = bytes == NULL;
    return part;
}

/* Are the next bytes these? Does not move. */
static inline bool reader_at(const struct reader *reader, const void *bytes, size_t count)
{
    return reader_left(reader) >= count &&
           memcmp(reader->data + reader->position, bytes, count) == 0;
}

#endif
