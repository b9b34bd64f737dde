/*
 * image_lane_test.c - the short way for photos gives the pictures of the long one, fails as it
 * does, and its arithmetic is what it says.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bindings/image/lane/lane.h"
#include "bindings/image/lane/lane_kernel.h"
#include "bindings/image/library.h"
#include "bindings/image/pixels.h"
#include "bindings/image/lane/planes.h"
#include "tests/unit/allocation.h"
#include "tests/unit/check.h"
#include "tests/unit/image_sample.h"

/* ---- photos made here ------------------------------------------------------------------------ */

struct photo {
    int width, height;
    const char *sampling; /* of the brightness, then of the colours */
    bool grey, progressive;
    struct sample made;
};

/* Waves of many lengths in brightness, and of long ones in colours: the two ways enlarge colours
 * that are stored at half of their size in different manners. */
static PixelPacket colour_at(int x, int y)
{
    PixelPacket pixel = {.opacity = OpaqueOpacity};
    double light = 0.5 + 0.15 * sin(x * x / 3000.0 + y / 9.0);
    pixel.red = (Quantum)((light + 0.2 * sin(x / 31.0)) * MaxRGB);
    pixel.green = (Quantum)((light + 0.2 * cos(y / 37.0)) * MaxRGB);
    pixel.blue = (Quantum)((light - 0.2 * cos((x + y) / 43.0)) * MaxRGB);
    return pixel;
}

static void draw(Image *image, bool grey)
{
    PixelPacket *pixels = GetImagePixels(image, 0, 0, image->columns, image->rows);
    for (int y = 0; y < (int)image->rows; y++) {
        for (int x = 0; x < (int)image->columns; x++, pixels++) {
            *pixels = colour_at(x, y);
            if (grey) {
                pixels->red = pixels->blue = pixels->green;
            }
        }
    }
    (void)SyncImagePixels(image);
}

/* Inside library_run(). */
static bool make_photo(void *context, struct error *err)
{
    struct photo *photo = context;
    Image *image = pixels_new(photo->width, photo->height, (PixelPacket){.opacity = 0}, err);
    if (image == NULL) {
        return false;
    }
    draw(image, photo->grey);
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    ImageInfo *info = CloneImageInfo(NULL);
    (void)strcpy(info->filename, "JPEG:photo");
    (void)strcpy(info->magick, "JPEG");
    (void)strcpy(image->magick, "JPEG");
    (void)CloneString(&info->sampling_factor, photo->sampling);
    info->quality = 96;
    info->interlace = photo->progressive ? LineInterlace : NoInterlace;
    photo->made.bytes = ImageToBlob(info, image, &photo->made.length, &exception);
    DestroyImageInfo(info);
    DestroyExceptionInfo(&exception);
    pixels_destroy(image);
    return photo->made.bytes != NULL;
}

/* With an EXIF orientation. */
static struct sample photo_of(struct photo photo, int orientation)
{
    struct error err;
    struct sample sample = {NULL, 0};
    if (!CHECK(image_engine_start(INT64_C(1) << 30, &err) &&
               library_run(make_photo, &photo, NULL, &err))) {
        return sample;
    }
    unsigned char exif[] = "\xff\xe1\0\x22"
                           "Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x00\0\0"
                           "\0\0\0";
    exif[29] = (unsigned char)orientation;
    sample.length = photo.made.length + 36;
    sample.bytes = malloc(sample.length);
    if (sample.bytes != NULL) {
        memcpy(sample.bytes, photo.made.bytes, 2);
        memcpy(sample.bytes + 2, exif, 36);
        memcpy(sample.bytes + 38, photo.made.bytes + 2, photo.made.length - 2);
    }
    free(photo.made.bytes);
    return sample;
}

/* ---- the same pictures ----------------------------------------------------------------------- */

/* The photo at full size, upright, and without loss: turned twice by half, which only the long way
 * can do. */
static bool decode_long(const struct sample *sample, struct image_output *output)
{
    static const struct image_step steps[] = {{.kind = IMAGE_ROTATE, .angle = 180},
                                              {.kind = IMAGE_ROTATE, .angle = 180}};
    struct image_target target = sample_target(0, 0, IMAGE_PNG);
    struct error err;
    return CHECK(sample_render(sample->bytes, sample->length, steps, 2, &target, output, &err));
}

