/*
 * flatten.h - alpha and backgrounds.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_STEPS_FLATTEN_H
#define LUNETTE_BINDINGS_IMAGE_STEPS_FLATTEN_H

#include "bindings/image/geometry.h"
#include "bindings/image/pixels.h"

/* Lays the picture on a background and makes it opaque. Nothing happens to an opaque one. */
MUST_CHECK bool flatten_image(Image *image, const uint8_t background[3], struct error *err);

/* Pads to the plan's canvas with the target's background; `alpha`: may the result have any? */
MUST_CHECK bool flatten_pad(Image **image, const struct geometry *plan,
                            const struct image_target *target, bool alpha, struct error *err);

/* Colours multiplied by alpha and back, around an operation that mixes neighbours. */
MUST_CHECK bool flatten_premultiply(Image *image, struct error *err);
MUST_CHECK bool flatten_unpremultiply(Image *image, struct error *err);

#endif
