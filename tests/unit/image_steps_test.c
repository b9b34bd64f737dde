/*
 * image_steps_test.c - every step against a golden picture (tests/unit/golden/), what it refuses,
 * and what it does to sizes, alpha and memory.
 *
 * LUNETTE_GOLDEN=write makes the pictures anew: look at them before you keep them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/image/steps/annotate.h"
#include "bindings/image/look/glance.h"
#include "bindings/image/steps/overlay.h"
#include "bindings/image/steps/trim.h"
#include "tests/unit/allocation.h"
#include "tests/unit/check.h"
#include "tests/unit/image_sample.h"

#define FOLDER "tests/unit/golden/"

/* Of one channel, in 255ths: what rounding may differ by from one processor to another. */
enum { TOLERANCE = 2 };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- pictures ------------------------------------------------------------------------------ */

static struct sample source_picture; /* 60 x 40, four quarters */
static struct image_overlay logo;    /* 20 x 12, upside down, its corners rounded */
static struct image_output logo_file;

static struct image_overlay overlay_of(const void *bytes, size_t length)
{
    struct image_overlay overlay = {.bytes = bytes, .length = length, .opacity = 1};
    struct error err;
    image_limits_default(&overlay.limits);
    CHECK(image_probe(bytes, length, &overlay.limits, &overlay.info, &err));
    return overlay;
}

static bool prepare(void)
{
    if (source_picture.bytes != NULL) {
        return true;
    }
    struct sample small = sample_bmp(20, 12);
    struct image_step turned[] = {{.kind = IMAGE_ROUND, .width = 4},
                                  {.kind = IMAGE_ROTATE, .angle = 180}};
    struct image_target target = sample_target(0, 0, IMAGE_PNG);
    struct error err;
    source_picture = sample_bmp(60, 40);
    bool ok = CHECK(sample_render(small.bytes, small.length, turned, 2, &target, &logo_file, &err));
    sample_release(&small);
    logo = overlay_of(logo_file.bytes, logo_file.length);
    return ok;
}

static bool look(const void *bytes, size_t length, struct glance *glance)
{
    struct image_limits limits;
    struct image_info info;
    struct error err;
    image_limits_default(&limits);
    return image_probe(bytes, length, &limits, &info, &err) &&
           glance_take(bytes, length, &info, &limits, glance, NULL, &err);
}

/* The largest difference of a channel; where nothing is seen colours don't count. 255 for pictures
 * of different sizes. */
static int difference(const struct glance *a, const struct glance *b)
{
    if (a->width != b->width || a->height != b->height) {
        return 255;
    }
    int most = 0;
    for (int i = 0; i < a->width * a->height * 4; i++) {
        int alpha = i % 4 == 3 ? 255 : a->rgba[i | 3];
        int differs = abs(a->rgba[i] - b->rgba[i]) * alpha / 255;
        most = differs > most ? differs : most;
    }
    return most;
}

/* ---- golden pictures ----------------------------------------------------------------------- */

static struct sample read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct sample sample = {calloc(1, 65536), 0};
    if (file != NULL) {
        sample.length = fread(sample.bytes, 1, 65536, file);
        (void)fclose(file);
    }
    return sample;
}

static void write_file(const char *path, const struct image_output *output)
{
    FILE *file = fopen(path, "wb");
    if (CHECK(file != NULL)) {
        CHECK(fwrite(output->bytes, 1, output->length, file) == output->length);
        CHECK(fclose(file) == 0);
    }
}

static void hold(const char *name, const struct image_output *output)
{
    char path[128];
    struct glance made, wanted;
    (void)snprintf(path, sizeof path, FOLDER "%s.png", name);
    const char *golden = getenv("LUNETTE_GOLDEN");
    if (golden != NULL && strcmp(golden, "write") == 0) {
        write_file(path, output);
    }
    struct sample file = read_file(path);
    if (CHECK(look(file.bytes, file.length, &wanted)) &&
        CHECK(look(output->bytes, output->length, &made))) {
        int differs = difference(&made, &wanted);
        CHECK(differs <= TOLERANCE);
    }
    sample_release(&file);
}

