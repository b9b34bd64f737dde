/*
 * decode.c - runs GraphicsMagick's decoders, one by name. Called by engine.c for stills and by
 * animation.c for single frames.
 */
#include "bindings/image/codec/decode.h"
#include "bindings/image/codec/animation.h"
#include "bindings/image/probe/exif.h"
#include "bindings/image/library.h"
#include "bindings/image/pixels.h"
#include "bindings/image/codec/rows.h"
#include "bindings/image/codec/salvage.h"
#include "bindings/image/times.h"

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
    if (image == NULL || (!info->allow_damaged && damaged(info, exception->severity))) {
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

static Image *decode_by_library(const void *bytes, size_t length, const struct image_info *info,
                                int divisor, struct error *err)
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

static Image *head_of(const void *bytes, size_t length, const struct image_info *info,
                      struct error *err)
{
    struct buffer file;
    struct image_info small = *info;
    Image *head = NULL;
    small.width = small.height = 1;
    buffer_init(&file, length + 256);
    if (rows_head(bytes, length, info, &file, err)) {
        head = decode_by_library(file.data, file.length, &small, 1, err);
    }
    buffer_release(&file);
    if (head != NULL) {
        head->matte = info->alpha ? MagickTrue : MagickFalse;
        head->is_grayscale = info->channels == 1 ? MagickTrue : MagickFalse;
        head->is_monochrome = MagickFalse;
    }
    return head;
}

static Image *decode(const void *bytes, size_t length, const struct image_info *info,
                     const struct decode_size *size, struct error *err)
{
    if (!rows_can(info)) {
        return decode_by_library(bytes, length, info, size->divisor, err);
    }
    Image *image = NULL, *head = head_of(bytes, length, info, err);
    if (head != NULL) {
        image = rows_image(bytes, length, info, size->width, size->height, head, err);
    }
    pixels_destroy(head);
    return image;
}

static Image *decode_salvaged(const void *bytes, size_t length, const struct image_info *info,
                              const struct decode_size *size, struct error *err)
{
    struct buffer file;
    Image *image = NULL;
    if (salvage_file(bytes, length, info, &file, err)) {
        image = decode(file.data, file.length, info, size, err);
    }
    buffer_release(&file);
    return image;
}

static bool has_profile(const Image *image, const char *name)
{
    size_t length = 0;
    return GetImageProfile(image, name, &length) != NULL;
}

/* The library leaves a PNG's eXIf where it is, and of an animation all; of others it gives the EXIF
 * block, as it is in JPEG. */
static bool add_exif(Image *image, const void *bytes, const struct image_info *info,
                     struct error *err)
{
    if ((info->format != IMAGE_PNG && info->format != IMAGE_WEBP) || info->exif.length == 0 ||
        has_profile(image, "EXIF")) {
        return true;
    }
    struct buffer block;
    buffer_init(&block, info->exif.length + EXIF_PREFIX_LENGTH);
    buffer_append(&block, EXIF_PREFIX, EXIF_PREFIX_LENGTH);
    buffer_append(&block, (const char *)bytes + info->exif.offset, info->exif.length);
    bool ok = buffer_check(&block, "EXIF", err) &&
              (SetImageProfile(image, "EXIF", (unsigned char *)block.data, block.length) ||
               library_failed(&image->exception, "memory", "reading metadata", err));
    buffer_release(&block);
    return ok;
}

/* The library gives none of a WebP. */
static bool add_xmp(Image *image, const void *bytes, const struct image_info *info,
                    struct error *err)
{
    const unsigned char *block = (const unsigned char *)bytes + info->xmp.offset;
    return info->xmp.length == 0 || has_profile(image, "XMP") ||
           SetImageProfile(image, "XMP", block, info->xmp.length) ||
           library_failed(&image->exception, "memory", "reading metadata", err);
}

/* Takes over the picture (NULL, too), and gives it back with them; NULL on failure. */
static Image *with_said(Image *image, const void *bytes, const struct image_info *info,
                        struct error *err)
{
    if (image != NULL && !(add_exif(image, bytes, info, err) && add_xmp(image, bytes, info, err))) {
        pixels_destroy(image);
        return NULL;
    }
    return image;
}

Image *decode_head(const void *bytes, size_t length, const struct image_info *info,
                   struct error *err)
{
    return with_said(head_of(bytes, length, info, err), bytes, info, err);
}

Image *decode_still(const void *bytes, size_t length, const struct image_info *info,
                    const struct decode_size *size, struct error *err)
{
    const struct decode_size own = {1, info->width, info->height};
    size = size != NULL ? size : &own;
    Image *image = decode(bytes, length, info, size, err);
    if (image == NULL && info->allow_damaged && salvage_knows(info->format) &&
        error_is(err, "bad_image")) {
        image = decode_salvaged(bytes, length, info, size, err);
    }
    return with_said(image, bytes, info, err);
}

Image *decode_first(const void *bytes, size_t length, const struct image_info *info,
                    const struct decode_size *size, struct error *err)
{
    bool framed = info->format == IMAGE_GIF || (info->format == IMAGE_WEBP && info->animated);
    int64_t began_us = times_begin();
    Image *image = framed ? with_said(animation_first(bytes, length, info, err), bytes, info, err)
                          : decode_still(bytes, length, info, size, err);
    times_end(TIMES_DECODE, began_us);
    times_count(info->width * info->height, 0);
    return image;
}
