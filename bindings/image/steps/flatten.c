/*
 * flatten.c - what becomes of transparency: laid on a background for formats that have none,
 * padding for `contain`, premultiplied for filters. Called by the engine and by steps.c.
 *
 * The library counts opacity upside down: 0 is opaque.
 */
#include "bindings/image/steps/flatten.h"

static Quantum mixed(uint64_t front, uint64_t back, uint64_t alpha)
{
    return (Quantum)((front * alpha + back * (MaxRGB - alpha) + MaxRGB / 2) / MaxRGB);
}

static void flatten_row(PixelPacket *pixels, size_t count, const void *context)
{
    const PixelPacket *back = context;
    for (size_t i = 0; i < count; i++) {
        uint64_t alpha = MaxRGB - pixels[i].opacity;
        pixels[i].red = mixed(pixels[i].red, back->red, alpha);
        pixels[i].green = mixed(pixels[i].green, back->green, alpha);
        pixels[i].blue = mixed(pixels[i].blue, back->blue, alpha);
        pixels[i].opacity = OpaqueOpacity;
    }
}

bool flatten_image(Image *image, const uint8_t background[3], struct error *err)
{
    if (!image->matte) {
        return true;
    }
    PixelPacket back = pixels_opaque(background);
    if (!pixels_each_row(image, flatten_row, &back, err)) {
        return false;
    }
    image->matte = MagickFalse;
    return true;
}

bool flatten_pad(Image **image, const struct geometry *plan, const struct image_target *target,
                 bool alpha, struct error *err)
{
    if (plan->canvas_width == plan->crop_width && plan->canvas_height == plan->crop_height) {
        return true;
    }
    bool transparent = alpha && target->transparent_background;
    PixelPacket colour = pixels_opaque(target->background);
    if (transparent) {
        colour.opacity = TransparentOpacity;
    }
    Image *canvas = pixels_new(plan->canvas_width, plan->canvas_height, colour, err);
    if (canvas == NULL) {
        return false;
    }
    /* On an opaque background the picture itself must be flat; its own alpha ends there. */
    bool ok = (transparent || flatten_image(*image, target->background, err)) &&
              pixels_paste(canvas, *image, plan->offset_x, plan->offset_y, false, err);
    if (!ok) {
        pixels_destroy(canvas);
        return false;
    }
    pixels_destroy(*image);
    *image = canvas;
    return true;
}

static void premultiply_row(PixelPacket *pixels, size_t count, const void *context)
{
    (void)context;
    for (size_t i = 0; i < count; i++) {
        uint64_t alpha = MaxRGB - pixels[i].opacity;
        pixels[i].red = mixed(pixels[i].red, 0, alpha);
        pixels[i].green = mixed(pixels[i].green, 0, alpha);
        pixels[i].blue = mixed(pixels[i].blue, 0, alpha);
    }
}

static Quantum divided(uint64_t value, uint64_t alpha)
{
    uint64_t quotient = alpha == 0 ? 0 : (value * MaxRGB + alpha / 2) / alpha;
    return (Quantum)(quotient < MaxRGB ? quotient : MaxRGB);
}

static void unpremultiply_row(PixelPacket *pixels, size_t count, const void *context)
{
    (void)context;
    for (size_t i = 0; i < count; i++) {
        uint64_t alpha = MaxRGB - pixels[i].opacity;
        pixels[i].red = divided(pixels[i].red, alpha);
        pixels[i].green = divided(pixels[i].green, alpha);
        pixels[i].blue = divided(pixels[i].blue, alpha);
    }
}

bool flatten_premultiply(Image *image, struct error *err)
{
    return !image->matte || pixels_each_row(image, premultiply_row, NULL, err);
}

bool flatten_unpremultiply(Image *image, struct error *err)
{
    return !image->matte || pixels_each_row(image, unpremultiply_row, NULL, err);
}
