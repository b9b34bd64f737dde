/*
 * view.h - what of a stored picture is to be seen, and how it is turned: EXIF's orientation and the
 * crops and turns that a chain of steps begins with, taken together. So they cost nothing of their
 * own: what is cut off is not resized, and what is turned is turned when it is small.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_VIEW_H
#define LUNETTE_BINDINGS_IMAGE_VIEW_H

#include "bindings/image/engine.h"
#include "bindings/image/pixels.h"

struct view {
    struct pixels_area area; /* of the picture as it is stored */
    int orientation;         /* EXIF's 1 to 8: how the area is turned to be displayed */
};

/* All of the picture, and then what those of the steps make of it that come first and are crops,
 * turns or mirrors. Returns how many. Crops must have been checked (image_steps_size()). */
size_t view_make(struct view *view, const struct image_info *info, const struct image_step *steps,
                 size_t count);

/* Is anything cut off? */
bool view_cuts(const struct view *view, const struct image_info *info);

/* As it is displayed. */
int64_t view_width(const struct view *view);
int64_t view_height(const struct view *view);

/* Cuts a picture that was decoded at any size to the view's area; it stays as it is stored. */
MUST_CHECK bool view_cut(Image **image, const struct view *view, const struct image_info *info,
                         struct error *err);

#endif
