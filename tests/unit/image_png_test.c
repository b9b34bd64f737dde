/*
 * image_png_test.c - our PNG encoder: its filters against the specification's formulas, the layout
 * that each kind of picture gets, and that every pixel comes back.
 */
#include "bindings/image/codec/png.h"
#include "bindings/image/codec/png_filter.h"
#include "bindings/image/codec/png_layout.h"
#include "tests/unit/allocation.h"
#include "tests/unit/check.h"
#include "tests/unit/image_sample.h"

#include <stdlib.h>
#include <string.h>

/* ---- filters --------------------------------------------------------------------------------- */

enum { LONGEST = 100, ROOM = PNG_MARGIN + LONGEST + 2 * PNG_MARGIN };

/* As the specification has it, byte by byte. */
static uint8_t predicted(int filter, const uint8_t *row, const uint8_t *above, size_t i,
                         size_t step)
{
    int a = i >= step ? row[i - step] : 0, b = above[i], c = i >= step ? above[i - step] : 0;
    int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);
    switch (filter) {
    case 1:
        return (uint8_t)a;
    case 2:
        return (uint8_t)b;
    case 3:
        return (uint8_t)((a + b) / 2);
    case 4:
        return (uint8_t)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
    default:
        return 0;
    }
}

static void fill(uint8_t *row, size_t length, unsigned *state, unsigned mask)
{
    for (size_t i = 0; i < length; i++) {
        *state = *state * 1103515245 + 12345;
        row[i] = (uint8_t)((*state >> 16) & mask);
    }
}

TEST(image_png_filters_are_undone)
{
    unsigned state = 1;
    for (size_t step = 1; step <= 4; step++) {
        for (size_t length = step; length <= LONGEST; length += step) {
            for (int filter = 0; filter < PNG_FILTERS; filter++) {
                uint8_t rows[2][ROOM] = {{0}}, wanted[LONGEST];
                uint8_t *row = rows[0] + PNG_MARGIN, *above = rows[1] + PNG_MARGIN;
                fill(wanted, length, &state, filter % 2 == 0 ? 255 : 15);
                fill(above, length, &state, 255);
                for (size_t i = 0; i < length; i++) {
                    row[i] = (uint8_t)(wanted[i] - predicted(filter, wanted, above, i, step));
                }
                check_case("filter %d, %zu bytes, %zu a pixel", filter, length, step);
                CHECK(png_unfilter_row((unsigned)filter, row, above, length, step));
                CHECK_BYTES(row, length, wanted, length);
            }
        }
    }
    uint8_t row[ROOM] = {0};
    CHECK(!png_unfilter_row(5, row + PNG_MARGIN, row + PNG_MARGIN, 3, 3));
}

TEST(image_png_filtered_rows_are_what_they_say)
{
    unsigned state = 1;
    for (int i = 0; i < 200; i++) {
        size_t step = (size_t)(i % 4) + 1, length = step * (size_t)(i / 8 + 1);
        uint8_t rows[2][ROOM] = {{0}}, to[1 + LONGEST], wanted[LONGEST];
        uint8_t *row = rows[0] + PNG_MARGIN, *above = rows[1] + PNG_MARGIN;
        fill(row, length, &state, 7);
        fill(above, length, &state, 7);
        struct png_filter filter;
        if (!CHECK(png_filter_begin(&filter, length, step, i % 3 != 0))) {
            continue;
        }
        png_filter_row(&filter, to, row, above);
        png_filter_end(&filter);
        for (size_t k = 0; k < length; k++) {
            wanted[k] = (uint8_t)(row[k] - predicted(to[0], row, above, k, step));
        }
        check_case("row %d, filter %d", i, to[0]);
        CHECK_BYTES(to + 1, length, wanted, length);
    }
}

/* ---- layouts --------------------------------------------------------------------------------- */

enum { SIDE = 40 };

typedef uint32_t painter(unsigned x, unsigned y); /* 0xrrggbbaa */

static uint32_t grey_of(unsigned level)
{
    return level << 24 | level << 16 | level << 8 | 255;
}

/* Nothing that a filter would find order in. */
static unsigned noise(unsigned x, unsigned y)
{
    unsigned value = x * SIDE + y + 1;
    for (int i = 0; i < 3; i++) {
        value = (value ^ value >> 15) * 0x2c1b3c6dU;
    }
    return value >> 8;
}

