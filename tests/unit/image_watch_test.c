/*
 * image_watch_test.c - that a render keeps to what it was given: it stops when it is told to, in
 * the midst of whatever it does, and needs no more memory than it took of the budget.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bindings/image/engine.h"
#include "bindings/image/library.h"
#include "bindings/image/pixels.h"
#include "bindings/image/sized.h"
#include "tests/unit/check.h"
#include "tests/unit/image_sample.h"
#include "tests/unit/sanitized.h"

/* A photo of 12 megapixels in each format that can be written. */
enum { WIDTH = SANITIZED ? 1600 : 4000, HEIGHT = SANITIZED ? 1200 : 3000 };
static const enum image_format formats[] = {IMAGE_JPEG, IMAGE_PNG, IMAGE_WEBP, IMAGE_GIF};

static bool is_lossless;

static struct sample photo_of(enum image_format format)
{
    struct sample bmp = sample_bmp(WIDTH, HEIGHT);
    struct image_target target = sample_target(0, 0, format);
    struct image_output output = {.bytes = NULL};
    struct error err;
    target.effort = 0;
    target.lossless = is_lossless;
    if (format == IMAGE_BMP ||
        !CHECK(sample_render(bmp.bytes, bmp.length, NULL, 0, &target, &output, &err))) {
        return bmp;
    }
    sample_release(&bmp);
    return (struct sample){output.bytes, output.length};
}

/* ---- the deadline ---------------------------------------------------------------------------- */

/* The processor's time: a busy machine takes none of it. */
static int64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static bool after(void *context, struct error *err)
{
    const int64_t *deadline_us = context;
    return now_us() >= *deadline_us && !error_set(err, "deadline", "the time is up");
}

/* Microseconds after the deadline at which a render that was due `allowed_us` after its begin
 * returned; 0 when it was ready before. */
static int64_t overrun_us(const struct sample *sample, const struct image_target *target,
                          int64_t allowed_us)
{
    struct image_limits limits;
    struct image_info info;
    struct image_output output;
    struct error err;
    image_limits_default(&limits);
    if (!CHECK(image_engine_start(INT64_C(1) << 30, &err)) ||
        !CHECK(image_probe(sample->bytes, sample->length, &limits, &info, &err))) {
        return 0;
    }
    int64_t deadline_us = now_us() + allowed_us;
    struct image_control control = {.stopped = after, .context = &deadline_us};
    sample_ignore_leaks(true, target->format);
    bool ready = image_render(sample->bytes, sample->length, &info, &limits, NULL, 0, target, 1,
                              &output, &control, &err);
    sample_ignore_leaks(false, target->format);
    if (ready) {
        image_output_release(&output);
        return 0;
    }
    CHECK_TEXT(err.code, "deadline");
    return now_us() - deadline_us;
}

/* A library that can't be interrupted in one of its calls may take that long. */
static const int64_t overrun_most_us = SANITIZED ? 20000000 : 1500000;

