/*
 * paint.h - pictures as functions: a scene says which colour a point has.
 */
#ifndef LUNETTE_TESTS_SAMPLES_PAINT_H
#define LUNETTE_TESTS_SAMPLES_PAINT_H

#include <stdint.h>

struct colour {
    double red, green, blue, alpha; /* sRGB, 0 to 1; alpha 1 is opaque */
};

/* x runs from 0 to width / height, y from 0 (top) to 1; time from 0 to 1 in an animation. */
typedef struct colour paint_point(double x, double y, double time);

struct colour paint_rgb(int hex); /* 0xRRGGBB, opaque */
struct colour paint_mix(struct colour from, struct colour to, double amount);
struct colour paint_scale(struct colour colour, double factor);

/* 0 below `from`, 1 above `to`, smooth between them. */
double paint_step(double from, double to, double value);

/* Deterministic noise, 0 to 1: one value for a lattice point; smooth between; sums of octaves. */
double paint_hash(int x, int y);
double paint_noise(double x, double y);
double paint_clouds(double x, double y, int octaves);

/* Fills width * height * 4 bytes, RGBA. `grain` is the noise of a camera's sensor, 0 for none. */
void paint_scene(paint_point *point, int width, int height, double time, double grain,
                 uint8_t *pixels);

paint_point scene_sunset, scene_harbour, scene_lighthouse, scene_forest, scene_moon, scene_phases;

#endif