static const struct {
    const char *name;
    struct image_step steps[3];
    size_t count;
    bool logo; /* the last step is with it */
    struct image_overlay how;
} golden[] = {
    {"crop", {{.kind = IMAGE_CROP, .x = 20, .y = 10, .width = 30, .height = 25}}, 1},
    {"rotate", {{.kind = IMAGE_ROTATE, .angle = 90}}, 1},
    {"flip", {{.kind = IMAGE_FLIP}}, 1},
    {"flop", {{.kind = IMAGE_FLOP}}, 1},
    {"grayscale", {{.kind = IMAGE_GRAYSCALE}}, 1},
    {"sepia", {{.kind = IMAGE_SEPIA}}, 1},
    {"tint", {{.kind = IMAGE_TINT, .colour = {32, 64, 160}}}, 1},
    {"blur", {{.kind = IMAGE_BLUR, .sigma = 1.5}}, 1},
    {"blur-wide", {{.kind = IMAGE_BLUR, .sigma = 6}}, 1},
    {"blur-alpha", {{.kind = IMAGE_ROUND, .width = 20}, {.kind = IMAGE_BLUR, .sigma = 5}}, 2},
    {"sharpen", {{.kind = IMAGE_BLUR, .sigma = 2}, {.kind = IMAGE_SHARPEN, .sigma = 2}}, 2},
    {"pixelate", {{.kind = IMAGE_PIXELATE, .width = 16}}, 1},
    {"pixelate-alpha",
     {{.kind = IMAGE_ROUND, .width = 12}, {.kind = IMAGE_PIXELATE, .width = 8}},
     2},
    {"border", {{.kind = IMAGE_BORDER, .width = 5, .colour = {240, 200, 0}}}, 1},
    {"round", {{.kind = IMAGE_ROUND, .width = 12}}, 1},
    {"round-whole", {{.kind = IMAGE_ROUND, .width = 9999}}, 1},
    {"round-border", {{.kind = IMAGE_ROUND, .width = 12}, {.kind = IMAGE_BORDER, .width = 4}}, 2},
    {"composite", {{.kind = IMAGE_COMPOSITE}}, 1, true, {.opacity = 1}},
    {"composite-corner",
     {{.kind = IMAGE_COMPOSITE, .x = 3, .y = 2}},
     1,
     true,
     {.gravity = IMAGE_SOUTHEAST, .opacity = 0.5, .scale = 0.5}},
    {"composite-outside",
     {{.kind = IMAGE_COMPOSITE, .x = -8, .y = -4}},
     1,
     true,
     {.gravity = IMAGE_NORTHWEST, .opacity = 1}},
    {"composite-tile",
     {{.kind = IMAGE_COMPOSITE}},
     1,
     true,
     {.opacity = 0.6, .scale = 0.25, .tile = true}},
    {"composite-on-alpha",
     {{.kind = IMAGE_ROUND, .width = 20}, {.kind = IMAGE_COMPOSITE}},
     2,
     true,
     {.gravity = IMAGE_NORTHEAST, .opacity = 0.8}},
    {"mask", {{.kind = IMAGE_MASK}}, 1, true, {.opacity = 1}},
};

static void hold_row(size_t i, bool after)
{
    struct image_step steps[3];
    struct image_overlay overlay = logo;
    struct image_target target = sample_target(0, 0, IMAGE_PNG);
    struct image_output output;
    struct error err = {.message = ""};
    memcpy(steps, golden[i].steps, sizeof steps);
    overlay.gravity = golden[i].how.gravity;
    overlay.opacity = golden[i].how.opacity;
    overlay.scale = golden[i].how.scale;
    overlay.tile = golden[i].how.tile;
    if (golden[i].logo) {
        steps[golden[i].count - 1].overlay = &overlay;
    }
    if (after) {
        target.after = steps;
        target.after_count = golden[i].count;
    }
    check_case("%s, %s the resize", golden[i].name, after ? "after" : "before");
    if (CHECK(sample_render(source_picture.bytes, source_picture.length, steps,
                            after ? 0 : golden[i].count, &target, &output, &err))) {
        hold(golden[i].name, &output);
        image_output_release(&output);
    }
}

TEST(image_steps_make_the_golden_pictures_before_and_after_the_resize)
{
    for (size_t i = 0; prepare() && i < COUNT(golden); i++) {
        hold_row(i, false);
        hold_row(i, true);
    }
}

/* ---- texts --------------------------------------------------------------------------------- */

