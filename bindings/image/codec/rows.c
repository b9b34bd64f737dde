/*
 * rows.c - PNG and WebP row by row. Called by decode.c for whole pictures, and by render_make.c for
 * those that are resized while they are decoded.
 */
#include "bindings/image/codec/rows.h"
#include "bindings/image/kernel.h"
#include "bindings/image/library.h"
#include "bindings/image/pixels.h"
#include "bindings/image/codec/png_chunk.h"
#include "bindings/image/probe/reader.h"

/* Rows between two questions whether to go on. */
#define PATIENCE_ROWS 32

bool rows_can(const struct image_info *info)
{
    return png_reader_can(info) || (info->format == IMAGE_WEBP && !info->animated);
}

/* ---- the head ------------------------------------------------------------------------------ */

static void append_little(struct buffer *file, uint32_t value)
{
    for (int shift = 0; shift < 32; shift += 8) {
        buffer_append_byte(file, (char)(value >> shift & 0xff));
    }
}

/* A row of one pixel whose bits are all zero, uncompressed. */
static void append_png_pixel(struct buffer *file, int colour, int depth)
{
    static const uint8_t channels[] = {[0] = 1, [2] = 3, [3] = 1, [4] = 2, [6] = 4};
    uint8_t row[5] = {0};
    uint8_t length = (uint8_t)(1 + (channels[colour] * depth + 7) / 8);
    uint8_t stream[7 + sizeof row + 4] = {0x78, 0x01, 0x01, length, 0, (uint8_t)~length, 0xff};
    memcpy(stream + 7, row, length);
    /* Adler's sum of so many zeros. */
    stream[7 + length + 1] = length;
    stream[7 + length + 3] = 1;
    png_chunk_append(file, "IDAT", stream, 7U + length + 4U);
}

/* The chunks that have a part in colours, profiles or texts, and the most bytes that are in them;
 * of the last ones a limit counts (`metadata_bytes`). Of what is larger, and of others, there may
 * be as much as the file is long. */
static const struct {
    char type[5];
    uint32_t most;
} wanted[] = {{"PLTE", 768},        {"tRNS", 256},        {"gAMA", 4},
              {"cHRM", 32},         {"sRGB", 1},          {"sBIT", 4},
              {"bKGD", 6},          {"pHYs", 9},          {"iCCP", UINT32_MAX},
              {"eXIf", UINT32_MAX}, {"tEXt", UINT32_MAX}, {"zTXt", UINT32_MAX},
              {"iTXt", UINT32_MAX}};

static bool is_wanted(const uint8_t *type, uint32_t size)
{
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (memcmp(type, wanted[i].type, 4) == 0) {
            return size <= wanted[i].most;
        }
    }
    return false;
}

/* A chunk whose first letter is large must be understood, or the picture is refused. */
static bool is_critical(const uint8_t *type)
{
    return (type[0] & 0x20) == 0 && memcmp(type, "IDAT", 4) != 0;
}

static void write_png_head(struct reader reader, struct buffer *file)
{
    const uint8_t *start = reader_take(&reader, 8);
    struct reader header = reader;
    reader_take(&header, 8);
    const uint8_t *content = reader_take(&header, 13);
    if (start == NULL || content == NULL) {
        return;
    }
    uint8_t small[13] = {0, 0, 0, 1, 0, 0, 0, 1};
    memcpy(small + 8, content + 8, 5);
    buffer_append(file, start, 8);
    png_chunk_append(file, "IHDR", small, sizeof small);
    reader_take(&reader, 25);
    bool pixels = false;
    while (reader_left(&reader) >= 12) {
        struct reader chunk = reader;
        uint32_t size = reader_u32(&reader);
        const uint8_t *type = reader_take(&reader, 4);
        reader_take(&reader, (uint64_t)size + 4);
        if (reader.failed || memcmp(type, "IEND", 4) == 0) {
            break;
        }
        if (is_wanted(type, size)) {
            buffer_append(file, reader_take(&chunk, (uint64_t)size + 12), (size_t)size + 12);
        } else if (is_critical(type)) {
            png_chunk_append(file, (const char *)type, "", 0); /* for the library to refuse */
        } else if (!pixels && memcmp(type, "IDAT", 4) == 0) {
            pixels = true;
            append_png_pixel(file, small[9], small[8]);
        }
    }
    png_chunk_append(file, "IEND", "", 0);
}

/* A lossless picture of one black pixel. */
static const char black_webp[] = "VP8L\x0d\0\0\0\x2f\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0";

static const struct {
    const char *type;
    unsigned flag;
} said[] = {{"ICCP", 0x20}, {"EXIF", 0x08}};
enum { SAID = sizeof said / sizeof said[0], FLAG_ALPHA = 0x10, FLAGS_AT = 20 };

