/*
 * webp_read.h - a still WebP's pixels, as small as they are needed.
 *
 * Errors: `bad_image`, `memory`, and whatever makes the work stop.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_WEBP_READ_H
#define LUNETTE_BINDINGS_IMAGE_WEBP_READ_H

#include "bindings/image/engine.h"

struct webp_picture {
    int64_t width, height;
    uint8_t *rgba; /* owned: webp_picture_release() */
};

/* At 1/divisor of its size, rounded up. Inside library_run() it asks whether to go on. */
MUST_CHECK bool webp_read(const void *bytes, size_t length, const struct image_info *info,
                          int divisor, struct webp_picture *picture, struct error *err);
void webp_picture_release(struct webp_picture *picture); /* a zeroed one, too */

#endif
