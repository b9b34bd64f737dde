/*
 * gif_colours.h - pictures with the palettes that GIF wants.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_GIF_COLOURS_H
#define LUNETTE_BINDINGS_IMAGE_GIF_COLOURS_H

#include <magick/api.h>

#include "host/error.h"

/*
 * Gives a picture, or each of a list of frames, a palette of up to 256 colours. If any of them has
 * alpha, index 0 stands for transparent pixels in all of them, and for no others. On failure the
 * pictures must not be written: they may have indices to nowhere.
 */
MUST_CHECK bool gif_colours(Image *list, struct error *err);

#endif
