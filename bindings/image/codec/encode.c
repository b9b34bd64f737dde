/*
 * encode.c - JPEG, PNG, WebP and GIF, with settings chosen once, here. Called by the engine at the
 * end of each target.
 */
#include "bindings/image/codec/encode.h"
#include "bindings/image/codec/gif.h"
#include "bindings/image/library.h"
#include "bindings/image/codec/metadata.h"
#include "bindings/image/pixels.h"
#include "bindings/image/codec/png.h"
#include "bindings/image/codec/samples.h"
#include "bindings/image/codec/squeeze.h"
#include "bindings/image/times.h"
#include "bindings/image/codec/webp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two digits to the library: zlib's level 6, and libpng's choice of filters. */
#define PNG_QUALITY 65

bool encode_has_alpha(enum image_format format)
{
    return format == IMAGE_PNG || format == IMAGE_WEBP || format == IMAGE_GIF;
}

static void define(ImageInfo *encoder, const char *definitions)
{
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    (void)AddDefinitions(encoder, definitions, &exception);
    DestroyExceptionInfo(&exception);
}

bool encode_full_chroma(const struct image_target *target, int quality)
{
    return target->chroma == IMAGE_CHROMA_444 ||
           (target->chroma == IMAGE_CHROMA_AUTO && quality >= 90);
}

static void prepare_jpeg(ImageInfo *encoder, const struct image_target *target)
{
    bool full = encode_full_chroma(target, (int)encoder->quality);
    (void)CloneString(&encoder->sampling_factor, full ? "1x1,1x1,1x1" : "2x2,1x1,1x1");
    define(encoder, "jpeg:optimize-coding=true");
}

static ImageInfo *encoder_for(const struct image_target *target, int quality)
{
    ImageInfo *encoder = CloneImageInfo(NULL);
    (void)snprintf(encoder->magick, sizeof encoder->magick, "%s", library_coder(target->format));
    (void)snprintf(encoder->filename, sizeof encoder->filename, "%s:image",
                   library_coder(target->format));
    encoder->quality = (unsigned long)quality;
    /* One name for JPEG's progressive scans and PNG's passes. */
    encoder->interlace = target->progressive ? LineInterlace : NoInterlace;
    if (target->format == IMAGE_JPEG) {
        prepare_jpeg(encoder, target);
    } else if (target->format == IMAGE_PNG) {
        encoder->quality = PNG_QUALITY;
    }
    return encoder;
}

static Quantum rounded(Quantum value)
{
    return (Quantum)(ScaleCharToQuantum(((uint32_t)value * 255 + 32895) >> 16));
}

static void round_row(PixelPacket *pixels, size_t count, const void *context)
{
    (void)context;
    for (size_t i = 0; i < count; i++) {
        pixels[i].red = rounded(pixels[i].red);
        pixels[i].green = rounded(pixels[i].green);
        pixels[i].blue = rounded(pixels[i].blue);
        pixels[i].opacity = rounded(pixels[i].opacity);
    }
}

/* To the nearest of 256 levels: the library's encoders cut off what is below, which would make
 * every resized picture darker by half a level. */
static bool round_pixels(Image *image, struct error *err)
{
    return pixels_each_row(image, round_row, NULL, err);
}

static void prepare_image(Image *image, const struct image_target *target)
{
    (void)snprintf(image->magick, sizeof image->magick, "%s", library_coder(target->format));
    (void)snprintf(image->filename, sizeof image->filename, "%s:image",
                   library_coder(target->format));
    image->depth = 8;
    image->storage_class = DirectClass;
    image->compression = UndefinedCompression;
    image->interlace = NoInterlace;
    pixels_forget_page(image);
    if (image->matte && IsOpaqueImage(image, &image->exception)) {
        image->matte = MagickFalse;
    }
}

/* The bytes are the library's; ours come from malloc, so that any part of the program frees
 * them. */
static bool give(void *blob, size_t length, const Image *image, const struct image_target *target,
                 struct image_output *output, struct error *err)
{
    void *bytes = malloc(length > 0 ? length : 1);
    if (bytes == NULL) {
        return error_set_memory(err, "encoding an image");
    }
    memcpy(bytes, blob, length);
    *output = (struct image_output){.bytes = bytes,
                                    .length = length,
                                    .width = (int64_t)image->columns,
                                    .height = (int64_t)image->rows,
                                    .frames = 1,
                                    .format = target->format};
    return true;
}

