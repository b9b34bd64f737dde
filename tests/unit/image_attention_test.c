/*
 * image_attention_test.c - which part of a glance is kept.
 */
#include "bindings/image/attention.h"
#include "tests/unit/check.h"

#include <string.h>

static void paint(struct glance *glance, int x, int y, const uint8_t rgba[4])
{
    memcpy(glance->rgba + 4 * (y * glance->width + x), rgba, 4);
}

static void fill(struct glance *glance, int width, int height, const uint8_t rgba[4])
{
    glance->width = width;
    glance->height = height;
    for (int i = 0; i < width * height; i++) {
        paint(glance, i % width, i / width, rgba);
    }
}

/* A square of 10 x 10 pixels whose middle is at x, y. */
static void add_square(struct glance *glance, int x, int y, const uint8_t rgba[4], int noise)
{
    for (int i = 0; i < 100; i++) {
        uint8_t colour[4];
        for (int k = 0; k < 3; k++) {
            colour[k] = (uint8_t)(rgba[k] - (i * 37 + i / 10 * 11) % (noise + 1));
        }
        colour[3] = rgba[3];
        paint(glance, x - 5 + i % 10, y - 5 + i / 10, colour);
    }
}

static const uint8_t grey[4] = {128, 128, 128, 255}, red[4] = {220, 30, 40, 255},
                     skin[4] = {224, 172, 132, 255}, white[4] = {250, 250, 250, 255};

static struct geometry cut(int64_t width, int64_t height, int64_t crop_width, int64_t crop_height)
{
    return (struct geometry){
        .width = width, .height = height, .crop_width = crop_width, .crop_height = crop_height};
}

static const enum image_gravity gravities[] = {IMAGE_ENTROPY, IMAGE_ATTENTION};

TEST(image_attention_keeps_what_is_to_be_seen)
{
    static const struct {
        int x, y;
        int64_t left, top;
    } rows[] = {{10, 25, 0, 0}, {90, 25, 200, 0}, {50, 25, 100, 0}, {30, 20, 20, 0}};
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        struct glance glance;
        fill(&glance, 100, 50, grey);
        add_square(&glance, rows[i / 2].x, rows[i / 2].y, white, 200);
        struct geometry geometry = cut(400, 200, 200, 200);
        check_case("%d, gravity %d", rows[i / 2].x, (int)gravities[i % 2]);
        attention_place(&glance, gravities[i % 2], &geometry);
        /* The square lies at 4 x, 40 wide: all of it must be in the part. */
        CHECK(geometry.crop_x <= 4 * (rows[i / 2].x - 5));
        CHECK(geometry.crop_x + 200 >= 4 * (rows[i / 2].x + 5));
        CHECK_INTEGER(geometry.crop_y, 0);
    }
}

TEST(image_attention_looks_along_both_sides)
{
    for (size_t i = 0; i < 2; i++) {
        struct glance glance;
        fill(&glance, 40, 100, grey);
        add_square(&glance, 30, 80, white, 200);
        struct geometry geometry = cut(40, 100, 20, 20);
        attention_place(&glance, gravities[i], &geometry);
        CHECK(geometry.crop_x >= 15 && geometry.crop_x <= 20);
        CHECK(geometry.crop_y >= 65 && geometry.crop_y <= 75);
    }
}

TEST(image_attention_keeps_the_middle_of_what_is_all_the_same)
{
    for (size_t i = 0; i < 2; i++) {
        struct glance glance;
        fill(&glance, 100, 50, grey);
        struct geometry geometry = cut(1000, 500, 501, 500);
        attention_place(&glance, gravities[i], &geometry);
        CHECK(geometry.crop_x >= 245 && geometry.crop_x <= 255);
        CHECK_INTEGER(geometry.crop_y, 0);
    }
}

/* Skin and vivid colours draw eyes; entropy doesn't know them from grey. */
TEST(image_attention_prefers_skin_and_colours)
{
    static const uint8_t *const colours[] = {red, skin};
    for (size_t i = 0; i < 2; i++) {
        struct glance glance;
        static const uint8_t light[4] = {160, 160, 160, 255};
        fill(&glance, 100, 50, grey);
        add_square(&glance, 20, 25, light, 0);
        add_square(&glance, 80, 25, colours[i], 0);
        struct geometry geometry = cut(100, 50, 50, 50);
        attention_place(&glance, IMAGE_ATTENTION, &geometry);
        CHECK(geometry.crop_x >= 35);
    }
}

TEST(image_attention_stays_within_any_picture)
{
    static const int sides[] = {1, 2, 3, 50, 99, 100};
    for (int i = 0; i < 6 * 6 * 6 * 6 * 2; i++) {
        struct glance glance;
        fill(&glance, sides[i % 6], sides[i / 6 % 6], grey);
        int64_t width = sides[i % 6] * 7 + i % 3, height = sides[i / 6 % 6] * 5 + i % 2;
        struct geometry geometry = cut(width, height, sides[i / 36 % 6], sides[i / 216 % 6]);
        geometry.crop_width = geometry.crop_width < width ? geometry.crop_width : width;
        geometry.crop_height = geometry.crop_height < height ? geometry.crop_height : height;
        attention_place(&glance, gravities[i % 2], &geometry);
        CHECK(geometry.crop_x >= 0 && geometry.crop_x + geometry.crop_width <= width);
        CHECK(geometry.crop_y >= 0 && geometry.crop_y + geometry.crop_height <= height);
    }
}
