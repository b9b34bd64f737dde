/*
 * buffer.h - a growing byte string with a maximum.
 *
 * Invariants: `data` is NULL or holds `length` bytes followed by a NUL; `length` <= `max`.
 * The first append that fails (maximum or memory) makes the buffer stay as it was and every later
 * append do nothing; a builder appends without looking and asks once, with buffer_check().
 *
 * init    empty, allocates nothing          reset   empty again, keeps its memory and maximum
 * release frees, then as after init         take    gives the bytes away
 */
#ifndef LUNETTE_HOST_BUFFER_H
#define LUNETTE_HOST_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "host/error.h"

enum buffer_state { BUFFER_OK, BUFFER_FULL, BUFFER_NO_MEMORY };

struct buffer {
    char *data;
    size_t length;
    size_t capacity; /* bytes allocated, the NUL's included */
    size_t max;      /* bytes of content allowed, the NUL not counted */
    enum buffer_state state;
};

void buffer_init(struct buffer *buffer, size_t max);
void buffer_release(struct buffer *buffer);
void buffer_reset(struct buffer *buffer);

/* The bytes, NUL-terminated, owned by the caller (free()); the buffer is as after init.
 * NULL only when memory for an empty string could not be had. */
char *buffer_take(struct buffer *buffer, size_t *length);

bool buffer_append(struct buffer *buffer, const void *bytes, size_t length);
bool buffer_append_text(struct buffer *buffer, const char *text);
bool buffer_append_byte(struct buffer *buffer, char byte);
bool buffer_printf(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

/* Makes room for `length` more bytes, so that the next appends of that much can't fail. */
bool buffer_reserve(struct buffer *buffer, size_t length);

/* Appends `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD. */
bool buffer_append_json(struct buffer *buffer, const char *text, size_t length);

/* False, with `too_large` or `memory` naming `what`, if any append has failed. */
MUST_CHECK bool buffer_check(const struct buffer *buffer, const char *what, struct error *err);

/* The content as a C string; "" when empty. Borrowed until the next change. */
const char *buffer_text(const struct buffer *buffer);

#endif