static void check_same(const struct sample *sample, const struct image_output *decoded,
                       const struct image_target *target, double most)
{
    struct image_output ours, theirs;
    struct error err = {.message = ""};
    if (!CHECK(sample_render(sample->bytes, sample->length, NULL, 0, target, &ours, &err))) {
        (void)printf("    %s\n", err.message);
        return;
    }
    if (CHECK(sample_render(decoded->bytes, decoded->length, NULL, 0, target, &theirs, &err))) {
        CHECK_INTEGER(ours.width, theirs.width);
        CHECK_INTEGER(ours.height, theirs.height);
        double difference = sample_difference(&ours, &theirs);
        if (!CHECK(difference <= most)) {
            (void)printf("    mean difference %.2f\n", difference);
        }
        image_output_release(&theirs);
    }
    image_output_release(&ours);
}

TEST(image_lane_gives_the_pictures_of_the_long_way)
{
    static const struct photo photos[] = {
        {400, 300, "2x2,1x1,1x1"},
        {401, 299, "2x2,1x1,1x1"},
        {399, 301, "2x1,1x1,1x1"},
        {401, 301, "1x1,1x1,1x1"},
        {403, 301, "1x2,1x1,1x1"},
        {403, 301, "4x1,1x1,1x1"},
        {403, 301, "1x4,1x1,1x1"},
        {403, 301, "1x1,2x2,2x2"},
        {403, 301, "2x2,2x1,1x1"},
        {403, 301, "2x2,1x1,1x2"},
        {401, 301, "1x1,1x1,1x1", .grey = true},
        {401, 301, "2x2,1x1,1x1", .progressive = true},
    };
    static const struct image_target targets[] = {
        {.width = 97},
        {.width = 200, .height = 150, .quality = 95},
        {.width = 61, .height = 33, .fit = IMAGE_COVER},
        {.width = 33, .height = 61, .fit = IMAGE_COVER, .gravity = IMAGE_NORTHEAST},
        {.width = 90, .height = 91, .fit = IMAGE_CONTAIN, .quality = 92},
        {.width = 75, .height = 120, .fit = IMAGE_FILL, .filter = IMAGE_MITCHELL},
        {.width = 0},
        {.width = 500, .enlarge = true, .filter = IMAGE_TRIANGLE},
        {.width = 120, .format = IMAGE_PNG},
        {.width = 121, .format = IMAGE_WEBP, .quality = 95, .effort = IMAGE_DEFAULT_EFFORT},
        {.width = 1, .height = 1, .fit = IMAGE_FILL, .format = IMAGE_PNG},
    };
    for (size_t i = 0; i < sizeof photos / sizeof photos[0]; i++) {
        struct sample sample = photo_of(photos[i], 1);
        struct image_output decoded;
        if (!decode_long(&sample, &decoded)) {
            sample_release(&sample);
            continue;
        }
        for (size_t k = 0; k < sizeof targets / sizeof targets[0]; k++) {
            check_case("%s%s, target %zu", photos[i].sampling, photos[i].grey ? " grey" : "", k);
            struct image_target target = targets[k];
            target.format = target.format == IMAGE_UNKNOWN ? IMAGE_JPEG : target.format;
            check_same(&sample, &decoded, &target, 2.2);
        }
        image_output_release(&decoded);
        sample_release(&sample);
    }
}

TEST(image_lane_turns_as_the_long_way_does)
{
    for (int orientation = 1; orientation <= 8; orientation++) {
        struct photo photo = {301, 203, "2x2,1x1,1x1"};
        struct sample sample = photo_of(photo, orientation);
        struct image_output decoded;
        if (!decode_long(&sample, &decoded)) {
            sample_release(&sample);
            continue;
        }
        for (int width = 59; width <= 62; width++) {
            check_case("orientation %d, width %d", orientation, width);
            struct image_target target = sample_target(width, 0, IMAGE_JPEG);
            check_same(&sample, &decoded, &target, 2.2);
            target = sample_target(width, 47, IMAGE_JPEG);
            target.fit = IMAGE_COVER;
            target.gravity = IMAGE_SOUTHEAST;
            check_same(&sample, &decoded, &target, 2.2);
        }
        image_output_release(&decoded);
        sample_release(&sample);
    }
}

