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

/* Outputs start .. start + count - 1 of an axis that goes from `from` pixels to `to`. An axis that
 * keeps its size is copied, whatever the filter. */
MUST_CHECK bool weights_make(struct weights *weights, enum image_filter filter, int64_t from,
                             int64_t to, int64_t start, int64_t count, struct error *err);
void weights_release(struct weights *weights); /* zeroed ones, too */

/* Never fewer than the `longest` of such weights, and the bytes that they take. */
int64_t weights_longest(enum image_filter filter, int64_t from, int64_t to);
int64_t weights_memory(enum image_filter filter, int64_t from, int64_t to, int64_t count);

#endif
