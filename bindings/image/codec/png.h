/*
 * png.h - our own encoder of PNG, with libdeflate's compression.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_CODEC_PNG_H
#define LUNETTE_BINDINGS_IMAGE_CODEC_PNG_H

#include "bindings/image/engine.h"
#include "bindings/image/codec/metadata.h"
#include "bindings/image/codec/samples.h"

/* What is compressed in one piece, and without asking whether to go on, has at most so many bytes:
 * some 0.3 s. */
#define PNG_RAW_MAX (32 << 20)

/* Is this target's picture one for png_encode()? Not if its passes are to be interlaced. */
bool png_can_encode(int64_t width, int64_t height, const struct image_target *target);

/*
 * Without loss, in the smallest of the layouts that can hold the picture: grey of 1 to 8 bits, a
 * palette of up to 256 colours, with alpha or without, or full colour. From any thread.
 */
MUST_CHECK bool png_encode(const struct samples *samples, const struct image_target *target,
                           const struct metadata_blocks *metadata, struct image_output *output,
                           struct error *err);

const char *png_version(void); /* of libdeflate */

#endif
