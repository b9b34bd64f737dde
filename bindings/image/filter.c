/*
 * filter.c - Lanczos and its cheaper or softer kin, sampled into tables of weights. Called by
 * resize.c and lane_scale.c, twice a resize.
 *
 * Positions are centres: output i lies at (i + 1/2) x scale. Where there are fewer pixels after
 * than before, the filter is stretched by the scale, so that every input counts.
 */
#include "bindings/image/filter.h"

#include <math.h>
#include <stdlib.h>

#define PI 3.14159265358979323846

/* sinc(x) sinc(x / 3), whose sines are those of an angle and of its triple. `sine`: that of the
 * angle. Next to 0 both are too small for their quotient, which is 1. */
static double lanczos_of(double angle, double sine)
{
    double square = sine * sine;
    return fabs(angle) < 1e-6 ? 1 : square * (3 - 4 * square) / (3 * angle * angle);
}

static double lanczos(double x)
{
    double angle = PI / 3 * x;
    return lanczos_of(angle, sin(angle));
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
static double reach_of(enum image_filter filter, double step)
{
    return filters[filter].radius * (step > 1 ? step : 1);
}

int64_t weights_longest_along(enum image_filter filter, int64_t from, double step)
{
    int64_t longest = (int64_t)ceil(2 * reach_of(filter, step)) + 1;
    return longest < from ? longest : from;
}

int64_t weights_longest(enum image_filter filter, int64_t from, int64_t to)
{
    return weights_longest_along(filter, from, (double)from / (double)to);
}

static int64_t round_up(int64_t taps)
{
    return (taps + 3) / 4 * 4;
}

int64_t weights_memory(enum image_filter filter, int64_t from, int64_t to, int64_t count)
{
    int64_t row = round_up(weights_longest(filter, from, to)) * (int64_t)sizeof(float);
    return count * (row + 2 * (int64_t)sizeof(int32_t));
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

static double weight_at(enum image_filter filter, double x)
{
    /* Open on one side: of two inputs at the same distance the box takes one. */
    bool within = x > -filters[filter].radius && x <= filters[filter].radius;
    return within ? filters[filter].weight(fabs(x)) : 0;
}

/* What weight_at() gives for x, x + step, ...: the angles are equally far apart, so each sine is
 * made of the last one's sine and cosine. */
static void lanczos_row(double x, double step, int64_t taps, float *values)
{
    double sine = sin(PI / 3 * x), cosine = cos(PI / 3 * x);
    double step_sine = sin(PI / 3 * step), step_cosine = cos(PI / 3 * step);
    for (int64_t t = 0; t < taps; t++) {
        double at = x + (double)t * step, last = sine;
        bool within = at > -3 && at <= 3;
        values[t] = within ? (float)lanczos_of(PI / 3 * at, sine) : 0;
        sine = last * step_cosine + cosine * step_sine;
        cosine = cosine * step_cosine - last * step_sine;
    }
}

/* Weights of the inputs first .. first + taps - 1 for an output at `centre`; returns how many
 * remain when those that are zero at the end are left out. */
static int64_t sample(enum image_filter filter, double centre, double stretch, int64_t first,
                      int64_t taps, float *values)
{
    double total = 0, x = ((double)first + 0.5 - centre) / stretch;
    if (filter == IMAGE_LANCZOS) {
        lanczos_row(x, 1 / stretch, taps, values);
    }
    for (int64_t t = 0; t < taps; t++) {
        if (filter != IMAGE_LANCZOS) {
            values[t] = (float)weight_at(filter, ((double)(first + t) + 0.5 - centre) / stretch);
        }
        total += values[t];
    }
    for (int64_t t = 0; t < taps; t++) {
        values[t] = (float)(values[t] / total);
    }
    while (taps > 1 && values[taps - 1] == 0) {
        taps--;
    }
    return taps;
}

static void fill_row(struct weights *weights, int64_t row, enum image_filter filter,
                     const struct axis *axis)
{
    double centre = ((double)row + axis->offset) * axis->step + axis->origin;
    double reach = reach_of(filter, axis->step);
    float *values = weights->values + row * weights->stride;
    int64_t nearest = clamp((int64_t)floor(centre), 0, axis->from - 1);
    /* Inputs whose centres lie within reach; the box always has one of them, at least. */
    int64_t first = clamp((int64_t)ceil(centre - reach - 0.5), 0, nearest);
    int64_t last = clamp((int64_t)floor(centre + reach - 0.5), nearest, axis->from - 1);
    int64_t taps = last - first + 1;
    if (taps == 1 || filter == IMAGE_NEAREST) {
        first = nearest;
        taps = 1;
        values[0] = 1;
    } else {
        taps = sample(filter, centre, axis->step > 1 ? axis->step : 1, first, taps, values);
    }
    weights->first[row] = (int32_t)(axis->skipped + first);
    weights->taps[row] = (int32_t)taps;
    weights->longest = taps > weights->longest ? taps : weights->longest;
}

static bool coincides(const struct axis *axis)
{
    double centre = axis->offset * axis->step + axis->origin;
    return axis->step == 1 && centre - floor(centre) == 0.5;
}

bool weights_along(struct weights *weights, enum image_filter filter, const struct axis *axis,
                   struct error *err)
{
    filter = coincides(axis) ? IMAGE_NEAREST : filter;
    struct weights made = {.count = axis->count,
                           .stride =
                               round_up(weights_longest_along(filter, axis->from, axis->step))};
    made.first = calloc((size_t)made.count, sizeof *made.first);
    made.taps = calloc((size_t)made.count, sizeof *made.taps);
    made.values = calloc((size_t)(made.count * made.stride), sizeof *made.values);
    if (made.first == NULL || made.taps == NULL || made.values == NULL) {
        weights_release(&made);
        return error_set_memory(err, "resizing an image");
    }
    for (int64_t row = 0; row < made.count; row++) {
        fill_row(&made, row, filter, axis);
    }
    *weights = made;
    return true;
}

bool weights_make(struct weights *weights, enum image_filter filter, int64_t from, int64_t to,
                  int64_t start, int64_t count, struct error *err)
{
    struct axis axis = {.from = from,
                        .count = count,
                        .offset = (double)start + 0.5,
                        .step = (double)from / (double)to};
    return weights_along(weights, filter, &axis, err);
}

void weights_release(struct weights *weights)
{
    free(weights->first);
    free(weights->taps);
    free(weights->values);
    *weights = (struct weights){.count = 0};
}
