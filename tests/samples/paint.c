/*
 * paint.c - colours, noise, and the loop that asks a scene for every pixel. For make_photos.c.
 */
#include "tests/samples/paint.h"

#include <math.h>
#include <stddef.h>

struct colour paint_rgb(int hex)
{
    return (struct colour){(hex >> 16 & 255) / 255.0, (hex >> 8 & 255) / 255.0, (hex & 255) / 255.0,
                           1.0};
}

struct colour paint_mix(struct colour from, struct colour to, double amount)
{
    return (struct colour){
        from.red + (to.red - from.red) * amount, from.green + (to.green - from.green) * amount,
        from.blue + (to.blue - from.blue) * amount, from.alpha + (to.alpha - from.alpha) * amount};
}

struct colour paint_scale(struct colour colour, double factor)
{
    return (struct colour){colour.red * factor, colour.green * factor, colour.blue * factor,
                           colour.alpha};
}

double paint_step(double from, double to, double value)
{
    double t = (value - from) / (to - from);
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return t * t * (3 - 2 * t);
}

double paint_hash(int x, int y)
{
    uint32_t h = (uint32_t)x * 0x85EBCA6BU ^ (uint32_t)y * 0xC2B2AE35U;
    h = (h ^ h >> 15) * 0x2C1B3C6DU;
    h = (h ^ h >> 12) * 0x297A2D39U;
    return (double)(h ^ h >> 15) / 4294967295.0;
}

double paint_noise(double x, double y)
{
    int left = (int)floor(x);
    int top = (int)floor(y);
    double across = paint_step(0, 1, x - left);
    double down = paint_step(0, 1, y - top);
    double upper = paint_hash(left, top) * (1 - across) + paint_hash(left + 1, top) * across;
    double lower =
        paint_hash(left, top + 1) * (1 - across) + paint_hash(left + 1, top + 1) * across;
    return upper * (1 - down) + lower * down;
}

double paint_clouds(double x, double y, int octaves)
{
    double sum = 0;
    double weight = 0.5;
    for (int i = 0; i < octaves; i++) {
        sum += weight * paint_noise(x, y + 31.7 * i);
        weight /= 2;
        x *= 2;
        y *= 2;
    }
    return sum / (1 - 2 * weight);
}

static uint8_t to_byte(double value)
{
    return value <= 0 ? 0 : value >= 1 ? 255 : (uint8_t)(value * 255 + 0.5);
}

void paint_scene(paint_point *point, int width, int height, double time, double grain,
                 uint8_t *pixels)
{
    for (int row = 0; row < height; row++) {
        for (int column = 0; column < width; column++) {
            struct colour colour = point((column + 0.5) / height, (row + 0.5) / height, time);
            double noise = (paint_hash(column, row) - 0.5) * grain;
            uint8_t *pixel = pixels + 4 * ((size_t)row * (size_t)width + (size_t)column);
            pixel[0] = to_byte(colour.red + noise);
            pixel[1] = to_byte(colour.green + noise);
            pixel[2] = to_byte(colour.blue + noise);
            pixel[3] = to_byte(colour.alpha);
        }
    }
}
