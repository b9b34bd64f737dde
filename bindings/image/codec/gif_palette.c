/*
 * gif_palette.c - counts colours, parts them in boxes at the mean of where they differ most (Wan,
 * Wong and Prusinkiewicz, 1988), and moves each box's colour to the middle of what is nearest to it
 * (k-means). Called by gif.c.
 */
#include "bindings/image/codec/gif_palette.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 1 << 15, USED_MAX = SLOTS / 4 * 3, ROUNDS = 4, UNKNOWN = 0 };

/* Colours that were chosen to have one hash would take minutes to count. Those that may all be in a
 * palette are too few to be taken for such. */
enum { PASSED_MAX = GIF_COLOURS_MAX };

/* How much a difference in a channel is seen. */
enum { RED_WEIGHT = 3, GREEN_WEIGHT = 6, BLUE_WEIGHT = 2, WEIGHTS = 11 };
static const double weights[3] = {RED_WEIGHT, GREEN_WEIGHT, BLUE_WEIGHT};

/* Of a palette that isn't exact: a channel is off by half a level, squared, in the mean. More
 * colours only cost bytes. */
#define ERROR_ENOUGH 0.25

struct gif_cell {
    uint64_t sum[3];
    uint32_t colour; /* what is left of it, plus 1 << 24; 0: the slot is empty */
    uint32_t count;
};

/* ---- counting ------------------------------------------------------------------------------ */

bool gif_histogram_open(struct gif_histogram *histogram, struct error *err)
{
    struct gif_cell *cells = calloc(2 * SLOTS, sizeof *cells);
    *histogram = (struct gif_histogram){.both = cells, .cells = cells, .spare = cells + SLOTS};
    return cells != NULL || error_set_memory(err, "encoding an image");
}

void gif_histogram_reset(struct gif_histogram *histogram)
{
    memset(histogram->cells, 0, SLOTS * sizeof *histogram->cells);
    histogram->used = 0;
    histogram->shift = 0;
}

void gif_histogram_close(struct gif_histogram *histogram)
{
    free(histogram->both);
    histogram->both = histogram->cells = histogram->spare = NULL;
}

static size_t hash_of(uint32_t colour, int bits)
{
    return (uint32_t)(colour * 2654435761U) >> (32 - bits);
}

/* Returns how many slots it had to pass. */
static int add_cell(struct gif_histogram *histogram, const struct gif_cell *cell)
{
    size_t slot = hash_of(cell->colour, 15);
    int passed = 0;
    while (histogram->cells[slot].colour != 0 && histogram->cells[slot].colour != cell->colour) {
        slot = (slot + 1) % SLOTS;
        passed++;
    }
    struct gif_cell *found = &histogram->cells[slot];
    histogram->used += found->colour == 0 ? 1 : 0;
    found->colour = cell->colour;
    found->count += cell->count;
    for (int c = 0; c < 3; c++) {
        found->sum[c] += cell->sum[c];
    }
    return passed;
}

static uint32_t coarse(uint32_t colour, int shift)
{
    uint32_t channel = 0xffU >> shift << shift;
    return (colour & (channel << 16 | channel << 8 | channel)) | 1U << 24;
}

/* One bit less of each channel, in the other half of the cells. */
static void coarsen(struct gif_histogram *histogram)
{
    struct gif_cell *fine = histogram->cells;
    histogram->cells = histogram->spare;
    histogram->spare = fine;
    histogram->used = 0;
    histogram->shift++;
    memset(histogram->cells, 0, SLOTS * sizeof *fine);
    for (size_t i = 0; i < SLOTS; i++) {
        if (fine[i].colour != 0) {
            fine[i].colour = coarse(fine[i].colour, histogram->shift);
            (void)add_cell(histogram, &fine[i]);
        }
    }
}

void gif_histogram_add(struct gif_histogram *histogram, const uint8_t rgb[3])
{
    uint32_t colour = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
    struct gif_cell cell = {{rgb[0], rgb[1], rgb[2]}, coarse(colour, histogram->shift), 1};
    bool crowded = add_cell(histogram, &cell) > PASSED_MAX;
    while (crowded || histogram->used > USED_MAX) {
        coarsen(histogram);
        crowded = false;
    }
}

/* ---- boxes --------------------------------------------------------------------------------- */

/* The mean of a cell, and how many pixels it stands for. */
struct point {
    double at[3], weight;
};

struct box {
    size_t begin, end;
    double mean[3];
    double spread[3]; /* weighted sums of the squared distances to the mean */
};

