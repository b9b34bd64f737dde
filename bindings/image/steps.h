/*
 * steps.h - what a rule does to a picture before it is resized.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_STEPS_H
#define LUNETTE_BINDINGS_IMAGE_STEPS_H

#include <magick/api.h>

#include "bindings/image/engine.h"

/* True when no step is about a number of pixels, so that they may be done on a smaller picture. */
bool steps_any_scale(const struct image_step *steps, size_t count);

/* Does them, to an upright sRGB picture, in order. */
MUST_CHECK bool steps_apply(Image **image, const struct image_step *steps, size_t count,
                            struct error *err);

#define STEPS_SIGMA_MAX 100.0
#define STEPS_BLOCK_MAX 1024

#endif
