/*
 * jpeg_idct.c - libjpeg's arithmetic, eight coefficients at a time. Called by jpeg_skim.c for each
 * block.
 *
 * Vectors are GNU C's, which gcc and clang know on every processor. What they have no word for are
 * three things that x86-64 (SSE2) and arm64 (NEON) have instructions for; elsewhere plain C does
 * the same.
 */
#include "bindings/image/lane/jpeg_idct.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#include <string.h>

typedef uint8_t bytes __attribute__((vector_size(16)));
typedef int16_t shorts __attribute__((vector_size(16)));
typedef int32_t ints __attribute__((vector_size(16)));

/* ---- what differs between processors ------------------------------------------------------- */

/* products(): of two and two neighbours the sum of both products. narrow(): to 16 bits; beyond them
 * the largest or smallest. clamp(): to bytes, so, too. */
#if defined(__SSE2__)

static inline ints products(shorts a, shorts b)
{
    return (ints)_mm_madd_epi16((__m128i)a, (__m128i)b);
}

static inline shorts narrow(ints a, ints b)
{
    return (shorts)_mm_packs_epi32((__m128i)a, (__m128i)b);
}

static inline bytes clamp(shorts a, shorts b)
{
    return (bytes)_mm_packus_epi16((__m128i)a, (__m128i)b);
}

static inline bool all_zero(shorts a)
{
    return _mm_movemask_epi8(_mm_cmpeq_epi8((__m128i)a, _mm_setzero_si128())) == 0xffff;
}

#else

#if defined(__ARM_NEON)

static inline ints products(shorts a, shorts b)
{
    int32x4_t low = vmull_s16(vget_low_s16((int16x8_t)a), vget_low_s16((int16x8_t)b));
    return (ints)vpaddq_s32(low, vmull_high_s16((int16x8_t)a, (int16x8_t)b));
}

static inline shorts narrow(ints a, ints b)
{
    return (shorts)vcombine_s16(vqmovn_s32((int32x4_t)a), vqmovn_s32((int32x4_t)b));
}

static inline bytes clamp(shorts a, shorts b)
{
    return (bytes)vcombine_u8(vqmovun_s16((int16x8_t)a), vqmovun_s16((int16x8_t)b));
}

#else

static inline ints products(shorts a, shorts b)
{
    ints sums = {0};
    for (int i = 0; i < 4; i++) {
        sums[i] = a[2 * i] * b[2 * i] + a[2 * i + 1] * b[2 * i + 1];
    }
    return sums;
}

static inline int between(int value, int least, int most)
{
    return value < least ? least : value > most ? most : value;
}

static inline shorts narrow(ints a, ints b)
{
    shorts values = {0};
    for (int i = 0; i < 4; i++) {
        values[i] = (int16_t)between(a[i], INT16_MIN, INT16_MAX);
        values[4 + i] = (int16_t)between(b[i], INT16_MIN, INT16_MAX);
    }
    return values;
}

static inline bytes clamp(shorts a, shorts b)
{
    bytes values = {0};
    for (int i = 0; i < 8; i++) {
        values[i] = (uint8_t)between(a[i], 0, UINT8_MAX);
        values[8 + i] = (uint8_t)between(b[i], 0, UINT8_MAX);
    }
    return values;
}

#endif

static inline bool all_zero(shorts a)
{
    uint64_t halves[2];
    memcpy(halves, &a, sizeof halves);
    return (halves[0] | halves[1]) == 0;
}

#endif

/* ---- vectors ------------------------------------------------------------------------------- */

