/*
 * view.c - takes the crops and turns before a resize together. Called by plan.c, and by those who
 * decode a picture without resizing it.
 */
#include "bindings/image/view.h"
#include "bindings/image/orient.h"

static void crop(struct view *view, const struct image_step *step)
{
    struct pixels_area *area = &view->area;
    struct pixels_area part = {step->x, step->y, step->width, step->height};
    part = orient_stored(part, view->orientation, area->width, area->height);
    *area = (struct pixels_area){area->x + part.x, area->y + part.y, part.width, part.height};
}

static void rotate(struct view *view, int angle)
{
    /* A quarter is the exchange of rows and columns, and then a mirror. */
    if (angle != 180) {
        view->orientation = orient_transposed(view->orientation);
    }
    if (angle != 270) {
        view->orientation = orient_flopped(view->orientation);
    }
    if (angle != 90) {
        view->orientation = orient_flipped(view->orientation);
    }
}

static bool add(struct view *view, const struct image_step *step)
{
    switch (step->kind) {
    case IMAGE_CROP:
        crop(view, step);
        return true;
    case IMAGE_ROTATE:
        rotate(view, step->angle);
        return true;
    case IMAGE_FLIP:
        view->orientation = orient_flipped(view->orientation);
        return true;
    case IMAGE_FLOP:
        view->orientation = orient_flopped(view->orientation);
        return true;
    default:
        return false;
    }
}

size_t view_make(struct view *view, const struct image_info *info, const struct image_step *steps,
                 size_t count)
{
    *view =
        (struct view){.area = {0, 0, info->width, info->height}, .orientation = info->orientation};
    size_t taken = 0;
    while (taken < count && add(view, &steps[taken])) {
        taken++;
    }
    return taken;
}

bool view_cuts(const struct view *view, const struct image_info *info)
{
    return view->area.width < info->width || view->area.height < info->height;
}

int64_t view_width(const struct view *view)
{
    return orient_swaps(view->orientation) ? view->area.height : view->area.width;
}

int64_t view_height(const struct view *view)
{
    return orient_swaps(view->orientation) ? view->area.width : view->area.height;
}

/* The part of `count` pixels that from .. from + length of `of` lies in, at least one. */
static void shrink(int64_t *from, int64_t *length, int64_t of, int64_t count)
{
    int64_t first = *from * count / of;
    int64_t end = ((*from + *length) * count + of - 1) / of;
    *from = first;
    *length = end - first;
}

bool view_cut(Image **image, const struct view *view, const struct image_info *info,
              struct error *err)
{
    if (!view_cuts(view, info)) {
        return true;
    }
    struct pixels_area area = view->area;
    shrink(&area.x, &area.width, info->width, (int64_t)(*image)->columns);
    shrink(&area.y, &area.height, info->height, (int64_t)(*image)->rows);
    return pixels_crop(image, area, err);
}
