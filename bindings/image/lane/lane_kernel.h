/*
 * lane_kernel.h - the loops of the JPEG lane's resize, on 8-bit samples of one plane and weights of
 * 16 bits. All is done in whole numbers, so that every processor gives the same bytes.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_LANE_LANE_KERNEL_H
#define LUNETTE_BINDINGS_IMAGE_LANE_LANE_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/* A weight of 1 is 1 << LANE_WEIGHT_BITS; a sample between the two passes is in units of
 * 1 / (1 << LANE_LINE_BITS), so that what a filter overshoots fits, too. */
enum { LANE_WEIGHT_BITS = 14, LANE_LINE_BITS = 6 };

/* Samples after the last of a row that `down` may read and write, and `across` read. */
enum { LANE_SPARE = 32 };

/* Weights in a row of them: so many, or a multiple of twice as many; those that are not needed are
 * zero. */
enum { LANE_TAPS = 8 };

/* Outputs come in groups of this many: there is room, and there are weights, for whole ones. */
enum { LANE_OUTPUTS = 4 };

struct lane_kernel {
    /* The sum of `taps` rows (an even number) of `count` samples, each times its weight. */
    void (*down)(int16_t *to, const uint8_t *const *rows, const int16_t *weights, int64_t taps,
                 int64_t count);

    /* Output i is the sum of line[first[i] + t] times weights[i * stride + t], t = 0 .. stride - 1,
     * rounded and clamped. */
    void (*across)(uint8_t *to, const int16_t *line, const int32_t *first, const int16_t *weights,
                   int64_t stride, int64_t count);
};

/* For any processor of this kind, and for the one that this runs on. All give the same bytes. */
extern const struct lane_kernel lane_kernel_plain;
const struct lane_kernel *lane_kernel_best(void);

/* Rows become columns: to[x * to_stride + y] = from[y * from_stride + x], for an 8 x 8 block. The
 * strides may be negative. */
void lane_transpose(uint8_t *to, ptrdiff_t to_stride, const uint8_t *from, ptrdiff_t from_stride);

#endif
