/*
 * gif_write.c - writes GIF's blocks and compresses indices. Called by gif.c.
 */
#include "bindings/image/codec/gif_write.h"

#include <stdlib.h>
#include <string.h>

static void put_u16(struct buffer *file, int64_t value)
{
    buffer_append_byte(file, (char)(value & 0xff));
    buffer_append_byte(file, (char)(value >> 8 & 0xff));
}

static void put_table(struct buffer *file, const struct gif_table *table)
{
    buffer_append(file, table->rgb, (size_t)3 << table->bits);
}

static void put_comment(struct buffer *file, const char *comment)
{
    buffer_append(file, "\x21\xfe", 2);
    for (size_t left = strlen(comment); left > 0;) {
        size_t length = left < 255 ? left : 255;
        buffer_append_byte(file, (char)length);
        buffer_append(file, comment, length);
        comment += length;
        left -= length;
    }
    buffer_append_byte(file, 0);
}

void gif_write_head(struct buffer *file, int64_t width, int64_t height,
                    const struct gif_table *table, int again, const char *comment)
{
    buffer_append(file, "GIF89a", 6);
    put_u16(file, width);
    put_u16(file, height);
    buffer_append_byte(file, (char)(0xf0 | (table->bits - 1)));
    buffer_append(file, "\0\0", 2); /* background, shape of a pixel */
    put_table(file, table);
    if (again >= 0) {
        buffer_append(file, "\x21\xff\x0bNETSCAPE2.0\x03\x01", 16);
        put_u16(file, again);
        buffer_append_byte(file, 0);
    }
    if (comment[0] != '\0') {
        put_comment(file, comment);
    }
}

size_t gif_write_control(struct buffer *file, const struct gif_frame *frame)
{
    bool transparent = frame->transparent >= 0;
    buffer_append(file, "\x21\xf9\x04", 3);
    buffer_append_byte(file, (char)(frame->disposal << 2 | (transparent ? 1 : 0)));
    size_t at = file->length;
    put_u16(file, frame->delay_cs);
    buffer_append_byte(file, (char)(transparent ? frame->transparent : 0));
    buffer_append_byte(file, 0);
    return at;
}

void gif_write_delay(struct buffer *file, size_t at, int64_t delay_cs)
{
    if (at + 2 <= file->length) {
        file->data[at] = (char)(delay_cs & 0xff);
        file->data[at + 1] = (char)(delay_cs >> 8 & 0xff);
    }
}

bool gif_write_frame(struct buffer *file, const struct gif_frame *frame, struct error *err)
{
    int bits = frame->table->bits;
    buffer_append_byte(file, 0x2c);
    put_u16(file, frame->x);
    put_u16(file, frame->y);
    put_u16(file, frame->width);
    put_u16(file, frame->height);
    buffer_append_byte(
        file, (char)((frame->interlaced ? 0x40 : 0) | (frame->own_table ? 0x80 | (bits - 1) : 0)));
    if (frame->own_table) {
        put_table(file, frame->table);
    }
    size_t count = (size_t)frame->width * (size_t)frame->height;
    return gif_write_pixels(file, frame->indices, count, bits, err);
}

void gif_write_end(struct buffer *file)
{
    buffer_append_byte(file, ';');
}

/* ---- compression --------------------------------------------------------------------------- */

enum { CODES_MAX = 1 << 12, SLOT_BITS = 14, SLOTS = 1 << SLOT_BITS };

/* As many slots are passed only in what was made for that, which would take very long. */
enum { PASSED_MAX = 64 };

struct packer {
    struct buffer *file;
    uint32_t bits;
    int filled;
    uint8_t block[255];
    size_t length;
    int code_bits, next; /* the width of a code, the next new one */
    int clear;
    uint32_t keys[SLOTS]; /* a code and the index after it, plus 1; 0: the slot is empty */
    uint16_t codes[SLOTS];
};

static void put_byte(struct packer *packer, uint8_t byte)
{
    packer->block[packer->length++] = byte;
    if (packer->length == sizeof packer->block) {
        buffer_append_byte(packer->file, (char)packer->length);
        buffer_append(packer->file, packer->block, packer->length);
        packer->length = 0;
    }
}

static void put_code(struct packer *packer, int code)
{
    packer->bits |= (uint32_t)code << packer->filled;
    packer->filled += packer->code_bits;
    while (packer->filled >= 8) {
        put_byte(packer, (uint8_t)packer->bits);
        packer->bits >>= 8;
        packer->filled -= 8;
    }
}

/* After the last code the reader's table has grown, too. */
static void put_last(struct packer *packer, int code)
{
    bool wider = packer->next == 1 << packer->code_bits && packer->code_bits < 12;
    packer->code_bits += wider ? 1 : 0;
    put_code(packer, code);
}

static void begin_anew(struct packer *packer, int bits)
{
    put_last(packer, packer->clear);
    memset(packer->keys, 0, sizeof packer->keys);
    packer->next = packer->clear + 2;
    packer->code_bits = bits + 1;
}

/* The slot of what has this key, or the empty one where it belongs. *passed: those before it. */
static size_t slot_of(const struct packer *packer, uint32_t key, int *passed)
{
    size_t slot = (uint32_t)(key * 2654435761U) >> (32 - SLOT_BITS);
    *passed = 0;
    while (packer->keys[slot] != 0 && packer->keys[slot] != key) {
        slot = (slot + 1) % SLOTS;
        ++*passed;
    }
    return slot;
}

static void pack(struct packer *packer, const uint8_t *indices, size_t count, int bits)
{
    int code = indices[0];
    for (size_t i = 1; i < count; i++) {
        uint32_t key = ((uint32_t)code << 8 | indices[i]) + 1;
        int passed;
        size_t slot = slot_of(packer, key, &passed);
        if (packer->keys[slot] == key) {
            code = packer->codes[slot];
            continue;
        }
        put_code(packer, code);
        code = indices[i];
        if (packer->next == CODES_MAX || passed > PASSED_MAX) {
            begin_anew(packer, bits);
            continue;
        }
        packer->keys[slot] = key;
        packer->codes[slot] = (uint16_t)packer->next;
        /* The reader is one code behind. */
        packer->code_bits += packer->next == 1 << packer->code_bits ? 1 : 0;
        packer->next++;
    }
    put_code(packer, code);
}

static void finish(struct packer *packer)
{
    put_last(packer, packer->clear + 1);
    if (packer->filled > 0) {
        put_byte(packer, (uint8_t)packer->bits);
    }
    if (packer->length > 0) {
        buffer_append_byte(packer->file, (char)packer->length);
        buffer_append(packer->file, packer->block, packer->length);
    }
    buffer_append_byte(packer->file, 0);
}

bool gif_write_pixels(struct buffer *file, const uint8_t *indices, size_t count, int bits,
                      struct error *err)
{
    bits = bits < 2 ? 2 : bits;
    struct packer *packer = malloc(sizeof *packer);
    if (packer == NULL) {
        return error_set_memory(err, "encoding an image");
    }
    packer->file = file;
    packer->bits = 0;
    packer->filled = 0;
    packer->length = 0;
    packer->clear = packer->next = 1 << bits;
    packer->code_bits = bits + 1;
    buffer_append_byte(file, (char)bits);
    begin_anew(packer, bits);
    pack(packer, indices, count, bits);
    finish(packer);
    free(packer);
    return buffer_check(file, "encoding an image", err);
}
