/*
 * image_plan_test.c - which target is made of which, and that it can't be seen in the pictures.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/image/codec/decode.h"
#include "bindings/image/library.h"
#include "bindings/image/pixels.h"
#include "bindings/image/codec/webp.h"
#include "tests/unit/check.h"
#include "tests/unit/image_sample.h"

#define TARGETS 5

static bool start(int64_t megabytes)
{
    struct error err;
    return CHECK(image_engine_start(megabytes << 20, &err));
}

static bool plan_of(const struct sample *sample, const struct image_step *steps, size_t step_count,
                    const struct image_target *targets, size_t count, struct image_plan *plan,
                    struct image_plan_target *made)
{
    struct image_limits limits;
    struct image_info info;
    struct error err;
    image_limits_default(&limits);
    bool ok = image_probe(sample->bytes, sample->length, &limits, &info, &err) &&
              image_plan(&info, &limits, steps, step_count, targets, count, 1, plan, made, &err);
    if (!CHECK(ok)) {
        (void)printf("    %s\n", err.message);
    }
    return ok;
}

/* ---- sources and scales ---------------------------------------------------------------------- */

#define T(w, h, ...)                                                                               \
    {                                                                                              \
        .width = (w), .height = (h), .format = IMAGE_JPEG, __VA_ARGS__                             \
    }

TEST(image_plan_makes_targets_of_targets)
{
    enum { NONE = IMAGE_PLAN_DECODED };
    static const struct {
        const char *name;
        struct image_target targets[TARGETS];
        int sources[TARGETS], turns[TARGETS], divisor;
    } rows[] = {
        {"halves",
         {T(128, 0), T(256, 0), T(512, 0), T(1024, 0), T(900, 0)},
         {1, 2, 3, NONE, NONE},
         {4, 3, 2, 0, 1},
         1},
        {"no half",
         {T(1024, 0), T(513, 0), T(257, 0), T(256, 0), T(129, 0)},
         {NONE, NONE, 0, 1, 1},
         {0, 1, 2, 3, 4},
         1},
        {"a cut one serves nobody",
         {T(800, 800, .fit = IMAGE_COVER), T(300, 0), T(100, 0), T(60, 60, .fit = IMAGE_COVER),
          T(20, 20, .fit = IMAGE_COVER)},
         {NONE, NONE, 1, 1, 2},
         {0, 1, 2, 3, 4},
         1},
        {"another filter's neither serves nor is served",
         {T(1000, 0, .filter = IMAGE_BOX), T(400, 0), T(200, 0, .filter = IMAGE_BOX), T(100, 0),
          T(50, 0, .filter = IMAGE_NEAREST)},
         {NONE, NONE, NONE, 1, NONE},
         {0, 1, 2, 3, 4},
         1},
        {"nor an enlarged one",
         {T(3200, 0, .enlarge = true), T(1600, 0), T(800, 0), T(400, 0), T(200, 0)},
         {NONE, NONE, 1, 2, 3},
         {0, 1, 2, 3, 4},
         1},
        {"all small",
         {T(150, 0), T(150, 0), T(75, 0), T(50, 0), T(10, 0)},
         {NONE, NONE, 1, 1, 3},
         {0, 1, 2, 3, 4},
         8},
        {"one nearest",
         {T(150, 0, .filter = IMAGE_NEAREST), T(150, 0), T(75, 0), T(50, 0), T(10, 0)},
         {NONE, NONE, 1, 1, 3},
         {0, 1, 2, 3, 4},
         1},
    };
    struct sample jpeg = sample_jpeg(1600, 1200, 0, NULL);
    start(1024);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct image_plan plan;
        struct image_plan_target made[TARGETS];
        if (!plan_of(&jpeg, NULL, 0, rows[i].targets, TARGETS, &plan, made)) {
            continue;
        }
        check_case("%s", rows[i].name);
        CHECK_INTEGER(plan.divisor, rows[i].divisor);
        for (int k = 0; k < TARGETS; k++) {
            check_case("%s, target %d", rows[i].name, k);
            CHECK_INTEGER(made[k].source, rows[i].sources[k]);
            CHECK_INTEGER(made[k].turn, rows[i].turns[k]);
        }
    }
    sample_release(&jpeg);
}

