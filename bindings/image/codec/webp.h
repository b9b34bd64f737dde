/*
 * webp.h - libwebp's encoder: pixels to a file, metadata beside them.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_CODEC_WEBP_H
#define LUNETTE_BINDINGS_IMAGE_CODEC_WEBP_H

#include "bindings/image/engine.h"
#include "bindings/image/codec/metadata.h"

/* The longest side that the format has room for. */
enum { WEBP_SIDE_MAX = 16383 };

/* Borrowed. Either `rgba`, or planes of video range (BT.601) with half the width and height of
 * chroma, rounded up; planes are for lossy pictures without alpha and without smart_subsample. */
struct webp_pixels {
    int64_t width, height;
    const uint8_t *rgba; /* NULL: planes */
    bool opaque;         /* alpha is not looked at */
    const uint8_t *y, *u, *v;
    int64_t y_stride, uv_stride;
};

/* From any thread. Inside library_run() it asks whether to go on. */
MUST_CHECK bool webp_encode(const struct webp_pixels *pixels, const struct image_target *target,
                            int quality, const struct metadata_blocks *metadata,
                            struct image_output *output, struct error *err);

const char *webp_version(void); /* from one thread */

#endif
