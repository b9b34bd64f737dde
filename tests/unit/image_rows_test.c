/*
 * image_rows_test.c - PNG and WebP read row by row: the same pixels as from the library, nothing
 * taken from a file that is cut off or changed, and no memory lost.
 */
#include "bindings/image/codec/png.h"
#include "bindings/image/codec/rows.h"
#include "bindings/image/codec/webp.h"
#include "tests/unit/allocation.h"
#include "tests/unit/check.h"
#include "tests/unit/image_sample.h"
#include "tests/unit/sanitized.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIDE = 37 };

/* Full colour, alpha and few colours, in turn. */
static struct samples painted(uint8_t *rgba, int kind)
{
    for (unsigned i = 0; i < SIDE * SIDE; i++) {
        unsigned x = i % SIDE, y = i / SIDE;
        const uint8_t pixel[] = {(uint8_t)(kind == 2 ? x / 10 * 60 : x * 6), (uint8_t)(kind * 50),
                                 (uint8_t)(kind == 2 ? 7 : y * 6),
                                 (uint8_t)(kind == 1 ? x * y % 256 : 255)};
        memcpy(rgba + i * 4UL, pixel, 4);
    }
    return (struct samples){.width = SIDE, .height = SIDE, .rgba = rgba, .opaque = kind != 1};
}

static struct image_output encoded(int kind, uint8_t *rgba)
{
    struct samples samples = painted(rgba, kind);
    struct metadata_blocks none = {.exif = {NULL, 0}};
    struct image_target target = sample_target(0, 0, IMAGE_PNG);
    struct image_output output = {.bytes = NULL};
    struct error err;
    if (!CHECK(png_encode(&samples, &target, &none, &output, &err))) {
        CHECK_TEXT(err.message, "a png");
    }
    return output;
}

/* Reads all rows; whether each is as `rgba` (NULL: as it may be). */
static bool read_all(const void *bytes, size_t length, const uint8_t *rgba, struct error *err)
{
    struct image_limits limits;
    struct image_info info;
    struct rows rows;
    image_limits_default(&limits);
    if (!image_probe(bytes, length, &limits, &info, err) ||
        !rows_open(&rows, bytes, length, &info, info.width, info.height, err)) {
        return false;
    }
    const uint8_t *row = NULL;
    for (int64_t y = 0; y < rows.height; y++) {
        row = rows_next(&rows, err);
        if (row == NULL) {
            break;
        }
        if (rgba != NULL) {
            CHECK_BYTES(row, (size_t)rows.width * 4, rgba + y * rows.width * 4,
                        (size_t)rows.width * 4);
        }
    }
    rows_close(&rows);
    return row != NULL;
}

TEST(image_rows_are_what_was_encoded)
{
    for (int kind = 0; kind < 3; kind++) {
        uint8_t rgba[SIDE * SIDE * 4];
        struct image_output output = encoded(kind, rgba);
        struct error err;
        check_case("kind %d", kind);
        if (!CHECK(read_all(output.bytes, output.length, rgba, &err))) {
            CHECK_TEXT(err.message, "rows");
        }
        image_output_release(&output);
    }
}

TEST(image_rows_of_a_cut_file_are_refused)
{
    for (int kind = 0; kind < 3; kind++) {
        uint8_t rgba[SIDE * SIDE * 4];
        struct image_output output = encoded(kind, rgba);
        for (size_t length = 0; length < output.length; length++) {
            /* A copy, so that a sanitizer sees what is read beyond it. */
            void *copy = malloc(length + 1);
            struct error err;
            if (copy == NULL) {
                abort();
            }
            memcpy(copy, output.bytes, length);
            check_case("kind %d, %zu of %zu bytes", kind, length, output.length);
            if (!CHECK(!read_all(copy, length, NULL, &err)) || !CHECK_TEXT(err.code, "bad_image")) {
                length = output.length;
            }
            free(copy);
        }
        image_output_release(&output);
    }
}

/* Of the head of a PNG with one such chunk. */
static size_t head_length(const char *type, size_t length)
{
    struct image_limits limits;
    struct image_info info;
    struct buffer head;
    struct error err;
    char *content = calloc(length, 1);
    struct sample png = sample_png_header(8, 8, type, content, length);
    image_limits_default(&limits);
    buffer_init(&head, 1 << 20);
    bool ok = image_probe(png.bytes, png.length, &limits, &info, &err) &&
              rows_head(png.bytes, png.length, &info, &head, &err);
    size_t found = CHECK(ok) ? head.length : 0;
    buffer_release(&head);
    sample_release(&png);
    free(content);
    return found;
}

TEST(image_rows_head_leaves_what_nobody_reads)
{
    enum { LENGTH = 100000, NOTHING = 200 };
    static const char *const taken[] = {"tEXt", "zTXt", "iTXt", "iCCP", "eXIf"};
    static const char *const left[] = {"prVt", "sPLT", "tIME", "fdAT", "AbCd", "PLTE", "tRNS",
                                       "gAMA", "cHRM", "sRGB", "sBIT", "bKGD", "pHYs"};
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        check_case("%s", taken[i]);
        CHECK(head_length(taken[i], LENGTH) > LENGTH);
    }
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        check_case("%s", left[i]);
        CHECK(head_length(left[i], LENGTH) < NOTHING);
    }
}

