/*
 * planes.c - pictures in planes: made, turned, and read as colours. Called by lane.c and its parts.
 */
#include "bindings/image/lane/planes.h"
#include "bindings/image/lane/lane_kernel.h"
#include "bindings/image/library.h"
#include "bindings/image/orient.h"
#include "bindings/image/pixels.h"

#include <stdlib.h>
#include <string.h>

/* So that blocks of a JPEG, 8 samples wide, end within a row. */
enum { ALIGNMENT = 16 };

/* ---- making -------------------------------------------------------------------------------- */

static struct plane lay_out(const struct planes_layout *layout, bool halved)
{
    int unit = halved ? 2 : 1;
    struct plane plane = {.width = (layout->width + unit - 1) / unit,
                          .height = (layout->height + unit - 1) / unit,
                          .across = unit,
                          .down = unit};
    plane.stride = (plane.width + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    /* Of an odd number of pixels the last is alone with its sample: the first, where the picture
     * will be mirrored. */
    struct orient_path path = orient_path(layout->orientation, plane.width, plane.height);
    plane.left = path.across < 0 ? (double)(layout->width - plane.width * unit) : 0;
    plane.top = path.down < 0 ? (double)(layout->height - plane.height * unit) : 0;
    return plane;
}

static size_t plane_bytes(const struct plane *plane)
{
    return (size_t)(plane->stride * plane->height);
}

static struct planes describe(const struct planes_layout *layout)
{
    struct planes planes = {.colours = layout->colours,
                            .count = layout->colours == PLANES_GREY ? 1 : PLANES_MAX,
                            .width = layout->width,
                            .height = layout->height};
    for (int i = 0; i < planes.count; i++) {
        planes.plane[i] = lay_out(layout, layout->halved && i > 0);
    }
    return planes;
}

int64_t planes_memory(const struct planes_layout *layout)
{
    struct planes planes = describe(layout);
    int64_t bytes = 0;
    for (int i = 0; i < planes.count; i++) {
        bytes += (int64_t)plane_bytes(&planes.plane[i]);
    }
    return bytes;
}

/* Gives each plane its part of the memory. */
static bool allocate(struct planes *planes, struct error *err)
{
    size_t bytes = 0, used = 0;
    for (int i = 0; i < planes->count; i++) {
        bytes += plane_bytes(&planes->plane[i]);
    }
    planes->samples = malloc(bytes + LANE_SPARE);
    if (planes->samples == NULL) {
        return error_set_memory(err, "making a smaller picture");
    }
    for (int i = 0; i < planes->count; i++) {
        planes->plane[i].samples = planes->samples + used;
        used += plane_bytes(&planes->plane[i]);
    }
    return true;
}

bool planes_make(struct planes *planes, const struct planes_layout *layout, struct error *err)
{
    struct planes made = describe(layout);
    if (!allocate(&made, err)) {
        return false;
    }
    *planes = made;
    return true;
}

void planes_release(struct planes *planes)
{
    free(planes->samples);
    *planes = (struct planes){.count = 0};
}

void planes_pad(struct plane *plane, int64_t y)
{
    uint8_t *row = plane->samples + y * plane->stride;
    memset(row + plane->width, row[plane->width - 1], (size_t)(plane->stride - plane->width));
}

/* ---- turning ------------------------------------------------------------------------------- */

/* Rows to rows, from the left or from the right. */
static void copy_row(uint8_t *to, const uint8_t *from, int64_t count, bool mirrored)
{
    if (!mirrored) {
        memcpy(to, from, (size_t)count);
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        to[i] = from[count - 1 - i];
    }
}

struct step {
    ptrdiff_t across, down; /* of the samples that are written, for one in the plane that is read */
};

/* An area of the plane that is read, sample by sample; `to` is where its first one goes. */
static void turn_area(uint8_t *to, struct step step, const struct plane *from,
                      struct pixels_area area)
{
    for (int64_t y = area.y; y < area.y + area.height; y++) {
        const uint8_t *row = from->samples + y * from->stride;
        for (int64_t x = area.x; x < area.x + area.width; x++) {
            to[x * step.across + y * step.down] = row[x];
        }
    }
}

/* Rows to columns, in blocks for as far as there are whole ones. A step down is 1 or -1 here; the
 * block is read from below in the second case, so that it is written from the left. */
static void exchange(uint8_t *to, struct step step, const struct plane *from)
{
    int64_t width = from->width / 8 * 8, height = from->height / 8 * 8;
    int64_t last = step.down < 0 ? 7 : 0;
    for (int64_t x = 0; x < width; x += 8) {
        for (int64_t y = 0; y < height; y += 8) {
            lane_transpose(to + x * step.across + (y + last) * step.down, step.across,
                           from->samples + (y + last) * from->stride + x,
                           step.down * (ptrdiff_t)from->stride);
        }
    }
    turn_area(to, step, from, (struct pixels_area){width, 0, from->width - width, from->height});
    turn_area(to, step, from, (struct pixels_area){0, height, width, from->height - height});
}

/* The path to a place in rows that are as long as they are wide, in rows of a stride. */
static void turn_plane(const struct plane *from, int orientation, struct plane *to)
{
    struct orient_path path = orient_path(orientation, from->width, from->height);
    bool right = path.across < 0, below = path.down < 0;
    bool swapped = orient_swaps(orientation);
    if (!swapped) {
        for (int64_t y = 0; y < from->height; y++) {
            int64_t row = below ? from->height - 1 - y : y;
            copy_row(to->samples + row * to->stride, from->samples + y * from->stride, from->width,
                     right);
        }
        return;
    }
    struct step step = {right ? -to->stride : to->stride, below ? -1 : 1};
    exchange(to->samples + (right ? (from->width - 1) * to->stride : 0) +
                 (below ? from->height - 1 : 0),
             step, from);
}

/* The same planes, upright: their rows and columns exchanged where that is needed. */
static struct planes upright(const struct planes *planes, bool swapped)
{
    struct planes made = *planes;
    made.width = swapped ? planes->height : planes->width;
    made.height = swapped ? planes->width : planes->height;
    for (int i = 0; i < made.count; i++) {
        struct plane *plane = &made.plane[i];
        plane->width = swapped ? planes->plane[i].height : planes->plane[i].width;
        plane->height = swapped ? planes->plane[i].width : planes->plane[i].height;
        plane->stride = (plane->width + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        plane->left = plane->top = 0;
    }
    return made;
}

bool planes_turn(const struct planes *planes, int orientation, struct planes *turned,
                 struct error *err)
{
    struct planes made = upright(planes, orient_swaps(orientation));
    if (!allocate(&made, err)) {
        return false;
    }
    for (int i = 0; i < made.count; i++) {
        struct plane *plane = &made.plane[i];
        turn_plane(&planes->plane[i], orientation, plane);
        for (int64_t y = 0; y < plane->height; y++) {
            planes_pad(plane, y);
        }
    }
    *turned = made;
    return true;
}

/* ---- halves -------------------------------------------------------------------------------- */

bool planes_halved(const struct planes *planes)
{
    return planes->count > 1 && planes->plane[1].across > 1;
}

static void halve_row(uint8_t *to, const uint8_t *upper, const uint8_t *lower, int64_t width)
{
    for (int64_t x = 0; x < width; x++) {
        /* Alternately rounded up and down, or pictures would get a little more of both colours. */
        int bias = 1 + (int)(x & 1);
        int64_t i = 2 * x;
        to[x] = (uint8_t)((upper[i] + upper[i + 1] + lower[i] + lower[i + 1] + bias) >> 2);
    }
}

/* The source's stride is even, so that a last column alone has a neighbour like itself. */
static void halve_plane(const struct plane *from, struct plane *to)
{
    for (int64_t y = 0; y < to->height; y++) {
        const uint8_t *upper = from->samples + 2 * y * from->stride;
        const uint8_t *lower = 2 * y + 1 < from->height ? upper + from->stride : upper;
        halve_row(to->samples + y * to->stride, upper, lower, to->width);
        planes_pad(to, y);
    }
}

bool planes_halve(const struct planes *planes, struct planes *halved, struct error *err)
{
    struct planes_layout layout = {planes->colours, planes->width, planes->height, true, 1};
    struct planes made;
    if (!planes_make(&made, &layout, err)) {
        return false;
    }
    memcpy(made.plane[0].samples, planes->plane[0].samples, plane_bytes(&made.plane[0]));
    for (int i = 1; i < made.count; i++) {
        halve_plane(&planes->plane[i], &made.plane[i]);
    }
    *halved = made;
    return true;
}

/* ---- colours ------------------------------------------------------------------------------- */

static uint8_t clamp(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* JFIF 1.02's formulas, in 65,536ths. */
static void colour_of(int y, int cb, int cr, uint8_t rgb[3])
{
    const int half = 1 << 15;
    y = y * 65536 + half;
    rgb[0] = clamp((y + 91881 * (cr - 128)) >> 16);
    rgb[1] = clamp((y - 22554 * (cb - 128) - 46802 * (cr - 128)) >> 16);
    rgb[2] = clamp((y + 116130 * (cb - 128)) >> 16);
}

/* The same the other way round; the sums of the colours' factors are 0. */
static void ycc_of(int red, int green, int blue, uint8_t ycc[3])
{
    const int half = 1 << 15, middle = 128 * 65536 + half;
    ycc[0] = clamp((19595 * red + 38470 * green + 7471 * blue + half) >> 16);
    ycc[1] = clamp((-11059 * red - 21709 * green + 32768 * blue + middle) >> 16);
    ycc[2] = clamp((32768 * red - 27439 * green - 5329 * blue + middle) >> 16);
}

void planes_rgb(const struct planes *planes, int64_t y, uint8_t *rgb)
{
    const uint8_t *row[PLANES_MAX];
    for (int i = 0; i < PLANES_MAX; i++) {
        const struct plane *plane = &planes->plane[i < planes->count ? i : 0];
        row[i] = plane->samples + y * plane->stride;
    }
    for (int64_t x = 0; x < planes->width; x++, rgb += 3) {
        if (planes->colours == PLANES_YCC) {
            colour_of(row[0][x], row[1][x], row[2][x], rgb);
        } else {
            rgb[0] = row[0][x];
            rgb[1] = row[1][x];
            rgb[2] = row[2][x];
        }
    }
}

void planes_put_rgb(struct planes *planes, int64_t y, const uint8_t *rgb)
{
    for (int64_t x = 0; x < planes->width; x++, rgb += 3) {
        uint8_t ycc[PLANES_MAX] = {0};
        ycc_of(rgb[0], rgb[1], rgb[2], ycc);
        for (int i = 0; i < planes->count; i++) {
            planes->plane[i].samples[y * planes->plane[i].stride + x] = ycc[i];
        }
    }
    for (int i = 0; i < planes->count; i++) {
        planes_pad(&planes->plane[i], y);
    }
}

void planes_to_ycc(struct planes *planes)
{
    for (int64_t y = 0; y < planes->height; y++) {
        for (int64_t x = 0; x < planes->plane[0].stride; x++) {
            uint8_t *sample[PLANES_MAX], ycc[PLANES_MAX];
            for (int i = 0; i < PLANES_MAX; i++) {
                sample[i] = &planes->plane[i].samples[y * planes->plane[i].stride + x];
            }
            ycc_of(*sample[0], *sample[1], *sample[2], ycc);
            for (int i = 0; i < PLANES_MAX; i++) {
                *sample[i] = ycc[i];
            }
        }
    }
    planes->colours = PLANES_YCC;
}

/* ---- the library's pixels ------------------------------------------------------------------ */

static void store_row(PixelPacket *to, const uint8_t *rgb, int64_t count)
{
    for (int64_t x = 0; x < count; x++, rgb += 3) {
        to[x].red = ScaleCharToQuantum(rgb[0]);
        to[x].green = ScaleCharToQuantum(rgb[1]);
        to[x].blue = ScaleCharToQuantum(rgb[2]);
        to[x].opacity = OpaqueOpacity;
    }
}

static bool store_rows(const struct planes *planes, Image *image, uint8_t *rgb, struct error *err)
{
    for (int64_t y = 0; y < planes->height; y++) {
        PixelPacket *pixels = SetImagePixels(image, 0, (long)y, image->columns, 1);
        if (pixels == NULL) {
            return library_failed(&image->exception, "memory", "making a picture", err);
        }
        planes_rgb(planes, y, rgb);
        store_row(pixels, rgb, planes->width);
        if (!SyncImagePixels(image)) {
            return library_failed(&image->exception, "memory", "making a picture", err);
        }
    }
    return !library_stopped(err);
}

Image *planes_image(const struct planes *planes, struct error *err)
{
    uint8_t *rgb = malloc((size_t)planes->width * 3);
    if (rgb == NULL) {
        (void)error_set_memory(err, "making a picture");
        return NULL;
    }
    Image *image = AllocateImage(NULL);
    image->columns = (unsigned long)planes->width;
    image->rows = (unsigned long)planes->height;
    image->storage_class = DirectClass;
    image->depth = 8;
    image->is_grayscale = planes->colours == PLANES_GREY;
    bool ok = store_rows(planes, image, rgb, err);
    free(rgb);
    if (!ok) {
        pixels_destroy(image);
        return NULL;
    }
    return image;
}
