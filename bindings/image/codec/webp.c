/*
 * webp.c - pixels to WebP, by libwebp. Called by encode.c, and for pictures that never were
 * anything but planes.
 */
#include "bindings/image/codec/webp.h"
#include "bindings/image/library.h"

#include "host/buffer.h"

#include <webp/encode.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_EFFORT 4

/* Of a file: RIFF counts in 32 bits. */
#define FILE_MAX UINT32_MAX

/* ---- metadata ------------------------------------------------------------------------------ */

enum { FLAG_ALPHA = 0x10, FLAG_EXIF = 0x08, FLAG_XMP = 0x04 };
enum { RIFF_LENGTH = 12, CHUNK_LENGTH = 8, EXTENDED_LENGTH = 10 };

static void append_number(struct buffer *file, uint64_t value, int size)
{
    for (int i = 0; i < size; i++) {
        buffer_append_byte(file, (char)(value >> (8 * i) & 0xff));
    }
}

static void append_chunk(struct buffer *file, const char *type, struct metadata_block block)
{
    if (block.length > 0) {
        buffer_append(file, type, 4);
        append_number(file, block.length, 4);
        buffer_append(file, block.bytes, block.length);
        buffer_append(file, "", block.length % 2);
    }
}

/* The alpha flag of a file as libwebp writes it. */
static bool has_alpha(const struct buffer *plain)
{
    const char *chunk = plain->data + RIFF_LENGTH, *content = chunk + CHUNK_LENGTH;
    if (memcmp(chunk, "VP8L", 4) == 0) {
        return (content[4] & 0x10) != 0; /* behind a signature and two sizes of 14 bits */
    }
    return memcmp(chunk, "VP8X", 4) == 0 && (content[0] & FLAG_ALPHA) != 0;
}

/* The picture in a file with room for what is said about it (RFC 9649, 2.7). */
static void write_extended(struct buffer *file, const struct buffer *plain,
                           const struct webp_pixels *pixels, const struct metadata_blocks *metadata)
{
    bool extended = memcmp(plain->data + RIFF_LENGTH, "VP8X", 4) == 0;
    size_t skipped = RIFF_LENGTH + (extended ? CHUNK_LENGTH + EXTENDED_LENGTH : 0);
    unsigned flags = (has_alpha(plain) ? FLAG_ALPHA : 0U) |
                     (metadata->exif.length > 0 ? FLAG_EXIF : 0U) |
                     (metadata->xmp.length > 0 ? FLAG_XMP : 0U);
    size_t length = 4 + CHUNK_LENGTH + EXTENDED_LENGTH + plain->length - skipped;
    length += metadata->exif.length > 0 ? CHUNK_LENGTH + (metadata->exif.length + 1) / 2 * 2 : 0;
    length += metadata->xmp.length > 0 ? CHUNK_LENGTH + (metadata->xmp.length + 1) / 2 * 2 : 0;
    buffer_append(file, "RIFF", 4);
    append_number(file, length, 4);
    buffer_append(file, "WEBPVP8X", 8);
    append_number(file, EXTENDED_LENGTH, 4);
    append_number(file, flags, 4);
    append_number(file, (uint64_t)pixels->width - 1, 3);
    append_number(file, (uint64_t)pixels->height - 1, 3);
    buffer_append(file, plain->data + skipped, plain->length - skipped);
    append_chunk(file, "EXIF", metadata->exif);
    append_chunk(file, "XMP ", metadata->xmp);
}

static bool add_metadata(struct buffer *file, const struct webp_pixels *pixels,
                         const struct metadata_blocks *metadata, struct error *err)
{
    if (metadata->exif.length == 0 && metadata->xmp.length == 0) {
        return true;
    }
    struct buffer made;
    buffer_init(&made, file->max);
    write_extended(&made, file, pixels, metadata);
    if (!buffer_check(&made, "a webp", err)) {
        buffer_release(&made);
        return false;
    }
    buffer_release(file);
    *file = made;
    return true;
}

/* ---- the encoder --------------------------------------------------------------------------- */

/* What libwebp's hooks need. */
struct work {
    struct buffer file;
    bool stopped; /* and *err says why */
    struct error *err;
};

static int on_bytes(const uint8_t *bytes, size_t length, const WebPPicture *picture)
{
    struct work *work = picture->custom_ptr;
    return buffer_append(&work->file, bytes, length);
}

