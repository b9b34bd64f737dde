/*
 * annotate.c - draws a text: the box behind it, the outline, the letters. Called by steps.c.
 */
#include "bindings/image/steps/annotate.h"
#include "bindings/image/steps/blend.h"
#include "bindings/image/library.h"

#include <math.h>
#include <stdlib.h>

/* ---- sizes --------------------------------------------------------------------------------- */

static int align_of(enum image_gravity gravity)
{
    switch (gravity) {
    case IMAGE_WEST:
    case IMAGE_NORTHWEST:
    case IMAGE_SOUTHWEST:
        return 0;
    case IMAGE_EAST:
    case IMAGE_NORTHEAST:
    case IMAGE_SOUTHEAST:
        return 2;
    default:
        return 1;
    }
}

/* What is left for the text when as much stays free on the far side as on the near one. */
static double room(unsigned long side, int64_t offset, const struct image_text *text)
{
    double taken = 2.0 * (double)(llabs(offset) + text->padding + text->outline_width);
    return fmax((double)side - taken, 1);
}

/* The size asked, or the one in which all of the text is on the picture. */
static bool fit_size(const Image *image, const struct image_step *step, struct font_text *text,
                     struct error *err)
{
    double width, height;
    if (!font_measure(&step->text->font, text, &width, &height, err)) {
        return false;
    }
    double factor = fmin(room(image->columns, step->x, step->text) / fmax(width, 1),
                         room(image->rows, step->y, step->text) / fmax(height, 1));
    if (factor < 1) {
        text->size = fmax(text->size * factor, 1);
    }
    return true;
}

/* ---- painting ------------------------------------------------------------------------------ */

/* Paints a colour where the mask (NULL: the whole area) says so, as far as it is on the picture. */
static bool paint(Image *image, struct pixels_area area, const uint8_t *mask,
                  const uint8_t colour[3], double opacity, struct error *err)
{
    const PixelPacket front = pixels_opaque(colour);
    int64_t columns = (int64_t)image->columns, rows = (int64_t)image->rows;
    int64_t left = area.x > 0 ? area.x : 0;
    int64_t right = area.x + area.width < columns ? area.x + area.width : columns;
    for (int64_t y = area.y > 0 ? area.y : 0; y < rows && y < area.y + area.height; y++) {
        if (left >= right) {
            break;
        }
        PixelPacket *row = GetImagePixels(image, left, y, (unsigned long)(right - left), 1);
        if (row == NULL) {
            return library_failed(&image->exception, "memory", "annotate", err);
        }
        for (int64_t x = left; x < right; x++) {
            const uint8_t *covered =
                mask != NULL ? &mask[(y - area.y) * area.width + x - area.x] : NULL;
            double alpha = opacity * (covered != NULL ? *covered / 255.0 : 1);
            if (alpha > 0) {
                blend_over(&row[x - left], image->matte != 0, &front, alpha);
            }
        }
        if (!SyncImagePixels(image)) {
            return library_failed(&image->exception, "memory", "annotate", err);
        }
    }
    return !library_stopped(err);
}

/* The most that any pixel of the mask gives to the one at x, y through a disc around it. */
static uint8_t widest(const struct font_mask *mask, int64_t x, int64_t y, int64_t radius)
{
    double most = 0;
    for (int64_t v = -radius; v <= radius; v++) {
        for (int64_t u = -radius; u <= radius; u++) {
            int64_t from_x = x + u, from_y = y + v;
            if (from_x < 0 || from_y < 0 || from_x >= mask->width || from_y >= mask->height) {
                continue;
            }
            double near = (double)radius + 0.5 - sqrt((double)(u * u + v * v));
            double given = mask->coverage[from_y * mask->width + from_x] * fmin(fmax(near, 0), 1);
            most = fmax(most, given);
        }
    }
    return (uint8_t)(most + 0.5);
}

static bool paint_outline(Image *image, struct pixels_area area, const struct font_mask *mask,
                          const struct image_text *text, struct error *err)
{
    uint8_t *wide = calloc((size_t)mask->width, (size_t)mask->height);
    if (wide == NULL) {
        return error_set_memory(err, "drawing a text");
    }
    bool ok = true;
    for (int64_t y = 0; ok && y < mask->height; y++) {
        for (int64_t x = 0; x < mask->width; x++) {
            wide[y * mask->width + x] = widest(mask, x, y, text->outline_width);
        }
        ok = !library_stopped(err);
    }
    ok = ok && paint(image, area, wide, text->outline, text->opacity, err);
    free(wide);
    return ok;
}

/* `margin`: how much larger the mask is than the text's box, on each side. */
static bool paint_all(Image *image, const struct image_step *step, const struct font_mask *mask,
                      int64_t margin, struct error *err)
{
    const struct image_text *text = step->text;
    int64_t around = text->padding + text->outline_width;
    struct pixels_area box = {.width = mask->width - 2 * (margin - around),
                              .height = mask->height - 2 * (margin - around)};
    steps_place(step, text->gravity, (int64_t)image->columns, (int64_t)image->rows, &box);
    struct pixels_area area = {box.x + around - margin, box.y + around - margin, mask->width,
                               mask->height};
    return (text->background_opacity <= 0 ||
            paint(image, box, NULL, text->background, text->background_opacity * text->opacity,
                  err)) &&
           (text->outline_width == 0 || paint_outline(image, area, mask, text, err)) &&
           paint(image, area, mask->coverage, text->colour, text->opacity, err);
}

bool annotate_text(Image **image, const struct image_step *step, struct error *err)
{
    const struct image_text *text = step->text;
    struct font_text drawn = {text->text, text->length, text->size, align_of(text->gravity)};
    if (!fit_size(*image, step, &drawn, err)) {
        return error_prefix(err, "annotate");
    }
    /* Room for what leans out of the box: italics, accents on capitals, the outline. */
    int64_t margin = (int64_t)ceil(drawn.size / 2) + text->outline_width;
    struct font_mask mask;
    if (!font_draw(&text->font, &drawn, margin, &mask, err)) {
        return error_prefix(err, "annotate");
    }
    bool ok = paint_all(*image, step, &mask, margin, err);
    free(mask.coverage);
    return ok;
}
