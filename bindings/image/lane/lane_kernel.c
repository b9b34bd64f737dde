/*
 * lane_kernel.c - the JPEG lane's arithmetic. Called by lane_scale.c for each row, and by planes.c
 * to turn a picture.
 *
 * A product of 16-bit numbers summed in 32 bits is one instruction of every x86-64 (SSE2) and arm64
 * (NEON), but nothing that a compiler finds by itself; so the two are named here. Elsewhere plain C
 * does the same. x86-64 has had registers of twice the width for ten years (AVX2): where they are,
 * which is asked while running, a whole job takes 8 % fewer instructions.
 */
#include "bindings/image/lane/lane_kernel.h"

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#include <string.h>

enum {
    LINE_SHIFT = LANE_WEIGHT_BITS - LANE_LINE_BITS,
    LINE_HALF = 1 << (LINE_SHIFT - 1),
    SAMPLE_SHIFT = LANE_WEIGHT_BITS + LANE_LINE_BITS,
    SAMPLE_HALF = 1 << (SAMPLE_SHIFT - 1)
};

#if defined(__SSE2__)

static inline __m128i load(const void *from)
{
    return _mm_loadu_si128((const __m128i *)from);
}

/* Sixteen columns of two rows: their samples side by side, as one multiplication wants them. */
static inline void add_rows(__m128i sum[4], __m128i a, __m128i b, __m128i weights)
{
    const __m128i zero = _mm_setzero_si128();
    __m128i low = _mm_unpacklo_epi8(a, b), high = _mm_unpackhi_epi8(a, b);
    sum[0] = _mm_add_epi32(sum[0], _mm_madd_epi16(_mm_unpacklo_epi8(low, zero), weights));
    sum[1] = _mm_add_epi32(sum[1], _mm_madd_epi16(_mm_unpackhi_epi8(low, zero), weights));
    sum[2] = _mm_add_epi32(sum[2], _mm_madd_epi16(_mm_unpacklo_epi8(high, zero), weights));
    sum[3] = _mm_add_epi32(sum[3], _mm_madd_epi16(_mm_unpackhi_epi8(high, zero), weights));
}

static void down(int16_t *to, const uint8_t *const *rows, const int16_t *weights, int64_t taps,
                 int64_t count)
{
    for (int64_t x = 0; x < count; x += 16) {
        const __m128i half = _mm_set1_epi32(LINE_HALF);
        __m128i sum[4] = {half, half, half, half};
        for (int64_t t = 0; t < taps; t += 2) {
            int32_t pair;
            memcpy(&pair, weights + t, sizeof pair);
            add_rows(sum, load(rows[t] + x), load(rows[t + 1] + x), _mm_set1_epi32(pair));
        }
        for (int i = 0; i < 4; i++) {
            sum[i] = _mm_srai_epi32(sum[i], LINE_SHIFT);
        }
        _mm_storeu_si128((__m128i *)(to + x), _mm_packs_epi32(sum[0], sum[1]));
        _mm_storeu_si128((__m128i *)(to + x + 8), _mm_packs_epi32(sum[2], sum[3]));
    }
}

#define WIDE __attribute__((target("avx2")))

static inline WIDE __m256i load_wide(const void *from)
{
    return _mm256_loadu_si256((const __m256i *)from);
}

/* 32 columns of two rows. The wide instructions work on two halves apart: sum[0] and sum[2] have
 * the columns 0 .. 7 and 16 .. 23, the others those behind them. */
static inline WIDE void add_rows_wide(__m256i sum[4], __m256i a, __m256i b, __m256i weights)
{
    const __m256i zero = _mm256_setzero_si256();
    __m256i low = _mm256_unpacklo_epi8(a, b), high = _mm256_unpackhi_epi8(a, b);
    __m256i parts[] = {_mm256_unpacklo_epi8(low, zero), _mm256_unpackhi_epi8(low, zero),
                       _mm256_unpacklo_epi8(high, zero), _mm256_unpackhi_epi8(high, zero)};
    for (int i = 0; i < 4; i++) {
        sum[i] = _mm256_add_epi32(sum[i], _mm256_madd_epi16(parts[i], weights));
    }
}

static WIDE void down_wide(int16_t *to, const uint8_t *const *rows, const int16_t *weights,
                           int64_t taps, int64_t count)
{
    for (int64_t x = 0; x < count; x += 32) {
        const __m256i half = _mm256_set1_epi32(LINE_HALF);
        __m256i sum[4] = {half, half, half, half};
        for (int64_t t = 0; t < taps; t += 2) {
            int32_t pair;
            memcpy(&pair, weights + t, sizeof pair);
            add_rows_wide(sum, load_wide(rows[t] + x), load_wide(rows[t + 1] + x),
                          _mm256_set1_epi32(pair));
        }
        for (int i = 0; i < 4; i++) {
            sum[i] = _mm256_srai_epi32(sum[i], LINE_SHIFT);
        }
        __m256i low = _mm256_packs_epi32(sum[0], sum[1]), high = _mm256_packs_epi32(sum[2], sum[3]);
        _mm256_storeu_si256((__m256i *)(to + x), _mm256_permute2x128_si256(low, high, 0x20));
        _mm256_storeu_si256((__m256i *)(to + x + 16), _mm256_permute2x128_si256(low, high, 0x31));
    }
}