#define FONT "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"

static const struct {
    const char *name;
    struct image_step step;
    struct image_text text;
} texts[] = {
    {"annotate", {.kind = IMAGE_ANNOTATE}, {.text = "A\xc3\x84g", .size = 24, .opacity = 1}},
    {"annotate-corner",
     {.kind = IMAGE_ANNOTATE, .x = 3, .y = 2},
     {.text = "AV\nWA.",
      .size = 14,
      .gravity = IMAGE_SOUTHEAST,
      .opacity = 0.7,
      .colour = {255, 255, 0}}},
    {"annotate-fitted",
     {.kind = IMAGE_ANNOTATE, .y = 2},
     {.text = "wider than it", .size = 40, .gravity = IMAGE_NORTH, .opacity = 1}},
    {"annotate-outline",
     {.kind = IMAGE_ANNOTATE},
     {.text = "Oi",
      .size = 26,
      .opacity = 1,
      .colour = {200, 0, 0},
      .outline_width = 3,
      .outline = {255, 255, 255}}},
    {"annotate-box",
     {.kind = IMAGE_ANNOTATE},
     {.text = "Oi",
      .size = 16,
      .gravity = IMAGE_WEST,
      .opacity = 1,
      .background = {0, 0, 0},
      .background_opacity = 0.5,
      .padding = 4,
      .colour = {255, 255, 255}}},
};

static bool read_font(struct sample *file)
{
    FILE *stream = fopen(FONT, "rb");
    if (stream == NULL) {
        check_skip("no " FONT);
        return false;
    }
    *file = (struct sample){calloc(1, 2 << 20), 0};
    file->length = fread(file->bytes, 1, 2 << 20, stream);
    (void)fclose(stream);
    return CHECK(file->length > 1000);
}

TEST(image_steps_write_the_golden_texts)
{
    struct sample font;
    struct error err = {.message = ""};
    if (!prepare() || !read_font(&font)) {
        return;
    }
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct image_text text = texts[i].text;
        struct image_step step = texts[i].step;
        struct image_target target = sample_target(0, 0, IMAGE_PNG);
        struct image_output output;
        text.length = strlen(text.text);
        text.font = (struct font){font.bytes, font.length};
        step.text = &text;
        check_case("%s", texts[i].name);
        if (CHECK(sample_render(source_picture.bytes, source_picture.length, &step, 1, &target,
                                &output, &err))) {
            hold(texts[i].name, &output);
            image_output_release(&output);
        }
    }
    sample_release(&font);
}

TEST(image_steps_measure_texts_in_proportion)
{
    struct sample file;
    struct error err;
    double width, height, twice_width, twice_height, lines_width, lines_height;
    if (!read_font(&file)) {
        return;
    }
    struct font font = {file.bytes, file.length};
    struct font_text text = {"AVA", 3, 10, 0}, twice = {"AVA", 3, 20, 0},
                     lines = {"AVA\nA", 5, 10, 0};
    if (CHECK(font_measure(&font, &text, &width, &height, &err)) &&
        CHECK(font_measure(&font, &twice, &twice_width, &twice_height, &err)) &&
        CHECK(font_measure(&font, &lines, &lines_width, &lines_height, &err))) {
        CHECK(twice_width > 1.99 * width && twice_width < 2.01 * width);
        CHECK(lines_width > 0.99 * width && lines_width < 1.01 * width);
        CHECK(lines_height > 1.99 * height && lines_height < 2.01 * height);
        /* Two pairs are kerned: less than what three letters take apart. */
        double a = 0, v = 0;
        CHECK(font_measure(&font, &(struct font_text){"A", 1, 10, 0}, &a, &height, &err));
        CHECK(font_measure(&font, &(struct font_text){"V", 1, 10, 0}, &v, &height, &err));
        CHECK(width < 2 * a + v - 0.5);
    }
    sample_release(&file);
}

