/*
 * lane_scale.h - resizes planes while they are being decoded: rows come in from above, and each row
 * of the result is made as soon as the rows that it needs are there.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_LANE_LANE_SCALE_H
#define LUNETTE_BINDINGS_IMAGE_LANE_LANE_SCALE_H

#include "bindings/image/filter.h"
#include "bindings/image/lane/lane_kernel.h"
#include "bindings/image/lane/planes.h"

/* Where the rows of a plane are: row y is the (y % rows)th, so that a ring of the latest will do.
 * From the last sample on LANE_SPARE more may be read. Borrowed. */
struct lane_rows {
    const uint8_t *samples;
    int64_t stride, rows;
};

struct lane_weights {
    int64_t count, longest, stride;
    int32_t *first, *taps; /* all three owned */
    int16_t *values;
};

/* One or more planes that are resized alike. */
struct lane_scale {
    const struct lane_kernel *kernel;
    struct lane_weights across, down;
    int64_t left, width; /* the columns of the source that count */
    int16_t *line;       /* of the source's width; owned */
    const uint8_t **row; /* the rows that are added up; owned */
    int64_t next;        /* the first row of the result that is not made yet */
};

MUST_CHECK bool lane_scale_begin(struct lane_scale *scale, enum image_filter filter,
                                 const struct axis *across, const struct axis *down,
                                 struct error *err);
void lane_scale_end(struct lane_scale *scale); /* a zeroed one, too */

/* Makes all rows of to[0 .. count - 1] that the first `available` rows of from[...] suffice for. */
void lane_scale_rows(struct lane_scale *scale, const struct lane_rows *from, int64_t available,
                     struct plane *const *to, int count);

/* Bytes of memory that lane_scale_begin() takes, at most. */
int64_t lane_scale_memory(enum image_filter filter, const struct axis *across,
                          const struct axis *down);

#endif
