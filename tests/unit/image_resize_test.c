/*
 * image_resize_test.c - the resize against arithmetic in double precision that is as plain as can
 * be, every filter; and its turns and cuts against those of the library.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bindings/image/filter.h"
#include "bindings/image/library.h"
#include "bindings/image/orient.h"
#include "bindings/image/resize.h"
#include "tests/unit/check.h"
#include "tests/unit/image_sample.h"

#define PI 3.14159265358979323846

/* ---- what it should be ----------------------------------------------------------------------- */

struct plane {
    int width, height;
    double *values; /* 4 a pixel: red, green, blue times alpha, and alpha; all 0 to 1 */
};

static struct plane new_plane(int width, int height)
{
    struct plane plane = {width, height,
                          calloc((size_t)width * (size_t)height * 4, sizeof(double))};
    if (plane.values == NULL) {
        abort();
    }
    return plane;
}

static double *at(const struct plane *plane, int x, int y)
{
    return plane->values + ((ptrdiff_t)y * plane->width + x) * 4;
}

static double expected_lanczos(double x)
{
    x = fabs(x);
    return x < 1e-9 ? 1 : x >= 3 ? 0 : 3 * sin(PI * x) * sin(PI * x / 3) / (PI * PI * x * x);
}

static double expected_mitchell(double x)
{
    x = fabs(x);
    return x >= 2  ? 0
           : x < 1 ? (21 * x * x * x - 36 * x * x + 16) / 18
                   : (-7 * x * x * x + 36 * x * x - 60 * x + 32) / 18;
}

static double expected_catrom(double x)
{
    x = fabs(x);
    return x >= 2  ? 0
           : x < 1 ? 1.5 * x * x * x - 2.5 * x * x + 1
                   : -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2;
}

static double expected_triangle(double x)
{
    return fabs(x) < 1 ? 1 - fabs(x) : 0;
}

static double expected_box(double x)
{
    return x > -0.5 && x <= 0.5;
}

static const struct expected_filter {
    const char *name;
    enum image_filter filter;
    double (*weight)(double x);
} filters[] = {
    {"lanczos", IMAGE_LANCZOS, expected_lanczos},
    {"mitchell", IMAGE_MITCHELL, expected_mitchell},
    {"catrom", IMAGE_CATROM, expected_catrom},
    {"triangle", IMAGE_TRIANGLE, expected_triangle},
    {"box", IMAGE_BOX, expected_box},
    {"nearest", IMAGE_NEAREST, NULL},
};
enum { FILTERS = sizeof filters / sizeof filters[0] };

/* Of every input, however far away, for output i of an axis that goes from `from` to `to`. An axis
 * that keeps its size is not filtered, though Mitchell's would blur it. */
static void expected_weights(const struct expected_filter *filter, int from, int to, int i,
                             double *weights)
{
    double scale = (double)from / to, stretch = scale > 1 ? scale : 1, total = 0;
    double centre = (i + 0.5) * scale;
    for (int k = 0; k < from; k++) {
        bool one = filter->weight == NULL || from == to;
        weights[k] = one ? k == (int)floor(centre) : filter->weight((k + 0.5 - centre) / stretch);
        total += weights[k];
    }
    for (int k = 0; k < from; k++) {
        weights[k] /= total;
    }
}

/* The inputs are those at `from`, `step` doubles apart; outputs likewise. */
static void expected_axis(const struct expected_filter *filter, const double *from, int from_count,
                          ptrdiff_t from_step, double *to, int to_count, ptrdiff_t to_step)
{
    double *weights = calloc((size_t)from_count, sizeof *weights);
    for (int i = 0; weights != NULL && i < to_count; i++) {
        expected_weights(filter, from_count, to_count, i, weights);
        for (int channel = 0; channel < 4; channel++) {
            double sum = 0;
            for (int k = 0; k < from_count; k++) {
                sum += weights[k] * from[k * from_step + channel];
            }
            to[i * to_step + channel] = sum;
        }
    }
    free(weights);
}

static struct plane expected_resize(const struct expected_filter *filter,
                                    const struct plane *source, int width, int height)
{
    struct plane across = new_plane(width, source->height), result = new_plane(width, height);
    for (int y = 0; y < source->height; y++) {
        expected_axis(filter, at(source, 0, y), source->width, 4, at(&across, 0, y), width, 4);
    }
    for (int x = 0; x < width; x++) {
        expected_axis(filter, at(&across, x, 0), source->height, (ptrdiff_t)width * 4,
                      at(&result, x, 0), height, (ptrdiff_t)width * 4);
    }
    free(across.values);
    return result;
}

/* ---- what it is ------------------------------------------------------------------------------ */

/* Noise, the same each time, with edges of full contrast: where filters overshoot. */
static Quantum noise(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    unsigned value = *state >> 16;
    return value % 4 == 0 ? 0 : value % 4 == 1 ? MaxRGB : ScaleShortToQuantum(value & 0xffff);
}

