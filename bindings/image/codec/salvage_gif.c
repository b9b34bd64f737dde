/*
 * salvage_gif.c - writes a frame of a GIF anew, as far as its compressed pixels make sense. Called
 * by salvage.c with what frames.c cut out: a file of one frame.
 *
 * The pixels are read by GIF's rules (GIF89a, appendix F) and written without compression: each a
 * code of its own, and a clear code before the decoder's table would need longer ones.
 */
#include "bindings/image/probe/reader.h"
#include "bindings/image/codec/salvage.h"

#include <stdlib.h>

enum { CODES = 4096, CODE_BITS_MAX = 12, NO_CODE = -1 };

/* ---- reading --------------------------------------------------------------------------------- */

struct unpacker {
    struct reader reader; /* at the next block */
    struct reader block;
    uint32_t bits;
    int bit_count;
    int first_width; /* of a pixel, in bits */
    int width;       /* of a code */
    int next;        /* the code that is defined next */
    int previous;    /* code; NO_CODE after a clear */
    uint16_t prefix[CODES];
    uint8_t suffix[CODES];
    uint8_t text[CODES]; /* of one code, last pixel first */
};

static int next_code(struct unpacker *unpacker)
{
    while (unpacker->bit_count < unpacker->width) {
        if (reader_left(&unpacker->block) == 0) {
            unsigned size = reader_u8(&unpacker->reader);
            size_t left = reader_left(&unpacker->reader);
            unpacker->block = reader_part(&unpacker->reader, size < left ? size : left);
            if (reader_left(&unpacker->block) == 0) {
                return NO_CODE;
            }
        }
        unpacker->bits |= (uint32_t)reader_u8(&unpacker->block) << unpacker->bit_count;
        unpacker->bit_count += 8;
    }
    int code = (int)(unpacker->bits & ((1U << unpacker->width) - 1));
    unpacker->bits >>= unpacker->width;
    unpacker->bit_count -= unpacker->width;
    return code;
}

static void clear_codes(struct unpacker *unpacker)
{
    unpacker->width = unpacker->first_width + 1;
    unpacker->next = (1 << unpacker->first_width) + 2;
    unpacker->previous = NO_CODE;
}

/* The pixels of a code into `text`, last first; returns how many. */
static int spell(struct unpacker *unpacker, int code)
{
    int count = 0, clear = 1 << unpacker->first_width;
    while (code > clear && count < CODES - 1) {
        unpacker->text[count++] = unpacker->suffix[code];
        code = unpacker->prefix[code];
    }
    unpacker->text[count++] = (uint8_t)code;
    return count;
}

static void define(struct unpacker *unpacker, uint8_t first)
{
    if (unpacker->previous == NO_CODE || unpacker->next >= CODES) {
        return;
    }
    unpacker->prefix[unpacker->next] = (uint16_t)unpacker->previous;
    unpacker->suffix[unpacker->next] = first;
    unpacker->next++;
    if (unpacker->next == 1 << unpacker->width && unpacker->width < CODE_BITS_MAX) {
        unpacker->width++;
    }
}

/* The pixels of the next code into `text`; 0 at the end, and where no code makes sense. */
static int next_pixels(struct unpacker *unpacker)
{
    int clear = 1 << unpacker->first_width;
    int code = next_code(unpacker);
    while (code == clear) {
        clear_codes(unpacker);
        code = next_code(unpacker);
    }
    bool unknown = code >= unpacker->next && unpacker->previous == NO_CODE;
    if (code == NO_CODE || code == clear + 1 || code > unpacker->next || unknown) {
        return 0;
    }
    /* The code that is just being defined: what came before, and its first pixel again. */
    int count = spell(unpacker, code < unpacker->next ? code : unpacker->previous);
    uint8_t first = unpacker->text[count - 1];
    if (code == unpacker->next && count < CODES) {
        memmove(unpacker->text + 1, unpacker->text, (size_t)count);
        unpacker->text[0] = first;
        count++;
    }
    define(unpacker, first);
    unpacker->previous = code;
    return count;
}

