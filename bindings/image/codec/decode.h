/*
 * decode.h - bytes to pixels.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_CODEC_DECODE_H
#define LUNETTE_BINDINGS_IMAGE_CODEC_DECODE_H

#include <magick/api.h>

#include "bindings/image/engine.h"
#include "bindings/image/geometry.h"

/*
 * Decodes a still file (one picture of it) with the decoder of `info->format` and no other, as it
 * is stored: not oriented, in its own colours. A JPEG or a WebP is decoded at `size`; NULL: at its
 * own. A picture that the library calls damaged or truncated is `bad_image`. NULL on failure; owned
 * by the caller (pixels_destroy).
 */
Image *decode_still(const void *bytes, size_t length, const struct image_info *info,
                    const struct decode_size *size, struct error *err);

/* What a picture that rows_can() says beside its pixels: one pixel of it, with its profiles, and an
 * alpha channel if it has one. NULL on failure; owned by the caller (pixels_destroy). */
Image *decode_head(const void *bytes, size_t length, const struct image_info *info,
                   struct error *err);

/* As above for any file that was probed: of an animation its first frame, on the full canvas. */
Image *decode_first(const void *bytes, size_t length, const struct image_info *info,
                    const struct decode_size *size, struct error *err);

#endif