/* ---- what goes wrong ------------------------------------------------------------------------- */

TEST(image_lane_says_what_is_damaged)
{
    struct photo photo = {300, 200, "2x2,1x1,1x1"};
    for (int progressive = 0; progressive < 2; progressive++) {
        photo.progressive = progressive != 0;
        struct sample sample = photo_of(photo, 1);
        struct image_target target = sample_target(100, 0, IMAGE_JPEG);
        for (size_t cut = 1; cut < 10; cut++) {
            check_case("%s, cut at %zu tenths", progressive ? "progressive" : "baseline", cut);
            struct image_output output;
            struct error err = {.code = ""};
            CHECK(!sample_render(sample.bytes, sample.length * cut / 10, NULL, 0, &target, &output,
                                 &err));
            CHECK_TEXT(err.code, "bad_image");
            CHECK(strstr(err.message, "truncated or damaged jpeg") != NULL);
        }
        sample_release(&sample);
    }
}

/* A file of which this many segments stand before its last scan. */
static struct sample with_segments(const struct sample *photo, size_t count)
{
    static const unsigned char segment[] = {0xff, 0xe5, 0, 3, 'x'};
    size_t at = photo->length - 2, inserted = count * sizeof segment;
    while (at > 0 && memcmp(photo->bytes + at, "\xff\xda", 2) != 0) {
        at--;
    }
    struct sample made = {malloc(photo->length + inserted), photo->length + inserted};
    if (CHECK(made.bytes != NULL)) {
        memcpy(made.bytes, photo->bytes, at);
        for (size_t i = 0; i < count; i++) {
            memcpy(made.bytes + at + i * sizeof segment, segment, sizeof segment);
        }
        memcpy(made.bytes + at + inserted, photo->bytes + at, photo->length - at);
    }
    return made;
}

/* libjpeg walks along all that it has kept for each that it keeps: half a minute for so many. */
TEST(image_lane_keeps_no_segment_from_between_scans)
{
    struct photo photo = {100, 80, "2x2,1x1,1x1", .progressive = true};
    struct sample sample = photo_of(photo, 1), made = with_segments(&sample, 200000);
    struct image_target target = sample_target(50, 0, IMAGE_JPEG);
    struct image_output output;
    struct error err;
    clock_t began = clock();
    if (CHECK(sample_render(made.bytes, made.length, NULL, 0, &target, &output, &err))) {
        image_output_release(&output);
    }
    CHECK(clock() - began < 5 * CLOCKS_PER_SEC);
    sample_release(&made);
    sample_release(&sample);
}

static bool encode(void *context, size_t item, struct planes *made, struct error *err)
{
    const struct plan *plan = context;
    struct metadata none = {.copyright = ""};
    struct image_output output;
    bool ok = lane_encode(made, &plan->items[item].target, &none, &output, err);
    planes_release(made);
    if (ok) {
        image_output_release(&output);
    }
    return ok;
}

/* All that is ours: what the library has when it gives up is lost, by contract. */
static bool make_two(void *context, struct error *err)
{
    const struct sample *sample = context;
    const struct lane_photo photo = {.bytes = sample->bytes, .length = sample->length};
    struct image_limits limits;
    struct image_info info;
    struct plan plan;
    struct image_target targets[] = {sample_target(200, 0, IMAGE_JPEG),
                                     sample_target(60, 0, IMAGE_JPEG)};
    image_limits_default(&limits);
    if (!image_probe(sample->bytes, sample->length, &limits, &info, err) ||
        !plan_make(&plan, &info, &limits, NULL, 0, targets, 2, 1, err)) {
        return false;
    }
    CHECK(plan.lane);
    bool ok = lane_make(&photo, &plan, NULL, encode, &plan, err);
    plan_release(&plan);
    return ok;
}

