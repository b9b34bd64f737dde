/*
 * png_layout.h - how a picture's pixels are kept in a PNG: in as few bits as hold them all.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_CODEC_PNG_LAYOUT_H
#define LUNETTE_BINDINGS_IMAGE_CODEC_PNG_LAYOUT_H

#include "bindings/image/codec/samples.h"

enum png_colour {
    PNG_GREY = 0,
    PNG_RGB = 2,
    PNG_PALETTE = 3,
    PNG_GREY_ALPHA = 4,
    PNG_RGB_ALPHA = 6
};

enum { PNG_COLOURS_MAX = 256, PNG_SLOTS = 1024 };

struct png_layout {
    enum png_colour colour;
    int depth;                         /* bits a channel, or of an index */
    size_t pixel_bits;                 /* of all channels */
    size_t count;                      /* of the palette */
    size_t transparent;                /* how many of it are not opaque: they come first */
    uint32_t palette[PNG_COLOURS_MAX]; /* red, green, blue, alpha, as they lie in memory */
    int16_t slots[PNG_SLOTS];          /* where a colour is in the palette, by its hash; -1 */
};

/* Without a palette. */
void png_layout_plain(struct png_layout *layout, const struct samples *samples);

/* With a palette. False when the picture has too many colours for one. */
bool png_layout_palette(struct png_layout *layout, const struct samples *samples);

size_t png_layout_row(const struct png_layout *layout, int64_t width); /* bytes of a row */

/* A row of samples as the layout has it. */
void png_layout_pack(const struct png_layout *layout, uint8_t *to, const uint8_t *rgba,
                     int64_t width);

#endif
