/*
 * resize.h - fewer pixels, or more.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_RESIZE_H
#define LUNETTE_BINDINGS_IMAGE_RESIZE_H

#include <magick/api.h>

#include "host/error.h"

/* Lanczos with three lobes, colours weighted by their alpha. A copy of `image` in exactly this
 * size; NULL on failure, owned by the caller (pixels_destroy). */
Image *resize_image(const Image *image, int64_t width, int64_t height, struct error *err);

/* Bytes of memory that resize_image() takes beyond its source, its result included. */
int64_t resize_memory(int64_t from_width, int64_t from_height, int64_t width, int64_t height);

#endif
