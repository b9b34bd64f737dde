/*
 * colour.h - whatever colours the file has, in sRGB.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_COLOUR_H
#define LUNETTE_BINDINGS_IMAGE_COLOUR_H

#include <magick/api.h>

#include "host/error.h"

/* Converts by the picture's ICC profile when it has one that fits its pixels, else by the
 * library's formulas for CMYK, YCbCr and grey. The profile is gone afterwards. */
MUST_CHECK bool colour_to_srgb(Image *image, struct error *err);

enum colour_pixels { COLOUR_GREY, COLOUR_RGB };

/* Is this an ICC profile that a colour engine will open, for pixels like these? */
bool colour_profile_fits(const void *profile, size_t length, enum colour_pixels pixels);

#endif