TEST(image_lane_survives_failing_allocations)
{
    struct photo photo = {300, 200, "2x2,1x1,1x1"};
    struct sample sample = photo_of(photo, 6);
    allocation_check("two targets of a jpeg", make_two, &sample);
    sample_release(&sample);
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

static unsigned next(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

enum { LENGTH = 67, ROWS = 6 };

static void check_down(const struct lane_kernel *kernel)
{
    uint8_t samples[ROWS][LENGTH + LANE_SPARE];
    const uint8_t *rows[ROWS];
    int16_t made[LENGTH + LANE_SPARE];
    static const int16_t weights[ROWS] = {-900, 3000, 9000, 6500, -1500, 284};
    unsigned state = 1;
    for (int y = 0; y < ROWS; y++) {
        rows[y] = samples[y];
        for (int x = 0; x < LENGTH + LANE_SPARE; x++) {
            samples[y][x] = (uint8_t)(x % 7 == 0 ? 255 * (y & 1) : next(&state));
        }
    }
    kernel->down(made, rows, weights, ROWS, LENGTH);
    for (int x = 0; x < LENGTH; x++) {
        long sum = 128;
        for (int y = 0; y < ROWS; y++) {
            sum += (long)samples[y][x] * weights[y];
        }
        check_case("column %d", x);
        CHECK_INTEGER(made[x], sum >> 8);
    }
}

static void check_across(const struct lane_kernel *kernel)
{
    enum { OUTPUTS = 12, MOST = 32 };
    int16_t line[LENGTH + MOST + LANE_SPARE], weights[OUTPUTS * MOST];
    int32_t first[OUTPUTS];
    uint8_t made[OUTPUTS];
    unsigned state = 1;
    for (int i = 0; i < LENGTH + MOST + LANE_SPARE; i++) {
        line[i] = (int16_t)((int)(next(&state) % 20000) - 2000);
    }
    for (int i = 0; i < OUTPUTS * MOST; i++) {
        weights[i] = (int16_t)((int)(next(&state) % 6000) - 2400);
    }
    static const int strides[] = {LANE_TAPS, 2 * LANE_TAPS, 4 * LANE_TAPS};
    for (int n = 0; n < 3; n++) {
        int stride = strides[n];
        for (int i = 0; i < OUTPUTS; i++) {
            first[i] = 5 * i;
        }
        kernel->across(made, line, first, weights, stride, OUTPUTS);
        for (int i = 0; i < OUTPUTS; i++) {
            long sum = 1L << 19;
            for (int t = 0; t < stride; t++) {
                sum += (long)line[first[i] + t] * weights[i * stride + t];
            }
            sum >>= 20;
            check_case("%d weights, output %d", stride, i);
            CHECK_INTEGER(made[i], sum < 0 ? 0 : sum > 255 ? 255 : sum);
        }
    }
}

TEST(image_lane_adds_up_on_any_processor)
{
    check_down(&lane_kernel_plain);
    check_across(&lane_kernel_plain);
    check_down(lane_kernel_best());
    check_across(lane_kernel_best());
}

TEST(image_lane_halves_colours)
{
    struct planes_layout layout = {PLANES_YCC, 5, 3, false, 1};
    struct planes planes, halved;
    struct error err;
    if (!CHECK(planes_make(&planes, &layout, &err))) {
        return;
    }
    for (int64_t y = 0; y < 3; y++) {
        for (int64_t x = 0; x < 5; x++) {
            for (int i = 0; i < 3; i++) {
                planes.plane[i].samples[y * planes.plane[i].stride + x] = (uint8_t)(40 * y + 4 * x);
            }
        }
        for (int i = 0; i < 3; i++) {
            planes_pad(&planes.plane[i], y);
        }
    }
    if (CHECK(planes_halve(&planes, &halved, &err))) {
        const struct plane *colour = &halved.plane[1];
        static const int wanted[2][3] = {{22, 30, 36}, {82, 90, 96}};
        CHECK_INTEGER(colour->width, 3);
        CHECK_INTEGER(colour->height, 2);
        for (int64_t y = 0; y < 2; y++) {
            for (int64_t x = 0; x < 3; x++) {
                CHECK_INTEGER(colour->samples[y * colour->stride + x], wanted[y][x]);
            }
        }
        planes_release(&halved);
    }
    planes_release(&planes);
}
