/*
 * jpeg_idct.h - a block's samples from its coefficients, at its size or a part of it: those that
 * libjpeg makes, for jpeg_skim.c.
 *
 * libjpeg's processor-specific ways differ in what they make of numbers that no photo has: products
 * and sums of more than 16 bits, and samples far outside of their range. Of these, all of the
 * functions return false, and what they have written is of no use.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_LANE_JPEG_IDCT_H
#define LUNETTE_BINDINGS_IMAGE_LANE_JPEG_IDCT_H

#include <stdbool.h>
#include <stdint.h>

/* The most that a coefficient may be, and its mean: a photo's are up to 1024 and what rounding to
 * steps adds. */
enum { COEFFICIENT_MOST = 1023, MEAN_MOST = 2047 };

/* A block that is even, `size` samples wide and high, of its mean times 8: jpeg_idct_1x1() for one,
 * and what all others make of it, too. */
bool idct_even(int mean, uint8_t *to, int64_t stride, int size);

/*
 * libjpeg's jpeg_idct_2x2(), jpeg_idct_4x4() and jpeg_idct_islow(). `block`: 64 coefficients, by
 * row and column, that are still to be multiplied by `steps`, products of 16 bits; but for the
 * first one: `mean` stands for it, a product already and within MEAN_MOST, and in `block` it is
 * zero. All of `block` is zero afterwards. Both are aligned to 16 bytes. `sparse`: only the first
 * four rows and columns have others than zeros, which saves time.
 */
bool idct_two(int16_t *block, const int16_t *steps, int mean, uint8_t *to, int64_t stride);
bool idct_four(int16_t *block, const int16_t *steps, int mean, bool sparse, uint8_t *to,
               int64_t stride);
bool idct_eight(int16_t *block, const int16_t *steps, int mean, bool sparse, uint8_t *to,
                int64_t stride);

#endif