TEST(image_plan_refuses_what_cannot_be_read)
{
    struct image_info info = {.format = IMAGE_UNKNOWN,
                              .width = 8,
                              .height = 8,
                              .oriented_width = 8,
                              .oriented_height = 8,
                              .frames = 1,
                              .channels = 3,
                              .depth = 8};
    struct image_target target = T(4, 4);
    struct image_limits limits;
    struct image_plan plan;
    struct image_plan_target made;
    struct error err = {0};
    image_limits_default(&limits);
    if (start(1024)) {
        CHECK(!image_plan(&info, &limits, NULL, 0, &target, 1, 1, &plan, &made, &err));
        CHECK_TEXT(err.code, "unsupported");
        CHECK_TEXT(err.message, "unknown can't be read by this build");
        info.format = IMAGE_PNG;
        CHECK(image_plan(&info, &limits, NULL, 0, &target, 1, 1, &plan, &made, &err));
    }
}

/* Noise, so that the file has as many bytes as a photo's. */
static struct image_output noisy_webp(int width, int height, bool lossless, bool alpha)
{
    struct image_output output = {.bytes = NULL};
    struct webp_pixels pixels = {.width = width, .height = height, .opaque = !alpha};
    struct metadata_blocks none = {.exif = {NULL, 0}};
    struct image_target target = sample_target(0, 0, IMAGE_WEBP);
    struct error err;
    size_t size = (size_t)width * (size_t)height * 4;
    uint8_t *rgba = malloc(size);
    unsigned state = 1;
    for (size_t i = 0; rgba != NULL && i < size; i++) {
        state = state * 1664525u + 1013904223u;
        rgba[i] = (uint8_t)(state >> 24);
    }
    pixels.rgba = rgba;
    target.lossless = lossless;
    target.effort = 0;
    CHECK(rgba != NULL && webp_encode(&pixels, &target, 60, &none, &output, &err));
    free(rgba);
    return output;
}

TEST(image_plan_decodes_webp_at_what_its_targets_need)
{
    static const struct {
        const char *name;
        bool lossless, alpha;
        struct image_target target;
        int width, height;
    } rows[] = {
        {"1.9 times", false, false, T(600, 0), 1140, 855},
        {"rounded up", false, false, T(333, 0), 634, 475},
        {"too much to pay", false, false, T(700, 0), 1800, 1350},
        {"enlarged", false, false, T(2000, 0, .enlarge = true), 1800, 1350},
        {"a quarter", false, false, T(120, 0), 450, 338},
        {"four times", false, false, T(80, 0), 320, 240},
        {"a pixel", false, false, T(1, 1), 6, 4},
        {"the longer way", false, false, T(300, 400, .fit = IMAGE_FILL), 1014, 760},
        {"cut", false, false, T(300, 300, .fit = IMAGE_COVER), 760, 570},
        {"a pixel of the photo", false, false, T(300, 0, .filter = IMAGE_NEAREST), 1800, 1350},
        {"lossless", true, false, T(600, 0), 1800, 1350},
        {"lossless, half", true, false, T(400, 0), 760, 570},
        {"alpha", false, true, T(600, 0), 1800, 1350},
    };
    start(1024);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct image_output webp = noisy_webp(1800, 1350, rows[i].lossless, rows[i].alpha);
        struct sample sample = {webp.bytes, webp.length};
        struct image_plan plan;
        struct image_plan_target made;
        check_case("%s", rows[i].name);
        if (plan_of(&sample, NULL, 0, &rows[i].target, 1, &plan, &made)) {
            CHECK_INTEGER(plan.divisor, 1);
            CHECK_INTEGER(plan.width, rows[i].width);
            CHECK_INTEGER(plan.height, rows[i].height);
        }
        image_output_release(&webp);
    }
}