/* Two by turns: a's and b's first, their second, ...; and so their second halves. */
static inline shorts zip_low(shorts a, shorts b)
{
    return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

static inline shorts zip_high(shorts a, shorts b)
{
    return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

static inline ints zip_low_ints(ints a, ints b)
{
    return __builtin_shufflevector(a, b, 0, 4, 1, 5);
}

static inline ints zip_high_ints(ints a, ints b)
{
    return __builtin_shufflevector(a, b, 2, 6, 3, 7);
}

static inline shorts zip_low_pairs(shorts a, shorts b)
{
    return (shorts)zip_low_ints((ints)a, (ints)b);
}

static inline shorts zip_high_pairs(shorts a, shorts b)
{
    return (shorts)zip_high_ints((ints)a, (ints)b);
}

/* Weights for products() of two that were zipped. */
static inline shorts weights(int16_t a, int16_t b)
{
    return (shorts){a, b, a, b, a, b, a, b};
}

/* The first four, or the last four, times 1 << 16 >> shift. */
static inline ints low_scaled(shorts a, int shift)
{
    return (ints)zip_low((shorts){0}, a) >> shift;
}

static inline ints high_scaled(shorts a, int shift)
{
    return (ints)zip_high((shorts){0}, a) >> shift;
}

/* Zero, where all are from -1 - most to most, one less than a power of two. */
static inline shorts outside(shorts a, int16_t most)
{
    return (a + (int16_t)(most + 1)) & (int16_t) ~(2 * most + 1);
}

static inline shorts take_row(int16_t *block, const int16_t *steps, int row)
{
    shorts *from = (shorts *)block + row;
    shorts values = *from * ((const shorts *)steps)[row];
    *from = (shorts){0};
    return values;
}

struct rows {
    shorts a0, a1, a2, a3, a4, a5, a6, a7;
};

/* Multiplied, and zeros in their place. Not a loop, nor an array: compilers would go by memory. */
static inline struct rows take_rows(int16_t *block, const int16_t *steps)
{
    return (struct rows){take_row(block, steps, 0), take_row(block, steps, 1),
                         take_row(block, steps, 2), take_row(block, steps, 3),
                         take_row(block, steps, 4), take_row(block, steps, 5),
                         take_row(block, steps, 6), take_row(block, steps, 7)};
}

/* ---- samples ------------------------------------------------------------------------------- */

/* Of what is not yet shifted by A.3.1's 128. */
enum { SAMPLE_MOST = 511 };

bool idct_even(int mean, uint8_t *to, int64_t stride, int size)
{
    int rounded = mean + 4, value = (rounded - (rounded & 7)) / 8, sample = value + 128;
    sample = sample < 0 ? 0 : sample > 255 ? 255 : sample;
    for (int y = 0; y < size; y++, to += stride) {
        for (int x = 0; x < size; x++) {
            to[x] = (uint8_t)sample;
        }
    }
    return mean >= INT16_MIN && mean <= INT16_MAX && value >= -1 - SAMPLE_MOST &&
           value <= SAMPLE_MOST;
}

/* Both ways are separable: the columns first, scaled by 4, then the rows that are left. All factors
 * are in 8192ths, and rounded as libjpeg does; no sum is beyond 31 bits where the coefficients are
 * what they may be. */
bool idct_two(int16_t *block, const int16_t *steps, int mean, uint8_t *to, int64_t stride)
{
    struct rows row = take_rows(block, steps);
    if (!all_zero(outside(row.a0, COEFFICIENT_MOST) | outside(row.a1, COEFFICIENT_MOST) |
                  outside(row.a3, COEFFICIENT_MOST) | outside(row.a5, COEFFICIENT_MOST) |
                  outside(row.a7, COEFFICIENT_MOST))) {
        return false;
    }
    row.a0 += (shorts){(int16_t)mean};
    const shorts one_three = weights(29692, -10426), five_seven = weights(6967, -5906);
    ints low = products(zip_low(row.a1, row.a3), one_three) +
               products(zip_low(row.a5, row.a7), five_seven);
    ints high = products(zip_high(row.a1, row.a3), one_three) +
                products(zip_high(row.a5, row.a7), five_seven);
    ints low_both = low_scaled(row.a0, 1) + (1 << 12);
    ints high_both = high_scaled(row.a0, 1) + (1 << 12);
    shorts upper = narrow((low_both + low) >> 13, (high_both + high) >> 13);
    shorts lower = narrow((low_both - low) >> 13, (high_both - high) >> 13);
    /* Their first ones count for both samples, of the others every second one for their
     * difference. */
    const shorts across = {0, 29692, 0, -10426, 0, 6967, 0, -5906};
    ints a = products(upper, across), b = products(lower, across);
    ints differ = zip_low_ints(a, b) + zip_high_ints(a, b);
    differ += __builtin_shufflevector(differ, differ, 2, 3, 0, 1);
    ints both = low_scaled(zip_low(upper, lower), 1) + (1 << 19);
    ints made = zip_low_ints((both + differ) >> 20, (both - differ) >> 20);
    shorts samples = narrow(made, made);
    bytes clamped = clamp(samples + 128, samples);
    memcpy(to, &clamped, 2);
    memcpy(to + stride, (const uint8_t *)&clamped + 2, 2);
    return all_zero(outside(samples, SAMPLE_MOST));
}

/* Four numbers of eight coefficients, but for the fifth one, which has no part in them. `first`:
 * the first coefficient, 1 << 14 times, and what rounds it. */
static inline void four_of(ints to[4], ints first, shorts one_three, shorts two_six,
                           shorts five_seven, int shift)
{
    ints even = products(two_six, weights(15137, -6270));
    ints outer =
        products(one_three, weights(20995, 7373)) + products(five_seven, weights(-4926, -4176));
    ints inner =
        products(one_three, weights(8697, -17799)) + products(five_seven, weights(11893, -1730));
    to[0] = (first + even + outer) >> shift;
    to[1] = (first - even + inner) >> shift;
    to[2] = (first - even - inner) >> shift;
    to[3] = (first + even - outer) >> shift;
}

bool idct_four(int16_t *block, const int16_t *steps, int mean, uint8_t *to, int64_t stride)
{
    struct rows row = take_rows(block, steps);
    if (!all_zero(outside(row.a0, COEFFICIENT_MOST) | outside(row.a1, COEFFICIENT_MOST) |
                  outside(row.a2, COEFFICIENT_MOST) | outside(row.a3, COEFFICIENT_MOST) |
                  outside(row.a5, COEFFICIENT_MOST) | outside(row.a6, COEFFICIENT_MOST) |
                  outside(row.a7, COEFFICIENT_MOST))) {
        return false;
    }
    row.a0 += (shorts){(int16_t)mean};
    ints low[4], high[4], made[4];
    four_of(low, low_scaled(row.a0, 2) + (1 << 11), zip_low(row.a1, row.a3),
            zip_low(row.a2, row.a6), zip_low(row.a5, row.a7), 12);
    four_of(high, high_scaled(row.a0, 2) + (1 << 11), zip_high(row.a1, row.a3),
            zip_high(row.a2, row.a6), zip_high(row.a5, row.a7), 12);
    shorts a = narrow(low[0], high[0]), b = narrow(low[1], high[1]);
    shorts c = narrow(low[2], high[2]), d = narrow(low[3], high[3]);
    /* Rows to columns, of which each vector has two. */
    shorts upper = zip_low(a, b), lower = zip_low(c, d);
    shorts column_01 = zip_low_pairs(upper, lower), column_23 = zip_high_pairs(upper, lower);
    upper = zip_high(a, b), lower = zip_high(c, d);
    shorts column_45 = zip_low_pairs(upper, lower), column_67 = zip_high_pairs(upper, lower);
    four_of(made, low_scaled(column_01, 2) + (1 << 18), zip_high(column_01, column_23),
            zip_low(column_23, column_67), zip_high(column_45, column_67), 19);
    shorts even = narrow(made[0], made[2]), odd = narrow(made[1], made[3]);
    /* And columns to rows. */
    shorts left = zip_low(even, odd) + 128, right = zip_high(even, odd) + 128;
    bytes samples = clamp(zip_low_pairs(left, right), zip_high_pairs(left, right));
    for (int y = 0; y < 4; y++, to += stride) {
        memcpy(to, (const uint8_t *)&samples + 4 * y, 4);
    }
    return all_zero(outside(even, SAMPLE_MOST) | outside(odd, SAMPLE_MOST));
}
