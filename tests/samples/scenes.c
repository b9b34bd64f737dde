/*
 * scenes.c - what is on the sample photos. For make_photos.c.
 */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "tests/samples/paint.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct colour lay(struct colour under, int hex, double amount)
{
    return paint_mix(under, paint_rgb(hex), amount);
}

/* A flat field's ripples seen from its shore: fine far away, broad at our feet. */
static double ripples(double x, double depth)
{
    return paint_noise(x * 24 / (0.3 + 4 * depth), depth * 260 / (0.25 + 3 * depth)) - 0.5;
}

/* ---- sunset: sky, sun, three ranges of mountains, a lake ---- */

static struct colour sunset_sky(double x, double y)
{
    struct colour colour =
        paint_mix(paint_rgb(0x1B1B4B), paint_rgb(0xB4436C), paint_step(0, 0.45, y));
    colour = lay(colour, 0xFFA552, paint_step(0.3, 0.62, y));
    double band = paint_step(0.02, 0.2, y) * (1 - paint_step(0.4, 0.62, y));
    if (band > 0) {
        double lit = paint_step(0.5, 0.75, paint_clouds(x * 2.2, y * 11, 5));
        colour = lay(colour, 0xFF8E72, 0.75 * lit * band);
    }
    double distance = hypot(x - 0.98, y - 0.47);
    colour = lay(colour, 0xFFD58A, 0.9 * exp(-distance * 7));
    return lay(colour, 0xFFF4D6, 1 - paint_step(0.05, 0.056, distance));
}

static struct colour sunset_land(double x, double y)
{
    static const struct {
        double base, height, scale, seed;
        int colour;
    } ranges[] = {{0.66, 0.24, 1.6, 3.1, 0x9C4A6E},
                  {0.68, 0.2, 2.3, 9.4, 0x5E2F5C},
                  {0.68, 0.1, 4.1, 17.8, 0x2A1A3C}};
    struct colour colour = sunset_sky(x, y);
    for (size_t i = 0; i < COUNT(ranges); i++) {
        if (y < ranges[i].base - ranges[i].height) {
            continue;
        }
        double hill = paint_clouds(x * ranges[i].scale + ranges[i].seed, ranges[i].seed, 6);
        double top = ranges[i].base - ranges[i].height * hill;
        double haze = 0.25 * paint_step(top, top + 0.2, y) * (2 - (double)i);
        colour = paint_mix(colour, lay(paint_rgb(ranges[i].colour), 0xFFA552, haze),
                           paint_step(top, top + 0.002, y));
    }
    return colour;
}

struct colour scene_sunset(double x, double y, double time)
{
    (void)time;
    const double shore = 0.64;
    if (y < shore) {
        return sunset_land(x, y);
    }
    double depth = y - shore;
    double ripple = ripples(x, depth);
    struct colour mirror =
        sunset_land(x + 0.012 * ripple, shore - depth * 0.95 - 0.05 * ripple * (0.2 + depth));
    mirror = lay(paint_scale(mirror, 0.85), 0x1B1B4B, 0.2 + 0.8 * depth);
    double glint = paint_step(0.1, 0.36, ripple) * exp(-fabs(x - 0.98) * 6);
    return lay(mirror, 0xFFE0A6, 0.8 * glint);
}

/* ---- harbour: houses with lit windows on a quay, boats, the evening in the water ---- */

static struct colour harbour_sky(double x, double y)
{
    struct colour colour =
        paint_mix(paint_rgb(0x16305C), paint_rgb(0x6C8EBF), paint_step(0, 0.35, y));
    colour = lay(colour, 0xF6C6A0, paint_step(0.25, 0.55, y));
    return lay(colour, 0xE8B7B0, 0.5 * paint_step(0.55, 0.8, paint_clouds(x * 3 + 5, y * 9, 5)));
}

static bool in_window(double across, double up)
{
    double column = across * 3;
    double row = up / 0.045;
    return row > 0.9 && fabs(column - floor(column) - 0.5) < 0.22 &&
           fabs(row - floor(row) - 0.5) < 0.3;
}

static struct colour house_front(double across, double up, int number)
{
    static const int fronts[] = {0xC8553D, 0xE9B44C, 0x588B8B, 0xF2E3BC,
                                 0x9B5D4C, 0x4F6D7A, 0xD98E73};
    if (in_window(across, up)) {
        double lit = paint_hash(number * 7 + (int)(across * 3), (int)(up / 0.045));
        return lit > 0.45 ? paint_mix(paint_rgb(0xFFB627), paint_rgb(0xFFE8B0), lit)
                          : paint_rgb(0x22303F);
    }
    int front = fronts[(int)(paint_hash(number, 5) * ((double)COUNT(fronts) - 0.01))];
    double shade = 0.62 + 0.1 * paint_noise(across * 30, up * 160) + 0.08 * across;
    return paint_scale(paint_rgb(front), shade);
}

