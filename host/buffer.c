/*
 * buffer.c - a growing byte string with a maximum. See buffer.h for the contract.
 */
#include "host/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/utf8.h"

#define BUFFER_FIRST_CAPACITY 64

void buffer_init(struct buffer *buffer, size_t max)
{
    *buffer = (struct buffer){.max = max};
}

void buffer_release(struct buffer *buffer)
{
    free(buffer->data);
    buffer_init(buffer, buffer->max);
}

void buffer_reset(struct buffer *buffer)
{
    buffer->length = 0;
    buffer->state = BUFFER_OK;
    if (buffer->data != NULL) {
        buffer->data[0] = '\0';
    }
}

char *buffer_take(struct buffer *buffer, size_t *length)
{
    if (buffer->data == NULL && !buffer_reserve(buffer, 0)) {
        return NULL;
    }
    char *data = buffer->data;
    if (length != NULL) {
        *length = buffer->length;
    }
    buffer_init(buffer, buffer->max);
    return data;
}

bool buffer_reserve(struct buffer *buffer, size_t length)
{
    if (buffer->state != BUFFER_OK) {
        return false;
    }
    if (length > buffer->max - buffer->length) {
        buffer->state = BUFFER_FULL;
        return false;
    }
    size_t needed = buffer->length + length + 1;
    if (needed <= buffer->capacity) {
        return true;
    }
    /* What is asked for at first may be all there will be. */
    size_t first = needed > BUFFER_FIRST_CAPACITY ? needed : BUFFER_FIRST_CAPACITY;
    size_t capacity = buffer->capacity == 0 ? first : buffer->capacity;
    while (capacity < needed) {
        capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
    }
    char *data = realloc(buffer->data, capacity);
    if (data == NULL) {
        buffer->state = BUFFER_NO_MEMORY;
        return false;
    }
    data[buffer->length] = '\0';
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

bool buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
    if (!buffer_reserve(buffer, length)) {
        return false;
    }
    if (length > 0) {
        memcpy(buffer->data + buffer->length, bytes, length);
    }
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
    return true;
}

bool buffer_append_text(struct buffer *buffer, const char *text)
{
    return buffer_append(buffer, text, strlen(text));
}

bool buffer_append_byte(struct buffer *buffer, char byte)
{
    return buffer_append(buffer, &byte, 1);
}

bool buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list measured;
    va_copy(measured, arguments);
    int length = vsnprintf(NULL, 0, format, measured);
    va_end(measured);
    bool ok = length >= 0 && buffer_reserve(buffer, (size_t)length);
    if (ok) {
        (void)vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, arguments);
        buffer->length += (size_t)length;
    }
    va_end(arguments);
    return ok;
}

static void append_json_escape(struct buffer *buffer, unsigned char byte)
{
    switch (byte) {
    case '"':
        (void)buffer_append_text(buffer, "\\\"");
        break;
    case '\\':
        (void)buffer_append_text(buffer, "\\\\");
        break;
    case '\n':
        (void)buffer_append_text(buffer, "\\n");
        break;
    case '\r':
        (void)buffer_append_text(buffer, "\\r");
        break;
    case '\t':
        (void)buffer_append_text(buffer, "\\t");
        break;
    default:
        (void)buffer_printf(buffer, "\\u%04x", byte);
    }
}

static bool is_plain_json(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

bool buffer_append_json(struct buffer *buffer, const char *text, size_t length)
{
    (void)buffer_append_byte(buffer, '"');
    size_t i = 0;
    while (i < length) {
        size_t start = i;
        while (i < length && is_plain_json((unsigned char)text[i])) {
            i++;
        }
        (void)buffer_append(buffer, text + start, i - start);
        if (i == length) {
            break;
        }
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x80) {
            append_json_escape(buffer, byte);
            i++;
            continue;
        }
        size_t sequence = utf8_sequence(text + i, length - i);
        if (sequence == 0) {
            (void)buffer_append_text(buffer, "\xEF\xBF\xBD");
            i++;
        } else {
            (void)buffer_append(buffer, text + i, sequence);
            i += sequence;
        }
    }
    return buffer_append_byte(buffer, '"');
}

bool buffer_check(const struct buffer *buffer, const char *what, struct error *err)
{
    switch (buffer->state) {
    case BUFFER_OK:
        return true;
    case BUFFER_FULL:
        return error_set(err, "too_large", "%s is larger than its limit of %zu bytes", what,
                         buffer->max);
    default:
        return error_set_memory(err, what);
    }
}

const char *buffer_text(const struct buffer *buffer)
{
    return buffer->data == NULL ? "" : buffer->data;
}
