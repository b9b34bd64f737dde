/*
 * png_read.c - inflates and unfilters a PNG row by row (PNG third edition). Called by rows.c. Its
 * input has passed image_probe(), but is hostile still.
 */
#include "bindings/image/codec/png_read.h"
#include "bindings/image/codec/png_chunk.h"
#include "bindings/image/codec/png_filter.h"
#include "bindings/image/codec/png_layout.h"
#include "bindings/image/probe/reader.h"

#include <zlib.h>

#include <stdlib.h>

/* What is inflated at a time has so many bytes, or is one row. */
#define BATCH_BYTES (64 << 10)

enum { LEVELS = 256 };

struct png_reader {
    struct reader file; /* at the next chunk */
    z_stream stream;
    bool inflating, ended; /* the stream */
    int64_t width, rows;   /* rows that are not read yet */
    int colour, depth;
    size_t step, length;         /* bytes of a pixel, at least 1, and of a row */
    uint8_t *batch;              /* owned; rows as they were filtered, each behind its number */
    size_t batch_rows, in_batch; /* how many it has room for, and how many are left in it */
    uint8_t *next;               /* of those the first */
    uint8_t *lines;              /* owned; two rows with margins: */
    uint8_t *line, *above;
    uint8_t *rgba;           /* owned; a row */
    uint32_t pixels[LEVELS]; /* what a grey or an index stands for */
    bool keyed;              /* one colour is transparent: */
    uint8_t key[3];
};

static bool bad(struct error *err, const char *what)
{
    return error_set(err, "bad_image", "truncated or damaged png: %s", what);
}

bool png_reader_can(const struct image_info *info)
{
    return info->format == IMAGE_PNG && info->depth <= 8 && !info->progressive;
}

/* ---- chunks -------------------------------------------------------------------------------- */

struct chunk {
    char type[5];
    struct reader content;
};

/* Those whose names begin with a capital hold what no decoder may do without. */
static bool critical(const struct chunk *chunk)
{
    return (chunk->type[0] & 0x20) == 0;
}

static bool is(const struct chunk *chunk, const char *type)
{
    return memcmp(chunk->type, type, 4) == 0;
}

static bool next_chunk(struct png_reader *reader, struct chunk *chunk, struct error *err)
{
    struct reader *file = &reader->file;
    uint32_t size = reader_u32(file);
    const uint8_t *type = reader_take(file, 4);
    chunk->content = reader_part(file, size);
    uint32_t sum = reader_u32(file);
    if (file->failed) {
        return bad(err, "a chunk is cut off");
    }
    memcpy(chunk->type, type, 4);
    chunk->type[4] = '\0';
    if (critical(chunk) && png_chunk_sum(type, (size_t)size + 4) != sum) {
        return bad(err, "a checksum is wrong");
    }
    return true;
}

static uint32_t pixel_of(uint8_t red, uint8_t green, uint8_t blue, uint8_t alpha)
{
    const uint8_t rgba[] = {red, green, blue, alpha};
    uint32_t pixel;
    memcpy(&pixel, rgba, sizeof pixel);
    return pixel;
}

static void set_greys(struct png_reader *reader)
{
    unsigned most = (1U << reader->depth) - 1;
    for (unsigned i = 0; i < LEVELS; i++) {
        uint8_t level = (uint8_t)((i & most) * 255 / most);
        reader->pixels[i] = pixel_of(level, level, level, 255);
    }
}

/* An index that the palette doesn't have is black. */
static bool read_palette(struct png_reader *reader, struct reader content, struct error *err)
{
    size_t count = content.length / 3;
    if (content.length % 3 != 0 || count == 0 || count > LEVELS) {
        return bad(err, "no such palette");
    }
    for (size_t i = 0; i < count && reader->colour == PNG_PALETTE; i++) {
        const uint8_t *rgb = content.data + i * 3;
        reader->pixels[i] = pixel_of(rgb[0], rgb[1], rgb[2], 255);
    }
    return true;
}

static void set_alpha(uint32_t *pixel, uint8_t alpha)
{
    uint8_t rgba[4];
    memcpy(rgba, pixel, sizeof rgba);
    rgba[3] = alpha;
    memcpy(pixel, rgba, sizeof rgba);
}

/* Nobody may do without the pixels' colours, but without what is transparent: one that is damaged
 * is passed over. */
static void read_transparency(struct png_reader *reader, struct reader content)
{
    if (reader->colour == PNG_PALETTE) {
        for (size_t i = 0; i < content.length && i < LEVELS; i++) {
            set_alpha(&reader->pixels[i], content.data[i]);
        }
    } else if (reader->colour == PNG_GREY && content.length == 2) {
        unsigned grey = reader_u16(&content);
        if (grey < 1U << reader->depth) {
            set_alpha(&reader->pixels[grey], 0);
        }
    } else if (reader->colour == PNG_RGB && content.length == 6) {
        bool possible = true;
        for (int i = 0; i < 3; i++) {
            unsigned value = reader_u16(&content);
            possible = possible && value <= 255;
            reader->key[i] = (uint8_t)value;
        }
        reader->keyed = possible;
    }
}

