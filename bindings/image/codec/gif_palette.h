/*
 * gif_palette.h - up to 256 colours for many: the same pixels give the same palette.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_CODEC_GIF_PALETTE_H
#define LUNETTE_BINDINGS_IMAGE_CODEC_GIF_PALETTE_H

#include <stddef.h>
#include <stdint.h>

#include "host/error.h"

enum { GIF_COLOURS_MAX = 256 };

/* Of opaque pixels: how many have about which colour. */
struct gif_histogram {
    struct gif_cell *both;          /* owned: two tables, by hashes */
    struct gif_cell *cells, *spare; /* the one in use and the other one */
    size_t used;
    int shift; /* how many low bits of a channel are left out; grows when there are too many */
};

MUST_CHECK bool gif_histogram_open(struct gif_histogram *histogram, struct error *err);
void gif_histogram_reset(struct gif_histogram *histogram);
void gif_histogram_add(struct gif_histogram *histogram, const uint8_t rgb[3]);
void gif_histogram_close(struct gif_histogram *histogram); /* a zeroed one, too */

struct gif_palette {
    int count;
    bool exact; /* every colour that was counted is in it */
    uint8_t rgb[GIF_COLOURS_MAX][3];
    int16_t from[257];       /* the first colour of at least so much green */
    uint32_t known[1 << 14]; /* colours that were looked up, plus 1 << 24 */
    uint8_t known_index[1 << 14];
};

/* At most `most` colours, from 1 to 256, sorted by green. */
MUST_CHECK bool gif_palette_make(struct gif_palette *palette, const struct gif_histogram *histogram,
                                 int most, struct error *err);

/* The mean square of what a channel of the histogram's pixels would be off. */
double gif_palette_error(struct gif_palette *palette, const struct gif_histogram *histogram);

/* The index of the nearest colour; of a palette that is not empty. */
int gif_palette_nearest(struct gif_palette *palette, int red, int green, int blue);

#endif