static double most_spread(const struct box *box, int *axis)
{
    *axis = 0;
    for (int c = 1; c < 3; c++) {
        *axis = box->spread[c] > box->spread[*axis] ? c : *axis;
    }
    return box->spread[*axis];
}

static struct box box_of(const struct point *points, size_t begin, size_t end)
{
    struct box box = {.begin = begin, .end = end};
    double weight = 0, squares[3] = {0, 0, 0}, sums[3] = {0, 0, 0};
    for (size_t i = begin; i < end; i++) {
        weight += points[i].weight;
        for (int c = 0; c < 3; c++) {
            sums[c] += points[i].weight * points[i].at[c];
            squares[c] += points[i].weight * points[i].at[c] * points[i].at[c];
        }
    }
    for (int c = 0; c < 3; c++) {
        box.mean[c] = sums[c] / weight;
        double spread = squares[c] - sums[c] * box.mean[c];
        box.spread[c] = end - begin < 2 ? 0 : weights[c] * fmax(spread, 0);
    }
    return box;
}

/* Moves what is above `mean` behind what is not; returns where it begins. */
static size_t part(struct point *points, size_t begin, size_t end, int axis, double mean)
{
    while (begin < end) {
        if (points[begin].at[axis] <= mean) {
            begin++;
        } else {
            struct point moved = points[begin];
            points[begin] = points[--end];
            points[end] = moved;
        }
    }
    return begin;
}

/* The box that has most to lose; false when none has anything. */
static bool split_one(struct point *points, struct box *boxes, int count)
{
    int best = 0, axis = 0, ignored;
    for (int i = 1; i < count; i++) {
        best = most_spread(&boxes[i], &ignored) > most_spread(&boxes[best], &ignored) ? i : best;
    }
    struct box box = boxes[best];
    if (most_spread(&box, &axis) <= 1e-6) {
        return false;
    }
    size_t middle = part(points, box.begin, box.end, axis, box.mean[axis]);
    if (middle == box.begin || middle == box.end) {
        boxes[best].spread[axis] = 0; /* all the same, but for rounding */
        return false;
    }
    boxes[best] = box_of(points, box.begin, middle);
    boxes[count] = box_of(points, middle, box.end);
    return true;
}

/* ---- looking up ---------------------------------------------------------------------------- */

static int compare_green(const void *a, const void *b)
{
    const uint8_t *first = a, *second = b;
    return first[1] != second[1]   ? first[1] - second[1]
           : first[0] != second[0] ? first[0] - second[0]
                                   : first[2] - second[2];
}

/* Sorts the colours and leaves out those that are there twice. */
static void index_colours(struct gif_palette *palette)
{
    int count = 0;
    qsort(palette->rgb, (size_t)palette->count, 3, compare_green);
    for (int i = 0; i < palette->count; i++) {
        if (count == 0 || memcmp(palette->rgb[count - 1], palette->rgb[i], 3) != 0) {
            memmove(palette->rgb[count++], palette->rgb[i], 3);
        }
    }
    palette->count = count;
    for (int green = 0, i = 0; green <= 256; green++) {
        while (i < count && palette->rgb[i][1] < green) {
            i++;
        }
        palette->from[green] = (int16_t)i;
    }
    memset(palette->known, UNKNOWN, sizeof palette->known);
}

static int distance(const uint8_t *rgb, int red, int green, int blue)
{
    red -= rgb[0];
    green -= rgb[1];
    blue -= rgb[2];
    return RED_WEIGHT * red * red + GREEN_WEIGHT * green * green + BLUE_WEIGHT * blue * blue;
}

/* Goes from the colour's green up and down until green alone is farther than the best. */
static int search(const struct gif_palette *palette, int red, int green, int blue)
{
    int up = palette->from[green], down = up - 1, best = 0, least = INT32_MAX;
    bool more = true;
    while (more) {
        more = false;
        for (int step = 0; step < 2; step++) {
            int i = step == 0 ? up : down;
            int far = i < 0 || i >= palette->count ? 0 : palette->rgb[i][1] - green;
            if (i < 0 || i >= palette->count || GREEN_WEIGHT * far * far >= least) {
                continue;
            }
            int how_far = distance(palette->rgb[i], red, green, blue);
            best = how_far < least ? i : best;
            least = how_far < least ? how_far : least;
            up += step == 0 ? 1 : 0;
            down -= step == 0 ? 0 : 1;
            more = true;
        }
    }
    return best;
}

