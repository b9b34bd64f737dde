/*
 * overlay.h - another picture laid onto one, or cutting it out.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_STEPS_OVERLAY_H
#define LUNETTE_BINDINGS_IMAGE_STEPS_OVERLAY_H

#include "bindings/image/steps/steps.h"

/* The other picture, undecoded: its limits are its own. */
struct image_overlay {
    const void *bytes; /* borrowed as long as the overlay */
    size_t length;
    struct image_info info;
    struct image_limits limits;
    enum image_gravity gravity;
    double opacity; /* above 0, at most 1 */
    double scale;   /* its width as a share of the picture's, above 0, at most 1; 0: as it is */
    bool tile;      /* all over the picture, beginning where gravity puts the first */
};

/* Never larger than the picture: it is made to fit, its proportions kept. */
steps_step overlay_composite;

/* Stretched over the whole picture, whose alpha is multiplied by its luma and alpha. */
steps_step overlay_mask;

/* As steps_memory(), of one of the two on a picture of width x height. */
MUST_CHECK bool overlay_memory(const struct image_step *step, int64_t width, int64_t height,
                               int64_t *bytes, struct error *err);

#endif
