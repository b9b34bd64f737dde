/*
 * palette.c - the colours that stand for a picture: k-means in Oklab, where distances are what eyes
 * see (Ottosson, 2020), begun from colours that are many and far apart. Nothing is random: the same
 * picture has the same palette. Called by the `image` module.
 */
#include "bindings/image/look/glance.h"

#include <math.h>
#include <string.h>

enum { BIN_BITS = 4, BINS = 1 << (3 * BIN_BITS), ROUNDS = 12 };

/* Two colours nearer than this are one to the eye that glances. */
#define SAME_DISTANCE 0.04

struct point {
    double light, a, b;
};

/* Pixels of about one colour. */
struct bin {
    uint64_t weight, red, green, blue; /* sums, weighted by alpha */
};

struct cluster {
    struct point centre;
    struct bin sum;
};

struct clusters {
    struct bin *bins;
    struct point *points; /* of each bin */
    int bin_count;
    struct cluster list[PALETTE_MAX];
    int count;
};

static double linear(double value)
{
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

static struct point point_of(const struct bin *bin)
{
    double divisor = 255.0 * (double)bin->weight;
    double red = linear((double)bin->red / divisor);
    double green = linear((double)bin->green / divisor);
    double blue = linear((double)bin->blue / divisor);
    double l = cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
    double m = cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
    double s = cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
    return (struct point){0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
                          1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
                          0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

static double distance(const struct point *p, const struct point *q)
{
    double light = p->light - q->light, a = p->a - q->a, b = p->b - q->b;
    return sqrt(light * light + a * a + b * b);
}

static void add(struct bin *to, const struct bin *from)
{
    to->weight += from->weight;
    to->red += from->red;
    to->green += from->green;
    to->blue += from->blue;
}

/* Fills `bins` with those that have something; returns their number. */
static int fill_bins(const struct glance *glance, struct bin bins[BINS])
{
    memset(bins, 0, BINS * sizeof bins[0]);
    for (int i = 0; i < glance->width * glance->height; i++) {
        const uint8_t *rgba = glance->rgba + 4 * i;
        unsigned index =
            (unsigned)(rgba[0] >> (8 - BIN_BITS) << (2 * BIN_BITS) |
                       rgba[1] >> (8 - BIN_BITS) << BIN_BITS | rgba[2] >> (8 - BIN_BITS));
        uint64_t alpha = rgba[3];
        struct bin pixel = {alpha, alpha * rgba[0], alpha * rgba[1], alpha * rgba[2]};
        add(&bins[index], &pixel);
    }
    int count = 0;
    for (int i = 0; i < BINS; i++) {
        if (bins[i].weight > 0) {
            bins[count++] = bins[i];
        }
    }
    return count;
}

static int nearest(const struct clusters *clusters, const struct point *point, double *how_far)
{
    int best = 0;
    *how_far = HUGE_VAL;
    for (int i = 0; i < clusters->count; i++) {
        double far = distance(point, &clusters->list[i].centre);
        if (far < *how_far) {
            *how_far = far;
            best = i;
        }
    }
    return best;
}

/* The first is the commonest colour; each further one what is commonest and farthest from those
 * there are. False when nothing is left that differs. */
static bool add_cluster(struct clusters *clusters)
{
    double most = 0;
    int best = -1;
    for (int i = 0; i < clusters->bin_count; i++) {
        double far = 1, weight = (double)clusters->bins[i].weight;
        if (clusters->count > 0) {
            (void)nearest(clusters, &clusters->points[i], &far);
        }
        double score = far < SAME_DISTANCE ? 0 : weight * far * far;
        if (score > most) {
            most = score;
            best = i;
        }
    }
    if (best < 0) {
        return false;
    }
    clusters->list[clusters->count++].centre = clusters->points[best];
    return true;
}

/* Each bin to the nearest cluster, each cluster to the middle of its bins. */
static void move_clusters(struct clusters *clusters)
{
    double ignored;
    for (int i = 0; i < clusters->count; i++) {
        clusters->list[i].sum = (struct bin){0};
    }
    for (int i = 0; i < clusters->bin_count; i++) {
        int k = nearest(clusters, &clusters->points[i], &ignored);
        add(&clusters->list[k].sum, &clusters->bins[i]);
    }
    for (int i = 0; i < clusters->count; i++) {
        if (clusters->list[i].sum.weight > 0) {
            clusters->list[i].centre = point_of(&clusters->list[i].sum);
        }
    }
}

static uint8_t mean(uint64_t sum, uint64_t weight)
{
    return (uint8_t)((sum + weight / 2) / weight);
}

/* Largest first; a cluster that lost its bins to others is none. */
static int give(const struct clusters *clusters, struct palette_colour *colours)
{
    uint64_t whole = 0;
    int count = 0;
    for (int i = 0; i < clusters->count; i++) {
        whole += clusters->list[i].sum.weight;
    }
    for (int i = 0; i < clusters->count; i++) {
        const struct bin *sum = &clusters->list[i].sum;
        if (sum->weight == 0) {
            continue;
        }
        struct palette_colour colour = {mean(sum->red, sum->weight), mean(sum->green, sum->weight),
                                        mean(sum->blue, sum->weight),
                                        (double)sum->weight / (double)whole};
        int at = count++;
        for (; at > 0 && colours[at - 1].share < colour.share; at--) {
            colours[at] = colours[at - 1];
        }
        colours[at] = colour;
    }
    return count;
}

int palette_of(const struct glance *glance, int count, struct palette_colour *colours)
{
    struct bin bins[BINS];
    struct point points[BINS];
    struct clusters clusters = {.bins = bins, .points = points};
    clusters.bin_count = fill_bins(glance, bins);
    for (int i = 0; i < clusters.bin_count; i++) {
        points[i] = point_of(&bins[i]);
    }
    while (clusters.count < count && add_cluster(&clusters)) {
    }
    for (int i = 0; i < ROUNDS && clusters.count > 0; i++) {
        move_clusters(&clusters);
    }
    return give(&clusters, colours);
}
