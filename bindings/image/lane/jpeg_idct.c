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

/* A call would take its vectors through memory. */
#define INLINE inline __attribute__((always_inline))

typedef uint8_t bytes __attribute__((vector_size(16)));
typedef int16_t shorts __attribute__((vector_size(16)));
typedef uint16_t unsigned_shorts __attribute__((vector_size(16)));
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

static inline shorts zip_low_bytes(bytes a, bytes b)
{
    return (shorts)__builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7,
                                           23);
}

static inline shorts zip_high_bytes(bytes a, bytes b)
{
    return (shorts)__builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14,
                                           30, 15, 31);
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
    return (shorts)(((unsigned_shorts)a + (uint16_t)(most + 1)) & (uint16_t) ~(2 * most + 1));
}

/* Not arrays: compilers would keep them in memory. */
struct rows {
    shorts a0, a1, a2, a3, a4, a5, a6, a7;
};

struct sums {
    ints a0, a1, a2, a3, a4, a5, a6, a7;
};

/* For products(): the rows of two coefficients each, of four columns. */
struct pairs {
    shorts none_four, one_three, two_six, five_seven;
};

static INLINE struct pairs low_pairs(const struct rows *row)
{
    return (struct pairs){zip_low(row->a0, row->a4), zip_low(row->a1, row->a3),
                          zip_low(row->a2, row->a6), zip_low(row->a5, row->a7)};
}

static INLINE struct pairs high_pairs(const struct rows *row)
{
    return (struct pairs){zip_high(row->a0, row->a4), zip_high(row->a1, row->a3),
                          zip_high(row->a2, row->a6), zip_high(row->a5, row->a7)};
}

static INLINE shorts take_row(int16_t *block, const int16_t *steps, int row)
{
    shorts *from = (shorts *)block + row;
    shorts values = *from * ((const shorts *)steps)[row];
    *from = (shorts){0};
    return values;
}

/* Multiplied, and zeros in their place. */
static INLINE struct rows take_rows(int16_t *block, const int16_t *steps)
{
    return (struct rows){take_row(block, steps, 0), take_row(block, steps, 1),
                         take_row(block, steps, 2), take_row(block, steps, 3),
                         take_row(block, steps, 4), take_row(block, steps, 5),
                         take_row(block, steps, 6), take_row(block, steps, 7)};
}

static INLINE bool all_within(const struct rows *row, int16_t most)
{
    return all_zero(outside(row->a0, most) | outside(row->a1, most) | outside(row->a2, most) |
                    outside(row->a3, most) | outside(row->a4, most) | outside(row->a5, most) |
                    outside(row->a6, most) | outside(row->a7, most));
}

/* ---- samples ------------------------------------------------------------------------------- */

/* Of what is not yet shifted by A.3.1's 128. */
enum { SAMPLE_MOST = 511 };

/* Of what is left of the columns: jpeg_idct_islow()'s other ways add two of them in 16 bits. */
enum { SUM_MOST = 16383 };

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

/* All ways are separable: the columns first, scaled by 4, then the rows that are left. All factors
 * are in 8192ths, and rounded as libjpeg does; no sum is beyond 31 bits where the coefficients are
 * what they may be. */
