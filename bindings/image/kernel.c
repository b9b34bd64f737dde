/*
 * kernel.c - the resize's arithmetic: nearly all of its time is spent here. Called by resize.c
 * for each row.
 *
 * The vectors are GCC's and clang's own notation: one source for SSE2 and NEON, with no choice of
 * machine when building or running.
 */
#include "bindings/image/kernel.h"

#include <string.h>

typedef float lanes __attribute__((vector_size(16)));
typedef int32_t integers __attribute__((vector_size(16)));
/* Red, green, blue and alpha as the library has them. */
#if defined(MAGICK_PIXELS_RGBA)
#define LIBRARY_ORDER(pixel) (pixel)
#else
#define LIBRARY_ORDER(pixel) __builtin_shufflevector(pixel, pixel, 2, 1, 0, 3)
#endif

typedef Quantum quanta __attribute__((vector_size(KERNEL_LANES * sizeof(Quantum))));

/* The library's pixels are read as four numbers, opacity last, in whichever order the colours. */
_Static_assert(sizeof(PixelPacket) == sizeof(quanta), "a pixel is four numbers");
_Static_assert(offsetof(PixelPacket, opacity) == 3 * sizeof(Quantum), "opacity is the last");
_Static_assert(KERNEL_LANES * sizeof(float) == sizeof(lanes), "a pixel fills a vector");

static inline lanes get(const float *from)
{
    lanes value;
    memcpy(&value, from, sizeof value);
    return value;
}

static inline void put(float *to, lanes value)
{
    memcpy(to, &value, sizeof value);
}

static inline lanes all(float value)
{
    return (lanes){value, value, value, value};
}

/* Where a condition's lanes are all ones `a`, where they are zeros `b`. */
static inline lanes choose(integers condition, lanes a, lanes b)
{
    return (lanes)((condition & (integers)a) | (~condition & (integers)b));
}

/* Not a number becomes 0. */
static inline lanes clamp(lanes value)
{
    value = (lanes)((value > all(0)) & (integers)value);
    return choose(value < all(MaxRGB), value, all(MaxRGB));
}

static inline lanes load_pixel(const PixelPacket *from)
{
    quanta pixel;
    memcpy(&pixel, from, sizeof pixel);
    return __builtin_convertvector(__builtin_convertvector(pixel, integers), lanes);
}

static inline void store_pixel(PixelPacket *to, lanes value)
{
    integers rounded = __builtin_convertvector(clamp(value) + all(0.5F), integers);
    quanta pixel = __builtin_convertvector(rounded, quanta);
    memcpy(to, &pixel, sizeof pixel);
}

static void load_alpha(float *to, const PixelPacket *from, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        lanes pixel = load_pixel(&from[i]);
        float alpha = (float)MaxRGB - pixel[3];
        pixel *= all(alpha / (float)MaxRGB);
        pixel[3] = alpha;
        put(to + i * KERNEL_LANES, pixel);
    }
}

void kernel_load(float *to, const PixelPacket *from, int64_t count, bool alpha)
{
    if (alpha) {
        load_alpha(to, from, count);
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        put(to + i * KERNEL_LANES, load_pixel(&from[i]));
    }
}

typedef uint8_t bytes __attribute__((vector_size(KERNEL_LANES)));

void kernel_from_bytes(PixelPacket *to, const uint8_t *rgba, int64_t count)
{
    for (int64_t i = 0; i < count; i++, rgba += KERNEL_LANES) {
        to[i] = (PixelPacket){.red = ScaleCharToQuantum(rgba[0]),
                              .green = ScaleCharToQuantum(rgba[1]),
                              .blue = ScaleCharToQuantum(rgba[2]),
                              .opacity = ScaleCharToQuantum(255 - rgba[3])};
    }
}

/* In the library's order. */
static inline lanes load_bytes(const uint8_t *rgba)
{
    bytes pixel;
    memcpy(&pixel, rgba, sizeof pixel);
    bytes ordered = LIBRARY_ORDER(pixel);
    return __builtin_convertvector(__builtin_convertvector(ordered, integers), lanes);
}

void kernel_load_bytes(float *to, const uint8_t *rgba, int64_t count, bool alpha)
{
    for (int64_t i = 0; i < count; i++, rgba += KERNEL_LANES) {
        lanes pixel = load_bytes(rgba);
        if (alpha) {
            float opacity = pixel[3];
            pixel *= all(opacity * (float)(MaxRGB / 255.0 / 255.0));
            pixel[3] = opacity * (float)(MaxRGB / 255.0);
        } else {
            pixel *= all((float)(MaxRGB / 255.0));
            pixel[3] = 0;
        }
        put(to + i * KERNEL_LANES, pixel);
    }
}

/* Where nothing can be seen there is no colour to be restored. */
static lanes divide(lanes pixel)
{
    float alpha = pixel[3] < (float)MaxRGB ? pixel[3] : (float)MaxRGB;
    if (alpha < 0.5F) {
        return (lanes){0, 0, 0, MaxRGB};
    }
    pixel *= all((float)MaxRGB / alpha);
    pixel[3] = (float)MaxRGB - alpha;
    return pixel;
}

void kernel_store(PixelPacket *to, ptrdiff_t step, const float *from, int64_t count, bool alpha)
{
    for (int64_t i = 0; i < count; i++) {
        lanes pixel = get(from + i * KERNEL_LANES);
        store_pixel(&to[i * step], alpha ? divide(pixel) : pixel);
    }
}

void kernel_across(float *to, const float *from, const struct weights *weights)
{
    const float *row = weights->values;
    for (int64_t i = 0; i < weights->count; i++, row += weights->stride) {
        const float *pixels = from + (ptrdiff_t)weights->first[i] * KERNEL_LANES;
        int32_t taps = weights->taps[i];
        /* Four sums, so that no addition waits for the one before it. */
        lanes a = all(0), b = a, c = a, d = a;
        for (int32_t t = 0; t < taps; t += 4, pixels += (ptrdiff_t)4 * KERNEL_LANES) {
            a += get(pixels) * row[t];
            b += get(pixels + 4) * row[t + 1];
            c += get(pixels + 8) * row[t + 2];
            d += get(pixels + 12) * row[t + 3];
        }
        put(to + i * KERNEL_LANES, (a + b) + (c + d));
    }
}

void kernel_down(float *to, const float *const *rows, const float *weights, int64_t taps,
                 int64_t count)
{
    for (int64_t i = 0; i < count * KERNEL_LANES; i += 16) {
        lanes a = all(0), b = a, c = a, d = a;
        for (int64_t t = 0; t < taps; t++) {
            const float *pixels = rows[t] + i;
            float weight = weights[t];
            a += get(pixels) * weight;
            b += get(pixels + 4) * weight;
            c += get(pixels + 8) * weight;
            d += get(pixels + 12) * weight;
        }
        put(to + i, a);
        put(to + i + 4, b);
        put(to + i + 8, c);
        put(to + i + 12, d);
    }
}
