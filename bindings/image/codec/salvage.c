/*
 * salvage.c - repairs what a decoder would refuse: PNG, WebP and BMP whose end is missing, and PNG
 * whose compressed pixels are damaged (GIF: salvage_gif.c). Called by decode.c when a photo was
 * opened with allow_damaged and its decoder gave up. JPEG's gives what it has by itself.
 */
#include "bindings/image/codec/salvage.h"
#include "bindings/image/library.h"
#include "bindings/image/codec/png_chunk.h"
#include "bindings/image/probe/reader.h"

#define ZLIB_CONST
#include <zlib.h>

int64_t salvage_memory(const struct image_info *info)
{
    int64_t row = info->width * 4 * (info->depth > 8 ? 2 : 1) + 8;
    return row * info->height + (64 << 10);
}

/* ---- PNG: rows ------------------------------------------------------------------------------- */

/* Where in the filtered rows we are: of an interlaced picture seven small ones after another. */
struct rows {
    int64_t width, height;
    int bits; /* a pixel */
    bool interlaced;
    int pass;
    int64_t rows_left;  /* of this pass, this one included */
    int64_t bytes_left; /* of this row, its filter's byte included */
};

/* Each pass takes the pixels from `x`, `y` on, `right` and `down` apart (PNG, 8.2). */
static const struct {
    int x, y, right, down;
} passes[] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
              {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}, {0, 0, 1, 1}};
enum { PASSES = 7, WHOLE = 7 };

static int64_t every(int64_t length, int start, int step)
{
    return length <= start ? 0 : (length - start + step - 1) / step;
}

static int64_t row_bytes(const struct rows *rows)
{
    int64_t pixels = every(rows->width, passes[rows->pass].x, passes[rows->pass].right);
    return pixels == 0 ? 0 : 1 + (pixels * rows->bits + 7) / 8;
}

static void begin_pass(struct rows *rows, int pass)
{
    rows->pass = pass;
    rows->rows_left = every(rows->height, passes[pass].y, passes[pass].down);
    rows->bytes_left = row_bytes(rows);
    if (rows->bytes_left == 0) {
        rows->rows_left = 0;
    }
}

/* To the next row that has bytes, when this one is complete; false at the end. */
static bool next_row(struct rows *rows)
{
    if (rows->rows_left > 0 && rows->bytes_left == 0) {
        rows->rows_left--;
        rows->bytes_left = row_bytes(rows);
    }
    while (rows->rows_left == 0) {
        if (!rows->interlaced || rows->pass + 1 >= PASSES) {
            return false;
        }
        begin_pass(rows, rows->pass + 1);
    }
    return true;
}

static struct rows rows_of(struct reader header)
{
    static const int channels[] = {1, 0, 3, 1, 2, 0, 4};
    struct rows rows = {.width = reader_u32(&header), .height = reader_u32(&header)};
    int depth = reader_u8(&header);
    unsigned colour = reader_u8(&header);
    reader_u16(&header);
    rows.interlaced = reader_u8(&header) == 1;
    rows.bits = depth * channels[colour <= 6 ? colour : 0];
    begin_pass(&rows, rows.interlaced ? 0 : WHOLE);
    return rows;
}

/* ---- PNG: chunks ----------------------------------------------------------------------------- */

struct rescue {
    struct rows rows;
    z_stream inflater, deflater;
    struct buffer *file;
    size_t pixels; /* where in the file the pixels begin; 0 before they do */
    bool broken;   /* nothing more is to be had of the compressed pixels */
};

/* Compresses a part of the rows into the file. */
static void write_rows(struct rescue *rescue, unsigned char *bytes, size_t length, int flush)
{
    unsigned char packed[4096];
    z_stream *deflater = &rescue->deflater;
    deflater->next_in = bytes;
    deflater->avail_in = (uInt)length;
    do {
        deflater->next_out = packed;
        deflater->avail_out = sizeof packed;
        (void)deflate(deflater, flush);
        buffer_append(rescue->file, packed, sizeof packed - deflater->avail_out);
    } while (deflater->avail_out == 0);
}

/* Takes the bytes that make sense: a row begins with one of five filters. */
static void take_rows(struct rescue *rescue, unsigned char *bytes, size_t length)
{
    size_t used = 0;
    while (used < length && !rescue->broken) {
        struct rows *rows = &rescue->rows;
        if (!next_row(rows) || (rows->bytes_left == row_bytes(rows) && bytes[used] > 4)) {
            rescue->broken = true;
            break;
        }
        size_t left = length - used;
        size_t part = rows->bytes_left < (int64_t)left ? (size_t)rows->bytes_left : left;
        rows->bytes_left -= (int64_t)part;
        used += part;
    }
    write_rows(rescue, bytes, used, Z_NO_FLUSH);
}

static bool take_pixels(struct rescue *rescue, struct reader content, struct error *err)
{
    unsigned char raw[32768];
    if (rescue->pixels == 0) {
        rescue->pixels = png_chunk_begin(rescue->file, "IDAT");
    }
    z_stream *inflater = &rescue->inflater;
    inflater->next_in = content.length > 0 ? content.data : (const Bytef *)"";
    inflater->avail_in = (uInt)content.length;
    while (!rescue->broken && !library_stopped(err)) {
        inflater->next_out = raw;
        inflater->avail_out = sizeof raw;
        int status = inflate(inflater, Z_NO_FLUSH);
        take_rows(rescue, raw, sizeof raw - inflater->avail_out);
        if (status == Z_BUF_ERROR || (status == Z_OK && inflater->avail_out > 0)) {
            return true; /* more comes with the next chunk */
        }
        rescue->broken |= status != Z_OK;
    }
    return !library_stopped(err);
}

