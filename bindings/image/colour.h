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

#endif