static uint32_t checks(unsigned x, unsigned y)
{
    return grey_of((x / 8 + y / 8) % 2 * 255);
}
static uint32_t four_greys(unsigned x, unsigned y)
{
    return grey_of((x * 7 + y * 3) % 4 * 85);
}
static uint32_t sixteen_greys(unsigned x, unsigned y)
{
    return grey_of((x * 7 + y * 3) % 16 * 17);
}
static uint32_t greys(unsigned x, unsigned y)
{
    return grey_of((x * 13 + y * 29 + x * y) % 256);
}
static uint32_t odd_greys(unsigned x, unsigned y)
{
    return grey_of(noise(x, y) % 3 * 50 + 77);
}
static uint32_t misty_greys(unsigned x, unsigned y)
{
    return (grey_of((x * 13 + y * 29) % 256) & 0xffffff00) | (x * y) % 256;
}
static uint32_t two_colours(unsigned x, unsigned y)
{
    return (x + y * y) % 3 == 0 ? 0xff8000ff : 0x0080ffff;
}
static uint32_t five_colours(unsigned x, unsigned y)
{
    return ((x * 3 + y * y) % 5) << 29 | 0x0012ffff;
}
static uint32_t many_colours(unsigned x, unsigned y)
{
    return noise(x, y) % 64 * 0x01030500 | 255;
}
static uint32_t glass(unsigned x, unsigned y)
{
    return 0x20406000 | (x * 5 + y * y) % 7 * 40;
}
static uint32_t colours(unsigned x, unsigned y)
{
    return (x * 6) << 24 | (y * 6) << 16 | (x * y % 256) << 8 | 255;
}
static uint32_t misty_colours(unsigned x, unsigned y)
{
    return (colours(x, y) & 0xffffff00) | ((x * 5 + y) % 256);
}

static struct samples painted(painter *paint, uint8_t *rgba)
{
    struct samples samples = {
        .width = SIDE, .height = SIDE, .rgba = rgba, .opaque = true, .grey = true};
    for (unsigned i = 0; i < SIDE * SIDE; i++) {
        uint32_t colour = paint(i % SIDE, i / SIDE);
        for (unsigned k = 0; k < 4; k++) {
            rgba[i * 4 + k] = (uint8_t)(colour >> (24 - 8 * k));
        }
        samples.opaque &= rgba[i * 4 + 3] == 255;
        samples.grey &= rgba[i * 4] == rgba[i * 4 + 1] && rgba[i * 4] == rgba[i * 4 + 2];
    }
    return samples;
}

static void check_pixels(const struct image_output *output, painter *paint)
{
    for (unsigned i = 0; i < SIDE * SIDE; i++) {
        unsigned x = i % SIDE, y = i / SIDE;
        unsigned long got = sample_pixel(output, 0, (int)x, (int)y), wanted = paint(x, y);
        /* A colour that can't be seen may be any. */
        if (!((got & 255) == 0 && (wanted & 255) == 0) && !CHECK_INTEGER((long)got, (long)wanted)) {
            return;
        }
    }
}

static const struct {
    const char *name;
    painter *paint;
    int colour, depth;
} rows[] = {
    {"checks", checks, PNG_GREY, 1},
    {"four greys", four_greys, PNG_GREY, 2},
    {"sixteen greys", sixteen_greys, PNG_GREY, 4},
    {"all greys", greys, PNG_GREY, 8},
    {"three greys of 8 bits", odd_greys, PNG_PALETTE, 2},
    {"greys with alpha", misty_greys, PNG_GREY_ALPHA, 8},
    {"two colours", two_colours, PNG_PALETTE, 1},
    {"five colours", five_colours, PNG_PALETTE, 4},
    {"64 colours", many_colours, PNG_PALETTE, 8},
    {"one colour in shades of alpha", glass, PNG_PALETTE, 4},
    {"more colours", colours, PNG_RGB, 8},
    {"more colours with alpha", misty_colours, PNG_RGB_ALPHA, 8},
};

TEST(image_png_has_the_smallest_layout_and_every_pixel)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t rgba[SIDE * SIDE * 4];
        struct samples samples = painted(rows[i].paint, rgba);
        struct metadata_blocks none = {.exif = {NULL, 0}};
        for (int effort = IMAGE_DEFAULT_EFFORT; effort <= 6; effort++) {
            struct image_target target = sample_target(0, 0, IMAGE_PNG);
            struct image_output output;
            struct error err;
            target.effort = effort;
            check_case("%s, effort %d", rows[i].name, effort);
            if (CHECK(png_encode(&samples, &target, &none, &output, &err))) {
                CHECK_INTEGER(((uint8_t *)output.bytes)[24], rows[i].depth);
                CHECK_INTEGER(((uint8_t *)output.bytes)[25], rows[i].colour);
                check_pixels(&output, rows[i].paint);
                image_output_release(&output);
            }
        }
    }
}

static bool encode(void *context, struct error *err)
{
    const bool *palette = context;
    uint8_t rgba[SIDE * SIDE * 4];
    struct samples samples = painted(*palette ? two_colours : colours, rgba);
    struct metadata_blocks metadata = {
        .exif = {"MM\0*", 4}, .xmp = {"<x/>", 4}, .iptc = {"\x1c", 1}};
    struct image_target target = sample_target(0, 0, IMAGE_PNG);
    struct image_output output;
    if (!png_encode(&samples, &target, &metadata, &output, err)) {
        return false;
    }
    image_output_release(&output);
    return true;
}

TEST(image_png_survives_each_allocation_that_fails)
{
    bool palette = false;
    allocation_check("png", encode, &palette);
    palette = true;
    allocation_check("png with a palette", encode, &palette);
}
