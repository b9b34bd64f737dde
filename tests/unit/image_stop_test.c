/*
 * image_stop_test.c - that a render may be stopped at every question that it asks: it then fails
 * with what it was told, and never goes on with a picture that is done in part.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/image/engine.h"
#include "tests/unit/allocation.h"
#include "tests/unit/check.h"
#include "tests/unit/image_sample.h"

/* Pictures of no more than 200 rows are asked about at every row of every operation. */
enum { SIDE = 20, SMALL = 9, QUESTIONS_MAX = 20000 };

/* ---- pictures -------------------------------------------------------------------------------- */

/* More colours than a palette holds, or few, or grey ones. */
enum look { MANY_COLOURS, FEW_COLOURS, GREY };

static struct sample bmp_of(enum look look)
{
    struct sample sample = sample_bmp(SIDE, SIDE);
    for (int i = 0; look != FEW_COLOURS && i < SIDE * SIDE; i++) {
        unsigned char *pixel = sample.bytes + 54 + (size_t)3 * (size_t)i;
        pixel[0] = (unsigned char)(i / SIDE * 10);
        pixel[1] = look == GREY ? pixel[0] : (unsigned char)(i % SIDE * 10);
        pixel[2] = look == GREY ? pixel[0] : (unsigned char)(i * 7);
    }
    return sample;
}

/* Steps that give a picture transparent corners. */
static const struct image_step rounded = {.kind = IMAGE_ROUND, .width = 8};

static struct sample sample_of(enum image_format format, enum look look, bool alpha)
{
    struct sample bmp = bmp_of(look);
    struct image_target target = sample_target(0, 0, format);
    struct image_output output = {.bytes = NULL};
    struct error err;
    if (format == IMAGE_BMP) {
        return bmp;
    }
    if (!CHECK(sample_render(bmp.bytes, bmp.length, &rounded, alpha ? 1 : 0, &target, &output,
                             &err))) {
        return bmp;
    }
    sample_release(&bmp);
    return (struct sample){output.bytes, output.length};
}

/* ---- stopping -------------------------------------------------------------------------------- */

struct questions {
    long asked, allowed; /* from the question after that on: stop */
};

static bool stop_after(void *context, struct error *err)
{
    struct questions *questions = context;
    return ++questions->asked > questions->allowed && !error_set(err, "deadline", "time is up");
}

struct work {
    const struct sample *sample;
    const struct image_step *steps;
    size_t step_count;
    const struct image_target *target;
};

/* False: stopped, as it should be. */
static bool render(const struct work *work, struct questions *questions)
{
    struct image_limits limits;
    struct image_info info;
    struct image_output output;
    struct error err = {.code = ""};
    const struct image_control control = {.stopped = stop_after, .context = questions};
    image_limits_default(&limits);
    if (!CHECK(image_engine_start(INT64_C(1) << 30, &err)) ||
        !CHECK(image_probe(work->sample->bytes, work->sample->length, &limits, &info, &err))) {
        return true;
    }
    sample_ignore_leaks(true, work->target->format);
    bool ready =
        image_render(work->sample->bytes, work->sample->length, &info, &limits, work->steps,
                     work->step_count, work->target, 1, &output, &control, &err);
    sample_ignore_leaks(false, work->target->format);
    if (ready) {
        CHECK(questions->asked <= questions->allowed); /* else something didn't listen */
        image_output_release(&output);
        return true;
    }
    return !CHECK_TEXT(err.code, "deadline");
}

/* `stride` leaves out questions of a render that asks too many. */
static void stop_everywhere(const char *name, const struct work *work, long stride)
{
    bool ready = false;
    long allowed = 0;
    for (; !ready && allowed < QUESTIONS_MAX; allowed += stride) {
        struct questions questions = {.asked = 0, .allowed = allowed};
        check_case("%s to %s %ld, stopped after %ld questions", name,
                   image_format_name(work->target->format), (long)work->target->width, allowed);
        ready = render(work, &questions);
    }
    CHECK(ready);
    CHECK(allowed > 2 * stride); /* else nothing was tested */
}

static void stop_all_formats(const char *name, const struct sample *sample,
                             const struct image_step *steps, size_t step_count)
{
    static const enum image_format formats[] = {IMAGE_JPEG, IMAGE_PNG, IMAGE_WEBP, IMAGE_GIF};
    for (int i = 0; i < 4 * 2; i++) {
        struct image_target target = sample_target(i < 4 ? 0 : SMALL, 0, formats[i % 4]);
        const struct work work = {sample, steps, step_count, &target};
        stop_everywhere(name, &work, 1);
    }
}