static Image *noise_image(int width, int height, bool alpha)
{
    struct error err;
    Image *image = pixels_new(width, height, (PixelPacket){.opacity = OpaqueOpacity}, &err);
    unsigned state = (unsigned)(width * 1000 + height);
    PixelPacket *pixels = SetImagePixels(image, 0, 0, image->columns, image->rows);
    for (int i = 0; i < width * height; i++) {
        pixels[i].red = noise(&state);
        pixels[i].green = noise(&state);
        pixels[i].blue = noise(&state);
        pixels[i].opacity = alpha ? noise(&state) : OpaqueOpacity;
    }
    image->matte = alpha;
    CHECK(SyncImagePixels(image));
    return image;
}

static struct plane plane_of(const Image *image)
{
    struct plane plane = new_plane((int)image->columns, (int)image->rows);
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    for (int y = 0; y < plane.height; y++) {
        const PixelPacket *pixels = AcquireImagePixels(image, 0, y, image->columns, 1, &exception);
        for (int x = 0; x < plane.width; x++) {
            double alpha = image->matte ? 1 - (double)pixels[x].opacity / MaxRGB : 1;
            double *value = at(&plane, x, y);
            value[0] = alpha * pixels[x].red / MaxRGB;
            value[1] = alpha * pixels[x].green / MaxRGB;
            value[2] = alpha * pixels[x].blue / MaxRGB;
            value[3] = alpha;
        }
    }
    DestroyExceptionInfo(&exception);
    return plane;
}

static double within(double value, double most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

/* The largest difference of a channel, 1 being from black to white. What is over the range in
 * `expected` must have been cut off: alpha to 0 .. 1, colours to what alpha allows. */
static double difference(const struct plane *expected, const struct plane *got)
{
    double most = 0;
    for (int i = 0; i < expected->width * expected->height * 4; i++) {
        const double *pixel = expected->values + i / 4 * 4;
        double alpha = within(pixel[3], 1);
        double value = i % 4 == 3 ? alpha : within(pixel[i % 4], alpha);
        double off = fabs(value - got->values[i]);
        most = off > most ? off : most;
    }
    return most;
}

static Image *resized(const Image *image, const struct expected_filter *filter, int width,
                      int height)
{
    struct resize resize = {.width = width,
                            .height = height,
                            .part = {0, 0, width, height},
                            .orientation = 1,
                            .filter = filter->filter};
    struct error err = {.code = "", .message = ""};
    Image *made = resize_image(image, &resize, &err);
    CHECK_TEXT(err.message, "");
    return made;
}

/* 16 bits a channel, and half of one for rounding: far below 1 of 255. */
#define TOLERANCE (2.0 / 65535)

static void check_resize(const struct expected_filter *filter, const int sizes[4], bool alpha)
{
    check_case("%s, %d x %d to %d x %d%s", filter->name, sizes[0], sizes[1], sizes[2], sizes[3],
               alpha ? ", alpha" : "");
    Image *image = noise_image(sizes[0], sizes[1], alpha);
    struct plane source = plane_of(image);
    struct plane expected = expected_resize(filter, &source, sizes[2], sizes[3]);
    Image *made = resized(image, filter, sizes[2], sizes[3]);
    if (made != NULL && CHECK_INTEGER((int)made->columns, sizes[2]) &&
        CHECK_INTEGER((int)made->rows, sizes[3])) {
        struct plane got = plane_of(made);
        double off = difference(&expected, &got);
        if (!CHECK(off <= TOLERANCE)) {
            (void)printf("    differs by %.4g of 255\n", off * 255);
        }
        free(got.values);
    }
    pixels_destroy(made);
    pixels_destroy(image);
    free(source.values);
    free(expected.values);
}

static bool check_sizes(void *context, struct error *err)
{
    static const int rows[][4] = {
        {64, 48, 64, 48},   {64, 48, 63, 47}, {64, 48, 32, 24}, {64, 48, 16, 12}, {61, 43, 17, 5},
        {128, 64, 2, 1},    {128, 96, 9, 96}, {96, 128, 96, 9}, {31, 17, 32, 18}, {12, 9, 48, 36},
        {2, 3, 128, 96},    {5, 7, 7, 5},     {1, 1, 1, 1},     {1, 1, 9, 5},     {1, 64, 1, 5},
        {64, 1, 5, 1},      {1, 64, 7, 64},   {7, 1, 21, 3},    {256, 4, 4, 4},   {3, 3, 2, 2},
        {400, 300, 99, 75}, {320, 7, 5, 11},
    };
    (void)context;
    (void)err;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int filter = 0; filter < FILTERS; filter++) {
            check_resize(&filters[filter], rows[i], false);
            check_resize(&filters[filter], rows[i], true);
        }
    }
    return true;
}

static void run(bool (*work)(void *context, struct error *err))
{
    struct error err = {.message = ""};
    CHECK(image_engine_start(INT64_C(1) << 30, &err) && library_run(work, NULL, NULL, &err));
    CHECK_TEXT(err.message, "");
}

TEST(image_resize_is_what_the_filters_say)
{
    run(check_sizes);
}

