/*
 * orient.h - EXIF orientation, applied.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_ORIENT_H
#define LUNETTE_BINDINGS_IMAGE_ORIENT_H

#include <stddef.h>

#include "bindings/image/pixels.h"

/* Turns and mirrors a picture stored with EXIF `orientation` (1 to 8) to how it is displayed. */
MUST_CHECK bool orient_image(Image **image, int orientation, struct error *err);

/* That of a picture which is, after this one, mirrored left to right or top to bottom, or has its
 * rows and columns exchanged. */
int orient_flopped(int orientation);
int orient_flipped(int orientation);
int orient_transposed(int orientation);

bool orient_swaps(int orientation); /* are width and height exchanged? */

/* An area in displayed pixels, in those of a picture stored in `width` x `height`; and back. */
struct pixels_area orient_stored(struct pixels_area area, int orientation, int64_t width,
                                 int64_t height);
struct pixels_area orient_displayed(struct pixels_area area, int orientation, int64_t width,
                                    int64_t height);

/* Where the stored pixel x, y of a picture is displayed: at index `start` + x * `across` +
 * y * `down` of the displayed pixels, row after row. */
struct orient_path {
    ptrdiff_t start, across, down;
};
struct orient_path orient_path(int orientation, int64_t width, int64_t height);

#endif
