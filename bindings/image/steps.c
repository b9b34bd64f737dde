/*
 * steps.c - crop, rotate, flip, flop, grayscale, blur, sharpen, pixelate. Called by the engine,
 * which asks for the size first: a step that can't be done fails before anything is decoded.
 */
#include "bindings/image/steps.h"
#include "bindings/image/flatten.h"
#include "bindings/image/library.h"
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
        return (step->width >= 1 && step->width <= STEPS_BLOCK_MAX) ||
               error_set(err, "usage", "pixelate: the block must be 1 to %d pixels, not %" PRId64,
                         STEPS_BLOCK_MAX, step->width);
    case IMAGE_FLIP:
    case IMAGE_FLOP:
    case IMAGE_GRAYSCALE:
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
    for (size_t i = 0; i < count; i++) {
        enum image_step_kind kind = steps[i].kind;
        if (kind == IMAGE_CROP || kind == IMAGE_BLUR || kind == IMAGE_SHARPEN ||
            kind == IMAGE_PIXELATE) {
            return false;
        }
    }
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

/* Luma of the encoded values with Rec. 709's weights, which are sRGB's: what CSS does. */
static void grayscale_row(PixelPacket *pixels, size_t count, const void *context)
{
    (void)context;
    for (size_t i = 0; i < count; i++) {
        double luma =
            0.2126 * pixels[i].red + 0.7152 * pixels[i].green + 0.0722 * pixels[i].blue + 0.5;
        Quantum gray = (Quantum)(luma < MaxRGB ? luma : MaxRGB);
        pixels[i].red = pixels[i].green = pixels[i].blue = gray;
    }
}

static bool grayscale(Image **image, const struct image_step *step, struct error *err)
{
    (void)step;
    return pixels_each_row(*image, grayscale_row, NULL, err);
}

static bool blur(Image **image, const struct image_step *step, struct error *err)
{
    if (!flatten_premultiply(*image, err)) {
        return false;
    }
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    Image *made = BlurImage(*image, 0.0, step->sigma, &exception);
    return pixels_replace(image, made, &exception, "blur", err) &&
           flatten_unpremultiply(*image, err);
}

static bool sharpen(Image **image, const struct image_step *step, struct error *err)
{
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    Image *made = UnsharpMaskImage(*image, 0.0, step->sigma, 1.0, 0.0, &exception);
    return pixels_replace(image, made, &exception, "sharpen", err);
}

/* The block's average colour, weighted by alpha, in all of its pixels. */
static void average_block(PixelPacket *pixels, size_t count)
{
    uint64_t red = 0, green = 0, blue = 0, alphas = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t alpha = MaxRGB - pixels[i].opacity;
        red += pixels[i].red * alpha;
        green += pixels[i].green * alpha;
        blue += pixels[i].blue * alpha;
        alphas += alpha;
    }
    uint64_t divisor = alphas > 0 ? alphas : 1;
    PixelPacket average;
    average.red = (Quantum)(red / divisor);
    average.green = (Quantum)(green / divisor);
    average.blue = (Quantum)(blue / divisor);
    /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): a block has a pixel at least */
    average.opacity = (Quantum)(MaxRGB - alphas / count);
    for (size_t i = 0; i < count; i++) {
        pixels[i] = average;
    }
}

static bool pixelate_block(Image *image, unsigned long x, unsigned long y, unsigned long block,
                           struct error *err)
{
    unsigned long width = image->columns - x < block ? image->columns - x : block;
    unsigned long height = image->rows - y < block ? image->rows - y : block;
    PixelPacket *pixels = GetImagePixels(image, (long)x, (long)y, width, height);
    if (pixels == NULL) {
        return library_failed(&image->exception, "memory", "pixelate", err);
    }
    if (!image->matte) {
        for (size_t i = 0; i < width * height; i++) {
            pixels[i].opacity = OpaqueOpacity;
        }
    }
    average_block(pixels, width * height);
    return SyncImagePixels(image) || library_failed(&image->exception, "memory", "pixelate", err);
}

static bool pixelate(Image **image, const struct image_step *step, struct error *err)
{
    unsigned long block = (unsigned long)step->width;
    for (unsigned long y = 0; y < (*image)->rows; y += block) {
        for (unsigned long x = 0; x < (*image)->columns; x += block) {
            if (!pixelate_block(*image, x, y, block, err)) {
                return false;
            }
        }
        if (library_stopped(err)) {
            return false;
        }
    }
    return true;
}

bool steps_apply(Image **image, const struct image_step *steps, size_t count, struct error *err)
{
    static bool (*const apply[])(Image **, const struct image_step *, struct error *) = {
        [IMAGE_CROP] = crop,       [IMAGE_ROTATE] = rotate,       [IMAGE_FLIP] = flip,
        [IMAGE_FLOP] = flop,       [IMAGE_GRAYSCALE] = grayscale, [IMAGE_BLUR] = blur,
        [IMAGE_SHARPEN] = sharpen, [IMAGE_PIXELATE] = pixelate,
    };
    for (size_t i = 0; i < count; i++) {
        if (!apply[steps[i].kind](image, &steps[i], err)) {
            return false;
        }
    }
    return true;
}
