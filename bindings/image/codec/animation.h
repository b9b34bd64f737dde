/*
 * animation.h - GIF and WebP frame by frame.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_CODEC_ANIMATION_H
#define LUNETTE_BINDINGS_IMAGE_CODEC_ANIMATION_H

#include <magick/api.h>

#include "bindings/image/engine.h"

/* The first frame of a GIF or an animated WebP on its full, otherwise transparent canvas. NULL on
 * failure; owned by the caller (pixels_destroy). */
Image *animation_first(const void *bytes, size_t length, const struct image_info *info,
                       struct error *err);

/* Makes what is kept of one frame: gets a full canvas (borrowed), gives a finished picture. */
typedef Image *animation_make(const Image *canvas, void *context, struct error *err);

/*
 * Plays a GIF or an animated WebP: each frame is decoded, drawn on the canvas as its predecessor's
 * disposal says, and given to `make`. The list of what was made, with delays and loops set, each
 * frame standing for itself. NULL on failure; owned by the caller (pixels_destroy).
 */
Image *animation_play(const void *bytes, size_t length, const struct image_info *info,
                      animation_make *make, void *context, struct error *err);

#endif
