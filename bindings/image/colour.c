/*
 * colour.c - conversion to sRGB. Called by the engine once a picture, after the resize where it
 * can be: converting by profile costs several times what resizing does.
 */
#include "bindings/image/colour.h"
#include "bindings/image/icc.h"
#include "bindings/image/library.h"
#include "bindings/image/probe/reader.h"
#include "bindings/image/times.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_LENGTH = 128, TAG_LENGTH = 12, TAGS_MAX = 100 };

static bool has_twins(struct reader tags, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        for (unsigned k = 0; k < i; k++) {
            if (memcmp(tags.data + i * TAG_LENGTH, tags.data + k * TAG_LENGTH, 4) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Whether the colour engine should be asked to open it. */
static bool profile_sound(const unsigned char *profile, size_t length)
{
    struct reader reader = reader_of(profile, length, true);
    uint32_t declared = reader_u32(&reader);
    reader_seek(&reader, 36);
    bool signed_as_icc = reader_at(&reader, "acsp", 4);
    reader_seek(&reader, HEADER_LENGTH);
    uint32_t count = reader_u32(&reader);
    struct reader tags = reader_part(&reader, (uint64_t)count * TAG_LENGTH);
    return !reader.failed && signed_as_icc && declared >= reader.position && declared <= length &&
           count >= 1 && count <= TAGS_MAX && !has_twins(tags, count);
}

/* The colour space that an ICC profile's header names, as the library's. */
static ColorspaceType profile_space(const unsigned char *profile)
{
    static const struct {
        const char *signature;
        ColorspaceType space;
    } spaces[] = {{"RGB ", RGBColorspace}, {"GRAY", GRAYColorspace}, {"CMYK", CMYKColorspace}};
    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
        if (memcmp(profile + 16, spaces[i].signature, 4) == 0) {
            return spaces[i].space;
        }
    }
    return UndefinedColorspace;
}

/* A profile for other pixels than these is an editor's leftover; viewers ignore it too. */
static bool profile_fits(const Image *image, ColorspaceType space)
{
    if (space == CMYKColorspace) {
        return image->colorspace == CMYKColorspace;
    }
    if (space == RGBColorspace) {
        return IsRGBColorspace(image->colorspace);
    }
    return space == GRAYColorspace && IsRGBColorspace(image->colorspace) &&
           IsGrayImage(image, &((Image *)(uintptr_t)image)->exception);
}

bool colour_profile_fits(const void *profile, size_t length, enum colour_pixels pixels)
{
    return profile_sound(profile, length) &&
           profile_space(profile) == (pixels == COLOUR_GREY ? GRAYColorspace : RGBColorspace);
}

/* ---- by profile ----------------------------------------------------------------------------- */

enum { SAMPLES = 4, PATIENCE_ROWS = 64 };

/* Black is where an RGB picture has its opacity; then that is among the indexes. */
static void gather(const PixelPacket *pixels, size_t count, enum icc_pixels kind, uint16_t *samples)
{
    for (size_t i = 0; i < count; i++) {
        *samples++ = pixels[i].red;
        if (kind != ICC_GREY_16) {
            *samples++ = pixels[i].green;
            *samples++ = pixels[i].blue;
        }
        if (kind == ICC_CMYK_16) {
            *samples++ = pixels[i].opacity;
        }
    }
}

static void scatter(const uint16_t *rgb, size_t count, PixelPacket *pixels)
{
    for (size_t i = 0; i < count; i++) {
        pixels[i].red = rgb[3 * i];
        pixels[i].green = rgb[3 * i + 1];
        pixels[i].blue = rgb[3 * i + 2];
    }
}

static void restore_opacity(const Image *image, const IndexPacket *indexes, PixelPacket *pixels)
{
    for (size_t i = 0; i < image->columns; i++) {
        pixels[i].opacity = image->matte && indexes != NULL ? indexes[i] : OpaqueOpacity;
    }
}

/* `samples` has room for a row of four and one of three. */
static bool convert_rows(Image *image, const struct icc *icc, enum icc_pixels kind,
                         uint16_t *samples, struct error *err)
{
    uint16_t *rgb = samples + image->columns * SAMPLES;
    for (unsigned long y = 0; y < image->rows; y++) {
        PixelPacket *pixels = GetImagePixels(image, 0, (long)y, image->columns, 1);
        if (pixels == NULL) {
            return library_failed(&image->exception, "memory", "reading pixels", err);
        }
        gather(pixels, image->columns, kind, samples);
        icc_convert(icc, samples, rgb, image->columns);
        scatter(rgb, image->columns, pixels);
        if (kind == ICC_CMYK_16) {
            restore_opacity(image, AccessMutableIndexes(image), pixels);
        }
        if (!SyncImagePixels(image)) {
            return library_failed(&image->exception, "memory", "writing pixels", err);
        }
        if (y % PATIENCE_ROWS == 0 && library_stopped(err)) {
            return false;
        }
    }
    return true;
}

static bool convert_pixels(Image *image, const struct icc *icc, enum icc_pixels kind,
                           struct error *err)
{
    uint16_t *samples = malloc(image->columns * (SAMPLES + 3) * sizeof *samples);
    if (samples == NULL) {
        return error_set_memory(err, "converting colours");
    }
    image->storage_class = DirectClass;
    bool ok = convert_rows(image, icc, kind, samples, err);
    free(samples);
    image->colorspace = RGBColorspace;
    image->is_grayscale = MagickFalse; /* nobody has looked */
    image->is_monochrome = MagickFalse;
    return ok;
}

/* A profile that the colour engine can't read is ignored, as viewers do; the picture stays in its
 * own colours, and CMYK is converted by formula. */
static bool convert_by_profile(Image *image, struct error *err)
{
    size_t length = 0;
    const unsigned char *profile = GetImageProfile(image, "ICM", &length);
    if (profile == NULL || !profile_sound(profile, length)) {
        return true;
    }
    ColorspaceType space = profile_space(profile);
    if (!profile_fits(image, space)) {
        return true;
    }
    enum icc_pixels kind = space == CMYKColorspace   ? ICC_CMYK_16
                           : space == GRAYColorspace ? ICC_GREY_16
                                                     : ICC_RGB_16;
    struct icc *icc = icc_open(profile, length, kind);
    bool ok = icc == NULL || convert_pixels(image, icc, kind, err);
    icc_close(icc);
    return ok;
}

static bool convert(Image *image, struct error *err)
{
    if (!convert_by_profile(image, err)) {
        return false;
    }
    (void)DeleteImageProfile(image, "ICM");
    if (image->colorspace != RGBColorspace && image->colorspace != sRGBColorspace &&
        !TransformColorspace(image, RGBColorspace)) {
        return library_failed(&image->exception, "unsupported", "converting colours", err);
    }
    return !library_stopped(err);
}

bool colour_to_srgb(Image *image, struct error *err)
{
    int64_t began_us = times_begin();
    bool ok = convert(image, err);
    times_end(TIMES_RESIZE, began_us);
    return ok;
}
