/*
 * webp_read.c - WebP to rows, by libwebp, which shrinks while it decodes: what is thrown away is
 * never converted to RGB. Called by rows.c.
 *
 * libwebp writes a picture, not rows. So it gets a few of the file's bytes at a time, and the
 * memory of rows that have been read goes back to the system while it writes the next ones.
 */
#include "bindings/image/codec/webp_read.h"
#include "bindings/image/library.h"

#include <webp/decode.h>

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* What is decoded at a time, and between two questions whether to go on: a part of the file, and at
 * most about 20 ms' work. */
#define PIECES          32
#define PIECE_BYTES     (128 << 10)
#define PIECE_BYTES_MIN (8 << 10)

/* What is given back at a time. */
#define RELEASE_BYTES (256 << 10)

struct webp_reader {
    const uint8_t *bytes;
    size_t length, given; /* of the file, and of that to the decoder */
    WebPDecoderConfig config;
    WebPIDecoder *decoder;
    VP8StatusCode status;
    uint8_t *rgba; /* owned; the whole picture */
    size_t stride;
    int64_t decoded, next; /* rows that are there; the one that is read next */
    size_t released;       /* bytes of the picture, from its beginning */
};

static bool explain(VP8StatusCode status, struct error *err)
{
    switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY:
        return error_set_memory(err, "decoding webp");
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return error_set(err, "bad_image", "truncated or damaged webp: an unknown feature");
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA:
        return error_set(err, "bad_image", "truncated or damaged webp: its pixels are cut off");
    default:
        return error_set(err, "bad_image", "truncated or damaged webp: its pixels");
    }
}

/* libwebp's own header must say what the limits were checked on. */
static bool check_header(struct webp_reader *reader, const struct image_info *info,
                         struct error *err)
{
    WebPBitstreamFeatures *said = &reader->config.input;
    VP8StatusCode status = WebPGetFeatures(reader->bytes, reader->length, said);
    if (status != VP8_STATUS_OK) {
        return explain(status, err);
    }
    if (said->width != info->width || said->height != info->height) {
        return error_set(err, "bad_image", "damaged webp: its size is not what its header says");
    }
    return true;
}

static bool begin(struct webp_reader *reader, const struct image_info *info, int64_t width,
                  int64_t height, struct error *err)
{
    WebPDecoderConfig *config = &reader->config;
    if (!WebPInitDecoderConfig(config)) {
        return error_set(err, "unsupported", "libwebp is of another version than its header");
    }
    if (!check_header(reader, info, err)) {
        return false;
    }
    reader->stride = (size_t)width * 4;
    reader->rgba = malloc(reader->stride * (size_t)height);
    if (reader->rgba == NULL) {
        return error_set_memory(err, "decoding webp");
    }
    config->options.use_scaling = width != info->width || height != info->height;
    config->options.scaled_width = (int)width;
    config->options.scaled_height = (int)height;
    config->output.colorspace = MODE_RGBA;
    config->output.is_external_memory = 1;
    config->output.u.RGBA.rgba = reader->rgba;
    config->output.u.RGBA.stride = (int)reader->stride;
    config->output.u.RGBA.size = reader->stride * (size_t)height;
    reader->decoder = WebPIDecode(NULL, 0, config);
    reader->status = VP8_STATUS_SUSPENDED;
    return reader->decoder != NULL || error_set_memory(err, "decoding webp");
}

bool webp_reader_open(struct webp_reader **reader, const void *bytes, size_t length,
                      const struct image_info *info, int64_t width, int64_t height,
                      struct error *err)
{
    struct webp_reader *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set_memory(err, "decoding webp");
    }
    made->bytes = bytes;
    made->length = length;
    if (!begin(made, info, width, height, err)) {
        webp_reader_close(made);
        return false;
    }
    *reader = made;
    return true;
}

void webp_reader_close(struct webp_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    WebPIDelete(reader->decoder);
    WebPFreeDecBuffer(&reader->config.output);
    free(reader->rgba);
    free(reader);
}

/* Of the rows before the next one, whole pages. They are not touched again, and that they are
 * malloc's does no harm: it keeps nothing between the ends of what it has given. */
static void release_rows(struct webp_reader *reader)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t margin = (page - (uintptr_t)reader->rgba % page) % page;
    size_t read = (size_t)reader->next * reader->stride;
    if (read < reader->released + RELEASE_BYTES + margin) {
        return;
    }
    size_t from = reader->released > 0 ? reader->released : margin;
    size_t length = (read - from) / page * page;
    (void)madvise(reader->rgba + from, length, MADV_DONTNEED);
    reader->released = from + length;
}

/* Decodes some more. */
static bool decode_piece(struct webp_reader *reader, struct error *err)
{
    size_t piece = reader->length / PIECES, left = reader->length - reader->given;
    piece = piece < PIECE_BYTES_MIN ? PIECE_BYTES_MIN : piece;
    piece = piece > PIECE_BYTES ? PIECE_BYTES : piece;
    if (left == 0 || reader->status != VP8_STATUS_SUSPENDED) {
        return explain(reader->status, err);
    }
    reader->given += left > piece ? piece : left;
    reader->status = WebPIUpdate(reader->decoder, reader->bytes, reader->given);
    if (reader->status != VP8_STATUS_OK && reader->status != VP8_STATUS_SUSPENDED) {
        return explain(reader->status, err);
    }
    int rows = 0;
    if (WebPIDecGetRGB(reader->decoder, &rows, NULL, NULL, NULL) != NULL) {
        reader->decoded = rows;
    }
    return !library_stopped(err);
}

const uint8_t *webp_reader_row(struct webp_reader *reader, struct error *err)
{
    if (reader->decoded <= reader->next) {
        release_rows(reader);
    }
    while (reader->decoded <= reader->next) {
        if (!decode_piece(reader, err)) {
            return NULL;
        }
    }
    return reader->rgba + (size_t)reader->next++ * reader->stride;
}

bool webp_reader_end(struct webp_reader *reader, struct error *err)
{
    while (reader->status != VP8_STATUS_OK) {
        if (!decode_piece(reader, err)) {
            return false;
        }
    }
    return true;
}

int64_t webp_reader_memory(int64_t width, int64_t height)
{
    return width * height * 4;
}
