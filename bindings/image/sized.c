/*
 * sized.c - the shortest way from a file to pixels. Called by glance.c and overlay.c.
 */
#include "bindings/image/sized.h"
#include "bindings/image/colour.h"
#include "bindings/image/codec/decode.h"
#include "bindings/image/lane/lane.h"
#include "bindings/image/resize.h"

bool sized_plan(struct plan *plan, const struct image_info *info, const struct image_limits *limits,
                int64_t width, int64_t height, enum image_fit fit, struct error *err)
{
    struct image_target target;
    image_target_default(&target);
    target.width = width;
    target.height = height;
    target.fit = fit;
    target.enlarge = fit == IMAGE_FILL;
    target.format = IMAGE_PNG;
    if (!plan_make(plan, info, limits, NULL, 0, &target, 1, 1, err)) {
        return false;
    }
    plan_without_rows(plan);
    return true;
}

/* CMYK keeps its alpha where no resize looks for it: that is converted at full size. */
static bool shrink(Image **image, const struct plan *plan, struct error *err)
{
    bool early = (*image)->colorspace == CMYKColorspace && (*image)->matte;
    if (early && !colour_to_srgb(*image, err)) {
        return false;
    }
    struct resize resize = plan_resize(&plan->items[0], plan->view.orientation, true);
    Image *made = resize_image(*image, &resize, err);
    if (made == NULL) {
        return false;
    }
    pixels_destroy(*image);
    *image = made;
    return early || colour_to_srgb(made, err);
}

static Image *by_library(const void *bytes, size_t length, const struct plan *plan,
                         struct error *err)
{
    Image *image = decode_first(bytes, length, plan->info, &plan->size, err);
    if (image != NULL && !shrink(&image, plan, err)) {
        pixels_destroy(image);
        return NULL;
    }
    return image;
}

static bool take_planes(void *context, size_t item, struct planes *planes, struct error *err)
{
    Image **image = context;
    (void)item;
    *image = planes_image(planes, err);
    planes_release(planes);
    return *image != NULL;
}

Image *sized_make(const void *bytes, size_t length, const struct plan *plan, struct error *err)
{
    const struct lane_photo photo = {.bytes = bytes, .length = length};
    Image *image = NULL;
    if (!plan->lane) {
        return by_library(bytes, length, plan, err);
    }
    if (lane_make(&photo, plan, NULL, take_planes, &image, err)) {
        return image;
    }
    /* As engine.h has it: a damaged file fails before its picture is ready. */
    bool go_on = plan->info->allow_damaged && error_is(err, "bad_image");
    return go_on ? by_library(bytes, length, plan, err) : NULL;
}
