/*
 * image_render_test.c - whole renders of made pictures: sizes, orientation, alpha, metadata, steps.
 */
#include "bindings/image/engine.h"
#include "bindings/image/probe/exif.h"
#include "tests/unit/check.h"
#include "tests/unit/image_sample.h"

#include <stdlib.h>
#include <string.h>

#define RED   0xff0000fful
#define GREEN 0x00ff00fful
#define BLUE  0x0000fffful
#define WHITE 0xfffffffful

/* The quarters' colours, read at their middles: above left and right, below left and right. */
static bool quarters(const struct image_output *output, unsigned long a, unsigned long b,
                     unsigned long c, unsigned long d, int tolerance)
{
    int left = (int)output->width / 4, right = (int)output->width * 3 / 4;
    int above = (int)output->height / 4, below = (int)output->height * 3 / 4;
    return sample_near(sample_pixel(output, 0, left, above), a, tolerance) &&
           sample_near(sample_pixel(output, 0, right, above), b, tolerance) &&
           sample_near(sample_pixel(output, 0, left, below), c, tolerance) &&
           sample_near(sample_pixel(output, 0, right, below), d, tolerance);
}

static bool render_bmp(int width, int height, const struct image_target *target,
                       struct image_output *output)
{
    struct sample bmp = sample_bmp(width, height);
    struct error err;
    bool ok = sample_render(bmp.bytes, bmp.length, NULL, 0, target, output, &err);
    if (!ok) {
        CHECK_TEXT(err.message, "a render");
    }
    sample_release(&bmp);
    return ok;
}

TEST(image_render_writes_every_format)
{
    static const struct {
        enum image_format format;
        const char *start;
        size_t length;
    } rows[] = {{IMAGE_JPEG, "\xff\xd8\xff", 3},
                {IMAGE_PNG, "\x89PNG", 4},
                {IMAGE_WEBP, "RIFF", 4},
                {IMAGE_GIF, "GIF8", 4}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_case("%s", image_format_name(rows[i].format));
        struct image_target target = sample_target(32, 0, rows[i].format);
        struct image_output output;
        if (!CHECK(render_bmp(64, 48, &target, &output))) {
            continue;
        }
        CHECK_INTEGER(output.width, 32);
        CHECK_INTEGER(output.height, 24);
        CHECK_INTEGER(output.format, rows[i].format);
        CHECK(output.length > 4);
        CHECK_BYTES(output.bytes, rows[i].length, rows[i].start, rows[i].length);
        CHECK(quarters(&output, RED, GREEN, BLUE, WHITE, 8));
        image_output_release(&output);
    }
}

TEST(image_render_is_deterministic)
{
    for (int format = IMAGE_JPEG; format <= IMAGE_GIF; format++) {
        check_case("%s", image_format_name((enum image_format)format));
        struct image_target target = sample_target(31, 17, (enum image_format)format);
        struct image_output first, second;
        if (!CHECK(render_bmp(64, 48, &target, &first))) {
            continue;
        }
        if (CHECK(render_bmp(64, 48, &target, &second))) {
            CHECK_BYTES(first.bytes, first.length, second.bytes, second.length);
            image_output_release(&second);
        }
        image_output_release(&first);
    }
}

TEST(image_render_turns_every_orientation)
{
    /* What the four quarters become, by EXIF 2.32, 4.6.4 A, tag 0x0112. */
    static const struct {
        unsigned long a, b, c, d;
        bool turned;
    } rows[] = {{RED, GREEN, BLUE, WHITE, false}, {GREEN, RED, WHITE, BLUE, false},
                {WHITE, BLUE, GREEN, RED, false}, {BLUE, WHITE, RED, GREEN, false},
                {RED, BLUE, GREEN, WHITE, true},  {BLUE, RED, WHITE, GREEN, true},
                {WHITE, GREEN, BLUE, RED, true},  {GREEN, WHITE, RED, BLUE, true}};
    for (int i = 0; i < 8; i++) {
        check_case("orientation %d", i + 1);
        struct sample jpeg = sample_jpeg(120, 80, i + 1, NULL);
        struct image_target target = sample_target(0, 40, IMAGE_PNG);
        struct image_output output;
        struct error err;
        if (CHECK(sample_render(jpeg.bytes, jpeg.length, NULL, 0, &target, &output, &err))) {
            CHECK_INTEGER(output.height, 40);
            CHECK_INTEGER(output.width, rows[i].turned ? 27 : 60);
            CHECK(quarters(&output, rows[i].a, rows[i].b, rows[i].c, rows[i].d, 30));
            image_output_release(&output);
        }
        sample_release(&jpeg);
    }
}

