/*
 * attention.c - chooses the part of a picture that a cover keeps. Called by render_make.c, on the
 * picture at a glance.
 *
 * A cut is along one side as a rule. Along each side every place of the part is valued by what it
 * shows of the glance, and the best is kept; along the side that is whole there is one place.
 */
#include "bindings/image/attention.h"

#include <stdlib.h>
#include <string.h>

enum { LEVELS = 64, LOG_SCALE = 16 };

bool attention_wanted(const struct image_target *target)
{
    return target->fit == IMAGE_COVER && target->width != 0 && target->height != 0 &&
           !target->animated &&
           (target->gravity == IMAGE_ENTROPY || target->gravity == IMAGE_ATTENTION);
}

/* ---- what a pixel is worth ------------------------------------------------------------------- */

static const uint8_t *pixel_at(const struct glance *glance, int x, int y)
{
    return glance->rgba + 4 * ((ptrdiff_t)y * glance->width + x);
}

/* Rec. 709's luminance, 0 to 255, of what can be seen. */
static int light_at(const struct glance *glance, int x, int y)
{
    const uint8_t *pixel = pixel_at(glance, x, y);
    int light = (54 * pixel[0] + 183 * pixel[1] + 19 * pixel[2]) >> 8;
    return light * pixel[3] / 255;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int edge_at(const struct glance *glance, int x, int y)
{
    int right = smaller(x + 1, glance->width - 1), below = smaller(y + 1, glance->height - 1);
    int light = light_at(glance, x, y);
    return abs(light_at(glance, right, y) - light) + abs(light_at(glance, x, below) - light);
}

/* Skin, from pale to dark, is of one hue: red before green before blue, by about these shares. */
static int skin_of(int red, int green, int blue)
{
    int sum = red + green + blue;
    if (sum < 120 || red <= green || green <= blue) {
        return 0;
    }
    int off = abs(red * 100 / sum - 44) + abs(green * 100 / sum - 32);
    return off < 10 ? 10 - off : 0;
}

/* Edges count most, then skin, then vivid colours that are neither dark nor glaring. */
static int64_t interest_at(const struct glance *glance, int x, int y)
{
    const uint8_t *pixel = pixel_at(glance, x, y);
    int most = larger(pixel[0], larger(pixel[1], pixel[2]));
    int least = smaller(pixel[0], smaller(pixel[1], pixel[2]));
    int vivid = most > 50 && least < 220 ? most - least : 0;
    int skin = skin_of(pixel[0], pixel[1], pixel[2]);
    return edge_at(glance, x, y) * 6 + (skin * 12 + vivid) * pixel[3] / 255;
}

/* ---- what a part is worth -------------------------------------------------------------------- */

/* The glance by slices: columns, or rows. */
struct side {
    const struct glance *glance;
    bool across; /* the slices are columns */
    int length;  /* slices */
    int part;    /* slices of a part */
};

static int slice_pixels(const struct side *side)
{
    return side->across ? side->glance->height : side->glance->width;
}

static int64_t slice_interest(const struct side *side, int slice)
{
    int64_t sum = 0;
    for (int i = 0; i < slice_pixels(side); i++) {
        sum += interest_at(side->glance, side->across ? slice : i, side->across ? i : slice);
    }
    return sum;
}

static void count_slice(const struct side *side, int slice, int counts[LEVELS], int by)
{
    for (int i = 0; i < slice_pixels(side); i++) {
        int light = light_at(side->glance, side->across ? slice : i, side->across ? i : slice);
        counts[light * LEVELS / 256] += by;
    }
}

/* log2(n) x 2^LOG_SCALE, for n >= 1: each squaring gives another bit. */
static int64_t log2_fixed(uint64_t n)
{
    int64_t whole = 0;
    while (n >> (whole + 1) != 0) {
        whole++;
    }
    uint64_t mantissa = n << 30 >> whole; /* 1 to 2, with 30 bits of fraction */
    int64_t log = whole;
    for (int bit = 0; bit < LOG_SCALE; bit++) {
        mantissa = mantissa * mantissa >> 30;
        log <<= 1;
        if (mantissa >= UINT64_C(2) << 30) {
            mantissa >>= 1;
            log++;
        }
    }
    return log;
}

/* Higher for more information. Of parts of one size entropy falls as the sum of n log n rises. */
static int64_t information(const int counts[LEVELS])
{
    int64_t sum = 0;
    for (int i = 0; i < LEVELS; i++) {
        if (counts[i] > 1) {
            sum += counts[i] * log2_fixed((uint64_t)counts[i]);
        }
    }
    return -sum;
}

static void value_parts(const struct side *side, enum image_gravity gravity,
                        int64_t values[GLANCE_SIDE])
{
    int counts[LEVELS] = {0};
    int64_t sum = 0;
    for (int end = 0; end < side->length; end++) {
        int start = end - side->part + 1;
        if (gravity == IMAGE_ENTROPY) {
            count_slice(side, end, counts, 1);
        } else {
            sum += slice_interest(side, end);
        }
        if (start < 0) {
            continue;
        }
        values[start] = gravity == IMAGE_ENTROPY ? information(counts) : sum;
        if (gravity == IMAGE_ENTROPY) {
            count_slice(side, start, counts, -1);
        } else {
            sum -= slice_interest(side, start);
        }
    }
}

static int best_part(const struct side *side, enum image_gravity gravity)
{
    int64_t values[GLANCE_SIDE] = {0};
    value_parts(side, gravity, values);
    int places = side->length - side->part + 1, middle = places / 2, best = middle;
    for (int i = 0; i < places; i++) {
        bool nearer = abs(i - middle) < abs(best - middle);
        if (values[i] > values[best] || (values[i] == values[best] && nearer)) {
            best = i;
        }
    }
    return best;
}

/* ---- the place ------------------------------------------------------------------------------- */

static int64_t place(const struct glance *glance, bool across, enum image_gravity gravity,
                     int64_t whole, int64_t part)
{
    struct side side = {glance, across, across ? glance->width : glance->height, 0};
    side.part = larger(1, (int)((part * side.length + whole / 2) / whole));
    int64_t places = side.length - side.part;
    if (part >= whole || places <= 0) {
        return (whole - part + 1) / 2;
    }
    return ((whole - part) * best_part(&side, gravity) + places / 2) / places;
}

void attention_place(const struct glance *glance, enum image_gravity gravity,
                     struct geometry *geometry)
{
    geometry->crop_x = place(glance, true, gravity, geometry->width, geometry->crop_width);
    geometry->crop_y = place(glance, false, gravity, geometry->height, geometry->crop_height);
}
