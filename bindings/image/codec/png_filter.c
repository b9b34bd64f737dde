/*
 * png_filter.c - PNG's filters, written on vectors of 16 bytes (kernel.c says why). Called by the
 * PNG coders for each row.
 */
#include "bindings/image/codec/png_filter.h"

#include <stdlib.h>
#include <string.h>

typedef uint8_t lanes __attribute__((vector_size(16)));
typedef uint16_t pairs __attribute__((vector_size(16)));
typedef uint32_t words __attribute__((vector_size(16)));

enum { LANES = 16 };

/* Vectors whose sums of absolute values, at most 256 a pair, fit into 16 bits. */
enum { SUMS_MAX = 255 };

enum { FILTER_NONE, FILTER_SUB, FILTER_UP, FILTER_AVERAGE, FILTER_PAETH };

size_t png_row_room(size_t length)
{
    return PNG_MARGIN + (length + LANES - 1) / LANES * LANES + PNG_MARGIN;
}

static inline lanes get(const uint8_t *from)
{
    lanes value;
    memcpy(&value, from, sizeof value);
    return value;
}

static inline void put(uint8_t *to, lanes value)
{
    memcpy(to, &value, sizeof value);
}

static inline lanes choose(lanes condition, lanes a, lanes b)
{
    return (condition & a) | (~condition & b);
}

static inline lanes distance(lanes a, lanes b)
{
    return choose((lanes)(a > b), a - b, b - a);
}

static inline lanes average(lanes a, lanes b)
{
    return (a & b) + ((a ^ b) >> 1);
}

/*
 * Of left, above and above left the one nearest to left + above - corner. The distances to the
 * first two are those of the others from the corner; the third distance is their sum when left and
 * above lie on one side of the corner (and then it is never the least), else their difference.
 */
static inline lanes paeth(lanes left, lanes above, lanes corner)
{
    lanes to_left = distance(above, corner), to_above = distance(left, corner);
    lanes one_side = (lanes)((lanes)(left >= corner) == (lanes)(above >= corner));
    lanes to_corner = distance(to_left, to_above) | one_side;
    lanes take_left = (lanes)(to_left <= to_above) & (lanes)(to_left <= to_corner);
    return choose(take_left, left, choose((lanes)(to_above <= to_corner), above, corner));
}

/* ---- filtering ----------------------------------------------------------------------------- */

static inline lanes predict(int filter, lanes left, lanes above, lanes corner)
{
    switch (filter) {
    case FILTER_SUB:
        return left;
    case FILTER_UP:
        return above;
    case FILTER_AVERAGE:
        return average(left, above);
    case FILTER_PAETH:
        return paeth(left, above, corner);
    default:
        return (lanes){0};
    }
}

static inline pairs absolute(lanes value)
{
    lanes positive = choose((lanes)(value > 127), -value, value);
    return ((pairs)positive & 0xff) + ((pairs)positive >> 8);
}

static uint64_t sum_of(pairs value)
{
    uint64_t sum = 0;
    for (int i = 0; i < LANES / 2; i++) {
        sum += value[i];
    }
    return sum;
}

/* What follows the row's end is counted, too: the same zeros for every filter but the margins'. */
static inline uint64_t filter_into(int filter, uint8_t *to, const uint8_t *row,
                                   const uint8_t *above, size_t length, size_t step)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < length;) {
        pairs sums = {0};
        size_t end = i + (size_t)SUMS_MAX * LANES;
        for (end = end < length ? end : length; i < end; i += LANES) {
            lanes value = get(row + i) - predict(filter, get(row + i - step), get(above + i),
                                                 get(above + i - step));
            put(to + i, value);
            sums += absolute(value);
        }
        sum += sum_of(sums);
    }
    return sum;
}

/* One call a filter, so that each becomes a loop without a choice in it. */
static uint64_t filter_by(int filter, uint8_t *to, const uint8_t *row, const uint8_t *above,
                          size_t length, size_t step)
{
    switch (filter) {
    case FILTER_SUB:
        return filter_into(FILTER_SUB, to, row, above, length, step);
    case FILTER_UP:
        return filter_into(FILTER_UP, to, row, above, length, step);
    case FILTER_AVERAGE:
        return filter_into(FILTER_AVERAGE, to, row, above, length, step);
    case FILTER_PAETH:
        return filter_into(FILTER_PAETH, to, row, above, length, step);
    default:
        return filter_into(FILTER_NONE, to, row, above, length, step);
    }
}

/* ---- choosing ------------------------------------------------------------------------------ */

enum { TWO_BYTES = 1 << 16 };

/* How many different neighbours there are, or `most` when there are no fewer: what compresses well
 * repeats itself, which the sum of the values does not see. */
static unsigned count_neighbours(struct png_filter *filter, const uint8_t *row, unsigned most)
{
    if (++filter->count == 0) {
        memset(filter->seen, 0, TWO_BYTES);
        filter->count = 1;
    }
    unsigned found = 0;
    for (size_t i = 1; i < filter->length && found < most; i++) {
        uint8_t *seen = &filter->seen[row[i - 1] << 8 | row[i]];
        found += *seen != filter->count;
        *seen = filter->count;
    }
    return found;
}

/* The unfiltered row and those whose sums are near the least are counted. */
static int fewest_neighbours(struct png_filter *filter, const uint64_t sums[PNG_FILTERS], int best)
{
    size_t room = png_row_room(filter->length);
    uint64_t near = sums[best] + sums[best] / 8;
    unsigned fewest = count_neighbours(filter, filter->filtered + (size_t)best * room, UINT32_MAX);
    for (int i = FILTER_NONE; i < PNG_FILTERS; i++) {
        if (i == best || (i != FILTER_NONE && sums[i] > near)) {
            continue;
        }
        unsigned found = count_neighbours(filter, filter->filtered + (size_t)i * room, fewest);
        if (found < fewest) {
            fewest = found;
            best = i;
        }
    }
    return best;
}

