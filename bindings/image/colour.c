/*
 * colour.c - conversion to sRGB. Called by the engine once a picture, after the resize where it
 * can be: converting by profile costs several times what resizing does.
 */
#include "bindings/image/colour.h"
#include "bindings/image/library.h"
#include "bindings/image/reader.h"
#include "bindings/image/srgb.h"
#include "bindings/image/times.h"

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

/* Whether the colour engine will open it: the library leaks when it does not. */
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

static void convert_by_profile(Image *image)
{
    size_t length = 0;
    const unsigned char *profile = GetImageProfile(image, "ICM", &length);
    if (profile == NULL || !profile_sound(profile, length) ||
        !profile_fits(image, profile_space(profile))) {
        return;
    }
    /* A profile that the colour engine can't read is ignored, as viewers do; the picture stays in
     * its own colours, and CMYK is converted by formula below. */
    unsigned char srgb[SRGB_PROFILE_MAX];
    size_t srgb_length = srgb_profile(srgb);
    (void)ProfileImage(image, "ICM", srgb, srgb_length, MagickTrue);
}

static bool convert(Image *image, struct error *err)
{
    convert_by_profile(image);
    (void)DeleteImageProfile(image, "ICM");
    if (library_stopped(err)) {
        return false;
    }
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
