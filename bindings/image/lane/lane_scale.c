/*
 * lane_scale.c - the JPEG lane's resize: down a few rows of the source, then along the one that is
 * left, for each row of the result. Called by lane.c.
 *
 * Down comes first, other than in resize.c: it is done on whole rows, one plane's samples side by
 * side, and leaves less for the way across, where every output has weights of its own.
 */
#include "bindings/image/lane/lane_scale.h"

#include <math.h>
#include <stdlib.h>

/* ---- weights in whole numbers -------------------------------------------------------------- */

static int64_t round_up(int64_t value, int64_t unit)
{
    return (value + unit - 1) / unit * unit;
}

static int64_t stride_of(int64_t longest)
{
    return longest <= LANE_TAPS ? LANE_TAPS : round_up(longest, 2 * (int64_t)LANE_TAPS);
}

static void weights_end(struct lane_weights *weights)
{
    free(weights->first);
    free(weights->taps);
    free(weights->values);
    *weights = (struct lane_weights){.count = 0};
}

/* What rounding adds or takes goes to the largest: an even area stays as it is. */
static void round_row(int16_t *to, const float *from, int64_t taps)
{
    const int one = 1 << LANE_WEIGHT_BITS;
    int total = 0;
    int64_t largest = 0;
    for (int64_t t = 0; t < taps; t++) {
        to[t] = (int16_t)lrintf(from[t] * (float)one);
        total += to[t];
        largest = to[t] > to[largest] ? t : largest;
    }
    to[largest] = (int16_t)(to[largest] + one - total);
}

static bool allocate_weights(struct lane_weights *weights, struct error *err)
{
    size_t count = (size_t)round_up(weights->count, LANE_OUTPUTS);
    weights->first = calloc(count, sizeof *weights->first);
    weights->taps = calloc(count, sizeof *weights->taps);
    weights->values = calloc(count * (size_t)weights->stride, sizeof *weights->values);
    if (weights->first == NULL || weights->taps == NULL || weights->values == NULL) {
        weights_end(weights);
        return error_set_memory(err, "resizing an image");
    }
    return true;
}

static bool weights_begin(struct lane_weights *weights, enum image_filter filter,
                          const struct axis *axis, struct error *err)
{
    struct weights exact;
    if (!weights_along(&exact, filter, axis, err)) {
        return false;
    }
    struct lane_weights made = {
        .count = exact.count, .longest = exact.longest, .stride = stride_of(exact.longest)};
    bool ok = allocate_weights(&made, err);
    for (int64_t i = 0; ok && i < made.count; i++) {
        made.first[i] = exact.first[i];
        made.taps[i] = exact.taps[i];
        round_row(made.values + i * made.stride, exact.values + i * exact.stride, exact.taps[i]);
    }
    weights_release(&exact);
    if (ok) {
        *weights = made;
    }
    return ok;
}

/* ---- one resize ---------------------------------------------------------------------------- */

/* The columns of the source that any output needs: the others are never read. */
static void choose_columns(struct lane_scale *scale)
{
    struct lane_weights *across = &scale->across;
    scale->left = across->first[0];
    for (int64_t i = 0; i < across->count; i++) {
        across->first[i] -= (int32_t)scale->left;
        int64_t end = across->first[i] + across->taps[i];
        scale->width = end > scale->width ? end : scale->width;
    }
}

bool lane_scale_begin(struct lane_scale *scale, enum image_filter filter, const struct axis *across,
                      const struct axis *down, struct error *err)
{
    struct lane_scale made = {.kernel = lane_kernel_best()};
    if (!weights_begin(&made.across, filter, across, err) ||
        !weights_begin(&made.down, filter, down, err)) {
        lane_scale_end(&made);
        return false;
    }
    choose_columns(&made);
    made.line = calloc((size_t)(made.width + made.across.stride + LANE_SPARE), sizeof *made.line);
    made.row = calloc((size_t)made.down.longest + 1, sizeof *made.row);
    if (made.line == NULL || made.row == NULL) {
        lane_scale_end(&made);
        return error_set_memory(err, "resizing an image");
    }
    *scale = made;
    return true;
}

void lane_scale_end(struct lane_scale *scale)
{
    weights_end(&scale->across);
    weights_end(&scale->down);
    free(scale->line);
    free(scale->row);
    *scale = (struct lane_scale){.next = 0};
}

static void make_row(struct lane_scale *scale, const struct lane_rows *from, struct plane *to)
{
    const struct lane_weights *down = &scale->down;
    int64_t first = down->first[scale->next], taps = down->taps[scale->next];
    for (int64_t t = 0; t < taps; t++) {
        scale->row[t] = from->samples + (first + t) % from->rows * from->stride + scale->left;
    }
    /* They are added up two by two; the weight of this one is zero. */
    scale->row[taps] = scale->row[taps - 1];
    scale->kernel->down(scale->line, scale->row, down->values + scale->next * down->stride,
                        taps + (taps & 1), scale->width);
    scale->kernel->across(to->samples + scale->next * to->stride, scale->line, scale->across.first,
                          scale->across.values, scale->across.stride, scale->across.count);
    planes_pad(to, scale->next);
}

void lane_scale_rows(struct lane_scale *scale, const struct lane_rows *from, int64_t available,
                     struct plane *const *to, int count)
{
    const struct lane_weights *down = &scale->down;
    for (; scale->next < down->count; scale->next++) {
        if (down->first[scale->next] + down->taps[scale->next] > available) {
            return;
        }
        for (int i = 0; i < count; i++) {
            make_row(scale, &from[i], to[i]);
        }
    }
}

static int64_t weights_bytes(enum image_filter filter, const struct axis *axis)
{
    int64_t longest = weights_longest_along(filter, axis->from, axis->step);
    /* As floats, and then as whole numbers. */
    int64_t row = stride_of(longest) * (int64_t)(sizeof(float) + sizeof(int16_t)) +
                  4 * (int64_t)sizeof(int32_t);
    return round_up(axis->count, LANE_OUTPUTS) * row;
}

int64_t lane_scale_memory(enum image_filter filter, const struct axis *across,
                          const struct axis *down)
{
    int64_t line =
        across->from + stride_of(weights_longest_along(filter, across->from, across->step));
    int64_t rows = weights_longest_along(filter, down->from, down->step) + 1;
    return weights_bytes(filter, across) + weights_bytes(filter, down) +
           (line + LANE_SPARE) * (int64_t)sizeof(int16_t) + rows * (int64_t)sizeof(uint8_t *);
}
