/*
 * font.h - text as a mask of how much each pixel is covered, by a TrueType or OpenType font.
 *
 * FONTS ARE TRUSTED: the library behind this believes what a font says of itself. They come from
 * whoever wrote the rules, with the rules, and never from an upload. font_check() finds files that
 * are no fonts, or cut off; it is no defence.
 *
 * One glyph a character, from left to right, kerned: no ligatures, and no scripts that need shaping
 * or run to the left. A character that the font lacks is its box for that.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_STEPS_FONT_H
#define LUNETTE_BINDINGS_IMAGE_STEPS_FONT_H

#include <stddef.h>
#include <stdint.h>

#include "host/error.h"

/* The first font of the file; borrowed. */
struct font {
    const void *bytes;
    size_t length;
};

/* Fails with `usage`. */
MUST_CHECK bool font_check(const struct font *font, struct error *err);

/* Lines of UTF-8, apart by line feeds; `align` 0: left, 1: centred, 2: right. Borrowed. */
struct font_text {
    const char *text;
    size_t length;
    double size; /* pixels to the em */
    int align;
};

/* How much room the lines take, as a page has it: advances and line heights. Proportional to the
 * size. */
MUST_CHECK bool font_measure(const struct font *font, const struct font_text *text, double *width,
                             double *height, struct error *err);

/* The measured box, rounded up, with `margin` pixels on each side; 0 to 255. */
struct font_mask {
    int64_t width, height;
    uint8_t *coverage; /* owned by the caller, free() */
};

/* Glyphs that lean out of the box are seen as far as the margin goes. */
MUST_CHECK bool font_draw(const struct font *font, const struct font_text *text, int64_t margin,
                          struct font_mask *mask, struct error *err);

#endif