/* As many pixels as there are; returns how many. */
static size_t unpack(struct unpacker *unpacker, uint8_t *pixels, size_t most)
{
    size_t done = 0;
    clear_codes(unpacker);
    for (int count = next_pixels(unpacker); count > 0 && done < most;
         count = next_pixels(unpacker)) {
        while (count > 0 && done < most) {
            pixels[done++] = unpacker->text[--count];
        }
    }
    return done;
}

/* ---- writing --------------------------------------------------------------------------------- */

struct packer {
    struct buffer *file;
    uint8_t block[256]; /* its length first */
    uint32_t bits;
    int bit_count;
};

static void flush_block(struct packer *packer)
{
    if (packer->block[0] > 0) {
        buffer_append(packer->file, packer->block, (size_t)packer->block[0] + 1);
        packer->block[0] = 0;
    }
}

static void put_byte(struct packer *packer)
{
    packer->block[++packer->block[0]] = (uint8_t)packer->bits;
    packer->bits >>= 8;
    packer->bit_count -= 8;
    if (packer->block[0] == 255) {
        flush_block(packer);
    }
}

static void put_code(struct packer *packer, int code, int width)
{
    packer->bits |= (uint32_t)code << packer->bit_count;
    packer->bit_count += width;
    while (packer->bit_count >= 8) {
        put_byte(packer);
    }
}

static void pack(struct buffer *file, const uint8_t *pixels, size_t count, int first_width)
{
    struct packer packer = {.file = file};
    int clear = 1 << first_width;
    for (size_t i = 0; i < count; i++) {
        if (i % ((size_t)clear - 2) == 0) {
            put_code(&packer, clear, first_width + 1);
        }
        put_code(&packer, pixels[i] & (clear - 1), first_width + 1);
    }
    put_code(&packer, clear + 1, first_width + 1);
    if (packer.bit_count > 0) {
        packer.bit_count = 8;
        put_byte(&packer);
    }
    flush_block(&packer);
    buffer_append(file, "\0;", 2);
}

/* ---- the frame ------------------------------------------------------------------------------- */

static void skip_palette(struct reader *reader, unsigned flags)
{
    if ((flags & 0x80) != 0) {
        reader_take(reader, (uint64_t)3 << ((flags & 7) + 1));
    }
}

/* To the byte that says how wide a pixel is; *missing is the colour of what is not there. False
 * where the frame has no pixels to be saved. */
static bool find_pixels(struct reader *reader, uint8_t *missing)
{
    reader_seek(reader, 10);
    unsigned flags = reader_u8(reader);
    reader_take(reader, 2);
    skip_palette(reader, flags);
    if (reader_at(reader, "\x21\xf9\x04", 3)) {
        reader_take(reader, 3);
        bool transparent = (reader_u8(reader) & 1) != 0;
        reader_take(reader, 2);
        *missing = transparent ? reader_u8(reader) : 0;
        reader_take(reader, transparent ? 1 : 2);
    }
    bool image = reader_u8(reader) == 0x2c;
    reader_take(reader, 8);
    skip_palette(reader, reader_u8(reader));
    return image && !reader->failed;
}

bool salvage_gif(const void *bytes, size_t length, const struct image_info *info,
                 struct buffer *file, struct error *err)
{
    struct reader reader = reader_of(bytes, length, false);
    uint8_t missing = 0;
    bool found = find_pixels(&reader, &missing);
    size_t header = reader.position;
    int first_width = reader_u8(&reader);
    if (!found || reader.failed || first_width < 2 || first_width > 8) {
        return error_set(err, "bad_image", "damaged gif: nothing of it can be saved");
    }
    size_t most = (size_t)(info->width * info->height);
    uint8_t *pixels = malloc(most);
    struct unpacker *unpacker = malloc(sizeof *unpacker);
    bool ok = pixels != NULL && unpacker != NULL;
    if (ok) {
        *unpacker = (struct unpacker){.reader = reader, .first_width = first_width};
        size_t done = unpack(unpacker, pixels, most);
        memset(pixels + done, missing, most - done);
        buffer_append(file, bytes, header + 1);
        pack(file, pixels, most, first_width);
    }
    free(unpacker);
    free(pixels);
    return ok || error_set_memory(err, "repairing a gif");
}