/* ---- the library's encoders ---------------------------------------------------------------- */

struct work {
    Image *image;
    const struct image_target *target;
    struct samples samples; /* of a still that is encoded by us */
    struct metadata_blocks metadata;
};

static bool encode_by_library(void *context, int quality, struct image_output *output,
                              struct error *err)
{
    const struct work *work = context;
    Image *image = work->image;
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    ImageInfo *encoder = encoder_for(work->target, quality);
    size_t length = 0;
    void *blob = ImageToBlob(encoder, image, &length, &exception);
    DestroyImageInfo(encoder);
    bool ok = blob != NULL && exception.severity < ErrorException;
    if (!ok) {
        GetImageException(image, &exception);
        char what[64];
        (void)snprintf(what, sizeof what, "encoding %s", image_format_name(work->target->format));
        (void)library_failed(&exception, "unsupported", what, err);
    }
    DestroyExceptionInfo(&exception);
    ok = ok && !library_stopped(err) && give(blob, length, image, work->target, output, err);
    MagickFree(blob);
    return ok;
}

/* ---- and those that are not ---------------------------------------------------------------- */

static bool encode_png(void *context, int quality, struct image_output *output, struct error *err)
{
    const struct work *work = context;
    (void)quality;
    return png_encode(&work->samples, work->target, &work->metadata, output, err);
}

static bool encode_webp(void *context, int quality, struct image_output *output, struct error *err)
{
    const struct work *work = context;
    struct webp_pixels pixels = {.width = work->samples.width,
                                 .height = work->samples.height,
                                 .rgba = work->samples.rgba,
                                 .opaque = work->samples.opaque};
    return webp_encode(&pixels, work->target, quality, &work->metadata, output, err);
}

static bool encode_gif(void *context, int quality, struct image_output *output, struct error *err)
{
    const struct work *work = context;
    (void)quality;
    return gif_encode(work->image, work->target, output, err);
}

static squeeze_encode *own_encoder(const Image *image, const struct image_target *target)
{
    if (target->format == IMAGE_WEBP) {
        return encode_webp;
    }
    bool png = target->format == IMAGE_PNG &&
               png_can_encode((int64_t)image->columns, (int64_t)image->rows, target);
    return png ? encode_png : NULL;
}

/* What a picture says beside its pixels; NULL on failure. */
static Image *head_of(const Image *image, struct error *err)
{
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    Image *head = CloneImage(image, 1, 1, MagickTrue, &exception);
    if (head == NULL) {
        (void)library_failed(&exception, "memory", "encoding an image", err);
    }
    DestroyExceptionInfo(&exception);
    return head;
}

/* The library's pixels are twice as large as the samples: they are not kept meanwhile. */
static bool encode_samples(Image **image, const struct image_target *target, squeeze_encode *encode,
                           struct image_output *output, struct error *err)
{
    Image *head = head_of(*image, err);
    struct work work = {.target = target};
    bool ok = head != NULL && samples_of(*image, &work.samples, err);
    if (ok) {
        pixels_destroy(*image);
        *image = head;
        work.metadata = metadata_blocks(head);
        ok = squeeze(target, encode, &work, output, err);
        samples_release(&work.samples);
    } else {
        pixels_destroy(head);
    }
    return ok;
}

static bool encode_by_coder(Image *image, const struct image_target *target,
                            struct image_output *output, struct error *err)
{
    struct work work = {.image = image, .target = target};
    if (target->format == IMAGE_GIF) {
        return squeeze(target, encode_gif, &work, output, err);
    }
    if (!round_pixels(image, err)) {
        return false;
    }
    prepare_image(image, target);
    return squeeze(target, encode_by_library, &work, output, err);
}

bool encode_image(Image **image, const struct image_target *target, struct image_output *output,
                  struct error *err)
{
    int64_t began_us = times_begin();
    squeeze_encode *own = own_encoder(*image, target);
    bool ok = own != NULL ? encode_samples(image, target, own, output, err)
                          : encode_by_coder(*image, target, output, err);
    pixels_destroy(*image);
    *image = NULL;
    times_end(TIMES_ENCODE, began_us);
    times_count(0, ok ? 1 : 0);
    return ok;
}
