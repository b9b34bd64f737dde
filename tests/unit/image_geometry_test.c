/*
 * image_geometry_test.c - sizes, cut-outs and decode scales, as numbers.
 */
#include "bindings/image/geometry.h"
#include "tests/unit/check.h"

struct row {
    const char *name;
    int64_t source[2];
    struct image_target target;
    struct geometry plan;
};

static const struct row rows[] = {
    {"no size", {400, 300}, {0}, {400, 300, 0, 0, 400, 300, 400, 300, 0, 0}},
    {"width only", {400, 300}, {.width = 100}, {100, 75, 0, 0, 100, 75, 100, 75, 0, 0}},
    {"height only", {400, 300}, {.height = 100}, {133, 100, 0, 0, 133, 100, 133, 100, 0, 0}},
    {"inside, wide box",
     {400, 300},
     {.width = 200, .height = 50},
     {67, 50, 0, 0, 67, 50, 67, 50, 0, 0}},
    {"inside, tall box",
     {400, 300},
     {.width = 100, .height = 500},
     {100, 75, 0, 0, 100, 75, 100, 75, 0, 0}},
    {"inside, not enlarged",
     {40, 30},
     {.width = 100, .height = 100},
     {40, 30, 0, 0, 40, 30, 40, 30, 0, 0}},
    {"inside, enlarged",
     {40, 30},
     {.width = 100, .height = 100, .enlarge = true},
     {100, 75, 0, 0, 100, 75, 100, 75, 0, 0}},
    {"inside, a sliver keeps a pixel",
     {1000, 1},
     {.width = 10, .height = 10},
     {10, 1, 0, 0, 10, 1, 10, 1, 0, 0}},
    {"cover",
     {400, 300},
     {.width = 100, .height = 100, .fit = IMAGE_COVER},
     {133, 100, 17, 0, 100, 100, 100, 100, 0, 0}},
    {"cover, east",
     {400, 300},
     {.width = 100, .height = 100, .fit = IMAGE_COVER, .gravity = IMAGE_EAST},
     {133, 100, 33, 0, 100, 100, 100, 100, 0, 0}},
    {"cover, south of a tall one",
     {300, 400},
     {.width = 100, .height = 100, .fit = IMAGE_COVER, .gravity = IMAGE_SOUTH},
     {100, 133, 0, 33, 100, 100, 100, 100, 0, 0}},
    {"cover, too small in one side",
     {400, 50},
     {.width = 100, .height = 100, .fit = IMAGE_COVER},
     {400, 50, 150, 0, 100, 50, 100, 50, 0, 0}},
    {"cover, one dimension",
     {400, 300},
     {.width = 100, .fit = IMAGE_COVER},
     {100, 75, 0, 0, 100, 75, 100, 75, 0, 0}},
    {"contain",
     {400, 300},
     {.width = 100, .height = 100, .fit = IMAGE_CONTAIN},
     {100, 75, 0, 0, 100, 75, 100, 100, 0, 12}},
    {"contain, south-east, not enlarged",
     {40, 30},
     {.width = 100, .height = 100, .fit = IMAGE_CONTAIN, .gravity = IMAGE_SOUTHEAST},
     {40, 30, 0, 0, 40, 30, 100, 100, 60, 70}},
    {"outside",
     {400, 300},
     {.width = 100, .height = 100, .fit = IMAGE_OUTSIDE},
     {133, 100, 0, 0, 133, 100, 133, 100, 0, 0}},
    {"outside, tall box",
     {400, 300},
     {.width = 100, .height = 150, .fit = IMAGE_OUTSIDE},
     {200, 150, 0, 0, 200, 150, 200, 150, 0, 0}},
    {"outside, not enlarged",
     {400, 50},
     {.width = 100, .height = 100, .fit = IMAGE_OUTSIDE},
     {400, 50, 0, 0, 400, 50, 400, 50, 0, 0}},
    {"outside, enlarged",
     {400, 50},
     {.width = 100, .height = 100, .fit = IMAGE_OUTSIDE, .enlarge = true},
     {800, 100, 0, 0, 800, 100, 800, 100, 0, 0}},
    {"fill",
     {400, 300},
     {.width = 100, .height = 200, .fit = IMAGE_FILL},
     {100, 200, 0, 0, 100, 200, 100, 200, 0, 0}},
    {"fill, not enlarged",
     {400, 30},
     {.width = 100, .height = 200, .fit = IMAGE_FILL},
     {100, 30, 0, 0, 100, 30, 100, 30, 0, 0}},
    {"fill, enlarged",
     {40, 30},
     {.width = 100, .height = 200, .fit = IMAGE_FILL, .enlarge = true},
     {100, 200, 0, 0, 100, 200, 100, 200, 0, 0}},
};