/* Zeros for what is missing: unfiltered rows of black, or of nothing where there is alpha. */
static bool pad_rows(struct rescue *rescue, struct error *err)
{
    unsigned char zeros[4096] = {0};
    while (next_row(&rescue->rows)) {
        int64_t left = rescue->rows.bytes_left;
        size_t part = left < (int64_t)sizeof zeros ? (size_t)left : sizeof zeros;
        rescue->rows.bytes_left -= (int64_t)part;
        write_rows(rescue, zeros, part, Z_NO_FLUSH);
        if (library_stopped(err)) {
            return false;
        }
    }
    write_rows(rescue, zeros, 0, Z_FINISH);
    return true;
}

static bool is_type(const uint8_t *type, const char *name)
{
    return memcmp(type, name, 4) == 0;
}

/* What stands before the pixels is kept when it is whole, and what the pixels need at any rate. */
static void keep_chunk(struct rescue *rescue, const uint8_t *type, size_t length, uint32_t sum)
{
    bool needed = is_type(type, "IHDR") || is_type(type, "PLTE") || is_type(type, "tRNS");
    if (needed || ((type[0] & 0x20) != 0 && sum == png_chunk_sum(type, 4 + length))) {
        png_chunk_append(rescue->file, (const char *)type, type + 4, length);
    }
}

/* All chunks up to the end of the pixels, which become one chunk. */
static bool take_chunks(struct rescue *rescue, struct reader reader, struct error *err)
{
    while (reader_left(&reader) > 8 && !rescue->broken) {
        uint32_t size = reader_u32(&reader);
        const uint8_t *type = reader_take(&reader, 4);
        size_t there = reader_left(&reader) < size ? reader_left(&reader) : size;
        struct reader content = reader_part(&reader, there);
        uint32_t sum = reader_left(&reader) >= 4 ? reader_u32(&reader) : 0;
        if (is_type(type, "IDAT")) {
            if (!take_pixels(rescue, content, err)) {
                return false;
            }
        } else if (rescue->pixels != 0) {
            break;
        } else if (there == size) {
            keep_chunk(rescue, type, there, sum);
        }
    }
    return rescue->pixels != 0 || error_set(err, "bad_image", "damaged png: no pixels");
}

static bool write_png(struct rescue *rescue, struct reader reader, struct error *err)
{
    buffer_append(rescue->file, reader.data, 8);
    reader_seek(&reader, 8);
    if (!take_chunks(rescue, reader, err) || !pad_rows(rescue, err)) {
        return false;
    }
    png_chunk_end(rescue->file, rescue->pixels);
    png_chunk_append(rescue->file, "IEND", "", 0);
    return true;
}

static bool salvage_png(struct reader reader, struct buffer *file, struct error *err)
{
    struct rescue rescue = {.file = file};
    struct reader header = reader;
    reader_seek(&header, 16);
    rescue.rows = rows_of(header);
    if (inflateInit(&rescue.inflater) != Z_OK) {
        return error_set_memory(err, "repairing a png");
    }
    if (deflateInit(&rescue.deflater, 1) != Z_OK) {
        (void)inflateEnd(&rescue.inflater);
        return error_set_memory(err, "repairing a png");
    }
    bool ok = write_png(&rescue, reader, err);
    (void)inflateEnd(&rescue.inflater);
    (void)deflateEnd(&rescue.deflater);
    return ok;
}

/* ---- WebP, BMP ------------------------------------------------------------------------------- */

static void pad(struct buffer *file, uint64_t length)
{
    static const char zeros[4096];
    while (file->length < length && file->state == BUFFER_OK) {
        uint64_t left = length - file->length;
        buffer_append(file, zeros, left < sizeof zeros ? (size_t)left : sizeof zeros);
    }
}

/* Where the file would end if all of its chunks were there. */
static uint64_t webp_end(struct reader reader)
{
    uint64_t end = 0;
    reader_seek(&reader, 4);
    end = 8 + (uint64_t)reader_u32(&reader);
    reader_u32(&reader);
    while (reader_left(&reader) >= 8) {
        reader_u32(&reader);
        uint64_t size = reader_u32(&reader);
        uint64_t chunk_end = reader.position + size + size % 2;
        end = chunk_end > end ? chunk_end : end;
        reader_take(&reader, size + size % 2);
    }
    return end;
}

static void salvage_webp(struct reader reader, struct buffer *file)
{
    uint64_t end = webp_end(reader);
    buffer_append(file, reader.data, reader.length);
    pad(file, end);
    for (int i = 0; i < 4 && file->state == BUFFER_OK; i++) {
        file->data[4 + i] = (char)((end - 8) >> (8 * i) & 0xff);
    }
}

bool salvage_knows(enum image_format format)
{
    return format == IMAGE_PNG || format == IMAGE_GIF || format == IMAGE_WEBP ||
           format == IMAGE_BMP;
}

bool salvage_file(const void *bytes, size_t length, const struct image_info *info,
                  struct buffer *file, struct error *err)
{
    struct reader reader = reader_of(bytes, length, info->format == IMAGE_PNG);
    size_t most = length + (size_t)salvage_memory(info);
    buffer_init(file, most);
    if (info->format == IMAGE_PNG) {
        if (!salvage_png(reader, file, err)) {
            return false;
        }
    } else if (info->format == IMAGE_GIF) {
        if (!salvage_gif(bytes, length, info, file, err)) {
            return false;
        }
    } else if (info->format == IMAGE_WEBP) {
        salvage_webp(reader, file);
    } else {
        buffer_append(file, bytes, length);
        pad(file, most);
    }
    if (file->state == BUFFER_FULL) {
        return error_set(err, "bad_image", "damaged %s: nothing of it can be saved",
                         image_format_name(info->format));
    }
    return buffer_check(file, "a repaired image", err);
}
