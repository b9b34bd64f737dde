/*
 * steps.h - what a rule does to a picture before it is resized, or to a target after it.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_STEPS_STEPS_H
#define LUNETTE_BINDINGS_IMAGE_STEPS_STEPS_H

#include <magick/api.h>

#include "bindings/image/engine.h"
#include "bindings/image/pixels.h"

/* True when no step is about a number of pixels, so that they may be done on a smaller picture. */
bool steps_any_scale(const struct image_step *steps, size_t count);

/* Does them, to an upright sRGB picture, in order. */
MUST_CHECK bool steps_apply(Image **image, const struct image_step *steps, size_t count,
                            struct error *err);

/* The most that one of them holds at once beyond the picture that it is given, in bytes; of a
 * picture of width x height. Fails as steps_apply() would for what is over a limit. */
MUST_CHECK bool steps_memory(const struct image_step *steps, size_t count, int64_t width,
                             int64_t height, int64_t *bytes, struct error *err);

#define STEPS_SIGMA_MAX  100.0
#define STEPS_BLOCK_MAX  1024
#define STEPS_BORDER_MAX 4096

/* ---- between the files of the steps ---- */

/* Gives an opaque picture an alpha channel. */
MUST_CHECK bool steps_opaque(Image *image, struct error *err);

/* Where a part of area->width x area->height goes on a picture of width x height: where gravity
 * puts it, step->x and y further in from the edge. */
void steps_place(const struct image_step *step, enum image_gravity gravity, int64_t width,
                 int64_t height, struct pixels_area *area);

typedef bool steps_step(Image **image, const struct image_step *step, struct error *err);
steps_step steps_grayscale, steps_sepia, steps_tint;  /* steps_colour.c */
steps_step steps_border, steps_round, steps_pixelate; /* steps_shape.c */
steps_step steps_blur, steps_sharpen;                 /* steps_blur.c */

#endif