static int on_progress(int percent, const WebPPicture *picture)
{
    (void)percent;
    struct work *work = picture->user_data;
    work->stopped = work->stopped || library_stopped(work->err);
    return !work->stopped;
}

static bool configure(WebPConfig *config, const struct image_target *target, int quality)
{
    if (!WebPConfigInit(config)) {
        return false;
    }
    config->quality = (float)quality;
    config->method = target->effort != IMAGE_DEFAULT_EFFORT ? target->effort : DEFAULT_EFFORT;
    config->lossless = target->lossless || target->near_lossless;
    config->alpha_quality = target->alpha_quality;
    config->use_sharp_yuv = target->smart_subsample;
    if (target->near_lossless) {
        /* Quality is of the preprocessing; what is left is how hard to try. */
        config->near_lossless = quality;
        config->quality = 75;
    }
    return WebPValidateConfig(config) != 0;
}

static bool take_pixels(WebPPicture *picture, const struct webp_pixels *pixels)
{
    if (pixels->rgba == NULL) {
        /* The encoder only reads them. */
        picture->y = (uint8_t *)(uintptr_t)pixels->y;
        picture->u = (uint8_t *)(uintptr_t)pixels->u;
        picture->v = (uint8_t *)(uintptr_t)pixels->v;
        picture->y_stride = (int)pixels->y_stride;
        picture->uv_stride = (int)pixels->uv_stride;
        return true;
    }
    int stride = picture->width * 4;
    return pixels->opaque ? WebPPictureImportRGBX(picture, pixels->rgba, stride)
                          : WebPPictureImportRGBA(picture, pixels->rgba, stride);
}

static bool explain(const WebPPicture *picture, const struct work *work, struct error *err)
{
    if (work->stopped) {
        return false;
    }
    if (work->file.state != BUFFER_OK || picture->error_code == VP8_ENC_ERROR_OUT_OF_MEMORY ||
        picture->error_code == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY) {
        return error_set_memory(err, "encoding webp");
    }
    return error_set(err, "unsupported", "encoding webp: libwebp's error %d",
                     (int)picture->error_code);
}

static bool encode(const struct webp_pixels *pixels, const WebPConfig *config, struct work *work,
                   struct error *err)
{
    WebPPicture picture;
    if (!WebPPictureInit(&picture)) {
        return error_set(err, "unsupported", "libwebp is of another version than its header");
    }
    picture.width = (int)pixels->width;
    picture.height = (int)pixels->height;
    picture.use_argb = config->lossless || config->use_sharp_yuv;
    picture.writer = on_bytes;
    picture.custom_ptr = work;
    picture.progress_hook = on_progress;
    picture.user_data = work;
    bool ok = (take_pixels(&picture, pixels) && WebPEncode(config, &picture)) ||
              explain(&picture, work, err);
    WebPPictureFree(&picture);
    return ok;
}

static bool check_side(const struct webp_pixels *pixels, struct error *err)
{
    int64_t side = pixels->width > pixels->height ? pixels->width : pixels->height;
    return side <= WEBP_SIDE_MAX ||
           error_set(err, "unsupported",
                     "a webp's side: %" PRId64 " pixels asked, %d possible; make it smaller, or "
                     "choose another format",
                     side, WEBP_SIDE_MAX);
}

bool webp_encode(const struct webp_pixels *pixels, const struct image_target *target, int quality,
                 const struct metadata_blocks *metadata, struct image_output *output,
                 struct error *err)
{
    WebPConfig config;
    if (!check_side(pixels, err)) {
        return false;
    }
    if (!configure(&config, target, quality)) {
        return error_set(err, "unsupported", "libwebp is of another version than its header");
    }
    struct work work = {.err = err};
    buffer_init(&work.file, FILE_MAX);
    if (!encode(pixels, &config, &work, err) || !add_metadata(&work.file, pixels, metadata, err)) {
        buffer_release(&work.file);
        return false;
    }
    size_t length;
    *output = (struct image_output){
        .width = pixels->width, .height = pixels->height, .frames = 1, .format = IMAGE_WEBP};
    output->bytes = buffer_take(&work.file, &length);
    output->length = length;
    return true;
}

const char *webp_version(void)
{
    static char text[32];
    int version = WebPGetEncoderVersion();
    (void)snprintf(text, sizeof text, "%d.%d.%d", version >> 16, version >> 8 & 255, version & 255);
    return text;
}
