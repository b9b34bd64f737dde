/*
 * png.c - pixels to PNG: layout, filters, libdeflate, chunks (PNG third edition). Called by
 * encode.c.
 */
#include "bindings/image/codec/png.h"
#include "bindings/image/library.h"
#include "bindings/image/codec/png_chunk.h"
#include "bindings/image/codec/png_filter.h"
#include "bindings/image/codec/png_layout.h"
#include "host/buffer.h"

#include <libdeflate.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of libdeflate, for each effort. Measured on photos and graphics: by default files are smaller
 * than of zlib at 6 with libpng's choice of filters (a graphic of the five: 2 % larger), from 5 on
 * all are smaller than of zlib at 9. */
static const int levels[] = {1, 4, 6, 7, 9, 10, 12};
enum { DEFAULT_EFFORT = 2 };

/* ---- before the pixels ---------------------------------------------------------------------- */

static void append_header(struct buffer *file, const struct png_layout *layout, int64_t width,
                          int64_t height)
{
    const char rest[] = {(char)layout->depth, (char)layout->colour, 0, 0, 0};
    buffer_append(file, "\x89PNG\r\n\x1a\n", 8);
    size_t start = png_chunk_begin(file, "IHDR");
    png_chunk_number(file, (uint32_t)width);
    png_chunk_number(file, (uint32_t)height);
    buffer_append(file, rest, sizeof rest);
    png_chunk_end(file, start);
}

static void append_palette(struct buffer *file, const struct png_layout *layout)
{
    if (layout->count == 0) {
        return;
    }
    const char *colours = (const char *)layout->palette;
    size_t start = png_chunk_begin(file, "PLTE");
    for (size_t i = 0; i < layout->count; i++) {
        buffer_append(file, colours + i * 4, 3);
    }
    png_chunk_end(file, start);
    if (layout->transparent > 0) {
        start = png_chunk_begin(file, "tRNS");
        for (size_t i = 0; i < layout->transparent; i++) {
            buffer_append_byte(file, colours[i * 4 + 3]);
        }
        png_chunk_end(file, start);
    }
}

/* IPTC has no chunk of its own: programs agree on a text of hexadecimal digits. */
static void append_iptc(struct buffer *file, struct metadata_block iptc)
{
    size_t start = png_chunk_begin(file, "tEXt");
    buffer_append(file, "Raw profile type iptc", 22);
    buffer_printf(file, "\niptc\n%8zu", iptc.length);
    for (size_t i = 0; i < iptc.length; i++) {
        buffer_printf(file, "%s%02x", i % 36 == 0 ? "\n" : "", ((const uint8_t *)iptc.bytes)[i]);
    }
    buffer_append_byte(file, '\n');
    png_chunk_end(file, start);
}

static void append_metadata(struct buffer *file, const struct metadata_blocks *metadata)
{
    if (metadata->exif.length > 0) {
        png_chunk_append(file, "eXIf", metadata->exif.bytes, metadata->exif.length);
    }
    if (metadata->xmp.length > 0) {
        size_t start = png_chunk_begin(file, "iTXt");
        buffer_append(file, "XML:com.adobe.xmp\0\0\0\0", 22);
        buffer_append(file, metadata->xmp.bytes, metadata->xmp.length);
        png_chunk_end(file, start);
    }
    if (metadata->iptc.length > 0) {
        append_iptc(file, metadata->iptc);
    }
}

struct work {
    const struct samples *samples;
    const struct metadata_blocks *metadata;
    int effort;
};

/* ---- pixels -------------------------------------------------------------------------------- */

/* Rows as they are compressed: each begins with its filter's number. */
struct raw {
    uint8_t *bytes; /* owned */
    size_t length;
};

/* Filters pay where neighbours are alike: not among indices and packed bits. */
static bool filters_pay(const struct png_layout *layout)
{
    return layout->depth == 8 && layout->colour != PNG_PALETTE;
}

/* Two rows with margins are in `rows`. */
static void write_rows(const struct png_layout *layout, const struct samples *samples,
                       struct png_filter *filter, uint8_t *to, uint8_t *rows)
{
    uint8_t *row = rows + PNG_MARGIN, *above = row + png_row_room(filter->length);
    for (int64_t y = 0; y < samples->height; y++, to += 1 + filter->length) {
        png_layout_pack(layout, row, samples->rgba + y * samples->width * 4, samples->width);
        if (filters_pay(layout)) {
            png_filter_row(filter, to, row, above);
        } else {
            to[0] = 0;
            memcpy(to + 1, row, filter->length);
        }
        uint8_t *next = above;
        above = row;
        row = next;
    }
}