TEST(image_plan_decodes_webp_at_less_where_memory_is_short)
{
    static const struct image_target target = T(600, 0);
    struct image_output webp = noisy_webp(1800, 1350, false, false);
    struct sample sample = {webp.bytes, webp.length};
    struct image_plan ample, tight;
    struct image_plan_target made;
    start(1024);
    if (plan_of(&sample, NULL, 0, &target, 1, &ample, &made)) {
        start((ample.memory_bytes >> 20) - 1);
        CHECK(plan_of(&sample, NULL, 0, &target, 1, &tight, &made));
        CHECK_INTEGER(tight.width, 600);
        CHECK_INTEGER(tight.height, 450);
        CHECK(tight.memory_bytes < ample.memory_bytes);
    }
    start(1024);
    image_output_release(&webp);
}

TEST(image_plan_gives_up_the_cascade_where_memory_is_short)
{
    static const struct image_target targets[] = {T(1200, 0), T(600, 0), T(300, 0)};
    struct sample bmp = sample_bmp(1400, 1000);
    struct image_plan ample, tight;
    struct image_plan_target made[3];
    start(1024);
    if (plan_of(&bmp, NULL, 0, targets, 3, &ample, made)) {
        CHECK_INTEGER(made[2].source, 1);
    }
    start((ample.memory_bytes >> 20) - 1);
    if (plan_of(&bmp, NULL, 0, targets, 3, &tight, made)) {
        CHECK_INTEGER(made[2].source, IMAGE_PLAN_DECODED);
        CHECK(tight.memory_bytes < ample.memory_bytes);
    }
    start(1024);
    sample_release(&bmp);
}

/* ---- likeness -------------------------------------------------------------------------------- */

/* Rings that get finer outwards, and noise: what aliases, if anything does. */
static struct sample zone_plate(int width, int height)
{
    struct sample bmp = sample_bmp(width, height);
    size_t stride = ((size_t)width * 3 + 3) / 4 * 4;
    unsigned state = 1;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            double dx = x - width / 2.0, dy = y - height / 2.0;
            double wave = 0.5 + 0.5 * cos((dx * dx + dy * dy) * 3.1416 / width);
            state = state * 1664525u + 1013904223u;
            unsigned char *pixel = bmp.bytes + 54 + stride * (size_t)y + 3 * x;
            pixel[0] = (unsigned char)(state >> 24);
            pixel[1] = (unsigned char)(wave * 255);
            pixel[2] = (unsigned char)(wave * 191 + (state >> 26));
        }
    }
    return bmp;
}

struct comparison {
    const struct image_output *a, *b;
    double similarity;
};

/* Structural similarity (Wang et al. 2004) of one channel in a block of 8 x 8. */
static double block_similarity(const PixelPacket *a, const PixelPacket *b, int width)
{
    double sum_a = 0, sum_b = 0, square_a = 0, square_b = 0, product = 0;
    for (int i = 0; i < 64; i++) {
        ptrdiff_t at = i / 8 * (ptrdiff_t)width + i % 8;
        double first = a[at].green * 255.0 / MaxRGB, second = b[at].green * 255.0 / MaxRGB;
        sum_a += first / 64;
        sum_b += second / 64;
        square_a += first * first / 64;
        square_b += second * second / 64;
        product += first * second / 64;
    }
    const double c1 = 6.5025, c2 = 58.5225;
    return (2 * sum_a * sum_b + c1) * (2 * (product - sum_a * sum_b) + c2) /
           ((sum_a * sum_a + sum_b * sum_b + c1) *
            (square_a - sum_a * sum_a + square_b - sum_b * sum_b + c2));
}

