/*
 * steps.c - what each step does to a size, and the way to each step. Called by the engine, which
 * asks for the size first: a step that can't be done fails before anything is decoded.
 */
#include "bindings/image/steps/steps.h"
#include "bindings/image/steps/annotate.h"
#include "bindings/image/steps/overlay.h"
#include "bindings/image/pixels.h"

#include <inttypes.h>

static bool check_crop(const struct image_step *step, int64_t width, int64_t height,
                       struct error *err)
{
    if (step->x >= 0 && step->y >= 0 && step->width >= 1 && step->height >= 1 &&
        step->x <= width - step->width && step->y <= height - step->height) {
        return true;
    }
    return error_set(err, "usage",
                     "crop: %" PRId64 " x %" PRId64 " at %" PRId64 ", %" PRId64
                     " does not lie within the picture's %" PRId64 " x %" PRId64,
                     step->width, step->height, step->x, step->y, width, height);
}

static bool check_sigma(const struct image_step *step, const char *name, struct error *err)
{
    if (step->sigma > 0 && step->sigma <= STEPS_SIGMA_MAX) {
        return true;
    }
    return error_set(err, "usage", "%s: sigma must be above 0 and at most %g, not %g", name,
                     STEPS_SIGMA_MAX, step->sigma);
}

static bool check_width(const struct image_step *step, const char *what, int most,
                        struct error *err)
{
    return (step->width >= 1 && step->width <= most) ||
           error_set(err, "usage", "%s must be 1 to %d pixels, not %" PRId64, what, most,
                     step->width);
}

static void swap(int64_t *a, int64_t *b)
{
    int64_t kept = *a;
    *a = *b;
    *b = kept;
}

static bool step_size(const struct image_step *step, int64_t *width, int64_t *height,
                      struct error *err)
{
    switch (step->kind) {
    case IMAGE_CROP:
        if (!check_crop(step, *width, *height, err)) {
            return false;
        }
        *width = step->width;
        *height = step->height;
        return true;
    case IMAGE_ROTATE:
        if (step->angle != 90 && step->angle != 180 && step->angle != 270) {
            return error_set(err, "usage", "rotate: the angle must be 90, 180 or 270, not %d",
                             step->angle);
        }
        if (step->angle != 180) {
            swap(width, height);
        }
        return true;
    case IMAGE_BLUR:
        return check_sigma(step, "blur", err);
    case IMAGE_SHARPEN:
        return check_sigma(step, "sharpen", err);
    case IMAGE_PIXELATE:
        return check_width(step, "pixelate: the block", STEPS_BLOCK_MAX, err);
    case IMAGE_BORDER:
        *width += 2 * step->width;
        *height += 2 * step->width;
        return check_width(step, "border: its width", STEPS_BORDER_MAX, err);
    case IMAGE_ROUND:
        return check_width(step, "round: the radius", INT32_MAX, err);
    case IMAGE_FLIP:
    case IMAGE_FLOP:
    case IMAGE_GRAYSCALE:
    case IMAGE_SEPIA:
    case IMAGE_TINT:
    case IMAGE_COMPOSITE:
    case IMAGE_MASK:
    case IMAGE_ANNOTATE:
        return true;
    }
    return error_set(err, "usage", "no such step");
}

bool image_steps_size(const struct image_step *steps, size_t count, int64_t *width, int64_t *height,
                      struct error *err)
{
    int64_t size[2] = {*width, *height};
    for (size_t i = 0; i < count; i++) {
        if (!step_size(&steps[i], &size[0], &size[1], err)) {
            return false;
        }
    }
    *width = size[0];
    *height = size[1];
    return true;
}

bool steps_any_scale(const struct image_step *steps, size_t count)
{
    static const bool any_scale[] = {
        [IMAGE_ROTATE] = true,    [IMAGE_FLIP] = true,  [IMAGE_FLOP] = true,
        [IMAGE_GRAYSCALE] = true, [IMAGE_SEPIA] = true, [IMAGE_TINT] = true,
        [IMAGE_ANNOTATE] = false, /* the last kind */
    };
    for (size_t i = 0; i < count; i++) {
        if (!any_scale[steps[i].kind]) {
            return false;
        }
    }
    return true;
}

/* Every step may make a picture of its new size before the old one goes; an overlay comes on
 * top. */
bool steps_memory(const struct image_step *steps, size_t count, int64_t width, int64_t height,
                  int64_t *bytes, struct error *err)
{
    int64_t most = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t memory = 0;
        bool overlaid = steps[i].kind == IMAGE_COMPOSITE || steps[i].kind == IMAGE_MASK;
        if ((overlaid && !overlay_memory(&steps[i], width, height, &memory, err)) ||
            !step_size(&steps[i], &width, &height, err)) {
            return false;
        }
        memory += width * height * (int64_t)sizeof(PixelPacket);
        most = memory > most ? memory : most;
    }
    *bytes = most;
    return true;
}

/* ---- the steps ----------------------------------------------------------------------------- */

static bool crop(Image **image, const struct image_step *step, struct error *err)
{
    struct pixels_area area = {step->x, step->y, step->width, step->height};
    return pixels_crop(image, area, err);
}

static bool rotate(Image **image, const struct image_step *step, struct error *err)
{
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    Image *made = RotateImage(*image, step->angle, &exception);
    return pixels_replace(image, made, &exception, "rotate", err);
}

static bool flip(Image **image, const struct image_step *step, struct error *err)
{
    (void)step;
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    Image *made = FlipImage(*image, &exception);
    return pixels_replace(image, made, &exception, "flip", err);
}

static bool flop(Image **image, const struct image_step *step, struct error *err)
{
    (void)step;
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    Image *made = FlopImage(*image, &exception);
    return pixels_replace(image, made, &exception, "flop", err);
}

bool steps_apply(Image **image, const struct image_step *steps, size_t count, struct error *err)
{
    static steps_step *const apply[] = {
        [IMAGE_CROP] = crop,
        [IMAGE_ROTATE] = rotate,
        [IMAGE_FLIP] = flip,
        [IMAGE_FLOP] = flop,
        [IMAGE_GRAYSCALE] = steps_grayscale,
        [IMAGE_BLUR] = steps_blur,
        [IMAGE_SHARPEN] = steps_sharpen,
        [IMAGE_PIXELATE] = steps_pixelate,
        [IMAGE_SEPIA] = steps_sepia,
        [IMAGE_TINT] = steps_tint,
        [IMAGE_BORDER] = steps_border,
        [IMAGE_ROUND] = steps_round,
        [IMAGE_COMPOSITE] = overlay_composite,
        [IMAGE_MASK] = overlay_mask,
        [IMAGE_ANNOTATE] = annotate_text,
    };
    for (size_t i = 0; i < count; i++) {
        if (!apply[steps[i].kind](image, &steps[i], err)) {
            return false;
        }
    }
    return true;
}
