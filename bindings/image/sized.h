/*
 * sized.h - bytes to a picture of one size, upright, in sRGB: what a look or an overlay begins
 * with.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_SIZED_H
#define LUNETTE_BINDINGS_IMAGE_SIZED_H

#include <magick/api.h>

#include "bindings/image/plan.h"

/* Plans it; plan->memory is what it takes at most. `fit`: inside, or fill, enlarged where it must
 * be. `info` is borrowed for the plan's life (plan_release). */
MUST_CHECK bool sized_plan(struct plan *plan, const struct image_info *info,
                           const struct image_limits *limits, int64_t width, int64_t height,
                           enum image_fit fit, struct error *err);

/* Makes it, inside library_run(). NULL on failure; owned by the caller (pixels_destroy). */
Image *sized_make(const void *bytes, size_t length, const struct plan *plan, struct error *err);

#endif