static bool make_raw(const struct work *work, const struct png_layout *layout, struct raw *raw,
                     struct error *err)
{
    const struct samples *samples = work->samples;
    size_t length = png_layout_row(layout, samples->width);
    struct png_filter filter = {.length = 0};
    uint8_t *rows = calloc(2, png_row_room(length));
    raw->length = (1 + length) * (size_t)samples->height;
    raw->bytes = malloc(raw->length);
    bool ok = rows != NULL && raw->bytes != NULL &&
              png_filter_begin(&filter, length, layout->pixel_bits / 8, work->effort > 1);
    if (ok) {
        write_rows(layout, samples, &filter, raw->bytes, rows);
    } else {
        (void)error_set_memory(err, "encoding png");
        free(raw->bytes);
    }
    png_filter_end(&filter);
    free(rows);
    return ok;
}

static bool append_compressed(struct buffer *file, const struct raw *raw, int level,
                              struct error *err)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(level);
    if (compressor == NULL) {
        return error_set_memory(err, "encoding png");
    }
    size_t room = libdeflate_zlib_compress_bound(compressor, raw->length);
    size_t start = png_chunk_begin(file, "IDAT");
    if (buffer_reserve(file, room)) {
        file->length += libdeflate_zlib_compress(compressor, raw->bytes, raw->length,
                                                 file->data + file->length, room);
    }
    libdeflate_free_compressor(compressor);
    png_chunk_end(file, start);
    return buffer_check(file, "a png", err);
}

/* ---- the file ------------------------------------------------------------------------------ */

static bool write_file(const struct work *work, const struct png_layout *layout,
                       struct buffer *file, struct error *err)
{
    struct raw raw;
    if (!make_raw(work, layout, &raw, err)) {
        return false;
    }
    append_header(file, layout, work->samples->width, work->samples->height);
    append_palette(file, layout);
    append_metadata(file, work->metadata);
    bool ok = append_compressed(file, &raw, levels[work->effort], err);
    free(raw.bytes);
    if (ok) {
        png_chunk_append(file, "IEND", "", 0);
        ok = buffer_check(file, "a png", err);
    }
    return ok && !library_stopped(err);
}

/* Few colours may still be smaller without a palette, since only then rows are filtered: a slow
 * gradient is. So both are tried. */
static bool write_smallest(const struct work *work, struct png_layout *layout, struct buffer *file,
                           struct error *err)
{
    png_layout_plain(layout, work->samples);
    if (!write_file(work, layout, file, err)) {
        return false;
    }
    if (!png_layout_palette(layout, work->samples)) {
        return true;
    }
    struct buffer other;
    buffer_init(&other, file->max);
    bool ok = write_file(work, layout, &other, err);
    if (ok && other.length < file->length) {
        struct buffer larger = *file;
        *file = other;
        other = larger;
    }
    buffer_release(&other);
    return ok;
}

bool png_can_encode(int64_t width, int64_t height, const struct image_target *target)
{
    return !target->progressive && width * height <= PNG_RAW_MAX / 4;
}

bool png_encode(const struct samples *samples, const struct image_target *target,
                const struct metadata_blocks *metadata, struct image_output *output,
                struct error *err)
{
    struct png_layout *layout = malloc(sizeof *layout);
    if (layout == NULL) {
        return error_set_memory(err, "encoding png");
    }
    int effort = target->effort != IMAGE_DEFAULT_EFFORT ? target->effort : DEFAULT_EFFORT;
    struct work work = {samples, metadata, effort};
    struct buffer file;
    buffer_init(&file, UINT32_MAX);
    bool ok = write_smallest(&work, layout, &file, err);
    free(layout);
    if (!ok) {
        buffer_release(&file);
        return false;
    }
    size_t length;
    *output = (struct image_output){
        .width = samples->width, .height = samples->height, .frames = 1, .format = IMAGE_PNG};
    output->bytes = buffer_take(&file, &length);
    output->length = length;
    return true;
}

const char *png_version(void)
{
    return LIBDEFLATE_VERSION_STRING;
}
