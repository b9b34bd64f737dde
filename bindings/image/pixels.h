/*
 * pixels.h - the operations on GraphicsMagick images that the stages share. All are called inside
 * library_run().
 *
 * Convention of the stages: `Image **image` is consumed and replaced on success; on failure it is
 * as it was, and still the caller's.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_PIXELS_H
#define LUNETTE_BINDINGS_IMAGE_PIXELS_H

#include <magick/api.h>
#include <stdint.h>

#include "host/error.h"

struct pixels_area {
    int64_t x, y, width, height;
};

/* The pixel of this red, green and blue. */
PixelPacket pixels_opaque(const uint8_t rgb[3]);

/* Puts `made` (NULL: the call named `what` failed with `exception`) in the place of *image.
 * Destroys the exception either way. */
MUST_CHECK bool pixels_replace(Image **image, Image *made, ExceptionInfo *exception,
                               const char *what, struct error *err);

/* Calls row(pixels, count, context) for every row, and stores what it did. */
typedef void pixels_row(PixelPacket *pixels, size_t count, const void *context);
MUST_CHECK bool pixels_each_row(Image *image, pixels_row *row, const void *context,
                                struct error *err);

/* A new image of one colour, with an alpha channel when `color` has transparency; owned by the
 * caller (pixels_destroy). NULL on failure. */
Image *pixels_new(int64_t width, int64_t height, PixelPacket color, struct error *err);

/* Copies the whole of `part`, opacity included, to x, y of `canvas`, clipped to it; `over`: what is
 * there shines through as far as `part` is transparent. */
MUST_CHECK bool pixels_paste(Image *canvas, const Image *part, int64_t x, int64_t y, bool over,
                             struct error *err);

/* A copy that shares its pixels until one of the two changes. NULL on failure. */
Image *pixels_clone(const Image *image, struct error *err);

/* Cuts to the area, which lies within the image. */
MUST_CHECK bool pixels_crop(Image **image, struct pixels_area area, struct error *err);

/* The offset on a page that some formats carry means nothing to us. */
void pixels_forget_page(Image *image);

void pixels_destroy(Image *image); /* a whole list; NULL is allowed */

#endif