TEST(image_render_steps_speak_of_displayed_pixels)
{
    /* Stored 120 x 80 and turned by 90 degrees: displayed 80 x 120, blue red above white green. */
    struct sample jpeg = sample_jpeg(120, 80, 6, NULL);
    struct image_step crop = {.kind = IMAGE_CROP, .x = 40, .y = 0, .width = 40, .height = 60};
    struct image_target target = sample_target(0, 0, IMAGE_PNG);
    struct image_output output;
    struct error err;
    if (CHECK(sample_render(jpeg.bytes, jpeg.length, &crop, 1, &target, &output, &err))) {
        CHECK_INTEGER(output.width, 40);
        CHECK_INTEGER(output.height, 60);
        CHECK(quarters(&output, RED, RED, RED, RED, 30));
        image_output_release(&output);
    }
    crop.width = 41;
    CHECK(!sample_render(jpeg.bytes, jpeg.length, &crop, 1, &target, &output, &err));
    CHECK_TEXT(err.code, "usage");
    sample_release(&jpeg);
}

TEST(image_render_does_each_step)
{
    static const struct {
        struct image_step step;
        unsigned long a, b, c, d;
    } rows[] = {
        {{.kind = IMAGE_FLIP}, BLUE, WHITE, RED, GREEN},
        {{.kind = IMAGE_FLOP}, GREEN, RED, WHITE, BLUE},
        {{.kind = IMAGE_ROTATE, .angle = 90}, BLUE, RED, WHITE, GREEN},
        {{.kind = IMAGE_ROTATE, .angle = 180}, WHITE, BLUE, GREEN, RED},
        {{.kind = IMAGE_ROTATE, .angle = 270}, GREEN, WHITE, RED, BLUE},
        {{.kind = IMAGE_GRAYSCALE}, 0x363636ff, 0xb6b6b6ff, 0x121212ff, WHITE},
        {{.kind = IMAGE_BLUR, .sigma = 1}, RED, GREEN, BLUE, WHITE},
        {{.kind = IMAGE_SHARPEN, .sigma = 1}, RED, GREEN, BLUE, WHITE},
        {{.kind = IMAGE_PIXELATE, .width = 64}, 0x808080ff, 0x808080ff, 0x808080ff, 0x808080ff},
    };
    struct sample bmp = sample_bmp(64, 64);
    struct image_target target = sample_target(0, 0, IMAGE_PNG);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_case("step %d, angle %d", (int)rows[i].step.kind, rows[i].step.angle);
        struct image_output output;
        struct error err;
        if (!CHECK(
                sample_render(bmp.bytes, bmp.length, &rows[i].step, 1, &target, &output, &err))) {
            continue;
        }
        CHECK(quarters(&output, rows[i].a, rows[i].b, rows[i].c, rows[i].d, 1));
        image_output_release(&output);
    }
    sample_release(&bmp);
}

TEST(image_render_covers_and_contains)
{
    struct image_target target = sample_target(20, 40, IMAGE_PNG);
    struct image_output output;
    target.fit = IMAGE_COVER;
    target.gravity = IMAGE_WEST;
    if (CHECK(render_bmp(80, 80, &target, &output))) {
        CHECK_INTEGER(output.width, 20);
        CHECK_INTEGER(output.height, 40);
        CHECK(quarters(&output, RED, RED, BLUE, BLUE, 8));
        image_output_release(&output);
    }
    target.fit = IMAGE_CONTAIN;
    target.gravity = IMAGE_NORTH;
    target.background[0] = 10;
    if (CHECK(render_bmp(80, 80, &target, &output))) {
        CHECK_INTEGER(output.width, 20);
        CHECK_INTEGER(output.height, 40);
        CHECK_INTEGER(sample_pixel(&output, 0, 10, 30), 0x0afffffful);
        CHECK(sample_near(sample_pixel(&output, 0, 4, 4), RED, 8));
        image_output_release(&output);
    }
    target.transparent_background = true;
    if (CHECK(render_bmp(80, 80, &target, &output))) {
        CHECK_INTEGER(sample_pixel(&output, 0, 10, 30) & 0xff, 0);
        CHECK(sample_near(sample_pixel(&output, 0, 4, 4), RED, 8));
        image_output_release(&output);
    }
}

/* A PNG with transparent padding, to be used as a source. */
static bool transparent_png(struct image_output *output)
{
    struct image_target target = sample_target(80, 40, IMAGE_PNG);
    target.fit = IMAGE_CONTAIN;
    target.transparent_background = true;
    return render_bmp(40, 40, &target, output);
}

