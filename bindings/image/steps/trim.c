/*
 * trim.c - finds what a scan's or a product photo's margin is around. Called by the `image` module,
 * which then crops: so the size is known before anything else is planned.
 */
#include "bindings/image/steps/trim.h"
#include "bindings/image/budget.h"
#include "bindings/image/colour.h"
#include "bindings/image/codec/decode.h"
#include "bindings/image/library.h"
#include "bindings/image/orient.h"
#include "bindings/image/plan.h"
#include "bindings/image/steps/steps.h"

#include <stdlib.h>

struct search {
    const void *bytes;
    size_t length;
    const struct plan *plan;
    int tolerance;
    struct trim_area *area;
};

/* Colours count by how much they are seen: what is transparent has none. */
static bool differs(const PixelPacket *a, const PixelPacket *b, bool alpha, double most)
{
    double seen_a = alpha ? MaxRGB - a->opacity : MaxRGB;
    double seen_b = alpha ? MaxRGB - b->opacity : MaxRGB;
    return abs((int)seen_a - (int)seen_b) > most ||
           abs((int)(a->red * seen_a / MaxRGB) - (int)(b->red * seen_b / MaxRGB)) > most ||
           abs((int)(a->green * seen_a / MaxRGB) - (int)(b->green * seen_b / MaxRGB)) > most ||
           abs((int)(a->blue * seen_a / MaxRGB) - (int)(b->blue * seen_b / MaxRGB)) > most;
}

/* From where to where the row differs: `from` is its end when it does not. */
static void search_row(const PixelPacket *row, int64_t count, const PixelPacket *margin, bool alpha,
                       double most, int64_t *from, int64_t *to)
{
    *from = 0;
    while (*from < count && !differs(&row[*from], margin, alpha, most)) {
        ++*from;
    }
    *to = count;
    while (*to > *from && !differs(&row[*to - 1], margin, alpha, most)) {
        --*to;
    }
}

/* Where the colour of the margin is. */
static bool read_margin(Image *image, int orientation, PixelPacket *margin, struct error *err)
{
    struct pixels_area corner = {0, 0, 1, 1};
    corner = orient_stored(corner, orientation, (int64_t)image->columns, (int64_t)image->rows);
    const PixelPacket *pixel =
        AcquireImagePixels(image, (long)corner.x, (long)corner.y, 1, 1, &image->exception);
    if (pixel == NULL) {
        return library_failed(&image->exception, "memory", "trim", err);
    }
    *margin = *pixel;
    return true;
}

/* In the pixels of the picture as it is stored. */
static bool search_rows(Image *image, const PixelPacket *margin, int tolerance,
                        struct pixels_area *area, struct error *err)
{
    int64_t columns = (int64_t)image->columns, rows = (int64_t)image->rows;
    int64_t left = columns, right = 0, top = rows, bottom = 0;
    double most = tolerance * (MaxRGB / 255.0);
    for (int64_t y = 0; y < rows; y++) {
        int64_t from, to;
        const PixelPacket *row =
            AcquireImagePixels(image, 0, y, image->columns, 1, &image->exception);
        if (row == NULL) {
            return library_failed(&image->exception, "memory", "trim", err);
        }
        search_row(row, columns, margin, image->matte != 0, most, &from, &to);
        if (from < columns) {
            left = from < left ? from : left;
            right = to > right ? to : right;
            top = y < top ? y : top;
            bottom = y + 1;
        }
        if (y % 64 == 0 && library_stopped(err)) {
            return false;
        }
    }
    *area = bottom > 0 ? (struct pixels_area){left, top, right - left, bottom - top}
                       : (struct pixels_area){0, 0, columns, rows};
    return true;
}

static bool search_image(Image *image, int orientation, int tolerance, struct trim_area *area,
                         struct error *err)
{
    PixelPacket margin = {.opacity = OpaqueOpacity};
    struct pixels_area found = {0, 0, 0, 0};
    if (!read_margin(image, orientation, &margin, err) ||
        !search_rows(image, &margin, tolerance, &found, err)) {
        return false;
    }
    found = orient_displayed(found, orientation, (int64_t)image->columns, (int64_t)image->rows);
    *area = (struct trim_area){found.x, found.y, found.width, found.height};
    return true;
}

/* A picture is only turned where steps want it upright: that makes a second one. */
static bool search(void *context, struct error *err)
{
    const struct search *search = context;
    const struct plan *plan = search->plan;
    int orientation = plan->view.orientation;
    Image *image = decode_first(search->bytes, search->length, plan->info, NULL, err);
    bool ok = image != NULL && view_cut(&image, &plan->view, plan->info, err);
    if (ok && plan->step_count > 0) {
        ok = orient_image(&image, orientation, err);
        orientation = 1;
    }
    ok = ok && colour_to_srgb(image, err) &&
         steps_apply(&image, plan->steps, plan->step_count, err) &&
         search_image(image, orientation, search->tolerance, search->area, err);
    pixels_destroy(image);
    return ok;
}

bool trim_find(const void *bytes, size_t length, const struct image_info *info,
               const struct image_limits *limits, const struct image_step *steps, size_t step_count,
               int tolerance, struct trim_area *area, const struct image_control *control,
               struct error *err)
{
    struct plan plan;
    if (!plan_make(&plan, info, limits, steps, step_count, NULL, 0, 1, err)) {
        return false;
    }
    struct search found = {bytes, length, &plan, tolerance, area};
    int64_t memory = plan_whole_memory(&plan);
    bool ok = budget_take(memory, control, err);
    if (ok) {
        ok = library_run(search, &found, control, err);
        budget_give_back(memory);
    }
    plan_release(&plan);
    return ok;
}
