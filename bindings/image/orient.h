/*
 * orient.h - EXIF orientation, applied.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_ORIENT_H
#define LUNETTE_BINDINGS_IMAGE_ORIENT_H

#include <magick/api.h>

#include "host/error.h"

/* Turns and mirrors a picture stored with EXIF `orientation` (1 to 8) to how it is displayed. */
MUST_CHECK bool orient_image(Image **image, int orientation, struct error *err);

#endif
