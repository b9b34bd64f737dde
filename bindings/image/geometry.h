/*
 * geometry.h - what a target makes of a size: pure arithmetic on displayed pixels.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_GEOMETRY_H
#define LUNETTE_BINDINGS_IMAGE_GEOMETRY_H

#include "bindings/image/engine.h"

/*
 * Resize to `width` x `height`, cut out `crop_*` of that, lay it at `offset_*` on a canvas of
 * `canvas_*`. Without a crop the crop is the whole, without padding the canvas is the crop.
 */
struct geometry {
    int64_t width, height;
    int64_t crop_x, crop_y, crop_width, crop_height;
    int64_t canvas_width, canvas_height, offset_x, offset_y;
};

/*
 * The plan for a source of `width` x `height`.
 *
 * inside   the largest that fits in both; cover: the smallest that fills both, then cut to them;
 * contain  as inside, then padded to exactly them; fill: exactly them, proportions ignored;
 * outside  as cover, and nothing is cut.
 * With one dimension given every fit keeps the proportions. Without `enlarge` nothing is scaled
 * up: cover cuts to the smaller of target and source (as sharp does), contain pads more, fill
 * leaves the side that is too small. Sides are rounded to nearest and are at least 1.
 *
 * Fails with `usage` for negative sizes and `limit` when the result is over the limits.
 */
MUST_CHECK bool geometry_plan(int64_t width, int64_t height, const struct image_target *target,
                              const struct image_limits *limits, struct geometry *plan,
                              struct error *err);

/* The size in which a picture is decoded, as it is stored: a JPEG at 1/divisor (1, 2, 4 or 8) of
 * its own, rounded up, and a WebP at any; then the divisor is 1. */
struct decode_size {
    int divisor;
    int64_t width, height;
};

/* The largest divisor (1, 2, 4 or 8) that leaves a picture of this size `tenths` / 10 times as
 * large as the plan's resize, or larger; 1 where none does. */
int geometry_decode_divisor(int64_t width, int64_t height, const struct geometry *plan, int tenths);

/* `part` placed in `whole` by gravity. Where the middle is no whole pixel it is the one before, or
 * (`up`) after it; sharp goes up to cut and down to pad. */
void geometry_place(enum image_gravity gravity, int64_t whole_width, int64_t whole_height,
                    int64_t part_width, int64_t part_height, bool up, int64_t *x, int64_t *y);

#endif