bool idct_two(int16_t *block, const int16_t *steps, int mean, uint8_t *to, int64_t stride)
{
    struct rows row = take_rows(block, steps);
    row.a2 = row.a4 = row.a6 = (shorts){0}; /* they have no part in it */
    if (!all_within(&row, COEFFICIENT_MOST)) {
        return false;
    }
    row.a0 += (shorts){(int16_t)mean};
    const shorts one_three = weights(29692, -10426), five_seven = weights(6967, -5906);
    struct pairs first = low_pairs(&row), last = high_pairs(&row);
    ints low = products(first.one_three, one_three) + products(first.five_seven, five_seven);
    ints high = products(last.one_three, one_three) + products(last.five_seven, five_seven);
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

/* Four numbers of eight coefficients. `first`: the first of them, 1 << 14 times, and what rounds
 * the result. The fifth one has no part in it. `sparse`: the last four are zeros. */
static INLINE struct sums four_of(ints first, struct pairs pair, bool sparse, int shift)
{
    ints even = products(pair.two_six, weights(15137, -6270));
    ints outer = products(pair.one_three, weights(20995, 7373));
    ints inner = products(pair.one_three, weights(8697, -17799));
    if (!sparse) {
        outer += products(pair.five_seven, weights(-4926, -4176));
        inner += products(pair.five_seven, weights(11893, -1730));
    }
    return (struct sums){.a0 = (first + even + outer) >> shift,
                         .a1 = (first - even + inner) >> shift,
                         .a2 = (first - even - inner) >> shift,
                         .a3 = (first + even - outer) >> shift};
}

/* Rows to columns, of which each vector has two. */
static INLINE struct pairs four_columns(const struct sums *low, const struct sums *high,
                                        shorts *first)
{
    shorts a = narrow(low->a0, high->a0), b = narrow(low->a1, high->a1);
    shorts c = narrow(low->a2, high->a2), d = narrow(low->a3, high->a3);
    shorts ab = zip_low(a, b), cd = zip_low(c, d), ba = zip_high(a, b), dc = zip_high(c, d);
    shorts column_01 = zip_low_pairs(ab, cd), column_23 = zip_high_pairs(ab, cd);
    shorts column_45 = zip_low_pairs(ba, dc), column_67 = zip_high_pairs(ba, dc);
    *first = column_01;
    return (struct pairs){.one_three = zip_high(column_01, column_23),
                          .two_six = zip_low(column_23, column_67),
                          .five_seven = zip_high(column_45, column_67)};
}

static INLINE bool four(int16_t *block, const int16_t *steps, int mean, bool sparse, uint8_t *to,
                        int64_t stride)
{
    struct rows row = take_rows(block, steps);
    row.a4 = (shorts){0};
    if (!all_within(&row, COEFFICIENT_MOST)) {
        return false;
    }
    row.a0 += (shorts){(int16_t)mean};
    struct sums high = {.a0 = {0}};
    struct sums low = four_of(low_scaled(row.a0, 2) + (1 << 11), low_pairs(&row), sparse, 12);
    if (!sparse) {
        high = four_of(high_scaled(row.a0, 2) + (1 << 11), high_pairs(&row), false, 12);
    }
    shorts first;
    struct pairs columns = four_columns(&low, &high, &first);
    struct sums made = four_of(low_scaled(first, 2) + (1 << 18), columns, sparse, 19);
    shorts even = narrow(made.a0, made.a2), odd = narrow(made.a1, made.a3);
    /* And columns to rows. */
    shorts left = zip_low(even, odd) + 128, right = zip_high(even, odd) + 128;
    bytes samples = clamp(zip_low_pairs(left, right), zip_high_pairs(left, right));
    for (size_t y = 0; y < 4; y++, to += stride) {
        memcpy(to, (const uint8_t *)&samples + 4 * y, 4);
    }
    return all_zero(outside(even, SAMPLE_MOST) | outside(odd, SAMPLE_MOST));
}

bool idct_four(int16_t *block, const int16_t *steps, int mean, bool sparse, uint8_t *to,
               int64_t stride)
{
    return sparse ? four(block, steps, mean, true, to, stride)
                  : four(block, steps, mean, false, to, stride);
}

/* Eight numbers of eight coefficients. `sparse`: the last four are zeros. */
static INLINE struct sums eight_of(struct pairs pair, bool sparse, int shift)
{
    const int half = 1 << (shift - 1);
    ints sum = products(pair.none_four, weights(8192, 8192)) + half;
    ints difference = products(pair.none_four, weights(8192, -8192)) + half;
    ints more = products(pair.two_six, weights(10703, 4433));
    ints less = products(pair.two_six, weights(4433, -10704));
    ints even_0 = sum + more, even_1 = difference + less;
    ints even_2 = difference - less, even_3 = sum - more;
    ints odd_0 = products(pair.one_three, weights(11363, 9633));
    ints odd_1 = products(pair.one_three, weights(9633, -2259));
    ints odd_2 = products(pair.one_three, weights(6437, -11362));
    ints odd_3 = products(pair.one_three, weights(2260, -6436));
    if (!sparse) {
        odd_0 += products(pair.five_seven, weights(6437, 2260));
        odd_1 += products(pair.five_seven, weights(-11362, -6436));
        odd_2 += products(pair.five_seven, weights(2261, 9633));
        odd_3 += products(pair.five_seven, weights(9633, -11363));
    }
    return (struct sums){(even_0 + odd_0) >> shift, (even_1 + odd_1) >> shift,
                         (even_2 + odd_2) >> shift, (even_3 + odd_3) >> shift,
                         (even_3 - odd_3) >> shift, (even_2 - odd_2) >> shift,
                         (even_1 - odd_1) >> shift, (even_0 - odd_0) >> shift};
}

/* `half`: the last four columns are zeros. */
static INLINE struct rows eight_rows(const struct rows *row, bool sparse, bool half, int shift)
{
    struct sums low = eight_of(low_pairs(row), sparse, shift), high = {.a0 = {0}};
    if (!half) {
        high = eight_of(high_pairs(row), sparse, shift);
    }
    return (struct rows){narrow(low.a0, high.a0), narrow(low.a1, high.a1), narrow(low.a2, high.a2),
                         narrow(low.a3, high.a3), narrow(low.a4, high.a4), narrow(low.a5, high.a5),
                         narrow(low.a6, high.a6), narrow(low.a7, high.a7)};
}

/* Rows to columns. */
static INLINE struct rows turned(const struct rows *row)
{
    shorts a = zip_low(row->a0, row->a4), b = zip_low(row->a1, row->a5);
    shorts c = zip_low(row->a2, row->a6), d = zip_low(row->a3, row->a7);
    shorts e = zip_high(row->a0, row->a4), f = zip_high(row->a1, row->a5);
    shorts g = zip_high(row->a2, row->a6), h = zip_high(row->a3, row->a7);
    shorts ac = zip_low(a, c), bd = zip_low(b, d), ca = zip_high(a, c), db = zip_high(b, d);
    shorts eg = zip_low(e, g), fh = zip_low(f, h), ge = zip_high(e, g), hf = zip_high(f, h);
    return (struct rows){zip_low(ac, bd), zip_high(ac, bd), zip_low(ca, db), zip_high(ca, db),
                         zip_low(eg, fh), zip_high(eg, fh), zip_low(ge, hf), zip_high(ge, hf)};
}

static INLINE void put_two_rows(shorts rows, uint8_t *to, int64_t stride)
{
    memcpy(to, &rows, 8);
    memcpy(to + stride, (const uint8_t *)&rows + 8, 8);
}

/* Columns of samples, as rows of bytes. */
static INLINE void put_columns(const struct rows *column, uint8_t *to, int64_t stride)
{
    bytes a = clamp(column->a0 + 128, column->a4 + 128);
    bytes b = clamp(column->a1 + 128, column->a5 + 128);
    bytes c = clamp(column->a2 + 128, column->a6 + 128);
    bytes d = clamp(column->a3 + 128, column->a7 + 128);
    shorts ab = zip_low_bytes(a, b), cd = zip_low_bytes(c, d); /* the first four columns */
    shorts ef = zip_high_bytes(a, b), gh = zip_high_bytes(c, d);
    shorts left = zip_low(ab, cd), right = zip_low(ef, gh);
    put_two_rows(zip_low_pairs(left, right), to, stride);
    put_two_rows(zip_high_pairs(left, right), to + 2 * stride, stride);
    left = zip_high(ab, cd), right = zip_high(ef, gh);
    put_two_rows(zip_low_pairs(left, right), to + 4 * stride, stride);
    put_two_rows(zip_high_pairs(left, right), to + 6 * stride, stride);
}

static INLINE bool eight(int16_t *block, const int16_t *steps, int mean, bool sparse, uint8_t *to,
                         int64_t stride)
{
    struct rows row = take_rows(block, steps);
    if (!all_within(&row, COEFFICIENT_MOST)) {
        return false;
    }
    row.a0 += (shorts){(int16_t)mean};
    row = eight_rows(&row, sparse, sparse, 11);
    if (!all_within(&row, SUM_MOST)) {
        return false;
    }
    row = turned(&row);
    row = eight_rows(&row, sparse, false, 18);
    put_columns(&row, to, stride);
    return all_within(&row, SAMPLE_MOST);
}

bool idct_eight(int16_t *block, const int16_t *steps, int mean, bool sparse, uint8_t *to,
                int64_t stride)
{
    return sparse ? eight(block, steps, mean, true, to, stride)
                  : eight(block, steps, mean, false, to, stride);
}