static Image *decoded(const struct image_output *output, struct error *err)
{
    struct image_limits limits;
    struct image_info info;
    image_limits_default(&limits);
    if (!image_probe(output->bytes, output->length, &limits, &info, err)) {
        return NULL;
    }
    return decode_still(output->bytes, output->length, &info, NULL, err);
}

/* The mean over all blocks, 4 pixels apart. */
static bool compare(void *context, struct error *err)
{
    struct comparison *comparison = context;
    Image *a = decoded(comparison->a, err), *b = decoded(comparison->b, err);
    if (CHECK(a != NULL && b != NULL && a->columns == b->columns && a->rows == b->rows)) {
        int width = (int)a->columns, height = (int)a->rows, blocks = 0;
        const PixelPacket *from = GetImagePixels(a, 0, 0, a->columns, a->rows);
        const PixelPacket *other = GetImagePixels(b, 0, 0, b->columns, b->rows);
        for (int y = 0; y + 8 <= height; y += 4) {
            for (int x = 0; x + 8 <= width; x += 4, blocks++) {
                ptrdiff_t at = y * (ptrdiff_t)width + x;
                comparison->similarity += block_similarity(from + at, other + at, width);
            }
        }
        comparison->similarity /= blocks;
    }
    pixels_destroy(a);
    pixels_destroy(b);
    return true;
}

static bool render(const struct sample *sample, const struct image_target *targets, size_t count,
                   struct image_output *outputs)
{
    struct image_limits limits;
    struct image_info info;
    struct error err = {.message = ""};
    image_limits_default(&limits);
    bool ok = image_probe(sample->bytes, sample->length, &limits, &info, &err) &&
              image_render(sample->bytes, sample->length, &info, &limits, NULL, 0, targets, count,
                           outputs, NULL, &err);
    CHECK_TEXT(err.message, "");
    return ok;
}

/* The five sizes, made together and of each other, and each by itself of the photo. A target that
 * is resized by nearest keeps the decode at full size in both. */
static void check_cascade(const char *name, const struct sample *sample, double least)
{
    struct image_target targets[TARGETS + 1];
    struct image_output together[TARGETS + 1], alone[2];
    for (int i = 0; i < TARGETS; i++) {
        targets[i] = sample_target(1024 >> i, 0, IMAGE_PNG);
    }
    targets[TARGETS] = sample_target(1, 0, IMAGE_PNG);
    targets[TARGETS].filter = IMAGE_NEAREST;
    if (!render(sample, targets, TARGETS + 1, together)) {
        return;
    }
    for (int i = 0; i < TARGETS; i++) {
        check_case("%s, %d", name, 1024 >> i);
        const struct image_target pair[] = {targets[i], targets[TARGETS]};
        struct error err = {.message = ""};
        if (!render(sample, pair, 2, alone)) {
            continue;
        }
        struct comparison comparison = {&alone[0], &together[i], 0};
        CHECK(library_run(compare, &comparison, NULL, &err));
        if (!CHECK(comparison.similarity >= least)) {
            (void)printf("    SSIM %.5f\n", comparison.similarity);
        }
        image_output_release(&alone[0]);
        image_output_release(&alone[1]);
    }
    for (int i = 0; i <= TARGETS; i++) {
        image_output_release(&together[i]);
    }
}

TEST(image_plan_cascade_costs_no_quality)
{
    start(1024);
    struct sample plate = zone_plate(1500, 1100);
    check_cascade("zone plate", &plate, 0.997);
    sample_release(&plate);
}

TEST(image_plan_cascade_costs_photos_no_quality)
{
    start(1024);
    static const char *const photos[] = {"photos/iphone_8mp.jpg", "photos/photo_6mp.jpg"};
    if (!sample_corpus_present()) {
        check_skip("the corpus isn't there");
        return;
    }
    for (size_t i = 0; i < sizeof photos / sizeof photos[0]; i++) {
        struct sample photo = sample_corpus(photos[i]);
        check_cascade(photos[i], &photo, 0.9985);
        sample_release(&photo);
    }
}
