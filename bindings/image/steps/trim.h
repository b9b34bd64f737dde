/*
 * trim.h - where a picture's even margin ends.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_STEPS_TRIM_H
#define LUNETTE_BINDINGS_IMAGE_STEPS_TRIM_H

#include "bindings/image/engine.h"

/* The part of the picture that is left when rows and columns of one colour go from its sides. */
struct trim_area {
    int64_t x, y, width, height;
};

/*
 * Decodes the picture at its full size, does the steps, and looks for what differs from the pixel
 * in the upper left corner by more than `tolerance` (0 to 255, in any channel; transparent is one
 * colour). The whole picture when nothing does. Thread-safe; errors as image_render()'s.
 */
MUST_CHECK bool trim_find(const void *bytes, size_t length, const struct image_info *info,
                          const struct image_limits *limits, const struct image_step *steps,
                          size_t step_count, int tolerance, struct trim_area *area,
                          const struct image_control *control, struct error *err);

#endif