TEST(image_render_stops_at_every_question)
{
    static const struct {
        const char *name;
        enum image_format format;
        enum look look;
        bool alpha;
    } cases[] = {
        {"jpeg", IMAGE_JPEG, MANY_COLOURS, false},
        {"grey jpeg", IMAGE_JPEG, GREY, false},
        {"png", IMAGE_PNG, MANY_COLOURS, false},
        {"png with alpha", IMAGE_PNG, MANY_COLOURS, true},
        {"palette png", IMAGE_PNG, FEW_COLOURS, false},
        {"grey png", IMAGE_PNG, GREY, false},
        {"grey png with alpha", IMAGE_PNG, GREY, true},
        {"webp", IMAGE_WEBP, MANY_COLOURS, false},
        {"webp with alpha", IMAGE_WEBP, MANY_COLOURS, true},
        {"gif", IMAGE_GIF, MANY_COLOURS, false},
        {"gif with alpha", IMAGE_GIF, FEW_COLOURS, true},
        {"grey gif", IMAGE_GIF, GREY, false},
        {"bmp", IMAGE_BMP, MANY_COLOURS, false},
        {"grey bmp", IMAGE_BMP, GREY, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sample sample = sample_of(cases[i].format, cases[i].look, cases[i].alpha);
        stop_all_formats(cases[i].name, &sample, NULL, 0);
        sample_release(&sample);
    }
}

TEST(image_animation_stops_at_every_question)
{
    for (int disposal = 1; disposal <= 3; disposal++) {
        struct sample gif = sample_gif(disposal, 0);
        for (int side = 0; side <= 5; side += 5) {
            struct image_target target = sample_target(side, side, IMAGE_GIF);
            const struct work work = {&gif, NULL, 0, &target};
            target.animated = true;
            stop_everywhere("animated gif", &work, 1);
        }
        sample_release(&gif);
    }
}

TEST(image_steps_stop_at_every_question)
{
    static const struct image_step steps[] = {
        {.kind = IMAGE_CROP, .x = 1, .y = 1, .width = 16, .height = 16},
        {.kind = IMAGE_ROTATE, .angle = 90},
        {.kind = IMAGE_ROTATE, .angle = 180},
        {.kind = IMAGE_FLIP},
        {.kind = IMAGE_FLOP},
        {.kind = IMAGE_GRAYSCALE},
        {.kind = IMAGE_BLUR, .sigma = 2},
        {.kind = IMAGE_SHARPEN, .sigma = 1},
        {.kind = IMAGE_PIXELATE, .width = 5, .height = 5},
        {.kind = IMAGE_SEPIA},
        {.kind = IMAGE_TINT, .colour = {255, 128, 0}},
        {.kind = IMAGE_BORDER, .width = 2, .height = 2},
        {.kind = IMAGE_ROUND, .width = 5},
    };
    for (int alpha = 0; alpha <= 1; alpha++) {
        struct sample sample = sample_of(IMAGE_PNG, MANY_COLOURS, alpha == 1);
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
            struct image_target target = sample_target(SMALL, 0, IMAGE_PNG);
            const struct work work = {&sample, &steps[i], 1, &target};
            char name[64];
            (void)snprintf(name, sizeof name, "step %zu, alpha %d", i, alpha);
            stop_everywhere(name, &work, 1);
        }
        sample_release(&sample);
    }
}

TEST(image_render_of_the_corpus_stops_at_many_questions)
{
    static const char *const names[] = {
        "photos/cmyk_with_profile.jpg", "photos/icc_profile_big.jpg",
        "photos/16bit_grey_alpha.png",  "photos/alpha.webp",
        "animated/loop3.webp",          "animated/rotating_squares.gif",
    };
    if (!sample_corpus_present()) {
        check_skip("no ../shared/corpus");
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct sample sample = sample_corpus(names[i]);
        struct image_target target = sample_target(200, 0, IMAGE_GIF);
        const struct work work = {&sample, NULL, 0, &target};
        stop_everywhere(names[i], &work, 5);
        sample_release(&sample);
    }
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* Whether it came to the n-th of the allocations that hold a picture's pixels or indices. Those
 * that are smaller end the library's work as a whole; it goes on when one of these fails. */
static bool starve(const struct sample *sample, const struct image_target *target, long n)
{
    enum { PIXELS_BYTES = 8 << 20 };
    struct image_output output;
    struct error err = {.code = ""};
    allocation_fail_large(n, PIXELS_BYTES);
    bool ready = sample_render(sample->bytes, sample->length, NULL, 0, target, &output, &err);
    bool reached = allocation_has_failed();
    allocation_fail(0);
    CHECK(ready != reached);
    if (ready) {
        image_output_release(&output);
    } else {
        CHECK_TEXT(err.code, "memory");
    }
    return reached;
}

TEST(image_render_without_memory_for_its_pixels)
{
    static const enum image_format formats[] = {IMAGE_JPEG, IMAGE_PNG, IMAGE_WEBP, IMAGE_GIF};
    /* Two bytes of an index for each pixel are as much. */
    struct sample bmp = sample_bmp(2048, 2080);
    for (int i = 0; i < 4; i++) {
        struct image_target target = sample_target(0, 0, formats[i]);
        long n = 1;
        do {
            check_case("bmp to %s, large allocation %ld", image_format_name(formats[i]), n);
        } while (starve(&bmp, &target, n++));
        CHECK(n > 2);
    }
    sample_release(&bmp);
}
