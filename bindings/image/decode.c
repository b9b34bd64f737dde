/*
 * decode.c - runs GraphicsMagick's decoders, one by name. Called by engine.c for stills and by
 * animation.c for single frames.
 */
#include "bindings/image/decode.h"
#include "bindings/image/animation.h"
#include "bindings/image/library.h"
#include "bindings/image/pixels.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * The file name's prefix forces the coder: by the bytes alone the library would pick for itself,
 * and a `.jpg` that is an SVG would be drawn. The name is ours, never a user's: it is a language.
 */
static ImageInfo *decoder_for(const struct image_info *info, int divisor)
{
    ImageInfo *decoder = CloneImageInfo(NULL);
    const char *coder = library_coder(info->format);
    (void)snprintf(decoder->filename, sizeof decoder->filename, "%s:image", coder);
    (void)snprintf(decoder->magick, sizeof decoder->magick, "%s", coder);
    if (info->format == IMAGE_TIFF) {
        decoder->subrange = 1; /* the first page */
    }
    if (info->format == IMAGE_JPEG && divisor > 1) {
        char size[64];
        (void)snprintf(size, sizeof size, "%" PRId64 "x%" PRId64, info->width / divisor,
                       info->height / divisor);
        (void)CloneString(&decoder->size, size);
    }
    return decoder;
}

/*
 * Truncated and corrupt data come with a picture and a warning. TIFF and PNG decoders also warn of
 * things that harm no pixel (an unknown tag, an odd profile): those are CoderWarnings.
 */
static bool damaged(const struct image_info *info, ExceptionType severity)
{
    bool chatty = info->format == IMAGE_TIFF || info->format == IMAGE_PNG;
    if (chatty && severity == CoderWarning) {
        return false;
    }
    return severity >= WarningException;
}

/* The decoder read its own header: it must have seen what the limits were checked on. */
static bool as_probed(const Image *image, const struct image_info *info, int divisor)
{
    int64_t width = (info->width + divisor - 1) / divisor;
    int64_t height = (info->height + divisor - 1) / divisor;
    return (int64_t)image->columns >= width && (int64_t)image->columns <= info->width &&
           (int64_t)image->rows >= height && (int64_t)image->rows <= info->height;
}

static bool check_decoded(const Image *image, const ExceptionInfo *exception,
                          const struct image_info *info, int divisor, struct error *err)
{
    if (image == NULL || damaged(info, exception->severity)) {
        char what[64];
        (void)snprintf(what, sizeof what, "truncated or damaged %s",
                       image_format_name(info->format));
        return library_failed(exception, "bad_image", what, err);
    }
    if (library_stopped(err)) {
        return false;
    }
    if (!as_probed(image, info, divisor)) {
        return error_set(err, "bad_image", "damaged %s: its size is not what its header says",
                         image_format_name(info->format));
    }
    return true;
}

Image *decode_still(const void *bytes, size_t length, const struct image_info *info, int divisor,
                    struct error *err)
{
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    ImageInfo *decoder = decoder_for(info, divisor);
    Image *image = BlobToImage(decoder, bytes, length, &exception);
    DestroyImageInfo(decoder);
    bool ok = check_decoded(image, &exception, info, divisor, err);
    DestroyExceptionInfo(&exception);
    if (!ok) {
        pixels_destroy(image);
        return NULL;
    }
    /* Palettes are only storage here: the pixels hold their colours, and no stage reads indices. */
    image->storage_class = DirectClass;
    pixels_forget_page(image);
    return image;
}

Image *decode_first(const void *bytes, size_t length, const struct image_info *info, int divisor,
                    struct error *err)
{
    bool framed = info->format == IMAGE_GIF || (info->format == IMAGE_WEBP && info->animated);
    return framed ? animation_first(bytes, length, info, err)
                  : decode_still(bytes, length, info, divisor, err);
}
