/*
 * webp_read.c - WebP to pixels, by libwebp, which shrinks while it decodes: what is thrown away is
 * never converted to RGB, nor kept. Called by rows.c.
 */
#include "bindings/image/webp_read.h"
#include "bindings/image/library.h"

#include <webp/decode.h>

#include <stdlib.h>

/* What is decoded between two questions whether to go on: about 20 ms. */
#define PIECE_BYTES (128 << 10)

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

static bool decode(WebPDecoderConfig *config, const uint8_t *bytes, size_t length,
                   struct error *err)
{
    WebPIDecoder *decoder = WebPIDecode(NULL, 0, config);
    if (decoder == NULL) {
        return error_set_memory(err, "decoding webp");
    }
    VP8StatusCode status = VP8_STATUS_SUSPENDED;
    bool stopped = false;
    for (size_t given = 0; status == VP8_STATUS_SUSPENDED && given < length && !stopped;) {
        given = length - given > PIECE_BYTES ? given + PIECE_BYTES : length;
        status = WebPIUpdate(decoder, bytes, given);
        stopped = library_stopped(err);
    }
    WebPIDelete(decoder);
    return !stopped && (status == VP8_STATUS_OK || explain(status, err));
}

/* libwebp's own header must say what the limits were checked on. */
static bool check_header(WebPDecoderConfig *config, const uint8_t *bytes, size_t length,
                         const struct image_info *info, struct error *err)
{
    VP8StatusCode status = WebPGetFeatures(bytes, length, &config->input);
    if (status != VP8_STATUS_OK) {
        return explain(status, err);
    }
    if (config->input.width != info->width || config->input.height != info->height) {
        return error_set(err, "bad_image", "damaged webp: its size is not what its header says");
    }
    return true;
}

bool webp_read(const void *bytes, size_t length, const struct image_info *info, int divisor,
               struct webp_picture *picture, struct error *err)
{
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) {
        return error_set(err, "unsupported", "libwebp is of another version than its header");
    }
    if (!check_header(&config, bytes, length, info, err)) {
        return false;
    }
    struct webp_picture made = {.width = (info->width + divisor - 1) / divisor,
                                .height = (info->height + divisor - 1) / divisor};
    size_t size = (size_t)made.width * (size_t)made.height * 4;
    made.rgba = malloc(size);
    if (made.rgba == NULL) {
        return error_set_memory(err, "decoding webp");
    }
    config.options.use_scaling = divisor > 1;
    config.options.scaled_width = (int)made.width;
    config.options.scaled_height = (int)made.height;
    config.output.colorspace = MODE_RGBA;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = made.rgba;
    config.output.u.RGBA.stride = (int)made.width * 4;
    config.output.u.RGBA.size = size;
    bool ok = decode(&config, bytes, length, err);
    WebPFreeDecBuffer(&config.output);
    if (!ok) {
        webp_picture_release(&made);
        return false;
    }
    *picture = made;
    return true;
}

void webp_picture_release(struct webp_picture *picture)
{
    free(picture->rgba);
    picture->rgba = NULL;
}