void png_filter_row(struct png_filter *filter, uint8_t *to, const uint8_t *row,
                    const uint8_t *above)
{
    size_t room = png_row_room(filter->length);
    uint64_t sums[PNG_FILTERS];
    int best = FILTER_NONE;
    for (int i = FILTER_NONE; i < PNG_FILTERS; i++) {
        sums[i] = filter_by(i, filter->filtered + (size_t)i * room, row, above, filter->length,
                            filter->step);
        best = sums[i] < sums[best] ? i : best;
    }
    if (filter->thorough) {
        best = fewest_neighbours(filter, sums, best);
    }
    to[0] = (uint8_t)best;
    memcpy(to + 1, filter->filtered + (size_t)best * room, filter->length);
}

bool png_filter_begin(struct png_filter *filter, size_t length, size_t step, bool thorough)
{
    *filter = (struct png_filter){.length = length, .step = step, .thorough = thorough};
    filter->filtered = malloc(PNG_FILTERS * png_row_room(length));
    filter->seen = calloc(TWO_BYTES, 1);
    if (filter->filtered == NULL || filter->seen == NULL) {
        png_filter_end(filter);
        return false;
    }
    return true;
}

void png_filter_end(struct png_filter *filter)
{
    free(filter->filtered);
    free(filter->seen);
    filter->filtered = filter->seen = NULL;
}

/* ---- and back ------------------------------------------------------------------------------ */

static void undo_up(uint8_t *row, const uint8_t *above, size_t length)
{
    for (size_t i = 0; i < length; i += LANES) {
        put(row + i, get(row + i) + get(above + i));
    }
}

/* One pixel's bytes, widened: fewer steps lead from one pixel to the next than with bytes. */
typedef int16_t shorts __attribute__((vector_size(16)));
typedef uint64_t quads __attribute__((vector_size(16)));

static inline shorts get_pixel(const uint8_t *from)
{
    uint32_t pixel;
    memcpy(&pixel, from, sizeof pixel);
    lanes narrow = (lanes)(words){pixel}, none = {0};
    return (shorts)__builtin_shufflevector(narrow, none, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21,
                                           6, 22, 7, 23);
}

static inline void put_pixel(uint8_t *to, shorts value)
{
    /* Compilers have no good shuffle for this. */
    uint64_t wide = ((quads)value)[0];
    wide = (wide | wide >> 8) & 0x0000ffff0000ffff;
    uint32_t pixel = (uint32_t)(wide | wide >> 16);
    memcpy(to, &pixel, sizeof pixel);
}

static inline shorts magnitude(shorts value)
{
    shorts sign = value >> 15;
    return (value ^ sign) - sign;
}

static inline shorts choose_wide(shorts condition, shorts a, shorts b)
{
    return (condition & a) | (~condition & b);
}

static inline shorts paeth_wide(shorts left, shorts above, shorts corner)
{
    shorts to_left = above - corner, to_above = left - corner;
    shorts to_corner = magnitude(to_left + to_above);
    to_left = magnitude(to_left);
    to_above = magnitude(to_above);
    shorts not_left = (to_left > to_above) | (to_left > to_corner);
    return choose_wide(not_left, choose_wide(to_above > to_corner, corner, above), left);
}

static inline shorts predict_wide(int filter, shorts left, shorts above, shorts corner)
{
    switch (filter) {
    case FILTER_AVERAGE:
        return (left + above) >> 1;
    case FILTER_PAETH:
        return paeth_wide(left, above, corner);
    default:
        return left;
    }
}

/* Each pixel waits for the one before it. Four bytes are written at once, of whatever size a pixel
 * is: those of the next one are read before. */
static inline void undo_pixels(int filter, uint8_t *row, const uint8_t *above, size_t length,
                               size_t step)
{
    shorts left = {0}, corner = {0}, value = get_pixel(row);
    for (size_t i = 0; i < length; i += step) {
        shorts over = get_pixel(above + i), next = get_pixel(row + i + step);
        left = (value + predict_wide(filter, left, over, corner)) & 0xff;
        put_pixel(row + i, left);
        corner = over;
        value = next;
    }
}

/* For pixels of fewer than three bytes, which are rare. */
static inline void undo_bytes(int filter, uint8_t *row, const uint8_t *above, size_t length,
                              size_t step)
{
    for (size_t i = 0; i < length; i++) {
        lanes left = {row[(ptrdiff_t)(i - step)]}, over = {above[i]};
        lanes corner = {above[(ptrdiff_t)(i - step)]};
        row[i] = (uint8_t)(row[i] + predict(filter, left, over, corner)[0]);
    }
}

/* One call a filter: see filter_by(). */
static inline void undo(int filter, uint8_t *row, const uint8_t *above, size_t length, size_t step)
{
    if (step == 3) {
        undo_pixels(filter, row, above, length, 3);
    } else if (step == 4) {
        undo_pixels(filter, row, above, length, 4);
    } else {
        undo_bytes(filter, row, above, length, step);
    }
}

bool png_unfilter_row(unsigned filter, uint8_t *row, const uint8_t *above, size_t length,
                      size_t step)
{
    switch (filter) {
    case FILTER_NONE:
        return true;
    case FILTER_SUB:
        undo(FILTER_SUB, row, above, length, step);
        return true;
    case FILTER_UP:
        undo_up(row, above, length);
        return true;
    case FILTER_AVERAGE:
        undo(FILTER_AVERAGE, row, above, length, step);
        return true;
    case FILTER_PAETH:
        undo(FILTER_PAETH, row, above, length, step);
        return true;
    default:
        return false;
    }
}
