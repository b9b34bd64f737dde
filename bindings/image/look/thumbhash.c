/*
 * thumbhash.c - a picture in 25 bytes, to be shown blurred until the real one is there. The format
 * is Evan Wallace's ThumbHash: brightness, two colour differences and alpha as a few cosines each,
 * four bits a factor. Called by the `image` module.
 */
#include "bindings/image/look/glance.h"

#include <math.h>
#include <string.h>

enum { PIXELS_MAX = GLANCE_SIDE * GLANCE_SIDE, FACTORS_MAX = 7 * 7 };

#define PI 3.14159265358979323846

struct channel {
    double constant, scale;
    double factors[FACTORS_MAX]; /* 0 to 1, 0.5 is none */
    int count;
};

struct planes {
    int width, height;
    double light[PIXELS_MAX];  /* 0 to 1 */
    double yellow[PIXELS_MAX]; /* yellow against blue, -1 to 1 */
    double red[PIXELS_MAX];    /* red against green, -1 to 1 */
    double alpha[PIXELS_MAX];
    bool transparent;
};

/* What shows through is the picture's own average. */
static void read_planes(const struct glance *glance, struct planes *planes)
{
    int pixels = glance->width * glance->height;
    double mean[3] = {0, 0, 0}, alphas = 0;
    for (int i = 0; i < pixels; i++) {
        const uint8_t *rgba = glance->rgba + 4 * i;
        double alpha = rgba[3] / 255.0;
        for (int c = 0; c < 3; c++) {
            mean[c] += alpha / 255 * rgba[c];
        }
        alphas += alpha;
    }
    for (int c = 0; c < 3 && alphas > 0; c++) {
        mean[c] /= alphas;
    }
    planes->width = glance->width;
    planes->height = glance->height;
    planes->transparent = alphas < pixels;
    for (int i = 0; i < pixels; i++) {
        const uint8_t *rgba = glance->rgba + 4 * i;
        double alpha = rgba[3] / 255.0, over[3];
        for (int c = 0; c < 3; c++) {
            over[c] = mean[c] * (1 - alpha) + alpha / 255 * rgba[c];
        }
        planes->light[i] = (over[0] + over[1] + over[2]) / 3;
        planes->yellow[i] = (over[0] + over[1]) / 2 - over[2];
        planes->red[i] = over[0] - over[1];
        planes->alpha[i] = alpha;
    }
}

static double factor_of(const double *plane, int width, int height, int x_waves, int y_waves)
{
    double across[GLANCE_SIDE], sum = 0;
    for (int x = 0; x < width; x++) {
        across[x] = cos(PI / width * x_waves * (x + 0.5));
    }
    for (int y = 0; y < height; y++) {
        double down = cos(PI / height * y_waves * (y + 0.5));
        for (int x = 0; x < width; x++) {
            sum += plane[x + y * width] * across[x] * down;
        }
    }
    return sum / (width * height);
}

/* The triangle of frequencies below the diagonal from x_most to y_most. */
static void read_channel(const struct planes *planes, const double *plane, int x_most, int y_most,
                         struct channel *channel)
{
    *channel = (struct channel){.count = 0};
    for (int y = 0; y < y_most; y++) {
        for (int x = 0; x * y_most < x_most * (y_most - y); x++) {
            double factor = factor_of(plane, planes->width, planes->height, x, y);
            if (x == 0 && y == 0) {
                channel->constant = factor;
                continue;
            }
            channel->factors[channel->count++] = factor;
            channel->scale = fmax(channel->scale, fabs(factor));
        }
    }
    for (int i = 0; i < channel->count && channel->scale > 0; i++) {
        channel->factors[i] = 0.5 + 0.5 / channel->scale * channel->factors[i];
    }
}

/* As JavaScript's Math.round(), which the format is defined by: halves go up. */
static unsigned rounded(double value)
{
    return (unsigned)floor(value + 0.5);
}

static void put(uint8_t *at, unsigned value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

static void put_factors(uint8_t *hash, size_t *nibbles, const struct channel *channel)
{
    for (int i = 0; i < channel->count; i++, ++*nibbles) {
        unsigned value = rounded(15 * channel->factors[i]);
        hash[*nibbles / 2] |= (uint8_t)(value << (*nibbles % 2 * 4));
    }
}

/* How many waves of brightness along a side, in proportion to it. */
static int waves(const struct planes *planes, int side)
{
    int longer = planes->width > planes->height ? planes->width : planes->height;
    unsigned most = planes->transparent ? 5 : 7;
    unsigned count = rounded((double)most * side / longer);
    return count > 1 ? (int)count : 1;
}

static size_t encode(const struct planes *planes, uint8_t *hash)
{
    int x_waves = waves(planes, planes->width), y_waves = waves(planes, planes->height);
    bool wide = planes->width > planes->height;
    struct channel light, yellow, red, alpha;
    read_channel(planes, planes->light, x_waves > 3 ? x_waves : 3, y_waves > 3 ? y_waves : 3,
                 &light);
    read_channel(planes, planes->yellow, 3, 3, &yellow);
    read_channel(planes, planes->red, 3, 3, &red);

    put(hash,
        rounded(63 * light.constant) | rounded(31.5 + 31.5 * yellow.constant) << 6 |
            rounded(31.5 + 31.5 * red.constant) << 12 | rounded(31 * light.scale) << 18 |
            (planes->transparent ? 1U << 23 : 0),
        3);
    put(hash + 3,
        (unsigned)(wide ? y_waves : x_waves) | rounded(63 * yellow.scale) << 3 |
            rounded(63 * red.scale) << 9 | (wide ? 1U << 15 : 0),
        2);
    size_t nibbles = 10;
    if (planes->transparent) {
        read_channel(planes, planes->alpha, 5, 5, &alpha);
        put(hash + 5, rounded(15 * alpha.constant) | rounded(15 * alpha.scale) << 4, 1);
        nibbles += 2;
    }
    put_factors(hash, &nibbles, &light);
    put_factors(hash, &nibbles, &yellow);
    put_factors(hash, &nibbles, &red);
    if (planes->transparent) {
        put_factors(hash, &nibbles, &alpha);
    }
    return (nibbles + 1) / 2;
}

size_t thumbhash_of(const struct glance *glance, uint8_t hash[THUMBHASH_MAX])
{
    struct planes planes = {.width = 0};
    memset(hash, 0, THUMBHASH_MAX);
    read_planes(glance, &planes);
    return encode(&planes, hash);
}
