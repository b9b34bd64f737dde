/*
 * srgb.h - the ICC profile that colours are converted to.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_SRGB_H
#define LUNETTE_BINDINGS_IMAGE_SRGB_H

#include <stddef.h>

#define SRGB_PROFILE_MAX 512

/* Writes an sRGB profile (ICC v4, matrix and parametric curves); returns its length. */
size_t srgb_profile(unsigned char profile[SRGB_PROFILE_MAX]);

#endif
