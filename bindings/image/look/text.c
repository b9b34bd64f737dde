/*
 * text.c - cleans what cameras and editors wrote. Called by exif_read.c and profile.c.
 */
#include "bindings/image/look/text.h"
#include "host/utf8.h"

#include <string.h>

struct writer {
    char *text;
    size_t used, size;
};

static void add(struct writer *writer, const char *bytes, size_t length)
{
    if (writer->used + length < writer->size) {
        memcpy(writer->text + writer->used, bytes, length);
        writer->used += length;
    } else {
        writer->size = writer->used + 1; /* full: nothing shorter may follow */
    }
}

static void add_character(struct writer *writer, uint32_t code)
{
    char bytes[4];
    size_t length = 1;
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
        code = ' ';
    }
    if (code < 0x80) {
        bytes[0] = (char)code;
    } else if (code < 0x800) {
        length = 2;
        bytes[0] = (char)(0xc0 | code >> 6);
    } else if (code < 0x10000) {
        length = 3;
        bytes[0] = (char)(0xe0 | code >> 12);
    } else {
        length = 4;
        bytes[0] = (char)(0xf0 | code >> 18);
    }
    for (size_t i = 1; i < length; i++) {
        bytes[i] = (char)(0x80 | (code >> (6 * (length - 1 - i)) & 0x3f));
    }
    add(writer, bytes, length);
}

static void finish(struct writer *writer)
{
    while (writer->used > 0 && writer->text[writer->used - 1] == ' ') {
        writer->used--;
    }
    writer->text[writer->used] = '\0';
    size_t blanks = strspn(writer->text, " ");
    memmove(writer->text, writer->text + blanks, writer->used - blanks + 1);
}

void text_read(const uint8_t *bytes, size_t length, char *text, size_t size)
{
    struct writer writer = {text, 0, size};
    const uint8_t *end = length > 0 ? memchr(bytes, '\0', length) : NULL;
    length = end != NULL ? (size_t)(end - bytes) : length;
    const char *utf8 = (const char *)bytes;
    bool valid = utf8_valid(utf8, length);
    for (size_t i = 0; i < length;) {
        size_t sequence = valid ? utf8_sequence(utf8 + i, length - i) : 1;
        if (sequence == 1) {
            add_character(&writer, bytes[i]);
        } else {
            add(&writer, utf8 + i, sequence);
        }
        i += sequence;
    }
    finish(&writer);
}

void text_read_utf16(const uint8_t *bytes, size_t length, char *text, size_t size)
{
    struct writer writer = {text, 0, size};
    for (size_t i = 0; i + 2 <= length; i += 2) {
        uint32_t code = (uint32_t)bytes[i] << 8 | bytes[i + 1];
        if (code == 0) {
            break;
        }
        bool high = code >= 0xd800 && code < 0xdc00 && i + 4 <= length;
        uint32_t low = high ? (uint32_t)bytes[i + 2] << 8 | bytes[i + 3] : 0;
        if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            i += 2;
        } else if (code >= 0xd800 && code < 0xe000) {
            code = 0xfffd;
        }
        add_character(&writer, code);
    }
    finish(&writer);
}