TEST(image_geometry_follows_the_fits)
{
    struct image_limits limits;
    image_limits_default(&limits);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct geometry *want = &rows[i].plan;
        struct geometry got;
        struct error err;
        check_case("%s", rows[i].name);
        if (!CHECK(geometry_plan(rows[i].source[0], rows[i].source[1], &rows[i].target, &limits,
                                 &got, &err))) {
            continue;
        }
        CHECK_INTEGER(got.width, want->width);
        CHECK_INTEGER(got.height, want->height);
        CHECK_INTEGER(got.crop_x, want->crop_x);
        CHECK_INTEGER(got.crop_y, want->crop_y);
        CHECK_INTEGER(got.crop_width, want->crop_width);
        CHECK_INTEGER(got.crop_height, want->crop_height);
        CHECK_INTEGER(got.canvas_width, want->canvas_width);
        CHECK_INTEGER(got.canvas_height, want->canvas_height);
        CHECK_INTEGER(got.offset_x, want->offset_x);
        CHECK_INTEGER(got.offset_y, want->offset_y);
    }
}

/* What must hold for any source and target: nothing outside, nothing empty, nothing enlarged. */
TEST(image_geometry_holds_its_invariants)
{
    struct image_limits limits;
    image_limits_default(&limits);
    static const int64_t sides[] = {1, 2, 3, 7, 99, 100, 101, 640, 16383, 16384};
    enum { SIDES = sizeof sides / sizeof sides[0] };
    for (unsigned i = 0; i < SIDES * SIDES * SIDES * SIDES * 5; i++) {
        int64_t width = sides[i % SIDES], height = sides[i / SIDES % SIDES];
        struct image_target target = {.width = sides[i / SIDES / SIDES % SIDES],
                                      .height = sides[i / SIDES / SIDES / SIDES % SIDES],
                                      .fit = (enum image_fit)(i / SIDES / SIDES / SIDES / SIDES),
                                      .gravity = (enum image_gravity)(i % 9)};
        struct geometry plan;
        struct error err;
        if (!geometry_plan(width, height, &target, &limits, &plan, &err)) {
            CHECK_TEXT(err.code, "limit");
            continue;
        }
        check_case("%ld x %ld, target %ld x %ld, fit %d", (long)width, (long)height,
                   (long)target.width, (long)target.height, (int)target.fit);
        CHECK(plan.width >= 1 && plan.width <= width && plan.height >= 1 && plan.height <= height);
        CHECK(plan.crop_x >= 0 && plan.crop_x + plan.crop_width <= plan.width);
        CHECK(plan.crop_y >= 0 && plan.crop_y + plan.crop_height <= plan.height);
        CHECK(plan.offset_x >= 0 && plan.offset_x + plan.crop_width <= plan.canvas_width);
        CHECK(plan.offset_y >= 0 && plan.offset_y + plan.crop_height <= plan.canvas_height);
        CHECK(plan.canvas_width <= target.width || target.fit == IMAGE_INSIDE ||
              target.fit == IMAGE_OUTSIDE);
    }
}

TEST(image_geometry_decodes_no_smaller_than_needed)
{
    static const struct {
        int64_t width, height, target_width, target_height;
        int divisor;
    } cases[] = {
        {4000, 3000, 1024, 768, 2},  {4000, 3000, 300, 225, 8},
        {4000, 3000, 128, 96, 8},    {4000, 3000, 385, 289, 4},
        {1300, 1300, 1000, 1000, 1}, {2600, 2600, 1000, 1000, 2},
        {2599, 2600, 1000, 1000, 1}, {8, 8, 1, 1, 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct geometry plan = {.width = cases[i].target_width, .height = cases[i].target_height};
        check_case("%ld to %ld", (long)cases[i].width, (long)plan.width);
        CHECK_INTEGER(geometry_decode_divisor(cases[i].width, cases[i].height, &plan, 13),
                      cases[i].divisor);
        CHECK(geometry_decode_divisor(cases[i].width, cases[i].height, &plan, 10) >=
              cases[i].divisor);
    }
}

TEST(image_geometry_refuses_what_is_too_large)
{
    struct image_limits limits;
    image_limits_default(&limits);
    struct image_target target = {.width = 16384, .enlarge = true};
    struct geometry plan;
    struct error err;
    CHECK(!geometry_plan(10, 1000, &target, &limits, &plan, &err));
    CHECK_TEXT(err.code, "limit");
    target.width = 20000;
    CHECK(!geometry_plan(10, 10, &target, &limits, &plan, &err));
    CHECK_TEXT(err.message, "image limit 'side': 20000 asked, 16384 allowed; raise it with the "
                            "environment variable LUNETTE_MAX_SIDE");
}
