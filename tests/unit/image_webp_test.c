/*
 * image_webp_test.c - our use of libwebp: what is said beside the picture, planes as they are, and
 * failures.
 */
#include "bindings/image/codec/webp.h"
#include "tests/unit/allocation.h"
#include "tests/unit/check.h"
#include "tests/unit/image_sample.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE = 32 };

static const struct metadata_blocks spoken = {.exif = {"MM\0*\0\0\0\x08\0\0", 10},
                                              .xmp = {"<x:xmpmeta/>", 12}};
static const struct metadata_blocks odd = {.exif = {"MM\0*\0\0\0\x08\0\0\0", 11}};
static const struct metadata_blocks none = {.exif = {NULL, 0}};

static struct webp_pixels painted(uint8_t *rgba, bool opaque)
{
    for (unsigned i = 0; i < SIDE * SIDE; i++) {
        const uint8_t pixel[] = {200, (uint8_t)(i % SIDE * 8), 40,
                                 opaque ? 255 : (uint8_t)(i / SIDE * 8)};
        memcpy(rgba + i * 4UL, pixel, 4);
    }
    return (struct webp_pixels){.width = SIDE, .height = SIDE, .rgba = rgba, .opaque = opaque};
}

TEST(image_webp_says_what_there_is)
{
    static const struct {
        const char *name;
        bool opaque, lossless;
        const struct metadata_blocks *metadata;
        const char *first; /* chunk */
    } rows[] = {
        {"lossy", true, false, &none, "VP8 "},
        {"lossy, alpha", false, false, &none, "VP8X"},
        {"lossless", true, true, &none, "VP8L"},
        {"lossless, alpha", false, true, &none, "VP8L"},
        {"lossy, metadata", true, false, &spoken, "VP8X"},
        {"lossy, alpha, metadata", false, false, &spoken, "VP8X"},
        {"lossless, metadata", true, true, &spoken, "VP8X"},
        {"lossless, alpha, metadata", false, true, &spoken, "VP8X"},
        {"lossy, metadata of odd length", true, false, &odd, "VP8X"},
    };
    struct image_limits limits;
    image_limits_default(&limits);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_case("%s", rows[i].name);
        uint8_t rgba[SIDE * SIDE * 4];
        struct webp_pixels pixels = painted(rgba, rows[i].opaque);
        struct image_target target = sample_target(0, 0, IMAGE_WEBP);
        struct image_output output;
        struct image_info info;
        struct error err;
        target.lossless = rows[i].lossless;
        if (!CHECK(webp_encode(&pixels, &target, 90, rows[i].metadata, &output, &err)) ||
            !CHECK(image_probe(output.bytes, output.length, &limits, &info, &err))) {
            continue;
        }
        CHECK_BYTES((char *)output.bytes + 12, 4, rows[i].first, 4);
        CHECK_INTEGER(info.alpha, !rows[i].opaque);
        CHECK_INTEGER(info.width, SIDE);
        CHECK_INTEGER(info.metadata_bytes,
                      (int64_t)(rows[i].metadata->exif.length + rows[i].metadata->xmp.length));
        CHECK(sample_near(sample_pixel(&output, 0, 16, 31),
                          0xc8802800UL | (rows[i].opaque ? 255 : 248), 8));
        image_output_release(&output);
    }
}

TEST(image_webp_takes_planes)
{
    uint8_t y[SIDE * SIDE], u[SIDE * SIDE / 4], v[SIDE * SIDE / 4];
    memset(y, 81, sizeof y); /* red, in video range */
    memset(u, 90, sizeof u);
    memset(v, 240, sizeof v);
    struct webp_pixels pixels = {.width = SIDE,
                                 .height = SIDE,
                                 .opaque = true,
                                 .y = y,
                                 .u = u,
                                 .v = v,
                                 .y_stride = SIDE,
                                 .uv_stride = SIDE / 2};
    struct image_target target = sample_target(0, 0, IMAGE_WEBP);
    struct image_output output;
    struct error err;
    if (CHECK(webp_encode(&pixels, &target, 90, &none, &output, &err))) {
        CHECK(sample_near(sample_pixel(&output, 0, 5, 5), 0xff0000ffUL, 6));
        image_output_release(&output);
    }
}

TEST(image_webp_refuses_what_the_format_has_no_room_for)
{
    struct webp_pixels pixels = {.width = WEBP_SIDE_MAX + 1, .height = 1, .opaque = true};
    struct image_target target = sample_target(0, 0, IMAGE_WEBP);
    struct image_output output;
    struct error err;
    CHECK(!webp_encode(&pixels, &target, 90, &none, &output, &err));
    CHECK_TEXT(err.code, "unsupported");
    CHECK_TEXT(err.message,
               "a webp's side: 16384 pixels asked, 16383 possible; make it smaller, or "
               "choose another format");
}

static bool encode(void *context, struct error *err)
{
    uint8_t rgba[SIDE * SIDE * 4];
    struct webp_pixels pixels = painted(rgba, false);
    struct image_target target = sample_target(0, 0, IMAGE_WEBP);
    struct image_output output;
    (void)context;
    if (!webp_encode(&pixels, &target, 90, &spoken, &output, err)) {
        return false;
    }
    image_output_release(&output);
    return true;
}

TEST(image_webp_survives_each_allocation_that_fails)
{
    allocation_check("webp", encode, NULL);
}