TEST(image_steps_refuse_what_is_no_font)
{
    struct sample file;
    struct error err;
    if (!read_font(&file)) {
        return;
    }
    const struct {
        struct font font;
        const char *message;
    } wrong[] = {
        {{"", 0}, "font: these bytes are no TrueType or OpenType font"},
        {{"\x89PNG\r\n", 6}, "font: these bytes are no TrueType or OpenType font"},
        {{"\0\1\0\0", 4}, "font: the file is cut off"},
        {{"\0\1\0\0\0\0\0\0\0\0\0\0", 12}, "font: the file is cut off"},
        {{file.bytes, file.length / 2}, "font: the file is cut off"},
        {{file.bytes, file.length - 100}, "font: the file is cut off"},
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        check_case("%zu", i);
        if (CHECK(!font_check(&wrong[i].font, &err))) {
            CHECK_TEXT(err.message, wrong[i].message);
            CHECK_TEXT(err.code, "usage");
        }
    }
    CHECK(font_check(&(struct font){file.bytes, file.length}, &err));
    sample_release(&file);
}

struct writing {
    struct font font;
};

static bool write_text(void *context, struct error *err)
{
    const struct writing *writing = context;
    struct font_text text = {"\xc3\x84\nW", 4, 80, 1};
    struct font_mask mask;
    if (!font_draw(&writing->font, &text, 4, &mask, err)) {
        return false;
    }
    free(mask.coverage);
    return true;
}

TEST(image_steps_write_survives_every_failed_allocation)
{
    struct sample file;
    if (read_font(&file)) {
        struct writing writing = {{file.bytes, file.length}};
        allocation_check("a text", write_text, &writing);
        sample_release(&file);
    }
}

/* ---- trim ---------------------------------------------------------------------------------- */

static const struct {
    struct image_step steps[2];
    size_t count;
    int tolerance;
    struct trim_area area;
} trims[] = {
    {{{.kind = IMAGE_BORDER, .width = 7, .colour = {250, 250, 250}}}, 1, 10, {7, 7, 60, 40}},
    {{{.kind = IMAGE_BORDER, .width = 7},
      {.kind = IMAGE_CROP, .x = 3, .y = 7, .width = 64, .height = 47}},
     2,
     0,
     {4, 0, 60, 40}},
    {{{.kind = IMAGE_CROP, .x = 0, .y = 0, .width = 20, .height = 15}}, 1, 0, {0, 0, 20, 15}},
    {{{.kind = IMAGE_CROP, .x = 0, .y = 0, .width = 40, .height = 30}}, 1, 0, {0, 0, 40, 30}},
    {{{.kind = IMAGE_CROP, .x = 0, .y = 0, .width = 40, .height = 20}}, 1, 0, {30, 0, 10, 20}},
    {{{.kind = IMAGE_CROP, .x = 0, .y = 0, .width = 40, .height = 20}}, 1, 255, {0, 0, 40, 20}},
};

TEST(image_steps_find_where_the_margin_ends)
{
    struct image_limits limits;
    struct image_info info;
    struct error err = {.message = ""};
    image_limits_default(&limits);
    for (size_t i = 0; prepare() && i < COUNT(trims); i++) {
        struct trim_area area;
        check_case("%zu", i);
        if (CHECK(image_probe(source_picture.bytes, source_picture.length, &limits, &info, &err)) &&
            CHECK(trim_find(source_picture.bytes, source_picture.length, &info, &limits,
                            trims[i].steps, trims[i].count, trims[i].tolerance, &area, NULL,
                            &err))) {
            CHECK_INTEGER(area.x, trims[i].area.x);
            CHECK_INTEGER(area.y, trims[i].area.y);
            CHECK_INTEGER(area.width, trims[i].area.width);
            CHECK_INTEGER(area.height, trims[i].area.height);
        }
    }
}

/* ---- what they refuse ---------------------------------------------------------------------- */

static const struct {
    struct image_step step;
    const char *message;
} refused[] = {
    {{.kind = IMAGE_BORDER, .width = 0}, "border: its width must be 1 to 4096 pixels, not 0"},
    {{.kind = IMAGE_BORDER, .width = 4097}, "border: its width must be 1 to 4096 pixels, not 4097"},
    {{.kind = IMAGE_ROUND, .width = 0}, "round: the radius must be 1 to 2147483647 pixels, not 0"},
    {{.kind = IMAGE_PIXELATE, .width = 1025},
     "pixelate: the block must be 1 to 1024 pixels, not 1025"},
    {{.kind = IMAGE_CROP, .width = 61, .height = 1},
     "crop: 61 x 1 at 0, 0 does not lie within the picture's 60 x 40"},
};