static inline __m128i dot(const int16_t *line, const int16_t *weights, int64_t stride)
{
    __m128i sum = _mm_madd_epi16(load(line), load(weights));
    for (int64_t t = LANE_TAPS; t < stride; t += LANE_TAPS) {
        sum = _mm_add_epi32(sum, _mm_madd_epi16(load(line + t), load(weights + t)));
    }
    return sum;
}

/* The four numbers of each of four, added up. */
static inline __m128i totals(__m128i a, __m128i b, __m128i c, __m128i d)
{
    __m128i ab = _mm_add_epi32(_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
    __m128i cd = _mm_add_epi32(_mm_unpacklo_epi32(c, d), _mm_unpackhi_epi32(c, d));
    return _mm_add_epi32(_mm_unpacklo_epi64(ab, cd), _mm_unpackhi_epi64(ab, cd));
}

static inline void across_stride(uint8_t *to, const int16_t *line, const int32_t *first,
                                 const int16_t *weights, int64_t stride, int64_t count)
{
    for (int64_t i = 0; i < count; i += LANE_OUTPUTS, weights += LANE_OUTPUTS * stride) {
        __m128i sum = totals(dot(line + first[i], weights, stride),
                             dot(line + first[i + 1], weights + stride, stride),
                             dot(line + first[i + 2], weights + 2 * stride, stride),
                             dot(line + first[i + 3], weights + 3 * stride, stride));
        sum = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(SAMPLE_HALF)), SAMPLE_SHIFT);
        sum = _mm_packs_epi32(sum, sum);
        int32_t samples = _mm_cvtsi128_si32(_mm_packus_epi16(sum, sum));
        memcpy(to + i, &samples, sizeof samples);
    }
}

/* Sixteen weights at a time, of four outputs; two outputs share a register in the end. */
static inline WIDE __m256i dot_wide(const int16_t *line, const int16_t *weights, int64_t stride)
{
    __m256i sum = _mm256_madd_epi16(load_wide(line), load_wide(weights));
    for (int64_t t = 2 * LANE_TAPS; t < stride; t += 2 * LANE_TAPS) {
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(load_wide(line + t), load_wide(weights + t)));
    }
    return sum;
}

static inline WIDE void across_wide_stride(uint8_t *to, const int16_t *line, const int32_t *first,
                                           const int16_t *weights, int64_t stride, int64_t count)
{
    for (int64_t i = 0; i < count; i += LANE_OUTPUTS, weights += LANE_OUTPUTS * stride) {
        __m256i a = dot_wide(line + first[i], weights, stride);
        __m256i b = dot_wide(line + first[i + 1], weights + stride, stride);
        __m256i c = dot_wide(line + first[i + 2], weights + 2 * stride, stride);
        __m256i d = dot_wide(line + first[i + 3], weights + 3 * stride, stride);
        __m256i both = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
        __m128i sum =
            _mm_add_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
        sum = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(SAMPLE_HALF)), SAMPLE_SHIFT);
        sum = _mm_packs_epi32(sum, sum);
        int32_t samples = _mm_cvtsi128_si32(_mm_packus_epi16(sum, sum));
        memcpy(to + i, &samples, sizeof samples);
    }
}

static WIDE void across_wide(uint8_t *to, const int16_t *line, const int32_t *first,
                             const int16_t *weights, int64_t stride, int64_t count)
{
    if (stride == LANE_TAPS) {
        across_stride(to, line, first, weights, LANE_TAPS, count);
    } else if (stride == 2 * LANE_TAPS) {
        across_wide_stride(to, line, first, weights, 2 * LANE_TAPS, count);
    } else {
        across_wide_stride(to, line, first, weights, stride, count);
    }
}

/* The usual lengths as constants: there is no loop left then. */
static void across(uint8_t *to, const int16_t *line, const int32_t *first, const int16_t *weights,
                   int64_t stride, int64_t count)
{
    if (stride == LANE_TAPS) {
        across_stride(to, line, first, weights, LANE_TAPS, count);
    } else if (stride == 2 * LANE_TAPS) {
        across_stride(to, line, first, weights, 2 * LANE_TAPS, count);
    } else {
        across_stride(to, line, first, weights, stride, count);
    }
}

const struct lane_kernel *lane_kernel_best(void)
{
    static const struct lane_kernel wide = {down_wide, across_wide};
    return __builtin_cpu_supports("avx2") ? &wide : &lane_kernel_plain;
}

