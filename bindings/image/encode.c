/*
 * encode.c - JPEG, PNG, WebP and GIF, with settings chosen once, here. Called by the engine at the
 * end of each target.
 */
#include "bindings/image/encode.h"
#include "bindings/image/library.h"
#include "bindings/image/pixels.h"

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

/* From 90 on, who asks for quality shall have the full colours too: no chroma subsampling. */
static void prepare_jpeg(ImageInfo *encoder)
{
    const char *sampling = encoder->quality >= 90 ? "1x1,1x1,1x1" : "2x2,1x1,1x1";
    (void)CloneString(&encoder->sampling_factor, sampling);
    define(encoder, "jpeg:optimize-coding=true");
}

static void prepare_webp(ImageInfo *encoder, const struct image_target *target)
{
    define(encoder, target->lossless ? "webp:lossless=true" : "webp:lossless=false");
}

static ImageInfo *encoder_for(const struct image_target *target)
{
    ImageInfo *encoder = CloneImageInfo(NULL);
    (void)snprintf(encoder->magick, sizeof encoder->magick, "%s", library_coder(target->format));
    (void)snprintf(encoder->filename, sizeof encoder->filename, "%s:image",
                   library_coder(target->format));
    encoder->quality =
        (unsigned long)(target->quality > 0 ? target->quality : ENCODE_DEFAULT_QUALITY);
    /* One name for JPEG's progressive scans and the passes of PNG and GIF. */
    encoder->interlace = target->progressive ? LineInterlace : NoInterlace;
    if (target->format == IMAGE_JPEG) {
        prepare_jpeg(encoder);
    } else if (target->format == IMAGE_WEBP) {
        prepare_webp(encoder, target);
    } else if (target->format == IMAGE_PNG) {
        encoder->quality = PNG_QUALITY;
    }
    return encoder;
}

static void threshold_row(PixelPacket *pixels, size_t count, const void *context)
{
    const PixelPacket *transparent = context;
    for (size_t i = 0; i < count; i++) {
        if (pixels[i].opacity > MaxRGB / 2) {
            pixels[i] = *transparent;
        } else {
            pixels[i].opacity = OpaqueOpacity;
        }
    }
}

/* The encoder quantises to 255 colours and keeps one for transparency. */
bool encode_palette(Image *image, struct error *err)
{
    static const PixelPacket transparent = {.opacity = TransparentOpacity};
    return !image->matte || pixels_each_row(image, threshold_row, &transparent, err);
}

static void prepare_image(Image *image, const struct image_target *target)
{
    for (Image *frame = image; frame != NULL; frame = GetNextImageInList(frame)) {
        (void)snprintf(frame->magick, sizeof frame->magick, "%s", library_coder(target->format));
        (void)snprintf(frame->filename, sizeof frame->filename, "%s:image",
                       library_coder(target->format));
        frame->depth = 8;
        frame->storage_class = DirectClass;
        frame->compression = UndefinedCompression;
        frame->interlace = NoInterlace;
        pixels_forget_page(frame);
        if (frame->matte && IsOpaqueImage(frame, &frame->exception) &&
            GetImageListLength(image) == 1) {
            frame->matte = MagickFalse;
        }
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
                                    .frames = (int64_t)GetImageListLength(image),
                                    .format = target->format};
    return true;
}

bool encode_image(Image *image, const struct image_target *target, struct image_output *output,
                  struct error *err)
{
    if (target->format == IMAGE_GIF && GetNextImageInList(image) == NULL &&
        !encode_palette(image, err)) {
        return false;
    }
    prepare_image(image, target);

    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    ImageInfo *encoder = encoder_for(target);
    size_t length = 0;
    void *blob = ImageToBlob(encoder, image, &length, &exception);
    DestroyImageInfo(encoder);
    bool ok = blob != NULL && exception.severity < ErrorException;
    if (!ok) {
        GetImageException(image, &exception);
        char what[64];
        (void)snprintf(what, sizeof what, "encoding %s", image_format_name(target->format));
        (void)library_failed(&exception, "unsupported", what, err);
    }
    DestroyExceptionInfo(&exception);
    ok = ok && !library_stopped(err) && give(blob, length, image, target, output, err);
    MagickFree(blob);
    return ok;
}
