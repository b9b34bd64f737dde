/*
 * gif.h - our own encoder of GIF: stills, and animations of what changes from frame to frame.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_CODEC_GIF_H
#define LUNETTE_BINDINGS_IMAGE_CODEC_GIF_H

#include <magick/api.h>

#include "bindings/image/engine.h"

/*
 * Encodes a picture or a list of frames of one size with their `delay` and `iterations` (how often
 * it plays, 0: for ever), each standing for itself. Pixels of less than half alpha become
 * transparent, others opaque. Colours stay as they are where 255 (of an opaque still 256) are
 * enough for all frames or for what is new in one. Frames that show the same as the one before only
 * make that last longer, so that output->frames may be fewer. From any thread; asks
 * library_stopped().
 */
MUST_CHECK bool gif_encode(const Image *list, const struct image_target *target,
                           struct image_output *output, struct error *err);

/* The most bytes that this takes beside the pictures: the file, and what it compares. */
int64_t gif_memory(int64_t width, int64_t height, int64_t frames);

#endif
