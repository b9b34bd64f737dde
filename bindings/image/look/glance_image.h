/*
 * glance_image.h - a glance of a picture that is decoded already.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_LOOK_GLANCE_IMAGE_H
#define LUNETTE_BINDINGS_IMAGE_LOOK_GLANCE_IMAGE_H

#include "bindings/image/look/glance.h"
#include "bindings/image/pixels.h"

/* Of a picture stored with this orientation; `srgb`: those are its colours. Called inside
 * library_run(). */
MUST_CHECK bool glance_image(const Image *image, int orientation, bool srgb, struct glance *glance,
                             struct error *err);

#endif