static bool read_chunk(struct png_reader *reader, const struct chunk *chunk, bool *palette,
                       struct error *err)
{
    if (is(chunk, "PLTE")) {
        *palette = true;
        return read_palette(reader, chunk->content, err);
    }
    if (is(chunk, "tRNS")) {
        read_transparency(reader, chunk->content);
        return true;
    }
    return !critical(chunk) || bad(err, "an unknown chunk that matters");
}

/* Everything before the pixels; the stream then has the first of them. */
static bool read_head(struct png_reader *reader, struct error *err)
{
    struct chunk chunk;
    bool palette = false;
    if (!next_chunk(reader, &chunk, err)) {
        return false;
    }
    struct reader size = chunk.content;
    if (size.length != 13 || reader_u32(&size) != reader->width ||
        reader_u32(&size) != reader->rows) {
        return bad(err, "its header");
    }
    reader->depth = chunk.content.data[8];
    reader->colour = chunk.content.data[9];
    if (chunk.content.data[10] != 0 || chunk.content.data[11] != 0) {
        return bad(err, "an unknown compression or filter method");
    }
    set_greys(reader);
    if (reader->colour == PNG_PALETTE) {
        for (int i = 0; i < LEVELS; i++) {
            reader->pixels[i] = pixel_of(0, 0, 0, 255);
        }
    }
    for (;;) {
        if (!next_chunk(reader, &chunk, err)) {
            return false;
        }
        if (is(&chunk, "IDAT")) {
            break;
        }
        if (!read_chunk(reader, &chunk, &palette, err)) {
            return false;
        }
    }
    reader->stream.next_in = (Bytef *)(uintptr_t)chunk.content.data;
    reader->stream.avail_in = (uInt)chunk.content.length;
    return reader->colour != PNG_PALETTE || palette || bad(err, "no palette");
}

/* ---- rows ---------------------------------------------------------------------------------- */

/* More of the stream; false without an error where there is no more. */
static bool more_input(struct png_reader *reader, bool *ok, struct error *err)
{
    struct chunk chunk;
    struct reader before = reader->file;
    *ok = next_chunk(reader, &chunk, err);
    if (!*ok || !is(&chunk, "IDAT")) {
        reader->file = before;
        return false;
    }
    reader->stream.next_in = (Bytef *)(uintptr_t)chunk.content.data;
    reader->stream.avail_in = (uInt)chunk.content.length;
    return true;
}

/* Fills all of `length` bytes. */
static bool inflate_into(struct png_reader *reader, uint8_t *to, size_t length, struct error *err)
{
    reader->stream.next_out = to;
    reader->stream.avail_out = (uInt)length;
    while (reader->stream.avail_out > 0 && !reader->ended) {
        bool ok = true;
        if (reader->stream.avail_in == 0 && !more_input(reader, &ok, err)) {
            return ok && bad(err, "rows are missing");
        }
        int result = inflate(&reader->stream, Z_NO_FLUSH);
        if (result == Z_MEM_ERROR) {
            return error_set_memory(err, "decoding png");
        }
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
            return bad(err, "its pixels can't be decompressed");
        }
        reader->ended = result == Z_STREAM_END;
    }
    return reader->stream.avail_out == 0 || bad(err, "rows are missing");
}

static bool next_batch(struct png_reader *reader, struct error *err)
{
    size_t rows = reader->batch_rows;
    if ((int64_t)rows > reader->rows) {
        rows = (size_t)reader->rows;
    }
    reader->next = reader->batch;
    reader->in_batch = rows;
    return inflate_into(reader, reader->batch, rows * (1 + reader->length), err);
}

static void expand_levels(struct png_reader *reader)
{
    unsigned depth = (unsigned)reader->depth, most = (1U << depth) - 1;
    for (int64_t i = 0; i < reader->width; i++) {
        uint64_t bit = (uint64_t)i * depth;
        unsigned byte = reader->line[bit / 8];
        unsigned value = byte >> (8 - depth - bit % 8) & most;
        memcpy(reader->rgba + i * 4, &reader->pixels[value], 4);
    }
}

static void expand_bytes(struct png_reader *reader)
{
    for (int64_t i = 0; i < reader->width; i++) {
        memcpy(reader->rgba + i * 4, &reader->pixels[reader->line[i]], 4);
    }
}

static void expand_grey_alpha(struct png_reader *reader)
{
    for (int64_t i = 0; i < reader->width; i++) {
        memset(reader->rgba + i * 4, reader->line[i * 2], 3);
        reader->rgba[i * 4 + 3] = reader->line[i * 2 + 1];
    }
}