TEST(image_render_stops_in_decode_resize_and_encode)
{
    static const int allowed_ms[] = {0, 5, 20, 60, 150};
    for (int i = 0; i < 5; i++) {
        enum image_format from = i < 4 ? formats[i] : IMAGE_BMP;
        struct sample sample = photo_of(from);
        for (int k = 0; k < 5 * 2; k++) {
            struct image_target target =
                sample_target(k % 2 == 0 ? 0 : 1000, 0, formats[(i + k) % 4]);
            check_case("%s to %s, %d ms", image_format_name(from), image_format_name(target.format),
                       allowed_ms[k / 2]);
            CHECK(overrun_us(&sample, &target, allowed_ms[k / 2] * INT64_C(1000)) <
                  overrun_most_us);
        }
        sample_release(&sample);
    }
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* A number of /proc/self/status, in kB. */
static long status_kb(const char *name)
{
    char line[256];
    long value = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) {
            value = strtol(line + strlen(name) + 1, NULL, 10);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return value;
}

/* From now on the peak is counted anew. */
static bool forget_peak(void)
{
    int file = open("/proc/self/clear_refs", O_WRONLY);
    bool ok = file >= 0 && write(file, "5", 1) == 1;
    if (file >= 0) {
        (void)close(file);
    }
    return ok;
}

struct use {
    long planned_kb, needed_kb;
};

typedef bool measure_use(const struct sample *sample, const struct image_target *targets,
                         size_t count, struct use *use);

static bool allow_damaged;
static const struct image_step *steps;
static size_t step_count;

static bool measure_render(const struct sample *sample, const struct image_target *targets,
                           size_t count, struct use *use)
{
    struct image_limits limits;
    struct image_info info;
    struct image_plan plan;
    struct image_plan_target made[8];
    struct image_output outputs[8];
    struct error err;
    image_limits_default(&limits);
    limits.allow_damaged = allow_damaged;
    if (!image_probe(sample->bytes, sample->length, &limits, &info, &err) ||
        !image_plan(&info, &limits, steps, step_count, targets, count, 1, &plan, made, &err) ||
        !forget_peak()) {
        return false;
    }
    long before_kb = status_kb("VmRSS");
    bool ok = image_render(sample->bytes, sample->length, &info, &limits, steps, step_count,
                           targets, count, outputs, NULL, &err);
    use->planned_kb = (long)(plan.memory_bytes >> 10);
    use->needed_kb = status_kb("VmHWM") - before_kb;
    for (size_t i = 0; ok && i < count; i++) {
        image_output_release(&outputs[i]);
    }
    return true; /* a damaged file needs its memory, too */
}

struct sized_work {
    const struct sample *sample;
    struct plan plan;
};

static bool make_sized(void *context, struct error *err)
{
    const struct sized_work *work = context;
    Image *image = sized_make(work->sample->bytes, work->sample->length, &work->plan, err);
    pixels_destroy(image);
    return image != NULL;
}

/* The same of a picture as an overlay gets it, in the size of the one target. */
static bool measure_sized(const struct sample *sample, const struct image_target *targets,
                          size_t count, struct use *use)
{
    struct image_limits limits;
    struct image_info info;
    struct sized_work work = {.sample = sample};
    struct error err;
    image_limits_default(&limits);
    if (count != 1 || !image_probe(sample->bytes, sample->length, &limits, &info, &err) ||
        !sized_plan(&work.plan, &info, &limits, targets->width, targets->height, IMAGE_FILL,
                    &err) ||
        !forget_peak()) {
        return false;
    }
    long before_kb = status_kb("VmRSS");
    bool ok = library_run(make_sized, &work, NULL, &err);
    use->planned_kb = (long)(work.plan.memory >> 10);
    use->needed_kb = status_kb("VmHWM") - before_kb;
    plan_release(&work.plan);
    return ok;
}

/* In a process of its own, where nothing that was freed before is used again. */
static bool measure_apart(measure_use *measure, const struct sample *sample,
                          const struct image_target *targets, size_t count, struct use *use)
{
    int ends[2];
    if (pipe(ends) != 0) {
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        struct use got = {0, 0};
        bool ok = measure(sample, targets, count, &got);
        _exit(write(ends[1], &got, sizeof got) == sizeof got && ok ? 0 : 1);
    }
    (void)close(ends[1]);
    int status = 1;
    bool ok = child > 0 && read(ends[0], use, sizeof *use) == sizeof *use &&
              waitpid(child, &status, 0) == child && status == 0;
    (void)close(ends[0]);
    return ok;
}

/* The libraries' own code and tables, read at their first use. */
enum { SLACK_KB = 4096 };

static void check_memory(const char *name, const struct sample *sample)
{
    for (int i = 0; i < 4; i++) {
        struct image_target targets[3] = {sample_target(1000, 0, formats[i]),
                                          sample_target(300, 300, formats[i]),
                                          sample_target(100, 0, formats[i])};
        struct use use;
        targets[1].fit = IMAGE_COVER;
        if (!CHECK(measure_apart(measure_render, sample, targets, 3, &use))) {
            continue;
        }
        check_case("%s to %s: %ld kB planned, %ld kB needed", name, image_format_name(formats[i]),
                   use.planned_kb, use.needed_kb);
        CHECK(use.needed_kb <= use.planned_kb + SLACK_KB);
    }
}

/* Starts the engine; skips the test where memory can't be measured. */
static bool can_measure(void)
{
    struct error err;
    if (SANITIZED || !forget_peak()) {
        check_skip("no peak of memory to be had here");
        return false;
    }
    return CHECK(image_engine_start(INT64_C(1) << 30, &err));
}

TEST(image_render_needs_no_more_memory_than_it_takes)
{
    if (!can_measure()) {
        return;
    }
    for (int i = 0; i < 5; i++) {
        enum image_format from = i < 4 ? formats[i] : IMAGE_BMP;
        struct sample sample = photo_of(from);
        check_memory(image_format_name(from), &sample);
        sample_release(&sample);
    }
}

/* What is there of it is repaired before it is decoded. */
TEST(image_render_of_damage_needs_no_more_memory_than_it_takes)
{
    if (!can_measure()) {
        return;
    }
    for (int i = 0; i < 4; i++) {
        struct sample sample = photo_of(formats[i]);
        sample.length = sample.length * 2 / 3;
        allow_damaged = true;
        check_memory(image_format_name(formats[i]), &sample);
        allow_damaged = false;
        sample_release(&sample);
    }
}

/* Of a file as large as its pixels the repaired one is, too. */
TEST(image_render_of_damaged_noise_needs_no_more_memory_than_it_takes)
{
    if (!can_measure()) {
        return;
    }
    struct sample bmp = sample_bmp(WIDTH, HEIGHT);
    uint32_t random = 1;
    for (size_t i = 54; i < bmp.length; i++) {
        random = random * 1664525 + 1013904223;
        bmp.bytes[i] = (unsigned char)(random >> 24);
    }
    struct image_target target = sample_target(0, 0, IMAGE_PNG);
    struct image_output output;
    struct error err;
    target.effort = 0;
    if (CHECK(sample_render(bmp.bytes, bmp.length, NULL, 0, &target, &output, &err))) {
        struct sample png = {output.bytes, output.length - 1000};
        struct use use;
        target = sample_target(100, 0, IMAGE_JPEG);
        allow_damaged = true;
        if (CHECK(measure_apart(measure_render, &png, &target, 1, &use))) {
            check_case("%ld kB planned, %ld kB needed", use.planned_kb, use.needed_kb);
            CHECK(use.needed_kb <= use.planned_kb);
        }
        allow_damaged = false;
        image_output_release(&output);
    }
    sample_release(&bmp);
}

/* What is cut off is decoded nevertheless. */
TEST(image_render_of_a_small_part_needs_no_more_memory_than_it_takes)
{
    static const struct image_step crop = {
        .kind = IMAGE_CROP, .x = WIDTH / 3, .y = HEIGHT / 3, .width = 400, .height = 300};
    if (!can_measure()) {
        return;
    }
    steps = &crop;
    step_count = 1;
    for (int i = 0; i < 5; i++) {
        enum image_format from = i < 4 ? formats[i] : IMAGE_BMP;
        struct sample sample = photo_of(from);
        check_memory(image_format_name(from), &sample);
        sample_release(&sample);
    }
    steps = NULL;
    step_count = 0;
}

/* A GIF's encoder compares what is shown with what was. */
TEST(image_render_of_frames_needs_no_more_memory_than_it_takes)
{
    if (!can_measure()) {
        return;
    }
    struct sample gif = sample_gif(2, 0);
    struct image_target target = sample_target(2000, 0, IMAGE_GIF);
    target.animated = target.enlarge = true;
    struct use use;
    if (CHECK(measure_apart(measure_render, &gif, &target, 1, &use))) {
        check_case("%ld kB planned, %ld kB needed", use.planned_kb, use.needed_kb);
        CHECK(use.needed_kb > 32 << 10);
        CHECK(use.needed_kb <= use.planned_kb + SLACK_KB);
    }
    sample_release(&gif);
}

TEST(image_overlays_need_no_more_memory_than_is_counted)
{
    static const int sides[] = {20, 600, WIDTH};
    if (!can_measure()) {
        return;
    }
    for (int i = 0; i < 4; i++) {
        enum image_format from = i < 3 ? formats[i] : IMAGE_WEBP;
        is_lossless = i == 3;
        struct sample sample = photo_of(from);
        is_lossless = false;
        for (int k = 0; k < 3; k++) {
            struct image_target target = sample_target(sides[k], sides[k] * 3 / 4, IMAGE_PNG);
            struct use use;
            if (!CHECK(measure_apart(measure_sized, &sample, &target, 1, &use))) {
                continue;
            }
            check_case("%s in %d pixels: %ld kB planned, %ld kB needed", image_format_name(from),
                       sides[k], use.planned_kb, use.needed_kb);
            CHECK(use.needed_kb <= use.planned_kb);
        }
        sample_release(&sample);
    }
}

TEST(image_render_of_the_corpus_needs_no_more_memory_than_it_takes)
{
    static const char *const names[] = {
        "photos/photo_6mp.jpg",       "photos/iphone_8mp.jpg",
        "photos/icc_profile_big.jpg", "photos/cmyk_with_profile.jpg",
        "photos/rgba_paper.png",      "photos/16bit_grey_alpha.png",
        "photos/photo.webp",          "photos/alpha.webp",
        "animated/loop3.webp",        "animated/rotating_squares.gif",
        "broken/truncated.jpg",       "broken/truncated.png",
    };
    struct error err;
    if (SANITIZED || !forget_peak() || !sample_corpus_present()) {
        check_skip("no ../shared/corpus, or no peak of memory to be had here");
        return;
    }
    if (!CHECK(image_engine_start(INT64_C(1) << 30, &err))) {
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct sample sample = sample_corpus(names[i]);
        check_memory(names[i], &sample);
        sample_release(&sample);
    }
}