TEST(image_render_flattens_where_there_is_no_alpha)
{
    struct image_output png, output;
    struct error err;
    if (!CHECK(transparent_png(&png))) {
        return;
    }
    struct image_target target = sample_target(0, 0, IMAGE_JPEG);
    memcpy(target.background, "\x20\x60\xa0", 3);
    if (CHECK(sample_render(png.bytes, png.length, NULL, 0, &target, &output, &err))) {
        CHECK(sample_near(sample_pixel(&output, 0, 4, 20), 0x2060a0ff, 6));
        image_output_release(&output);
    }
    target.format = IMAGE_WEBP;
    target.lossless = true;
    if (CHECK(sample_render(png.bytes, png.length, NULL, 0, &target, &output, &err))) {
        CHECK_INTEGER(sample_pixel(&output, 0, 4, 20) & 0xff, 0);
        image_output_release(&output);
    }
    image_output_release(&png);
}

TEST(image_render_resizes_alpha_without_dark_edges)
{
    struct image_output png, output;
    struct error err;
    if (!CHECK(transparent_png(&png))) {
        return;
    }
    struct image_target target = sample_target(27, 0, IMAGE_PNG);
    if (CHECK(sample_render(png.bytes, png.length, NULL, 0, &target, &output, &err))) {
        for (int x = 0; x < output.width; x++) {
            unsigned long pixel = sample_pixel(&output, 0, x, 3);
            /* Above, left to right: nothing, red, green, nothing. Red's edge stays red. */
            if ((pixel & 0xff) > 40 && x < output.width * 2 / 5) {
                check_case("column %d: %08lx", x, pixel);
                CHECK((pixel >> 24) > 240);
            }
        }
        image_output_release(&output);
    }
    image_output_release(&png);
}

static bool contains(const struct image_output *output, const char *text)
{
    size_t size = strlen(text);
    const char *bytes = output->bytes;
    for (size_t i = 0; i + size <= output->length; i++) {
        if (memcmp(bytes + i, text, size) == 0) {
            return true;
        }
    }
    return false;
}

TEST(image_render_strips_all_but_copyright)
{
    static const char copyright[] = "(c) 2026 A. Photographer";
    struct sample jpeg = sample_jpeg(64, 48, 6, copyright);
    for (int format = IMAGE_JPEG; format <= IMAGE_GIF; format++) {
        check_case("%s", image_format_name((enum image_format)format));
        struct image_target target = sample_target(0, 0, (enum image_format)format);
        struct image_output output;
        struct error err;
        if (!CHECK(sample_render(jpeg.bytes, jpeg.length, NULL, 0, &target, &output, &err))) {
            continue;
        }
        CHECK(contains(&output, copyright));
        CHECK(!contains(&output, "\x88\x25\0\x04")); /* the pointer to a GPS directory */
        struct image_limits limits;
        struct image_info info;
        image_limits_default(&limits);
        CHECK(image_probe(output.bytes, output.length, &limits, &info, &err));
        CHECK_INTEGER(info.orientation, 1);
        CHECK_INTEGER(info.width, 48);
        image_output_release(&output);
    }
    sample_release(&jpeg);
}

TEST(image_render_keeps_metadata_when_asked_and_sets_it_upright)
{
    struct sample jpeg = sample_jpeg(64, 48, 6, "(c) me");
    struct image_target target = sample_target(0, 0, IMAGE_JPEG);
    target.keep_metadata = true;
    struct image_output output;
    struct error err;
    if (CHECK(sample_render(jpeg.bytes, jpeg.length, NULL, 0, &target, &output, &err))) {
        struct image_limits limits;
        struct image_info info;
        image_limits_default(&limits);
        CHECK(image_probe(output.bytes, output.length, &limits, &info, &err));
        CHECK_INTEGER(info.orientation, 1);
        CHECK(contains(&output, "(c) me"));
        CHECK(memmem(output.bytes, output.length, "\x88\x25\0\x04", 4) != NULL);
        image_output_release(&output);
    }
    sample_release(&jpeg);
}

TEST(image_render_refuses_damage)
{
    struct sample jpeg = sample_jpeg(400, 300, 0, NULL);
    struct image_target target = sample_target(100, 0, IMAGE_JPEG);
    struct image_output output;
    struct error err;
    CHECK(!sample_render(jpeg.bytes, jpeg.length / 2, NULL, 0, &target, &output, &err));
    CHECK_TEXT(err.code, "bad_image");
    sample_release(&jpeg);
}

static bool always_stopped(void *context, struct error *err)
{
    (*(int *)context)++;
    return !error_set(err, "deadline", "no time left");
}