/* One row's weights relative to what Lanczos says of each place. */
static void check_weights(const struct weights *weights, int64_t row, double step)
{
    double total = 0;
    const float *values = weights->values + row * weights->stride;
    int64_t first = weights->first[row];
    for (int64_t t = 0; t < weights->taps[row]; t++) {
        total += expected_lanczos(((double)(first + t) + 0.5 - ((double)row + 0.5) * step) / step);
    }
    double worst = 0;
    for (int64_t t = 0; t < weights->taps[row]; t++) {
        double wanted =
            expected_lanczos(((double)(first + t) + 0.5 - ((double)row + 0.5) * step) / step);
        worst = fmax(worst, fabs(values[t] - wanted / total));
    }
    CHECK(worst * step < 1e-6); /* the largest weight is about 1 / step */
}

TEST(image_resize_adds_no_error_along_long_filters)
{
    static const int64_t lengths[][2] = {{60000, 5}, {65535, 100}, {4032, 1024}, {1023, 341}};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        int64_t from = lengths[i][0], to = lengths[i][1];
        struct weights weights;
        struct error err;
        if (CHECK(weights_make(&weights, IMAGE_LANCZOS, from, to, 0, to, &err))) {
            for (int64_t row = 0; row < to; row++) {
                check_case("%d to %d, output %d", (int)from, (int)to, (int)row);
                check_weights(&weights, row, (double)from / (double)to);
            }
            weights_release(&weights);
        }
    }
}

/* ---- turned and cut -------------------------------------------------------------------------- */

static bool same_pixels(const Image *a, const Image *b)
{
    struct plane first = plane_of(a), second = plane_of(b);
    bool same = first.width == second.width && first.height == second.height &&
                difference(&first, &second) == 0;
    free(first.values);
    free(second.values);
    return same;
}

/* A part of the turned picture, made at once, against one turned and cut by the library. */
static void check_turn(const Image *image, int orientation, struct pixels_area part,
                       struct error *err)
{
    struct resize resize = {.width = 20, .height = 14, .orientation = orientation};
    resize.part = orient_stored(part, orientation, resize.width, resize.height);
    Image *made = resize_image(image, &resize, err);
    Image *wanted = resized(image, &filters[0], 20, 14);
    if (CHECK(made != NULL && wanted != NULL) && CHECK(orient_image(&wanted, orientation, err)) &&
        CHECK(pixels_crop(&wanted, part, err))) {
        CHECK(same_pixels(made, wanted));
    }
    pixels_destroy(made);
    pixels_destroy(wanted);
}

static bool check_turns(void *context, struct error *err)
{
    (void)context;
    Image *image = noise_image(50, 40, true);
    for (int orientation = 1; orientation <= 8; orientation++) {
        int64_t width = orient_swaps(orientation) ? 14 : 20, height = 34 - width;
        const struct pixels_area parts[] = {{0, 0, width, height},
                                            {3, 0, width - 3, height},
                                            {0, 2, width, height - 5},
                                            {2, 5, 7, 6},
                                            {width - 1, height - 1, 1, 1}};
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
            check_case("orientation %d, part %zu", orientation, i);
            check_turn(image, orientation, parts[i], err);
        }
    }
    pixels_destroy(image);
    return true;
}

TEST(image_resize_turns_and_cuts_as_it_goes)
{
    run(check_turns);
}

/* ---- limits ---------------------------------------------------------------------------------- */

struct stopping {
    bool begun; /* asked before, nothing is said */
    int asked;
};

static bool stop_soon(void *context, struct error *err)
{
    struct stopping *stopping = context;
    stopping->asked += stopping->begun;
    return stopping->asked == 4 && !error_set(err, "deadline", "no time left");
}

static bool begin_resize(void *context, struct error *err)
{
    struct stopping *stopping = context;
    Image *image = noise_image(200, 400, false);
    struct resize resize = {.width = 100, .height = 200, .part = {0, 0, 100, 200}};
    stopping->begun = true;
    Image *made = resize_image(image, &resize, err);
    stopping->begun = false;
    bool ok = made != NULL;
    pixels_destroy(made);
    pixels_destroy(image);
    return ok;
}

TEST(image_resize_stops_between_rows)
{
    struct stopping stopping = {.asked = 0};
    struct image_control control = {.stopped = stop_soon, .context = &stopping};
    struct error err = {.code = ""};
    CHECK(image_engine_start(INT64_C(1) << 30, &err));
    CHECK(!library_run(begin_resize, &stopping, &control, &err));
    CHECK_TEXT(err.code, "deadline");
}

TEST(image_resize_takes_a_few_rows_of_memory)
{
    /* 12 megapixels: less than a tenth of the source's 97 MB, at any ratio. */
    for (int64_t width = 16; width <= 1024; width *= 2) {
        struct resize resize = {.width = width, .height = width * 3 / 4};
        resize.part = (struct pixels_area){0, 0, resize.width, resize.height};
        check_case("to %d", (int)width);
        CHECK(resize_memory(4032, 3024, &resize) < 9 << 20);
    }
}
