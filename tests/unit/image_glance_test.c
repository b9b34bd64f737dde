/*
 * image_glance_test.c - what is said of a picture at a glance: colours, ThumbHash, phash; and the
 * glance itself.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/base64.h"
#include "bindings/image/look/glance.h"
#include "tests/unit/check.h"
#include "tests/unit/image_sample.h"

static void set_pixel(struct glance *glance, int x, int y, const uint8_t rgba[4])
{
    memcpy(glance->rgba + 4 * (x + y * glance->width), rgba, 4);
}

/* ---- ThumbHash ----------------------------------------------------------------------------- */

/* Kind 0: opaque; 1: alpha as it comes; 2: nothing is seen. */
static void paint(struct glance *glance, int width, int height, int kind)
{
    *glance = (struct glance){.width = width, .height = height};
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            const int alpha[] = {255, x * 9 + y * 2, 0};
            const uint8_t rgba[] = {(uint8_t)(x * 7 + y * 3), (uint8_t)(x * x + y),
                                    (uint8_t)(x * y * 2), (uint8_t)alpha[kind]};
            set_pixel(glance, x, y, rgba);
        }
    }
}

/* By thumbhash.mjs. clang-format off */
static const struct {
    int width, height, kind;
    const char *hash;
} thumbhashes[] = {
    {100, 75, 0, "HggGBYJlZCVVRwd1dmV3dqot799E"},
    {75, 100, 0, "HggCDQIiEYKEYGNhdnZnVnP13P57"},
    {100, 100, 0, "HwgCBwQzMkBkSElVNUVYaHd1JbT7u38G"},
    {1, 1, 0, "AAgCBwAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    {100, 1, 0, "kxsm4YR3d4eIiAiId4iAhAg="},
    {3, 100, 0, "U3gKORJjcBl5iWZ3v3aGiAc="},
    {37, 23, 0, "HCgKHIYBR4hVeYh2eHYDbl2kgA=="},
    {100, 75, 1, "HwiCDIQIf1JTK2NT+HiWn1h1eRkIeHZ3Bw=="},
    {23, 37, 1, "oTiGEwQokJRpeWewlnoMqnB3dXiHh3c="},
    {1, 100, 1, "EIuiySBmCId4iHgIh4eAaAj3hIuIeIg="},
    {64, 64, 2, "AAiCBQAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="},
    {5, 3, 2, "AAiCA4AAAAAAAAAAAAAAAAAAAAAAAAA="},
};
/* clang-format on */

TEST(image_glance_makes_the_thumbhash_that_others_read)
{
    for (size_t i = 0; i < sizeof thumbhashes / sizeof thumbhashes[0]; i++) {
        struct glance glance;
        uint8_t hash[THUMBHASH_MAX];
        char text[BASE64_LENGTH(THUMBHASH_MAX) + 1];
        paint(&glance, thumbhashes[i].width, thumbhashes[i].height, thumbhashes[i].kind);
        base64_encode(hash, thumbhash_of(&glance, hash), text);
        check_case("%d x %d, %d", thumbhashes[i].width, thumbhashes[i].height, thumbhashes[i].kind);
        CHECK_TEXT(text, thumbhashes[i].hash);
    }
}

/* ---- colours ------------------------------------------------------------------------------- */

/* Stripes of these colours, one row each. */
static void stripe(struct glance *glance, const uint8_t (*colours)[4], int count)
{
    *glance = (struct glance){.width = 10, .height = count};
    for (int y = 0; y < count; y++) {
        for (int x = 0; x < 10; x++) {
            set_pixel(glance, x, y, colours[y]);
        }
    }
}

static bool is_colour(const struct palette_colour *colour, unsigned rgb, double share)
{
    return colour->red == rgb >> 16 && colour->green == (rgb >> 8 & 255) &&
           colour->blue == (rgb & 255) && fabs(colour->share - share) < 1e-9;
}

TEST(image_glance_finds_the_colours_there_are)
{
    static const uint8_t rows[][4] = {{200, 10, 10, 255}, {200, 10, 10, 255}, {200, 10, 10, 255},
                                      {10, 10, 200, 255}, {10, 10, 200, 255}, {240, 240, 240, 255},
                                      {0, 255, 0, 0},     {0, 255, 0, 0}};
    struct glance glance;
    struct palette_colour colours[PALETTE_MAX];
    stripe(&glance, rows, 8);
    if (CHECK_INTEGER(palette_of(&glance, 5, colours), 3)) {
        CHECK(is_colour(&colours[0], 0xc80a0a, 3 / 6.0));
        CHECK(is_colour(&colours[1], 0x0a0ac8, 2 / 6.0));
        CHECK(is_colour(&colours[2], 0xf0f0f0, 1 / 6.0));
    }
    CHECK_INTEGER(palette_of(&glance, 2, colours), 2);
    if (CHECK_INTEGER(palette_of(&glance, 1, colours), 1)) {
        CHECK(colours[0].share == 1);
    }
}

TEST(image_glance_takes_similar_colours_for_one)
{
    static const uint8_t rows[][4] = {
        {100, 100, 100, 255}, {102, 101, 100, 255}, {104, 101, 103, 255}, {98, 99, 100, 255}};
    struct glance glance;
    struct palette_colour colours[PALETTE_MAX];
    stripe(&glance, rows, 4);
    if (CHECK_INTEGER(palette_of(&glance, 16, colours), 1)) {
        CHECK(is_colour(&colours[0], 0x656465, 1));
    }
}

TEST(image_glance_finds_no_colour_where_nothing_is_seen)
{
    static const uint8_t rows[][4] = {{100, 100, 100, 0}};
    struct glance glance;
    struct palette_colour colours[PALETTE_MAX];
    stripe(&glance, rows, 1);
    CHECK_INTEGER(palette_of(&glance, 5, colours), 0);
}

/* ---- phash --------------------------------------------------------------------------------- */

static int bits(uint64_t value)
{
    int count = 0;
    for (; value != 0; value &= value - 1) {
        count++;
    }
    return count;
}

/* A scene of smooth waves; `bright` is added, `seed` is what it is of. */
static void wave(struct glance *glance, int width, int height, int bright, double seed)
{
    *glance = (struct glance){.width = width, .height = height};
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            double u = (x + 0.5) / width, v = (y + 0.5) / height;
            double value = 110 + 50 * sin(seed * 7 * u + 3 * v) + 40 * cos(9 * v * seed - 4 * u);
            uint8_t grey = (uint8_t)(value + bright);
            set_pixel(glance, x, y, (const uint8_t[]){grey, grey, grey, 255});
        }
    }
}

