/*
 * phash.c - a hash that stays the same when a picture is scaled, compressed or brightened: which of
 * its lowest frequencies are above their median (the `phash` of Python's ImageHash). Called by the
 * `image` module.
 */
#include "bindings/image/look/glance.h"

#include <math.h>
#include <stdlib.h>

enum { SIDE = 32, LOW = 8, BITS = LOW * LOW };

#define PI 3.14159265358979323846

/* Rec. 601's, as Pillow's "L" has it; on white where it is transparent. */
static double luma(const uint8_t *rgba)
{
    double alpha = rgba[3] / 255.0;
    return alpha * (0.299 * rgba[0] + 0.587 * rgba[1] + 0.114 * rgba[2]) + (1 - alpha) * 255;
}

/* How much of pixel `i` of `count` lies in cell `cell` of SIDE, in cells. */
static double overlap(int i, int count, int cell)
{
    double from = fmax((double)i * SIDE / count, cell);
    double to = fmin((double)(i + 1) * SIDE / count, cell + 1);
    return to > from ? to - from : 0;
}

static void shrink(const struct glance *glance, double cells[SIDE][SIDE])
{
    int width = glance->width, height = glance->height;
    for (int v = 0; v < SIDE; v++) {
        for (int u = 0; u < SIDE; u++) {
            double sum = 0;
            for (int y = v * height / SIDE; y < height && y * SIDE < (v + 1) * height; y++) {
                for (int x = u * width / SIDE; x < width && x * SIDE < (u + 1) * width; x++) {
                    sum += luma(glance->rgba + 4 * (x + y * width)) * overlap(x, width, u) *
                           overlap(y, height, v);
                }
            }
            cells[v][u] = sum;
        }
    }
}

/* The cosine transform's lowest frequencies, rounded: what is below one is noise. */
static void transform(double cells[SIDE][SIDE], double low[BITS])
{
    double waves[LOW][SIDE];
    for (int k = 0; k < LOW; k++) {
        for (int i = 0; i < SIDE; i++) {
            waves[k][i] = 2 * cos(PI * k * (2 * i + 1) / (2.0 * SIDE));
        }
    }
    for (int v = 0; v < LOW; v++) {
        for (int u = 0; u < LOW; u++) {
            double sum = 0;
            for (int y = 0; y < SIDE; y++) {
                for (int x = 0; x < SIDE; x++) {
                    sum += cells[y][x] * waves[v][y] * waves[u][x];
                }
            }
            low[v * LOW + u] = rint(sum);
        }
    }
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static double median(const double values[BITS])
{
    double sorted[BITS];
    for (int i = 0; i < BITS; i++) {
        sorted[i] = values[i];
    }
    qsort(sorted, BITS, sizeof sorted[0], compare);
    return (sorted[BITS / 2 - 1] + sorted[BITS / 2]) / 2;
}

uint64_t phash_of(const struct glance *glance)
{
    double cells[SIDE][SIDE], low[BITS];
    shrink(glance, cells);
    transform(cells, low);
    double middle = median(low);
    uint64_t hash = 0;
    for (int i = 0; i < BITS; i++) {
        hash = hash << 1 | (low[i] > middle ? 1 : 0);
    }
    return hash;
}