int gif_palette_nearest(struct gif_palette *palette, int red, int green, int blue)
{
    uint32_t colour = (uint32_t)red << 16 | (uint32_t)green << 8 | (uint32_t)blue | 1U << 24;
    size_t slot = hash_of(colour, 14);
    if (palette->known[slot] != colour) {
        palette->known[slot] = colour;
        palette->known_index[slot] = (uint8_t)search(palette, red, green, blue);
    }
    return palette->known_index[slot];
}

/* ---- the palette --------------------------------------------------------------------------- */

static size_t points_of(const struct gif_histogram *histogram, struct point *points)
{
    size_t count = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        const struct gif_cell *cell = &histogram->cells[i];
        for (int c = 0; cell->count > 0 && c < 3; c++) {
            points[count].at[c] = (double)cell->sum[c] / cell->count;
        }
        points[count].weight = cell->count;
        count += cell->count > 0 ? 1 : 0;
    }
    return count;
}

static void set_colour(struct gif_palette *palette, int i, const double rgb[3])
{
    for (int c = 0; c < 3; c++) {
        palette->rgb[i][c] = (uint8_t)lround(rgb[c]);
    }
}

static int nearest_to(struct gif_palette *palette, const struct point *point)
{
    return gif_palette_nearest(palette, (int)lround(point->at[0]), (int)lround(point->at[1]),
                               (int)lround(point->at[2]));
}

/* Each colour to the middle of the points that are nearest to it. */
static void move_colours(struct gif_palette *palette, const struct point *points, size_t count)
{
    struct point sums[GIF_COLOURS_MAX];
    memset(sums, 0, sizeof sums);
    for (size_t i = 0; i < count; i++) {
        struct point *sum = &sums[nearest_to(palette, &points[i])];
        sum->weight += points[i].weight;
        for (int c = 0; c < 3; c++) {
            sum->at[c] += points[i].weight * points[i].at[c];
        }
    }
    for (int i = 0; i < palette->count; i++) {
        for (int c = 0; sums[i].weight > 0 && c < 3; c++) {
            palette->rgb[i][c] = (uint8_t)lround(sums[i].at[c] / sums[i].weight);
        }
    }
    index_colours(palette);
}

static double weight_of(const struct point *points, size_t count)
{
    double weight = 0;
    for (size_t i = 0; i < count; i++) {
        weight += points[i].weight;
    }
    return weight;
}

static double missed(const struct box *boxes, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++) {
        sum += boxes[i].spread[0] + boxes[i].spread[1] + boxes[i].spread[2];
    }
    return sum;
}

static void make_boxes(struct gif_palette *palette, struct point *points, size_t count, int most)
{
    struct box boxes[GIF_COLOURS_MAX];
    double enough = ERROR_ENOUGH * WEIGHTS * weight_of(points, count);
    boxes[0] = box_of(points, 0, count);
    palette->count = 1;
    while (palette->count < most && missed(boxes, palette->count) > enough &&
           split_one(points, boxes, palette->count)) {
        palette->count++;
    }
    for (int i = 0; i < palette->count; i++) {
        set_colour(palette, i, boxes[i].mean);
    }
    index_colours(palette);
}

bool gif_palette_make(struct gif_palette *palette, const struct gif_histogram *histogram, int most,
                      struct error *err)
{
    struct point *points = malloc((USED_MAX + 1) * sizeof *points);
    if (points == NULL) {
        return error_set_memory(err, "encoding an image");
    }
    size_t count = points_of(histogram, points);
    palette->count = 0;
    palette->exact = histogram->shift == 0 && count <= (size_t)most;
    if (palette->exact) {
        for (size_t i = 0; i < count; i++) {
            set_colour(palette, palette->count++, points[i].at);
        }
        index_colours(palette);
    } else {
        make_boxes(palette, points, count, most);
        for (int i = 0; i < ROUNDS; i++) {
            move_colours(palette, points, count);
        }
    }
    free(points);
    return true;
}

double gif_palette_error(struct gif_palette *palette, const struct gif_histogram *histogram)
{
    double sum = 0, weight = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        const struct gif_cell *cell = &histogram->cells[i];
        if (cell->count > 0) {
            int rgb[3];
            for (int c = 0; c < 3; c++) {
                rgb[c] = (int)((cell->sum[c] + cell->count / 2) / cell->count);
            }
            int index = gif_palette_nearest(palette, rgb[0], rgb[1], rgb[2]);
            sum += (double)cell->count * distance(palette->rgb[index], rgb[0], rgb[1], rgb[2]);
            weight += cell->count;
        }
    }
    return weight > 0 ? sum / weight / WEIGHTS : 0;
}
