/*
 * steps_shape.c - border, rounded corners, pixelate. Called by steps.c.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/image/library.h"
#include "bindings/image/pixels.h"
#include "bindings/image/steps/steps.h"

/* ---- border -------------------------------------------------------------------------------- */

bool steps_border(Image **image, const struct image_step *step, struct error *err)
{
    Image *canvas =
        pixels_new((int64_t)(*image)->columns + 2 * step->width,
                   (int64_t)(*image)->rows + 2 * step->width, pixels_opaque(step->colour), err);
    if (canvas == NULL) {
        return false;
    }
    if (!pixels_paste(canvas, *image, step->width, step->width, false, err)) {
        pixels_destroy(canvas);
        return false;
    }
    canvas->matte = (*image)->matte;
    pixels_destroy(*image);
    *image = canvas;
    return true;
}

/* ---- rounded corners ----------------------------------------------------------------------- */

/* How much of the pixel lies within the circle, nearly; `x` and `y` from the circle's middle. */
static double inside(double x, double y, double radius)
{
    double over = radius + 0.5 - sqrt(x * x + y * y);
    return over <= 0 ? 0 : over >= 1 ? 1 : over;
}

static void round_row(PixelPacket *row, long columns, double y, double radius)
{
    long corner = (long)ceil(radius);
    for (long i = 0; i < corner && i < columns; i++) {
        double seen = inside(radius - ((double)i + 0.5), y, radius);
        PixelPacket *ends[] = {&row[i], &row[columns - 1 - i]};
        for (int k = 0; k < (ends[0] == ends[1] ? 1 : 2); k++) {
            double alpha = (MaxRGB - ends[k]->opacity) * seen;
            ends[k]->opacity = (Quantum)(MaxRGB - alpha + 0.5);
        }
    }
}

static bool round_rows(Image *image, double radius, struct error *err)
{
    long rows = (long)image->rows;
    for (long i = 0; i < rows; i++) {
        long from_edge = i < rows - 1 - i ? i : rows - 1 - i;
        double y = radius - ((double)from_edge + 0.5);
        if (y <= 0) {
            continue;
        }
        PixelPacket *row = GetImagePixels(image, 0, i, image->columns, 1);
        if (row == NULL) {
            return library_failed(&image->exception, "memory", "round", err);
        }
        round_row(row, (long)image->columns, y, radius);
        if (!SyncImagePixels(image)) {
            return library_failed(&image->exception, "memory", "round", err);
        }
    }
    return !library_stopped(err);
}

static void opaque_row(PixelPacket *pixels, size_t count, const void *context)
{
    (void)context;
    for (size_t i = 0; i < count; i++) {
        pixels[i].opacity = OpaqueOpacity;
    }
}

bool steps_opaque(Image *image, struct error *err)
{
    if (image->matte) {
        return true;
    }
    if (!pixels_each_row(image, opaque_row, NULL, err)) {
        return false;
    }
    image->matte = MagickTrue;
    return true;
}

bool steps_round(Image **image, const struct image_step *step, struct error *err)
{
    double least =
        (double)((*image)->columns < (*image)->rows ? (*image)->columns : (*image)->rows);
    double radius = (double)step->width < least / 2 ? (double)step->width : least / 2;
    return steps_opaque(*image, err) && round_rows(*image, radius, err);
}

/* ---- pixelate ------------------------------------------------------------------------------ */

struct sums {
    uint64_t red, green, blue, alpha, count;
};

static void add_row(const PixelPacket *row, unsigned long columns, unsigned long block, bool matte,
                    struct sums *sums)
{
    for (unsigned long x = 0; x < columns; x++) {
        struct sums *sum = &sums[x / block];
        uint64_t alpha = matte ? MaxRGB - row[x].opacity : MaxRGB;
        sum->red += row[x].red * alpha;
        sum->green += row[x].green * alpha;
        sum->blue += row[x].blue * alpha;
        sum->alpha += alpha;
        sum->count++;
    }
}

/* The blocks' average colours, weighted by alpha. */
static void average(struct sums *sums, unsigned long count, PixelPacket *colours)
{
    for (unsigned long i = 0; i < count; i++) {
        uint64_t divisor = sums[i].alpha > 0 ? sums[i].alpha : 1;
        colours[i].red = (Quantum)((sums[i].red + divisor / 2) / divisor);
        colours[i].green = (Quantum)((sums[i].green + divisor / 2) / divisor);
        colours[i].blue = (Quantum)((sums[i].blue + divisor / 2) / divisor);
        uint64_t pixels = sums[i].count > 0 ? sums[i].count : 1;
        colours[i].opacity = (Quantum)(MaxRGB - (sums[i].alpha + pixels / 2) / pixels);
    }
}

struct bands {
    unsigned long block, count;
    struct sums *sums;
    PixelPacket *colours;
};

static bool pixelate_band(Image *image, unsigned long top, const struct bands *bands,
                          struct error *err)
{
    unsigned long rows = image->rows - top < bands->block ? image->rows - top : bands->block;
    memset(bands->sums, 0, bands->count * sizeof *bands->sums);
    for (unsigned long y = top; y < top + rows; y++) {
        const PixelPacket *row =
            AcquireImagePixels(image, 0, (long)y, image->columns, 1, &image->exception);
        if (row == NULL) {
            return library_failed(&image->exception, "memory", "pixelate", err);
        }
        add_row(row, image->columns, bands->block, image->matte != 0, bands->sums);
    }
    average(bands->sums, bands->count, bands->colours);
    for (unsigned long y = top; y < top + rows; y++) {
        PixelPacket *row = SetImagePixels(image, 0, (long)y, image->columns, 1);
        if (row == NULL) {
            return library_failed(&image->exception, "memory", "pixelate", err);
        }
        for (unsigned long x = 0; x < image->columns; x++) {
            row[x] = bands->colours[x / bands->block];
        }
        if (!SyncImagePixels(image)) {
            return library_failed(&image->exception, "memory", "pixelate", err);
        }
    }
    return !library_stopped(err);
}

bool steps_pixelate(Image **image, const struct image_step *step, struct error *err)
{
    struct bands bands = {.block = (unsigned long)step->width};
    bands.count = ((*image)->columns + bands.block - 1) / bands.block;
    bands.sums = calloc(bands.count, sizeof *bands.sums);
    bands.colours = calloc(bands.count, sizeof *bands.colours);
    bool ok = bands.sums != NULL && bands.colours != NULL;
    if (!ok) {
        (void)error_set_memory(err, "pixelating");
    }
    for (unsigned long y = 0; ok && y < (*image)->rows; y += bands.block) {
        ok = pixelate_band(*image, y, &bands, err);
    }
    free(bands.sums);
    free(bands.colours);
    return ok;
}