TEST(image_rows_head_has_what_is_of_its_size)
{
    static const struct {
        const char *type;
        size_t length;
    } cases[] = {{"PLTE", 768}, {"tRNS", 256}, {"gAMA", 4}, {"cHRM", 32},
                 {"sRGB", 1},   {"sBIT", 4},   {"bKGD", 6}, {"pHYs", 9}};
    size_t bare = head_length("prVt", 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_case("%s", cases[i].type);
        CHECK_INTEGER(head_length(cases[i].type, cases[i].length), bare + 12 + cases[i].length);
    }
    CHECK_INTEGER(head_length("AbCd", 100), bare + 12);
}

TEST(image_rows_of_a_changed_png_are_refused)
{
    uint8_t rgba[SIDE * SIDE * 4];
    struct image_output output = encoded(0, rgba);
    for (size_t i = 8; i < output.length; i++) {
        struct error err;
        uint8_t *at = (uint8_t *)output.bytes + i;
        *at ^= 0x10;
        check_case("byte %zu", i);
        CHECK(!read_all(output.bytes, output.length, NULL, &err));
        *at ^= 0x10;
    }
    image_output_release(&output);
}

TEST(image_rows_of_a_cut_webp_are_refused)
{
    struct sample bmp = sample_bmp(40, 30);
    for (int lossless = 0; lossless < 2; lossless++) {
        struct image_target target = sample_target(0, 0, IMAGE_WEBP);
        struct image_output output;
        struct error err;
        target.lossless = lossless != 0;
        if (!CHECK(sample_render(bmp.bytes, bmp.length, NULL, 0, &target, &output, &err))) {
            continue;
        }
        CHECK(read_all(output.bytes, output.length, NULL, &err));
        /* Whole chunks that say they are whole: only the pixels end too early. */
        uint8_t *bytes = output.bytes;
        for (size_t cut = 4; cut + 40 < output.length; cut += 4) {
            size_t length = output.length - cut;
            for (int i = 0; i < 4; i++) {
                bytes[4 + i] = (uint8_t)((length - 8) >> (8 * i));
                bytes[16 + i] = (uint8_t)((length - 20) >> (8 * i));
            }
            check_case("lossless %d, %zu bytes fewer", lossless, cut);
            CHECK(!read_all(bytes, length, NULL, &err));
            CHECK_TEXT(err.code, "bad_image");
        }
        image_output_release(&output);
    }
    sample_release(&bmp);
}

enum { LARGE = 1600 };

/* Noise, so that the file has as many bytes as a photo's. */
static struct image_output large_webp(void)
{
    struct metadata_blocks none = {.exif = {NULL, 0}};
    struct image_target target = sample_target(0, 0, IMAGE_WEBP);
    struct image_output output = {.bytes = NULL};
    struct error err;
    size_t size = (size_t)LARGE * LARGE * 4;
    uint8_t *rgba = malloc(size);
    unsigned state = 1;
    for (size_t i = 0; rgba != NULL && i < size; i++) {
        state = state * 1664525u + 1013904223u;
        rgba[i] = (uint8_t)(128 + (state >> 28) + i % 4 * 16);
    }
    struct webp_pixels pixels = {.width = LARGE, .height = LARGE, .rgba = rgba, .opaque = true};
    target.effort = 0;
    CHECK(rgba != NULL && webp_encode(&pixels, &target, 80, &none, &output, &err));
    free(rgba);
    return output;
}

static size_t resident_bytes(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    CHECK(file != NULL && fscanf(file, "%ld %ld", &pages, &resident) == 2);
    (void)fclose(file);
    return (size_t)resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* In a size of its own the same picture, and never all of it in memory. */
static void check_large(const struct image_output *webp, int64_t side)
{
    struct image_limits limits;
    struct image_info info;
    struct rows rows;
    struct error err;
    image_limits_default(&limits);
    size_t before = resident_bytes(), most = 0;
    if (!CHECK(image_probe(webp->bytes, webp->length, &limits, &info, &err)) ||
        !CHECK(rows_open(&rows, webp->bytes, webp->length, &info, side, side, &err))) {
        return;
    }
    uint64_t sum = 0;
    int64_t y = 0;
    for (; y < side; y++) {
        const uint8_t *row = rows_next(&rows, &err);
        if (!CHECK(row != NULL)) {
            break;
        }
        for (int64_t x = 0; x < side * 4; x += 4) {
            sum += row[x];
        }
        size_t now = y % 64 == 0 ? resident_bytes() : 0;
        most = now > most ? now : most;
    }
    rows_close(&rows);
    CHECK(y < side || labs((long)(sum / (uint64_t)(side * side)) - 135) <= 2);
    CHECK(SANITIZED || most < before + (size_t)(side * side * 4) / 2);
}

TEST(image_rows_of_a_webp_come_in_any_size_and_do_not_stay)
{
    static const int64_t sides[] = {LARGE, 1231, LARGE / 2};
    struct image_output webp = large_webp();
    for (size_t i = 0; webp.bytes != NULL && i < sizeof sides / sizeof sides[0]; i++) {
        check_case("%d", (int)sides[i]);
        check_large(&webp, sides[i]);
    }
    image_output_release(&webp);
}

static bool read_png(void *context, struct error *err)
{
    const struct image_output *output = context;
    return read_all(output->bytes, output->length, NULL, err);
}

TEST(image_rows_survive_each_allocation_that_fails)
{
    uint8_t rgba[SIDE * SIDE * 4];
    struct image_output output = encoded(0, rgba);
    allocation_check("rows of a png", read_png, &output);
    image_output_release(&output);
}
