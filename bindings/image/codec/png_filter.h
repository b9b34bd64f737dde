/*
 * png_filter.h - the five filters of PNG (third edition, 9), both ways. Rows are bytes; a pixel's
 * left neighbour is `step` bytes before it.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_CODEC_PNG_FILTER_H
#define LUNETTE_BINDINGS_IMAGE_CODEC_PNG_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/error.h"

enum { PNG_FILTERS = 5 };

/* Zeros before a row, where its first pixel looks for a left neighbour, and bytes after it that may
 * be read and written. */
enum { PNG_MARGIN = 16 };

/* Bytes of a row with its margins. */
size_t png_row_room(size_t length);

/* Chooses filters for the rows of one picture. */
struct png_filter {
    size_t length; /* of a row */
    size_t step;
    bool thorough;
    uint8_t *filtered; /* PNG_FILTERS rows with margins, owned */
    uint8_t *seen;     /* for each two bytes the last count that met them; owned */
    uint8_t count;
};

/* `thorough` costs twice as much, and makes files that are 1 % smaller. False: no memory. */
MUST_CHECK bool png_filter_begin(struct png_filter *filter, size_t length, size_t step,
                                 bool thorough);
void png_filter_end(struct png_filter *filter); /* a zeroed one, too */

/* Writes to[0], the chosen filter's number, and to[1 .. length]. Rows have their margins. */
void png_filter_row(struct png_filter *filter, uint8_t *to, const uint8_t *row,
                    const uint8_t *above);

/* Undoes a filter where it stands. False when there is no such filter. `step` is 1 to 4. */
bool png_unfilter_row(unsigned filter, uint8_t *row, const uint8_t *above, size_t length,
                      size_t step);

#endif
