/*
 * kernel.h - the loops of the resize, on rows of four floats a pixel. They are written on vectors
 * of four, which is one register of every x86-64 and arm64, so that compilers need not guess.
 *
 * A pixel in floats has the library's order and range; where there is alpha, the colours are
 * multiplied by it and the fourth is alpha, not the library's opacity.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_KERNEL_H
#define LUNETTE_BINDINGS_IMAGE_KERNEL_H

#include <stddef.h>

#include <magick/api.h>

#include "bindings/image/filter.h"

enum { KERNEL_LANES = 4 };

/* Pixels after the last of a row that kernel_across() may read (with a weight of zero), and
 * kernel_down() read and write. */
enum { KERNEL_SPARE = 3 };

void kernel_load(float *to, const PixelPacket *from, int64_t count, bool alpha);

/* Bytes of red, green, blue and alpha as the library's pixels, and as floats. */
void kernel_from_bytes(PixelPacket *to, const uint8_t *rgba, int64_t count);
void kernel_load_bytes(float *to, const uint8_t *rgba, int64_t count, bool alpha);

/* Rounded and clamped; pixel i goes to to[i * step]. */
void kernel_store(PixelPacket *to, ptrdiff_t step, const float *from, int64_t count, bool alpha);

/* One row, resized along itself. `from` is the pixel that weights->first counts from. */
void kernel_across(float *to, const float *from, const struct weights *weights);

/* The sum of `taps` rows of `count` pixels, each times its weight. */
void kernel_down(float *to, const float *const *rows, const float *weights, int64_t taps,
                 int64_t count);

#endif