TEST(image_glance_hashes_alike_what_looks_alike)
{
    static const int sizes[][2] = {{100, 75}, {50, 37}, {100, 100}, {16, 12}, {7, 100}};
    struct glance first, other;
    wave(&first, 100, 75, 0, 1);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        check_case("%d x %d", sizes[i][0], sizes[i][1]);
        wave(&other, sizes[i][0], sizes[i][1], 20, 1);
        CHECK(bits(phash_of(&first) ^ phash_of(&other)) <= 8);
        wave(&other, sizes[i][0], sizes[i][1], 0, 2.3);
        CHECK(bits(phash_of(&first) ^ phash_of(&other)) >= 20);
    }
}

TEST(image_glance_hashes_flat_pictures_alike)
{
    static const uint8_t grey[][4] = {{70, 70, 70, 255}}, blue[][4] = {{0, 0, 255, 255}};
    struct glance a, b;
    stripe(&a, grey, 1);
    stripe(&b, blue, 1);
    CHECK(phash_of(&a) == UINT64_C(1) << 63);
    CHECK(phash_of(&b) == phash_of(&a));
}

/* ---- the glance ---------------------------------------------------------------------------- */

struct taking {
    struct sample file;
    struct glance glance;
};

static bool take(void *context, struct error *err)
{
    struct taking *taking = context;
    struct image_limits limits;
    struct image_info info;
    image_limits_default(&limits);
    return image_engine_start(INT64_C(1) << 30, err) &&
           image_probe(taking->file.bytes, taking->file.length, &limits, &info, err) &&
           glance_take(taking->file.bytes, taking->file.length, &info, &limits, &taking->glance,
                       NULL, err);
}

static const struct {
    int width, height, orientation, seen_width, seen_height;
    const char *upper_left; /* of red, green above blue, white */
} files[] = {
    {400, 300, 1, 100, 75, "\xff\x00\x00\xff"},
    {400, 300, 6, 75, 100, "\x00\x00\xff\xff"},
    {1000, 16, 3, 100, 2, NULL},
    {4000, 3, 1, 100, 1, NULL},
    {8, 6, 1, 8, 6, "\xff\x00\x00\xff"},
};

TEST(image_glance_is_small_and_upright)
{
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct taking taking = {
            .file = sample_jpeg(files[i].width, files[i].height, files[i].orientation, NULL)};
        struct error err;
        check_case("%d x %d, %d", files[i].width, files[i].height, files[i].orientation);
        if (CHECK(take(&taking, &err))) {
            CHECK_INTEGER(taking.glance.width, files[i].seen_width);
            CHECK_INTEGER(taking.glance.height, files[i].seen_height);
            for (int c = 0; files[i].upper_left != NULL && c < 4; c++) {
                CHECK(abs(taking.glance.rgba[c] - (uint8_t)files[i].upper_left[c]) <= 6);
            }
        }
        sample_release(&taking.file);
    }
}

TEST(image_glance_refuses_damaged_pixels)
{
    struct taking taking = {.file = sample_jpeg(400, 300, 1, NULL)};
    struct error err;
    taking.file.length /= 2;
    if (CHECK(!take(&taking, &err))) {
        CHECK_TEXT(err.code, "bad_image");
    }
    sample_release(&taking.file);
}