TEST(image_steps_refuse_what_can_not_be_done)
{
    for (size_t i = 0; prepare() && i < COUNT(refused); i++) {
        for (int after = 0; after <= 1; after++) {
            struct image_target target = sample_target(0, 0, IMAGE_PNG);
            struct image_output output;
            struct error err;
            target.after = &refused[i].step;
            target.after_count = after != 0 ? 1 : 0;
            check_case("%s, %s", refused[i].message, after != 0 ? "after" : "before");
            if (CHECK(!sample_render(source_picture.bytes, source_picture.length, &refused[i].step,
                                     after != 0 ? 0 : 1, &target, &output, &err))) {
                CHECK_TEXT(err.message, refused[i].message);
                CHECK_TEXT(err.code, "usage");
            }
        }
    }
}

/* What follows the resize speaks of the target's pixels, not of the photo's. */
TEST(image_steps_after_the_resize_see_the_target)
{
    struct image_step crop = {.kind = IMAGE_CROP, .x = 10, .width = 20, .height = 20};
    struct image_target target = sample_target(30, 20, IMAGE_PNG);
    struct image_output output;
    struct error err;
    target.after = &crop;
    target.after_count = 1;
    if (prepare() && CHECK(sample_render(source_picture.bytes, source_picture.length, NULL, 0,
                                         &target, &output, &err))) {
        CHECK_INTEGER(output.width, 20);
        CHECK_INTEGER(output.height, 20);
        image_output_release(&output);
    }
    crop.width = 21;
    if (CHECK(!sample_render(source_picture.bytes, source_picture.length, NULL, 0, &target, &output,
                             &err))) {
        CHECK_TEXT(err.message, "crop: 21 x 20 at 10, 0 does not lie within the picture's 30 x 20");
    }
}

/* Where the format has no alpha, rounded corners show the background. */
TEST(image_steps_round_corners_of_a_jpeg_onto_its_background)
{
    struct image_step corners = {.kind = IMAGE_ROUND, .width = 20};
    struct image_target target = sample_target(0, 0, IMAGE_JPEG);
    struct image_output output;
    struct error err;
    memcpy(target.background, (const uint8_t[]){0, 0, 0}, 3);
    target.quality = 95;
    target.after = &corners;
    target.after_count = 1;
    if (prepare() && CHECK(sample_render(source_picture.bytes, source_picture.length, NULL, 0,
                                         &target, &output, &err))) {
        CHECK(sample_near(sample_pixel(&output, 0, 0, 0), 0x000000ff, 8));
        CHECK(sample_near(sample_pixel(&output, 0, 10, 20), 0x0000ffff, 30));
        image_output_release(&output);
    }
}

/* ---- overlays are photos, too -------------------------------------------------------------- */

static bool composite(struct image_overlay *overlay, int64_t memory, struct error *err)
{
    struct image_step step = {.kind = IMAGE_COMPOSITE, .overlay = overlay};
    struct image_target target = sample_target(0, 0, IMAGE_PNG);
    struct image_output output;
    struct image_limits limits;
    struct image_info info;
    image_limits_default(&limits);
    target.after = &step;
    target.after_count = 1;
    bool ok = image_engine_start(memory, err) &&
              image_probe(source_picture.bytes, source_picture.length, &limits, &info, err) &&
              image_render(source_picture.bytes, source_picture.length, &info, &limits, NULL, 0,
                           &target, 1, &output, NULL, err);
    if (ok) {
        image_output_release(&output);
    }
    return ok;
}

TEST(image_steps_hold_overlays_to_memory_and_damage)
{
    struct sample large = sample_bmp(4000, 4000);
    struct error err;
    if (!prepare()) {
        return;
    }
    struct image_overlay overlay = overlay_of(large.bytes, large.length);
    CHECK(composite(&overlay, INT64_C(1) << 30, &err));
    if (CHECK(!composite(&overlay, INT64_C(100) << 20, &err))) {
        CHECK_TEXT(err.code, "limit");
    }
    overlay.length /= 2;
    if (CHECK(!composite(&overlay, INT64_C(1) << 30, &err))) {
        CHECK_TEXT(err.code, "bad_image");
        CHECK(strncmp(err.message, "composite: truncated or damaged bmp", 35) == 0);
    }
    sample_release(&large);
}
