/*
 * filter.c - Lanczos and its cheaper or softer kin, sampled into tables of weights. Called by
 * resize.c, twice a resize.
 *
 * Positions are centres: output i lies at (i + 1/2) x scale. Where there are fewer pixels after
 * than before, the filter is stretched by the scale, so that every input counts.
 */
#include "bindings/image/filter.h"

#include <math.h>
#include <stdlib.h>

#define PI 3.14159265358979323846

static double sinc(double x)
{
    return x == 0 ? 1 : sin(PI * x) / (PI * x);
}

static double lanczos(double x)
{
    return sinc(x) * sinc(x / 3);
}

/* The family of Mitchell and Netravali (1988), for 0 <= x <= 2. */
static double cubic(double x, double b, double c)
{
    if (x < 1) {
        return ((12 - 9 * b - 6 * c) * x * x * x + (-18 + 12 * b + 6 * c) * x * x + 6 - 2 * b) / 6;
    }
    return ((-b - 6 * c) * x * x * x + (6 * b + 30 * c) * x * x + (-12 * b - 48 * c) * x + 8 * b +
            24 * c) /
           6;
}

static double mitchell(double x)
{
    return cubic(x, 1.0 / 3, 1.0 / 3);
}

static double catrom(double x)
{
    return cubic(x, 0, 0.5);
}

static double triangle(double x)
{
    return 1 - x;
}

static double box(double x)
{
    (void)x;
    return 1;
}

/* Each is even, so it is asked for 0 <= x <= radius only. */
static const struct {
    double radius;
    double (*weight)(double x);
} filters[] = {
    [IMAGE_LANCZOS] = {3, lanczos}, [IMAGE_MITCHELL] = {2, mitchell},
    [IMAGE_CATROM] = {2, catrom},   [IMAGE_TRIANGLE] = {1, triangle},
    [IMAGE_BOX] = {0.5, box},       [IMAGE_NEAREST] = {0, NULL},
};

/* Half of how far the filter reaches on the input; 0 for the nearest pixel alone. */
static double reach_of(enum image_filter filter, int64_t from, int64_t to)
{
    double scale = (double)from / (double)to;
    return filters[filter].radius * (scale > 1 ? scale : 1);
}

int64_t weights_longest(enum image_filter filter, int64_t from, int64_t to)
{
    int64_t longest = (int64_t)ceil(2 * reach_of(filter, from, to)) + 1;
    return longest < from ? longest : from;
}

static int64_t stride_of(enum image_filter filter, int64_t from, int64_t to)
{
    return (weights_longest(filter, from, to) + 3) / 4 * 4;
}

int64_t weights_memory(enum image_filter filter, int64_t from, int64_t to, int64_t count)
{
    int64_t row = stride_of(filter, from, to) * (int64_t)sizeof(float);
    return count * (row + 2 * (int64_t)sizeof(int32_t));
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* Weights of the inputs first .. first + taps - 1 for an output at `centre`; returns how many
 * remain when those that are zero at the end are left out. */
static int64_t sample(enum image_filter filter, double centre, double stretch, int64_t first,
                      int64_t taps, float *values)
{
    double total = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t t = 0; t < taps; t++) {
            double x = ((double)(first + t) + 0.5 - centre) / stretch;
            /* Open on one side: of two inputs at the same distance the box takes one. */
            bool within = x > -filters[filter].radius && x <= filters[filter].radius;
            double weight = within ? filters[filter].weight(fabs(x)) : 0;
            if (pass == 0) {
                total += weight;
            } else {
                values[t] = (float)(weight / total);
            }
        }
    }
    while (taps > 1 && values[taps - 1] == 0) {
        taps--;
    }
    return taps;
}

static void fill_row(struct weights *weights, int64_t row, enum image_filter filter, int64_t from,
                     int64_t to, int64_t output)
{
    double scale = (double)from / (double)to;
    double centre = ((double)output + 0.5) * scale;
    double reach = reach_of(filter, from, to);
    float *values = weights->values + row * weights->stride;
    int64_t nearest = clamp((int64_t)floor(centre), 0, from - 1);
    /* Inputs whose centres lie within reach; the box always has one of them, at least. */
    int64_t first = clamp((int64_t)ceil(centre - reach - 0.5), 0, nearest);
    int64_t last = clamp((int64_t)floor(centre + reach - 0.5), nearest, from - 1);
    int64_t taps = last - first + 1;
    if (taps == 1 || filter == IMAGE_NEAREST) {
        first = nearest;
        taps = 1;
        values[0] = 1;
    } else {
        taps = sample(filter, centre, scale > 1 ? scale : 1, first, taps, values);
    }
    weights->first[row] = (int32_t)first;
    weights->taps[row] = (int32_t)taps;
    weights->longest = taps > weights->longest ? taps : weights->longest;
}

bool weights_make(struct weights *weights, enum image_filter filter, int64_t from, int64_t to,
                  int64_t start, int64_t count, struct error *err)
{
    filter = from == to ? IMAGE_NEAREST : filter;
    struct weights made = {.count = count, .stride = stride_of(filter, from, to)};
    made.first = calloc((size_t)count, sizeof *made.first);
    made.taps = calloc((size_t)count, sizeof *made.taps);
    made.values = calloc((size_t)(count * made.stride), sizeof *made.values);
    if (made.first == NULL || made.taps == NULL || made.values == NULL) {
        weights_release(&made);
        return error_set_memory(err, "resizing an image");
    }
    for (int64_t row = 0; row < count; row++) {
        fill_row(&made, row, filter, from, to, start + row);
    }
    *weights = made;
    return true;
}

void weights_release(struct weights *weights)
{
    free(weights->first);
    free(weights->taps);
    free(weights->values);
    *weights = (struct weights){.count = 0};
}