/* The first chunk of each kind. */
static void find_said(struct reader reader, struct reader found[SAID])
{
    reader_take(&reader, 12);
    while (reader_left(&reader) >= 8) {
        const uint8_t *type = reader_take(&reader, 4);
        uint32_t size = reader_u32(&reader);
        struct reader content = reader_part(&reader, size);
        for (size_t i = 0; i < SAID && !content.failed; i++) {
            if (found[i].data == NULL && memcmp(type, said[i].type, 4) == 0) {
                found[i] = content;
            }
        }
        reader_take(&reader, size % 2 != 0 && reader_left(&reader) > 0 ? 1 : 0);
    }
}

static void write_webp_head(struct reader reader, struct buffer *file)
{
    struct reader found[SAID] = {{.data = NULL}};
    unsigned flags = FLAG_ALPHA;
    find_said(reader, found);
    buffer_append(file, "RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0", 30);
    for (size_t i = 0; i < SAID; i++) {
        if (i == 1) {
            buffer_append(file, black_webp, sizeof black_webp - 1); /* behind the profile */
        }
        if (found[i].data != NULL) {
            flags |= said[i].flag;
            buffer_append(file, said[i].type, 4);
            append_little(file, (uint32_t)found[i].length);
            buffer_append(file, found[i].data, found[i].length);
            buffer_append(file, "", found[i].length % 2);
        }
    }
    if (file->state == BUFFER_OK) {
        file->data[FLAGS_AT] = (char)flags;
        for (int i = 0; i < 4; i++) {
            file->data[4 + i] = (char)((file->length - 8) >> (8 * i) & 0xff);
        }
    }
}

bool rows_head(const void *bytes, size_t length, const struct image_info *info, struct buffer *file,
               struct error *err)
{
    if (info->format == IMAGE_PNG) {
        write_png_head(reader_of(bytes, length, true), file);
    } else {
        write_webp_head(reader_of(bytes, length, false), file);
    }
    return buffer_check(file, "an image's metadata", err);
}

/* ---- rows ---------------------------------------------------------------------------------- */

bool rows_open(struct rows *rows, const void *bytes, size_t length, const struct image_info *info,
               int64_t width, int64_t height, struct error *err)
{
    struct rows made = {.width = width, .height = height};
    bool ok = info->format == IMAGE_PNG
                  ? png_reader_open(&made.png, bytes, length, info, err)
                  : webp_reader_open(&made.webp, bytes, length, info, width, height, err);
    if (ok) {
        *rows = made;
    }
    return ok;
}

void rows_close(struct rows *rows)
{
    png_reader_close(rows->png);
    rows->png = NULL;
    webp_reader_close(rows->webp);
    rows->webp = NULL;
}

static bool check_end(struct rows *rows, struct error *err)
{
    return rows->png != NULL ? png_reader_end(rows->png, err) : webp_reader_end(rows->webp, err);
}

const uint8_t *rows_next(struct rows *rows, struct error *err)
{
    int64_t y = rows->next++;
    const uint8_t *row =
        rows->png != NULL ? png_reader_row(rows->png, err) : webp_reader_row(rows->webp, err);
    if (row == NULL || (y % PATIENCE_ROWS == 0 && library_stopped(err)) ||
        (y == rows->height - 1 && !check_end(rows, err))) {
        return NULL;
    }
    return row;
}

int64_t rows_memory(const struct image_info *info, int64_t width, int64_t height)
{
    return info->format == IMAGE_PNG ? png_reader_memory(info) : webp_reader_memory(width, height);
}

/* ---- a whole picture ----------------------------------------------------------------------- */

static bool fill(PixelPacket *pixels, const void *bytes, size_t length,
                 const struct image_info *info, int64_t width, int64_t height, struct error *err)
{
    struct rows rows;
    if (!rows_open(&rows, bytes, length, info, width, height, err)) {
        return false;
    }
    bool ok = true;
    for (int64_t y = 0; ok && y < rows.height; y++) {
        const uint8_t *row = rows_next(&rows, err);
        ok = row != NULL;
        if (ok) {
            kernel_from_bytes(pixels + y * rows.width, row, rows.width);
        }
    }
    rows_close(&rows);
    return ok;
}

Image *rows_image(const void *bytes, size_t length, const struct image_info *info, int64_t width,
                  int64_t height, const Image *head, struct error *err)
{
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    Image *image =
        CloneImage(head, (unsigned long)width, (unsigned long)height, MagickTrue, &exception);
    PixelPacket *pixels = NULL;
    if (image != NULL) {
        image->storage_class = DirectClass;
        pixels = SetImagePixelsEx(image, 0, 0, image->columns, image->rows, &exception);
    }
    bool ok = pixels != NULL || library_failed(&exception, "memory", "decoding an image", err);
    ok = ok && fill(pixels, bytes, length, info, width, height, err);
    if (ok && !SyncImagePixelsEx(image, &exception)) {
        ok = library_failed(&exception, "memory", "decoding an image", err);
    }
    DestroyExceptionInfo(&exception);
    if (!ok) {
        pixels_destroy(image);
        return NULL;
    }
    return image;
}
