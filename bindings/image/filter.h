/*
 * filter.h - resampling filters, and the weights they give along one axis. Pure arithmetic.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_FILTER_H
#define LUNETTE_BINDINGS_IMAGE_FILTER_H

#include "bindings/image/engine.h"

/*
 * Along one axis, output i is the sum of weight t of its row times input first[i] + t, for t in
 * 0 .. taps[i] - 1. Weights of one output add up to 1: at an edge, what the filter would find
 * outside is left out. A row has `stride` floats, a multiple of 4, and is zero from taps[i] on.
 * `first` never decreases.
 */
struct weights {
    int64_t count;
    int64_t longest; /* the most taps */
    int64_t stride;
    int32_t *first, *taps; /* all three owned: weights_release() */
    float *values;
};

/* Where the outputs lie: the centre of output i at (i + offset) x step + origin, in inputs, of
 * which there are `from` with their centres at 1/2, 3/2, ... after the first `skipped`, of which
 * none counts. */
struct axis {
    int64_t skipped, from, count;
    double offset, step, origin;
};

/* Outputs that coincide with inputs, one for one, are copied, whatever the filter. */
MUST_CHECK bool weights_along(struct weights *weights, enum image_filter filter,
                              const struct axis *axis, struct error *err);

/* Outputs start .. start + count - 1 of an axis that goes from `from` pixels to `to`. */
MUST_CHECK bool weights_make(struct weights *weights, enum image_filter filter, int64_t from,
                             int64_t to, int64_t start, int64_t count, struct error *err);
void weights_release(struct weights *weights); /* zeroed ones, too */

/* Never fewer than the `longest` of such weights (`step`: of an axis from `from`), and the bytes
 * that they take. */
int64_t weights_longest_along(enum image_filter filter, int64_t from, double step);
int64_t weights_longest(enum image_filter filter, int64_t from, int64_t to);
int64_t weights_memory(enum image_filter filter, int64_t from, int64_t to, int64_t count);

#endif
