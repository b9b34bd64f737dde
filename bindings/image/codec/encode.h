/*
 * encode.h - pixels to bytes.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_CODEC_ENCODE_H
#define LUNETTE_BINDINGS_IMAGE_CODEC_ENCODE_H

#include <magick/api.h>

#include "bindings/image/engine.h"

bool encode_has_alpha(enum image_format format); /* can a file of this format have any? */

/* Is every pixel of a JPEG to have its own colour? */
bool encode_full_chroma(const struct image_target *target, int quality);

/* Encodes an upright sRGB picture (or a list of frames, to GIF) whose metadata is as it shall be,
 * in target->format; it is consumed, and *image then NULL. *output is written on success. */
MUST_CHECK bool encode_image(Image **image, const struct image_target *target,
                             struct image_output *output, struct error *err);

#endif