TEST(image_render_stops_when_told)
{
    struct sample jpeg = sample_jpeg(400, 300, 0, NULL);
    struct image_target target = sample_target(100, 0, IMAGE_JPEG);
    struct image_limits limits;
    struct image_info info;
    struct image_output output;
    struct error err;
    int asked = 0;
    struct image_control control = {.stopped = always_stopped, .context = &asked};
    image_limits_default(&limits);
    CHECK(image_probe(jpeg.bytes, jpeg.length, &limits, &info, &err));
    CHECK(!image_render(jpeg.bytes, jpeg.length, &info, &limits, NULL, 0, &target, 1, &output,
                        &control, &err));
    CHECK_TEXT(err.code, "deadline");
    CHECK(asked > 0);
    sample_release(&jpeg);
}

TEST(image_render_makes_many_targets_of_one_decode)
{
    struct sample jpeg = sample_jpeg(400, 300, 0, NULL);
    struct image_target targets[3] = {sample_target(200, 0, IMAGE_JPEG),
                                      sample_target(40, 40, IMAGE_PNG),
                                      sample_target(0, 10, IMAGE_WEBP)};
    struct image_limits limits;
    struct image_info info;
    struct image_output outputs[3];
    struct error err;
    image_limits_default(&limits);
    CHECK(image_probe(jpeg.bytes, jpeg.length, &limits, &info, &err));
    if (CHECK(image_render(jpeg.bytes, jpeg.length, &info, &limits, NULL, 0, targets, 3, outputs,
                           NULL, &err))) {
        CHECK_INTEGER(outputs[0].width, 200);
        CHECK_INTEGER(outputs[1].height, 30);
        CHECK_INTEGER(outputs[2].width, 13);
        for (int i = 0; i < 3; i++) {
            image_output_release(&outputs[i]);
        }
    }
    sample_release(&jpeg);
}

TEST(image_render_decodes_smaller_when_memory_is_short)
{
    static const struct {
        int64_t megabytes;
        const char *code; /* NULL: it works */
    } cases[] = {{1024, NULL}, {22, NULL}, {9, "limit"}};
    /* For which the photo itself has to be in memory. */
    static const struct image_step step = {.kind = IMAGE_GRAYSCALE};
    struct sample jpeg = sample_jpeg(1000, 800, 0, NULL);
    struct image_target target = sample_target(450, 0, IMAGE_JPEG);
    struct image_limits limits;
    struct image_info info;
    struct error err;
    image_limits_default(&limits);
    CHECK(image_probe(jpeg.bytes, jpeg.length, &limits, &info, &err));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct image_output output;
        err = (struct error){.code = ""};
        check_case("%d MB", (int)cases[i].megabytes);
        CHECK(image_engine_start(cases[i].megabytes << 20, &err));
        bool ok = image_render(jpeg.bytes, jpeg.length, &info, &limits, &step, 1, &target, 1,
                               &output, NULL, &err);
        CHECK_TEXT(err.code, cases[i].code != NULL ? cases[i].code : "");
        if (ok) {
            CHECK_INTEGER(output.width, 450);
            CHECK_INTEGER(output.height, 360);
            image_output_release(&output);
        }
    }
    CHECK(image_engine_start(INT64_C(1) << 30, &err));
    sample_release(&jpeg);
}

TEST(image_render_refuses_targets_that_make_no_sense)
{
    static const struct {
        struct image_target target;
        const char *code;
    } rows[] = {
        {{.format = IMAGE_TIFF}, "unsupported"},
        {{.format = IMAGE_JPEG, .quality = 101}, "usage"},
        {{.format = IMAGE_JPEG, .lossless = true}, "usage"},
        {{.format = IMAGE_PNG, .near_lossless = true}, "usage"},
        {{.format = IMAGE_JPEG, .quality = 50, .min_quality = 51}, "usage"},
        {{.format = IMAGE_JPEG, .min_quality = -1}, "usage"},
        {{.format = IMAGE_WEBP, .effort = 7}, "usage"},
        {{.format = IMAGE_WEBP, .alpha_quality = 101}, "usage"},
        {{.format = IMAGE_PNG, .max_bytes = 20}, "limit"},
        {{.format = IMAGE_JPEG, .transparent_background = true}, "usage"},
        {{.format = IMAGE_JPEG, .width = -1}, "usage"},
        {{.format = IMAGE_JPEG, .width = 20000}, "limit"},
        {{.format = IMAGE_PNG, .width = 10000, .height = 10000, .fit = IMAGE_CONTAIN}, "limit"},
    };
    struct sample bmp = sample_bmp(8, 8);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_case("row %zu", i);
        struct image_output output;
        struct error err;
        CHECK(!sample_render(bmp.bytes, bmp.length, NULL, 0, &rows[i].target, &output, &err));
        CHECK_TEXT(err.code, rows[i].code);
    }
    sample_release(&bmp);
}
