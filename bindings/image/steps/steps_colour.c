/*
 * steps_colour.c - grayscale, sepia, tint: what is done to each pixel for itself. Called by
 * steps.c.
 */
#include "bindings/image/pixels.h"
#include "bindings/image/steps/steps.h"

/* Each new channel as a sum of the old ones. */
struct mix {
    double of[3][3]; /* of[new][old] */
    double plus[3];
};

static Quantum clamped(double value)
{
    return (Quantum)(value <= 0 ? 0 : value >= MaxRGB ? MaxRGB : value + 0.5);
}

static void mix_row(PixelPacket *pixels, size_t count, const void *context)
{
    const struct mix *mix = context;
    for (size_t i = 0; i < count; i++) {
        double old[3] = {pixels[i].red, pixels[i].green, pixels[i].blue}, made[3];
        for (int c = 0; c < 3; c++) {
            made[c] = mix->of[c][0] * old[0] + mix->of[c][1] * old[1] + mix->of[c][2] * old[2] +
                      mix->plus[c];
        }
        pixels[i].red = clamped(made[0]);
        pixels[i].green = clamped(made[1]);
        pixels[i].blue = clamped(made[2]);
    }
}

/* Luma of the encoded values with Rec. 709's weights, which are sRGB's: what CSS does. */
#define LUMA                                                                                       \
    {                                                                                              \
        0.2126, 0.7152, 0.0722                                                                     \
    }
static const double luma[3] = LUMA;

bool steps_grayscale(Image **image, const struct image_step *step, struct error *err)
{
    static const struct mix mix = {{LUMA, LUMA, LUMA}, {0, 0, 0}};
    (void)step;
    return pixels_each_row(*image, mix_row, &mix, err);
}

/* CSS's filter of this name (Filter Effects Module Level 1). */
bool steps_sepia(Image **image, const struct image_step *step, struct error *err)
{
    static const struct mix mix = {
        {{0.393, 0.769, 0.189}, {0.349, 0.686, 0.168}, {0.272, 0.534, 0.131}}, {0, 0, 0}};
    (void)step;
    return pixels_each_row(*image, mix_row, &mix, err);
}

/* Every pixel keeps its luma and gets the colour's differences from its own luma. */
bool steps_tint(Image **image, const struct image_step *step, struct error *err)
{
    struct mix mix = {{LUMA, LUMA, LUMA}, {0, 0, 0}};
    double light = 0;
    for (int c = 0; c < 3; c++) {
        light += luma[c] * step->colour[c];
    }
    for (int c = 0; c < 3; c++) {
        mix.plus[c] = (step->colour[c] - light) * (MaxRGB / 255.0);
    }
    return pixels_each_row(*image, mix_row, &mix, err);
}