static inline __m128i load_half(const uint8_t *from)
{
    return _mm_loadl_epi64((const __m128i *)from);
}

static inline void store_halves(uint8_t *to, ptrdiff_t stride, __m128i two)
{
    _mm_storel_epi64((__m128i *)to, two);
    _mm_storel_epi64((__m128i *)(to + stride), _mm_unpackhi_epi64(two, two));
}

void lane_transpose(uint8_t *to, ptrdiff_t to_stride, const uint8_t *from, ptrdiff_t from_stride)
{
    __m128i pair[4];
    for (int i = 0; i < 4; i++) {
        const uint8_t *row = from + 2 * i * from_stride;
        pair[i] = _mm_unpacklo_epi8(load_half(row), load_half(row + from_stride));
    }
    __m128i a = _mm_unpacklo_epi16(pair[0], pair[1]), b = _mm_unpackhi_epi16(pair[0], pair[1]);
    __m128i c = _mm_unpacklo_epi16(pair[2], pair[3]), d = _mm_unpackhi_epi16(pair[2], pair[3]);
    store_halves(to, to_stride, _mm_unpacklo_epi32(a, c));
    store_halves(to + 2 * to_stride, to_stride, _mm_unpackhi_epi32(a, c));
    store_halves(to + 4 * to_stride, to_stride, _mm_unpacklo_epi32(b, d));
    store_halves(to + 6 * to_stride, to_stride, _mm_unpackhi_epi32(b, d));
}

#else

#if defined(__ARM_NEON)

static inline void add_row(int32x4_t sum[4], const uint8_t *row, int16_t weight)
{
    uint8x16_t samples = vld1q_u8(row);
    int16x8_t low = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(samples)));
    int16x8_t high = vreinterpretq_s16_u16(vmovl_u8(vget_high_u8(samples)));
    sum[0] = vmlal_n_s16(sum[0], vget_low_s16(low), weight);
    sum[1] = vmlal_n_s16(sum[1], vget_high_s16(low), weight);
    sum[2] = vmlal_n_s16(sum[2], vget_low_s16(high), weight);
    sum[3] = vmlal_n_s16(sum[3], vget_high_s16(high), weight);
}

static void down(int16_t *to, const uint8_t *const *rows, const int16_t *weights, int64_t taps,
                 int64_t count)
{
    for (int64_t x = 0; x < count; x += 16) {
        const int32x4_t half = vdupq_n_s32(LINE_HALF);
        int32x4_t sum[4] = {half, half, half, half};
        for (int64_t t = 0; t < taps; t++) {
            add_row(sum, rows[t] + x, weights[t]);
        }
        for (int i = 0; i < 4; i++) {
            vst1_s16(to + x + 4 * i, vqmovn_s32(vshrq_n_s32(sum[i], LINE_SHIFT)));
        }
    }
}

static inline int32_t dot(const int16_t *line, const int16_t *weights, int64_t stride)
{
    int32x4_t sum = vdupq_n_s32(0);
    for (int64_t t = 0; t < stride; t += LANE_TAPS) {
        int16x8_t samples = vld1q_s16(line + t), values = vld1q_s16(weights + t);
        sum = vmlal_s16(sum, vget_low_s16(samples), vget_low_s16(values));
        sum = vmlal_s16(sum, vget_high_s16(samples), vget_high_s16(values));
    }
    return vaddvq_s32(sum);
}

#else

static void down(int16_t *to, const uint8_t *const *rows, const int16_t *weights, int64_t taps,
                 int64_t count)
{
    for (int64_t x = 0; x < count; x++) {
        int32_t sum = LINE_HALF;
        for (int64_t t = 0; t < taps; t++) {
            sum += rows[t][x] * weights[t];
        }
        to[x] = (int16_t)(sum >> LINE_SHIFT);
    }
}

static inline int32_t dot(const int16_t *line, const int16_t *weights, int64_t stride)
{
    int32_t sum = 0;
    for (int64_t t = 0; t < stride; t++) {
        sum += line[t] * weights[t];
    }
    return sum;
}

#endif

static void across(uint8_t *to, const int16_t *line, const int32_t *first, const int16_t *weights,
                   int64_t stride, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        int32_t sum = dot(line + first[i], weights + i * stride, stride);
        int32_t sample = (sum + SAMPLE_HALF) >> SAMPLE_SHIFT;
        to[i] = (uint8_t)(sample < 0 ? 0 : sample > 255 ? 255 : sample);
    }
}

const struct lane_kernel *lane_kernel_best(void)
{
    return &lane_kernel_plain;
}

void lane_transpose(uint8_t *to, ptrdiff_t to_stride, const uint8_t *from, ptrdiff_t from_stride)
{
    for (int y = 0; y < 8; y++) {
        for (int x = 0; x < 8; x++) {
            to[x * to_stride + y] = from[y * from_stride + x];
        }
    }
}

#endif

const struct lane_kernel lane_kernel_plain = {down, across};