static struct colour harbour_town(double x, double y)
{
    const double quay = 0.6;
    const double width = 0.105;
    struct colour colour = harbour_sky(x, y);
    double hill = 0.44 - 0.12 * paint_clouds(x * 1.7 + 40, 2.5, 5);
    colour = lay(colour, 0x3C4F6B, 0.8 * paint_step(hill, hill + 0.004, y));
    int number = (int)floor(x / width);
    double across = x / width - number;
    double eaves = quay - 0.14 - 0.13 * paint_hash(number, 1);
    double roof = eaves - 0.07 * (1 - fabs(2 * across - 1));
    if (y > roof) {
        colour = y < eaves ? paint_scale(paint_rgb(0x7A3B34), 0.7 + 0.3 * across)
                           : house_front(across, quay - y, number);
    }
    return y > quay - 0.012 ? paint_rgb(0x3A3F4B) : colour;
}

/* One boat at (at, line), `size` high, laid over `under`. */
static struct colour boat(struct colour under, double x, double y, double at, double line,
                          double size, int sail)
{
    double right = (x - at) / size;
    double up = (line - y) / size;
    if (up > -0.06 && up < 0.1 && fabs(right) < 0.36 + 0.9 * (up < 0.1 ? up : 0.1)) {
        return paint_scale(paint_rgb(up > 0.05 ? 0xF4F1EA : 0x7B2D26), 0.85);
    }
    if (up > 0 && up < 1.1 && fabs(right) < 0.008) {
        return paint_rgb(0x3B2A22);
    }
    double top = (1.04 - up) / 0.88;
    bool main_sail = right > 0.015 && up > 0.16 && right < 0.34 * top;
    bool jib = right < -0.02 && up > 0.16 && -right < 0.26 * (top - 0.08);
    if (main_sail || jib) {
        return paint_scale(paint_rgb(sail), 0.82 + 0.3 * fabs(right) + (jib ? 0.05 : 0));
    }
    return under;
}

static struct colour harbour_air(double x, double y)
{
    struct colour colour = harbour_town(x, y);
    colour = boat(colour, x, y, 0.34, 0.66, 0.2, 0xF7EBD8);
    colour = boat(colour, x, y, 0.74, 0.645, 0.15, 0xE7E3DC);
    return boat(colour, x, y, 1.13, 0.7, 0.3, 0xF9F4E8);
}

struct colour scene_harbour(double x, double y, double time)
{
    (void)time;
    const double line = 0.63;
    struct colour seen = harbour_air(x, y);
    struct colour town = harbour_town(x, y);
    bool is_boat = fabs(seen.red - town.red) + fabs(seen.green - town.green) > 1e-9;
    if (y < line || is_boat) {
        return seen;
    }
    double depth = y - line;
    double ripple = ripples(x * 1.3, depth);
    struct colour mirror =
        harbour_air(x + 0.02 * ripple, line - depth * 1.1 - 0.06 * ripple * (0.3 + depth));
    mirror = lay(paint_scale(mirror, 0.85), 0x122B4A, 0.35 + 0.6 * depth);
    return lay(mirror, 0xFBD9B5, 0.25 * paint_step(0.22, 0.45, ripple));
}

/* ---- lighthouse: a tall picture ---- */

static struct colour tower(struct colour under, double right, double up)
{
    double half = 0.078 - 0.032 * up / 0.5;
    double light = 0.62 + 0.38 * paint_step(half, -half, right);
    if (up > 0 && up < 0.5 && fabs(right) < half) {
        bool red = ((int)(up / 0.1) & 1) == 1;
        return paint_scale(paint_rgb(red ? 0xC0392B : 0xF6F2E9), light);
    }
    if (up >= 0.5 && up < 0.512 && fabs(right) < 0.062) {
        return paint_scale(paint_rgb(0x2F3640), light);
    }
    if (up >= 0.512 && up < 0.565 && fabs(right) < 0.032) {
        return fabs(right) > 0.028
                   ? paint_rgb(0x2F3640)
                   : lay(paint_rgb(0xFFE9A8), 0xFFFFFF, paint_step(0.03, 0, fabs(right)));
    }
    if (up >= 0.565 && up < 0.61 && fabs(right) < 0.042 * (0.61 - up) / 0.045) {
        return paint_scale(paint_rgb(0xA93226), light);
    }
    return under;
}

struct colour scene_lighthouse(double x, double y, double time)
{
    (void)time;
    struct colour colour =
        paint_mix(paint_rgb(0x3A7BBF), paint_rgb(0xCFE4F2), paint_step(0, 0.68, y));
    double cloud = paint_clouds(x * 3.2, y * 6.5, 6);
    colour = lay(colour, 0xFFFFFF, 0.9 * paint_step(0.5, 0.72, cloud));
    if (y > 0.7) {
        double ripple = ripples(x, y - 0.7);
        colour = paint_mix(paint_rgb(0x6FB3C8), paint_rgb(0x0F4C68), paint_step(0.7, 0.95, y));
        colour = lay(colour, 0xFFFFFF, 0.6 * paint_step(0.16, 0.4, ripple));
    }
    colour = tower(colour, x - 0.4, 0.76 - y);
    double rock =
        0.9 - 0.2 * paint_clouds(x * 3.4 + 7, 3.3, 6) - 0.12 * exp(-pow((x - 0.4) / 0.2, 2));
    double grass = paint_step(rock + 0.03, rock, y);
    double stone = paint_clouds(x * 14, y * 22, 5);
    struct colour ground = paint_mix(paint_rgb(0x4A443F), paint_rgb(0xA89F91), stone);
    ground = lay(ground, 0x6E8B3D, grass * 0.9);
    return paint_mix(colour, ground, paint_step(rock, rock + 0.002, y));
}

