/*
 * samples.h - a finished picture as encoders want it: rows of red, green, blue and alpha, a byte
 * each.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_CODEC_SAMPLES_H
#define LUNETTE_BINDINGS_IMAGE_CODEC_SAMPLES_H

#include <stdint.h>

#include <magick/api.h>

#include "host/error.h"

struct samples {
    int64_t width, height;
    uint8_t *rgba; /* owned: samples_release() */
    bool opaque;   /* every alpha is 255 */
    bool grey;     /* red, green and blue are the same everywhere */
};

MUST_CHECK bool samples_of(const Image *image, struct samples *samples, struct error *err);
void samples_release(struct samples *samples); /* zeroed ones, too */

#endif
