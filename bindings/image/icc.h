/*
 * icc.h - the colours that an ICC profile describes, in sRGB.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_ICC_H
#define LUNETTE_BINDINGS_IMAGE_ICC_H

#include <stddef.h>

/* Samples of a pixel, one after the other: 8 bits each, or 16 in the machine's order; 65,535 of
 * CMYK is all the ink. */
enum icc_pixels { ICC_GREY_8, ICC_RGB_8, ICC_GREY_16, ICC_RGB_16, ICC_CMYK_16 };

struct icc;

/*
 * The conversion to sRGB, by the profile's perceptual intent, of such pixels. The last few are kept
 * for the next picture: making one for CMYK takes as long as 400,000 pixels. The profile is
 * borrowed during the call. NULL when the colour engine can't read it, when it is for other pixels,
 * and when there is no memory. From any thread.
 */
struct icc *icc_open(const void *profile, size_t length, enum icc_pixels pixels);
void icc_close(struct icc *icc); /* NULL, too */

/* `count` pixels, to RGB of the same depth; `from` may be `to` when they are as large. Several
 * threads may use one conversion at once. */
void icc_convert(const struct icc *icc, const void *from, void *to, size_t count);

#endif