static void expand_rgb(struct png_reader *reader)
{
    const uint8_t *from = reader->line;
    uint8_t *to = reader->rgba;
    for (int64_t i = 0; i < reader->width; i++, from += 3, to += 4) {
        memcpy(to, from, 4); /* one more: there is a margin */
        to[3] = 255;
    }
    for (int64_t i = 0; reader->keyed && i < reader->width; i++) {
        if (memcmp(reader->rgba + i * 4, reader->key, 3) == 0) {
            reader->rgba[i * 4 + 3] = 0;
        }
    }
}

static const uint8_t *expanded(struct png_reader *reader)
{
    switch (reader->colour) {
    case PNG_RGB_ALPHA:
        return reader->line;
    case PNG_RGB:
        expand_rgb(reader);
        break;
    case PNG_GREY_ALPHA:
        expand_grey_alpha(reader);
        break;
    default:
        if (reader->depth == 8) {
            expand_bytes(reader);
        } else {
            expand_levels(reader);
        }
        break;
    }
    return reader->rgba;
}

const uint8_t *png_reader_row(struct png_reader *reader, struct error *err)
{
    if (reader->in_batch == 0 && !next_batch(reader, err)) {
        return NULL;
    }
    uint8_t *above = reader->line;
    reader->line = reader->above;
    reader->above = above;
    memcpy(reader->line, reader->next + 1, reader->length);
    if (!png_unfilter_row(reader->next[0], reader->line, above, reader->length, reader->step)) {
        (void)bad(err, "no such filter");
        return NULL;
    }
    reader->next += 1 + reader->length;
    reader->in_batch--;
    reader->rows--;
    return expanded(reader);
}

/* ---- begin and end ------------------------------------------------------------------------- */

/* Behind the last row the stream ends, or has more rows than there should be: they mean nothing. */
static bool finish_stream(struct png_reader *reader, struct error *err)
{
    while (!reader->ended) {
        bool ok = true;
        if (reader->stream.avail_in == 0 && !more_input(reader, &ok, err)) {
            return ok;
        }
        reader->stream.next_out = reader->batch;
        reader->stream.avail_out = (uInt)(reader->batch_rows * (1 + reader->length));
        int result = inflate(&reader->stream, Z_NO_FLUSH);
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
            return bad(err, "its pixels can't be decompressed");
        }
        size_t beyond = (size_t)(reader->stream.next_out - reader->batch);
        reader->ended = result == Z_STREAM_END || beyond > 0;
    }
    return true;
}

bool png_reader_end(struct png_reader *reader, struct error *err)
{
    if (!finish_stream(reader, err)) {
        return false;
    }
    struct chunk chunk;
    do {
        if (!next_chunk(reader, &chunk, err)) {
            return false;
        }
    } while (!is(&chunk, "IEND"));
    return true;
}

static bool make_room(struct png_reader *reader)
{
    size_t room = png_row_room(reader->length);
    reader->batch_rows = BATCH_BYTES / (1 + reader->length);
    reader->batch_rows += reader->batch_rows == 0;
    reader->batch = malloc(reader->batch_rows * (1 + reader->length));
    reader->lines = calloc(2, room);
    reader->rgba = malloc((size_t)reader->width * 4);
    if (reader->batch == NULL || reader->lines == NULL || reader->rgba == NULL) {
        return false;
    }
    reader->line = reader->lines + PNG_MARGIN;
    reader->above = reader->line + room;
    return true;
}

static size_t channels_of(int colour)
{
    static const uint8_t channels[] = {[PNG_GREY] = 1,
                                       [PNG_RGB] = 3,
                                       [PNG_PALETTE] = 1,
                                       [PNG_GREY_ALPHA] = 2,
                                       [PNG_RGB_ALPHA] = 4};
    return channels[colour];
}

static bool begin(struct png_reader *reader, struct error *err)
{
    if (!read_head(reader, err)) {
        return false;
    }
    size_t bits = channels_of(reader->colour) * (size_t)reader->depth;
    reader->length = ((size_t)reader->width * bits + 7) / 8;
    reader->step = (bits + 7) / 8;
    reader->inflating = inflateInit(&reader->stream) == Z_OK;
    /* No checksum of its own: each chunk's has been right. */
    return (reader->inflating && inflateValidate(&reader->stream, 0) == Z_OK &&
            make_room(reader)) ||
           error_set_memory(err, "decoding png");
}

bool png_reader_open(struct png_reader **reader, const void *bytes, size_t length,
                     const struct image_info *info, struct error *err)
{
    struct png_reader *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set_memory(err, "decoding png");
    }
    made->file = reader_of(bytes, length, true);
    made->width = info->width;
    made->rows = info->height;
    reader_seek(&made->file, 8);
    if (!begin(made, err)) {
        png_reader_close(made);
        return false;
    }
    *reader = made;
    return true;
}

void png_reader_close(struct png_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    if (reader->inflating) {
        (void)inflateEnd(&reader->stream);
    }
    free(reader->batch);
    free(reader->lines);
    free(reader->rgba);
    free(reader);
}

int64_t png_reader_memory(const struct image_info *info)
{
    return BATCH_BYTES + (64 << 10) + info->width * 4 * 4;
}