/* ---- forest: six rows of pines, each nearer one darker ---- */

/* Does one of the row's trees cover the point `up` above the ground? */
static bool in_pine(double x, double up, int row, double width)
{
    int number = (int)floor(x / width);
    for (int i = number - 1; i <= number + 1; i++) {
        double height = width * (2.4 + 1.8 * paint_hash(i, row + 50));
        double centre = (i + 0.2 + 0.6 * paint_hash(i, row)) * width;
        double tier = (height - up) / (0.24 * width);
        double hang = tier - floor(tier); /* a branch is widest at its lower edge */
        double half = (height - up) * 0.22 * (0.55 + 0.45 * hang) + 0.006 * width;
        if (up < height && fabs(x - centre) < half) {
            return true;
        }
    }
    return up < 0;
}

struct colour scene_forest(double x, double y, double time)
{
    (void)time;
    struct colour colour =
        paint_mix(paint_rgb(0xF3E9D8), paint_rgb(0xC9D6D0), paint_step(0, 0.6, y));
    colour = lay(colour, 0xFFF6DC, 0.9 * exp(-4 * hypot(x - 1.05, y - 0.1)));
    for (int row = 0; row < 6; row++) {
        double width = 0.04 + 0.022 * row;
        double ground = 0.4 + 0.13 * row - 0.12 * paint_noise(x * 1.5 + row * 9, 1.5);
        double up = ground - y;
        if (up < width * 4.2 && in_pine(x + 0.37 * row, up, row, width)) {
            colour = paint_mix(paint_rgb(0xA3B8AE), paint_rgb(0x10261D), row / 5.0);
            double mist = paint_step(width * 2.6, -width, up) * (0.95 - 0.13 * row);
            mist *= 0.5 + 0.9 * paint_clouds(x * 2 + row, y * 5, 3);
            colour = lay(colour, 0xDDE6E0, mist > 1 ? 1 : mist);
        }
    }
    return colour;
}

/* ---- moon: a round badge with a soft shadow, on nothing ---- */

static double star(double x, double y, double at_x, double at_y, double size)
{
    double right = fabs(x - at_x) / size;
    double up = fabs(y - at_y) / size;
    return paint_step(1.05, 0.8, sqrt(right) + sqrt(up));
}

static double crescent(double x, double y, double bite)
{
    double disc = paint_step(0.252, 0.248, hypot(x - 0.48, y - 0.48));
    return disc * paint_step(0.218, 0.222, hypot(x - 0.48 - bite, y - 0.48 + 0.35 * bite));
}

struct colour scene_moon(double x, double y, double time)
{
    (void)time;
    double distance = hypot(x - 0.5, y - 0.48);
    struct colour shadow = {0, 0, 0, 0.45 * paint_step(0.49, 0.36, hypot(x - 0.5, y - 0.52))};
    struct colour badge =
        paint_mix(paint_rgb(0x1D2B64), paint_rgb(0x6B4FA0), paint_step(0.1, 0.9, y));
    badge = lay(badge, 0xF8CDDA, 0.6 * exp(-5 * hypot(x - 0.3, y - 0.75)));
    badge = lay(badge, 0xFFF3D1, crescent(x, y, 0.1));
    badge = lay(badge, 0xFFFFFF, star(x, y, 0.66, 0.34, 0.06) + star(x, y, 0.74, 0.5, 0.035));
    badge = lay(badge, 0xFFFFFF, star(x, y, 0.62, 0.62, 0.03));
    return paint_mix(badge, shadow, paint_step(0.428, 0.432, distance));
}

/* ---- phases: the moon through its month, for an animation ---- */

struct colour scene_phases(double x, double y, double time)
{
    double sparkle = paint_hash((int)(x * 60), (int)(y * 60));
    struct colour colour = paint_mix(paint_rgb(0x0B1026), paint_rgb(0x2B2F5B), y);
    colour = lay(colour, 0xFFFFFF, sparkle > 0.985 ? 0.7 : 0);
    double right = (x - 0.5) / 0.32;
    double up = (y - 0.5) / 0.32;
    double disc = paint_step(1.01, 0.99, hypot(right, up));
    double edge = sqrt(up * up < 1 ? 1 - up * up : 0) * cos(2 * acos(-1.0) * time);
    double lit = time < 0.5 ? paint_step(edge - 0.03, edge + 0.03, right)
                            : paint_step(-edge + 0.03, -edge - 0.03, right);
    double craters = 0.82 + 0.18 * paint_clouds(x * 9, y * 9, 4);
    struct colour moon =
        paint_mix(paint_rgb(0x1B2040), paint_scale(paint_rgb(0xF6EFD9), craters), lit);
    return paint_mix(colour, moon, disc);
}
