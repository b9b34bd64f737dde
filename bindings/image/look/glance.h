/*
 * glance.h - a picture at a glance: small enough to sum up, the same for all that is said of it.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_LOOK_GLANCE_H
#define LUNETTE_BINDINGS_IMAGE_LOOK_GLANCE_H

#include "bindings/image/engine.h"

enum { GLANCE_SIDE = 100 };

/* Upright, in sRGB, as large as fits into GLANCE_SIDE squared; of an animation the first frame. */
struct glance {
    int width, height;
    uint8_t rgba[GLANCE_SIDE * GLANCE_SIDE * 4]; /* row by row; the first width * height pixels */
};

/* Decodes and shrinks. `info` is image_probe()'s of the same bytes. Thread-safe; errors as
 * image_render()'s. */
MUST_CHECK bool glance_take(const void *bytes, size_t length, const struct image_info *info,
                            const struct image_limits *limits, struct glance *glance,
                            const struct image_control *control, struct error *err);

/* ---- what is said of it: pure arithmetic ---- */

enum { PALETTE_MAX = 16 };
struct palette_colour {
    uint8_t red, green, blue;
    double share; /* of all that is seen; they sum up to 1 */
};

/* The colours that stand for the picture, the most frequent first; at most `count` (1 to
 * PALETTE_MAX), fewer when there are fewer. Returns their number: 0 when nothing is seen. */
int palette_of(const struct glance *glance, int count, struct palette_colour *colours);

/* ThumbHash (https://evanw.github.io/thumbhash/): 5 to 25 bytes. Returns their number. */
enum { THUMBHASH_MAX = 25 };
size_t thumbhash_of(const struct glance *glance, uint8_t hash[THUMBHASH_MAX]);

/* 64 bits by the signs of the lowest frequencies, as ImageHash's `phash` has them. Pictures that
 * look the same differ in few of them. */
uint64_t phash_of(const struct glance *glance);

#endif
