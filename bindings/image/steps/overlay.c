/*
 * overlay.c - composite and mask. Called by steps.c; each decodes the other picture, at about the
 * size that is wanted of it.
 */
#include "bindings/image/steps/overlay.h"
#include "bindings/image/steps/blend.h"
#include "bindings/image/library.h"
#include "bindings/image/pixels.h"
#include "bindings/image/sized.h"

#include <math.h>

struct size {
    int64_t width, height;
};

static int64_t at_least_one(double value)
{
    return value < 1 ? 1 : (int64_t)(value + 0.5);
}

/* As wide as is asked, but within the picture. */
static struct size size_on(const struct image_overlay *overlay, struct size picture)
{
    double width = (double)overlay->info.oriented_width;
    double height = (double)overlay->info.oriented_height;
    double factor = overlay->scale > 0 ? overlay->scale * (double)picture.width / width : 1;
    factor = fmin(factor, fmin((double)picture.width / width, (double)picture.height / height));
    return (struct size){at_least_one(factor * width), at_least_one(factor * height)};
}

static bool make_plan(const struct image_step *step, struct size picture, struct plan *plan,
                      struct error *err)
{
    const struct image_overlay *overlay = step->overlay;
    struct size size = step->kind == IMAGE_MASK ? picture : size_on(overlay, picture);
    return sized_plan(plan, &overlay->info, &overlay->limits, size.width, size.height, IMAGE_FILL,
                      err) ||
           error_prefix(err, step->kind == IMAGE_MASK ? "mask" : "composite");
}

bool overlay_memory(const struct image_step *step, int64_t width, int64_t height, int64_t *bytes,
                    struct error *err)
{
    struct plan plan;
    if (!make_plan(step, (struct size){width, height}, &plan, err)) {
        return false;
    }
    *bytes = plan.memory;
    plan_release(&plan);
    return true;
}

/* The other picture in its size on this one. NULL on failure. */
static Image *make_overlay(const Image *image, const struct image_step *step, struct error *err)
{
    struct plan plan;
    struct size size = {(int64_t)image->columns, (int64_t)image->rows};
    if (!make_plan(step, size, &plan, err)) {
        return NULL;
    }
    Image *made = sized_make(step->overlay->bytes, step->overlay->length, &plan, err);
    plan_release(&plan);
    if (made == NULL) {
        (void)error_prefix(err, step->kind == IMAGE_MASK ? "mask" : "composite");
    }
    return made;
}

/* ---- rows ---------------------------------------------------------------------------------- */

/* What is done to `count` pixels of the picture by as many of the other. */
typedef void combine(PixelPacket *to, bool to_matte, const PixelPacket *from, bool from_matte,
                     size_t count, double opacity);

static double alpha_of(const PixelPacket *pixel, bool matte)
{
    return matte ? (double)(MaxRGB - pixel->opacity) / MaxRGB : 1;
}

static void lay_over(PixelPacket *to, bool to_matte, const PixelPacket *from, bool from_matte,
                     size_t count, double opacity)
{
    for (size_t i = 0; i < count; i++) {
        double alpha = alpha_of(&from[i], from_matte) * opacity;
        if (alpha > 0) {
            blend_over(&to[i], to_matte, &from[i], alpha);
        }
    }
}

static void cut_out(PixelPacket *to, bool to_matte, const PixelPacket *from, bool from_matte,
                    size_t count, double opacity)
{
    for (size_t i = 0; i < count; i++) {
        double luma = 0.2126 * from[i].red + 0.7152 * from[i].green + 0.0722 * from[i].blue;
        double seen = luma / MaxRGB * alpha_of(&from[i], from_matte) * alpha_of(&to[i], to_matte);
        to[i].opacity = (Quantum)(MaxRGB - seen * opacity * MaxRGB + 0.5);
    }
}

/* Combines `part` at x, y, of which as much as lies within the picture. */
static bool combine_at(Image *image, const Image *part, int64_t x, int64_t y, combine *row,
                       double opacity, struct error *err)
{
    int64_t left = x > 0 ? x : 0, top = y > 0 ? y : 0;
    int64_t right = x + (int64_t)part->columns, bottom = y + (int64_t)part->rows;
    right = right < (int64_t)image->columns ? right : (int64_t)image->columns;
    bottom = bottom < (int64_t)image->rows ? bottom : (int64_t)image->rows;
    for (int64_t at = top; at < bottom && left < right; at++) {
        unsigned long count = (unsigned long)(right - left);
        const PixelPacket *from =
            AcquireImagePixels(part, (long)(left - x), (long)(at - y), count, 1, &image->exception);
        PixelPacket *to = GetImagePixels(image, (long)left, (long)at, count, 1);
        if (from == NULL || to == NULL) {
            return library_failed(&image->exception, "memory", "composite", err);
        }
        row(to, image->matte != 0, from, part->matte != 0, count, opacity);
        if (!SyncImagePixels(image)) {
            return library_failed(&image->exception, "memory", "composite", err);
        }
    }
    return !library_stopped(err);
}

/* ---- the steps ----------------------------------------------------------------------------- */

void steps_place(const struct image_step *step, enum image_gravity gravity, int64_t width,
                 int64_t height, struct pixels_area *area)
{
    static const signed char inwards[][2] = {
        [IMAGE_CENTER] = {1, 1},     [IMAGE_NORTH] = {1, 1},       [IMAGE_NORTHEAST] = {-1, 1},
        [IMAGE_EAST] = {-1, 1},      [IMAGE_SOUTHEAST] = {-1, -1}, [IMAGE_SOUTH] = {1, -1},
        [IMAGE_SOUTHWEST] = {1, -1}, [IMAGE_WEST] = {1, 1},        [IMAGE_NORTHWEST] = {1, 1},
    };
    geometry_place(gravity, width, height, area->width, area->height, true, &area->x, &area->y);
    area->x += step->x * inwards[gravity][0];
    area->y += step->y * inwards[gravity][1];
}

/* One tile's place, moved by whole tiles to the picture's upper left corner or beyond. */
static int64_t first_tile(int64_t at, int64_t size)
{
    int64_t over = at % size;
    return over > 0 ? over - size : over;
}

bool overlay_composite(Image **image, const struct image_step *step, struct error *err)
{
    const struct image_overlay *overlay = step->overlay;
    Image *part = make_overlay(*image, step, err);
    if (part == NULL) {
        return false;
    }
    int64_t columns = (int64_t)(*image)->columns, rows = (int64_t)(*image)->rows;
    struct pixels_area area = {.width = (int64_t)part->columns, .height = (int64_t)part->rows};
    steps_place(step, overlay->gravity, columns, rows, &area);
    if (!overlay->tile) {
        bool laid = combine_at(*image, part, area.x, area.y, lay_over, overlay->opacity, err);
        pixels_destroy(part);
        return laid;
    }
    bool ok = true;
    for (int64_t y = first_tile(area.y, area.height); ok && y < rows; y += area.height) {
        for (int64_t x = first_tile(area.x, area.width); ok && x < columns; x += area.width) {
            ok = combine_at(*image, part, x, y, lay_over, overlay->opacity, err);
        }
    }
    pixels_destroy(part);
    return ok;
}

bool overlay_mask(Image **image, const struct image_step *step, struct error *err)
{
    Image *mask = make_overlay(*image, step, err);
    if (mask == NULL) {
        return false;
    }
    bool ok = steps_opaque(*image, err) && combine_at(*image, mask, 0, 0, cut_out, 1, err);
    pixels_destroy(mask);
    return ok;
}
