/*
 * image_probe_test.c - the header parsers: what they find, what they refuse, and that no cut or
 * changed byte makes them read where they must not (which AddressSanitizer would see).
 */
#include "bindings/image/engine.h"
#include "bindings/image/probe/exif.h"
#include "bindings/image/probe/reader.h"
#include "tests/unit/check.h"
#include "tests/unit/image_sample.h"

#include <stdlib.h>
#include <string.h>

#define BYTES(text) (text), sizeof(text) - 1

static bool probe(const void *bytes, size_t length, struct image_info *info, struct error *err)
{
    struct image_limits limits;
    image_limits_default(&limits);
    return image_probe(bytes, length, &limits, info, err);
}

struct row {
    const char *name;
    const char *bytes;
    size_t length;
    struct image_info want;
};

#define GIF_SCREEN(w, h) "GIF89a" w "\0" h "\0\x80\0\0\0\0\0\xff\xff\xff"
#define GIF_FRAME        "\x2c\0\0\0\0\x02\0\x02\0\0\x02\x02\x84\x51\0"

#define TIFF_ENTRY(tag, type, value) tag type "\x01\0\0\0" value "\0\0\0"
#define TIFF_HEAD(entries)           "II\x2a\0\x08\0\0\0" entries "\0"

/* Each is small enough to be read here, and whole enough for a header parser. */
static const struct row rows[] = {
    {"GIF, one frame",
     BYTES(GIF_SCREEN("\x02", "\x02") GIF_FRAME ";"),
     {.format = IMAGE_GIF,
      .width = 2,
      .height = 2,
      .orientation = 1,
      .frames = 1,
      .depth = 8,
      .channels = 3}},
    {"GIF, two frames, the second transparent",
     BYTES(GIF_SCREEN("\x04", "\x03") GIF_FRAME "\x21\xf9\x04\x01\x0a\0\0\0" GIF_FRAME ";"),
     {.format = IMAGE_GIF,
      .width = 4,
      .height = 3,
      .orientation = 1,
      .frames = 2,
      .animated = true,
      .alpha = true,
      .depth = 8,
      .channels = 3}},
    {"GIF, a frame larger than its screen",
     BYTES(GIF_SCREEN("\x01", "\x01") GIF_FRAME ";"),
     {.format = IMAGE_GIF,
      .width = 2,
      .height = 2,
      .orientation = 1,
      .frames = 1,
      .depth = 8,
      .channels = 3}},
    {"WebP, lossy",
     BYTES("RIFF\x16\0\0\0WEBPVP8 \x0a\0\0\0\x30\x01\0\x9d\x01\x2a\x05\0\x07\0"),
     {.format = IMAGE_WEBP,
      .width = 5,
      .height = 7,
      .orientation = 1,
      .frames = 1,
      .depth = 8,
      .channels = 3}},
    {"WebP, lossless with alpha",
     BYTES("RIFF\x12\0\0\0WEBPVP8L\x05\0\0\0\x2f\x04\x80\x01\x10\0"),
     {.format = IMAGE_WEBP,
      .width = 5,
      .height = 7,
      .orientation = 1,
      .frames = 1,
      .alpha = true,
      .depth = 8,
      .channels = 3}},
    {"WebP, extended, animated",
     BYTES("RIFF\x3c\0\0\0WEBPVP8X\x0a\0\0\0\x12\0\0\0\x09\0\0\x04\0\0"
           "ANIM\x06\0\0\0\0\0\0\0\0\0ANMF\x04\0\0\0\0\0\0\0ANMF\x04\0\0\0\0\0\0\0"),
     {.format = IMAGE_WEBP,
      .width = 10,
      .height = 5,
      .orientation = 1,
      .frames = 2,
      .animated = true,
      .alpha = true,
      .depth = 8,
      .channels = 3}},
    {"BMP, top down",
     BYTES("BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x03\0\0\0\xfe\xff\xff\xff\x01\0\x18\0"
           "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
     {.format = IMAGE_BMP,
      .width = 3,
      .height = 2,
      .orientation = 1,
      .frames = 1,
      .depth = 8,
      .channels = 3}},
    {"TIFF, RGB, orientation 6",
     BYTES(TIFF_HEAD("\x06") TIFF_ENTRY("\0\x01", "\x03\0", "\x09")
               TIFF_ENTRY("\x01\x01", "\x04\0", "\x04") TIFF_ENTRY("\x02\x01", "\x03\0", "\x08")
                   TIFF_ENTRY("\x06\x01", "\x03\0", "\x02") TIFF_ENTRY("\x12\x01", "\x03\0", "\x06")
                       TIFF_ENTRY("\x15\x01", "\x03\0", "\x03") "\0\0\0\0"),
     {.format = IMAGE_TIFF,
      .width = 9,
      .height = 4,
      .orientation = 6,
      .frames = 1,
      .depth = 8,
      .channels = 3}},
    {"AVIF, turned",
     BYTES("\0\0\0\x14"
           "ftypavif\0\0\0\0avif"
           "\0\0\0\x6dmeta\0\0\0\0"
           "\0\0\0\x0epitm\0\0\0\0\0\x01"
           "\0\0\0\x53iprp\0\0\0\x35ipco\0\0\0\x14ispe\0\0\0\0\0\0\0\x0c\0\0\0\x05"
           "\0\0\0\x10pixi\0\0\0\0\x03\x0a\x0a\x0a\0\0\0\x09irot\x01"
           "\0\0\0\x16ipma\0\0\0\0\0\0\0\x01\0\x01\x03\x01\x02\x83"),
     {.format = IMAGE_AVIF,
      .width = 5,
      .height = 12,
      .orientation = 1,
      .frames = 1,
      .depth = 10,
      .channels = 3}},
};

TEST(image_probe_reads_headers)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct image_info *want = &rows[i].want;
        struct image_info got;
        struct error err;
        check_case("%s", rows[i].name);
        if (!probe(rows[i].bytes, rows[i].length, &got, &err)) {
            CHECK_TEXT(err.message, "an image");
            continue;
        }
        CHECK_INTEGER(got.format, want->format);
        CHECK_INTEGER(got.width, want->width);
        CHECK_INTEGER(got.height, want->height);
        CHECK_INTEGER(got.oriented_width, want->orientation < 5 ? want->width : want->height);
        CHECK_INTEGER(got.orientation, want->orientation);
        CHECK_INTEGER(got.frames, want->frames);
        CHECK_INTEGER(got.animated, want->animated);
        CHECK_INTEGER(got.alpha, want->alpha);
        CHECK_INTEGER(got.depth, want->depth);
        CHECK_INTEGER(got.channels, want->channels);
    }
}

/* A copy of exactly this length, so that a read past its end is a read past an allocation. */
static void probe_copy(const void *bytes, size_t length)
{
    unsigned char *copy = malloc(length > 0 ? length : 1);
    struct image_info info;
    struct error err = {.code = ""};
    if (!CHECK(copy != NULL)) {
        return;
    }
    memcpy(copy, bytes, length);
    if (!probe(copy, length, &info, &err)) {
        CHECK(error_is(&err, "bad_image") || error_is(&err, "limit") ||
              error_is(&err, "unsupported"));
        CHECK(err.message[0] != '\0');
    }
    free(copy);
}

static void cut_and_change(const unsigned char *bytes, size_t length)
{
    static const unsigned char changes[] = {0x00, 0xff, 0x7f, 0x80, 0x01};
    unsigned char *changed = malloc(length);
    if (!CHECK(changed != NULL)) {
        return;
    }
    for (size_t i = 0; i <= length; i++) {
        probe_copy(bytes, i);
    }
    for (size_t i = 0; i < length; i++) {
        for (size_t k = 0; k < sizeof changes; k++) {
            memcpy(changed, bytes, length);
            changed[i] = changes[k];
            probe_copy(changed, length);
        }
    }
    free(changed);
}

/* Not even no bytes: there may be nowhere to point to. */
TEST(image_reader_gives_nothing_once_it_has_failed)
{
    struct reader reader = reader_of("abc", 3, true);
    struct reader part = reader_part(&reader, 4);
    CHECK(part.failed && reader.failed);
    CHECK(reader_take(&part, 0) == NULL);
    CHECK(reader_take(&reader, 0) == NULL);
    CHECK_INTEGER(reader_u8(&reader), 0);
}

TEST(image_probe_survives_every_cut_and_change)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_case("%s", rows[i].name);
        cut_and_change((const unsigned char *)rows[i].bytes, rows[i].length);
    }
    check_case("JPEG");
    struct sample jpeg = sample_jpeg(16, 8, 6, "(c)");
    cut_and_change(jpeg.bytes, jpeg.length);
    sample_release(&jpeg);
    check_case("PNG");
    struct sample png = sample_png_header(16, 8, "eXIf", "MM\0\x2a\0\0\0\x08\0\0", 10);
    cut_and_change(png.bytes, png.length);
    sample_release(&png);
}

TEST(image_probe_refuses_headers_that_are_cut_off)
{
    struct sample jpeg = sample_jpeg(16, 8, 6, "(c)");
    struct image_info info;
    struct error err;
    /* The header ends where the first scan's segment does. */
    size_t scan = 0;
    while (scan + 1 < jpeg.length && memcmp(jpeg.bytes + scan, "\xff\xda", 2) != 0) {
        scan++;
    }
    for (size_t length = 0; length < scan; length++) {
        check_case("JPEG cut at %zu", length);
        if (CHECK(!probe(jpeg.bytes, length, &info, &err))) {
            CHECK_TEXT(err.code, "bad_image");
        }
    }
    sample_release(&jpeg);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_case("%s, cut in half", rows[i].name);
        CHECK(!probe(rows[i].bytes, rows[i].length / 2, &info, &err));
    }
}

/* A start, `count` segments, and the rest of a JPEG. */
static bool probe_with_segments(const struct sample *jpeg, size_t count, struct error *err)
{
    static const char segment[] = "\xff\xe5\0\3x";
    size_t size = sizeof segment - 1, length = jpeg->length + count * size;
    char *made = malloc(length);
    struct image_info info;
    if (!CHECK(made != NULL)) {
        return false;
    }
    memcpy(made, jpeg->bytes, 2);
    for (size_t i = 0; i < count; i++) {
        memcpy(made + 2 + i * size, segment, size);
    }
    memcpy(made + 2 + count * size, jpeg->bytes + 2, jpeg->length - 2);
    bool ok = probe(made, length, &info, err);
    free(made);
    return ok;
}

TEST(image_probe_refuses_segments_without_end)
{
    struct sample jpeg = sample_jpeg(16, 8, 6, "(c)");
    struct error err = {.code = ""};
    CHECK(probe_with_segments(&jpeg, 900, &err));
    CHECK(!probe_with_segments(&jpeg, 1001, &err));
    CHECK_TEXT(err.code, "bad_image");
    CHECK(strstr(err.message, "1000 segments") != NULL);
    sample_release(&jpeg);
}

TEST(image_probe_reads_jpeg_and_png_orientation)
{
    struct image_info info;
    struct error err;
    for (int orientation = 0; orientation <= 9; orientation++) {
        struct sample jpeg = sample_jpeg(16, 8, orientation, NULL);
        bool valid = orientation >= 1 && orientation <= 8;
        check_case("orientation %d", orientation);
        if (CHECK(probe(jpeg.bytes, jpeg.length, &info, &err))) {
            CHECK_INTEGER(info.orientation, valid ? orientation : 1);
            CHECK_INTEGER(info.oriented_width, valid && orientation >= 5 ? 8 : 16);
        }
        sample_release(&jpeg);
    }
    static const char exif[] = "II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0\0\0\0\0";
    struct sample png = sample_png_header(16, 8, "eXIf", exif, sizeof exif - 1);
    if (CHECK(probe(png.bytes, png.length, &info, &err))) {
        CHECK_INTEGER(info.orientation, 8);
    }
    sample_release(&png);
}

TEST(image_probe_names_strangers)
{
    static const struct {
        const char *bytes, *message;
    } strangers[] = {
        {"<?xml version=\"1.0\"?><svg/>", "; it looks like an XML or SVG document"},
        {"  <SVG width=\"1\"/>", "; it looks like an SVG document"},
        {"%!PS-Adobe-3.0", "; it looks like a PostScript document"},
        {"%PDF-1.7", "; it looks like a PDF document"},
        {"push graphic-context\nviewbox 0 0 1 1", "; it looks like an MVG drawing"},
        {"#define test_width 500", "; it looks like an XBM or C source file"},
        {"hello", ""},
    };
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        struct image_info info;
        struct error err;
        check_case("%s", strangers[i].bytes);
        CHECK(!probe(strangers[i].bytes, strlen(strangers[i].bytes), &info, &err));
        CHECK_TEXT(err.code, "bad_image");
        const char *end = strstr(err.message, "avif)");
        CHECK_TEXT(end != NULL ? end + 5 : "", strangers[i].message);
    }
}

TEST(image_probe_holds_every_limit)
{
    static const struct {
        struct image_limits limits;
        const char *message;
    } cases[] = {
        {{100, 100, 10, 100, 10},
         "image limit 'bytes': 82 asked, 10 allowed; the script has lowered it, "
         "with limits.bytes"},
        {{100, 9, 10, 100, 100},
         "image limit 'side': 10 asked, 9 allowed; the script has lowered it, "
         "with limits.side"},
        {{99, 100, 10, 100, 100},
         "image limit 'pixels': 100 asked, 99 allowed; the script has lowered it, "
         "with limits.pixels"},
        {{100, 100, 10, 12, 100},
         "image limit 'metadata_bytes': 13 asked, 12 allowed; the script has lowered it, "
         "with limits.metadata_bytes"},
    };
    struct sample png = sample_png_header(10, 10, "tEXt", "Comment\0hello", 13);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct image_info info;
        struct error err;
        check_case("%s", cases[i].message);
        CHECK(!image_probe(png.bytes, png.length, &cases[i].limits, &info, &err));
        CHECK_TEXT(err.code, "limit");
        CHECK_TEXT(err.message, cases[i].message);
    }

    struct image_limits limits;
    struct image_info info;
    struct error err;
    image_limits_default(&limits);
    limits.frames = 1;
    CHECK(!image_probe(rows[1].bytes, rows[1].length, &limits, &info, &err));
    CHECK_TEXT(err.message, "image limit 'frames': 2 asked, 1 allowed; the script has lowered it, "
                            "with limits.frames");
    (void)setenv("LUNETTE_MAX_SIDE", "9", 1);
    image_limits_default(&limits);
    limits.side = 9;
    CHECK(!image_probe(png.bytes, png.length, &limits, &info, &err));
    CHECK_TEXT(err.message, "image limit 'side': 10 asked, 9 allowed; raise it with the "
                            "environment variable LUNETTE_MAX_SIDE");
    (void)unsetenv("LUNETTE_MAX_SIDE");
    sample_release(&png);

    image_limits_default(&limits);
    limits.frames = 2;
    limits.pixels = 23; /* 4 x 3, twice */
    CHECK(!image_probe(rows[1].bytes, rows[1].length, &limits, &info, &err));
    CHECK_TEXT(err.code, "limit");
}

TEST(image_limits_are_raised_by_the_environment_only)
{
    struct image_limits limits;
    struct error err;
    (void)setenv("LUNETTE_MAX_PIXELS", "123456789", 1);
    CHECK(image_limits_from_environment(&limits, &err));
    CHECK_INTEGER(limits.pixels, 123456789);
    CHECK_INTEGER(limits.side, 16384);
    static const char *const wrong[] = {"many", "-1", "0", "12x", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        check_case("%s", wrong[i]);
        (void)setenv("LUNETTE_MAX_PIXELS", wrong[i], 1);
        CHECK(!image_limits_from_environment(&limits, &err));
        CHECK_TEXT(err.code, "usage");
        CHECK(strstr(err.message, "LUNETTE_MAX_PIXELS") != NULL);
    }
    (void)unsetenv("LUNETTE_MAX_PIXELS");
}

TEST(image_exif_writes_what_it_reads)
{
    static const char *const texts[] = {"a", "abc", "abcd", "(c) 2026 somebody, all rights"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        unsigned char block[EXIF_BLOCK_MAX];
        char text[EXIF_TEXT_MAX];
        size_t length = exif_build(texts[i], block);
        check_case("%s", texts[i]);
        if (CHECK(exif_copyright(block, length, text))) {
            CHECK_TEXT(text, texts[i]);
        }
        for (size_t cut = 0; cut < length; cut++) {
            unsigned char *copy = malloc(cut + 1);
            memcpy(copy, block, cut);
            (void)exif_copyright(copy, cut, text);
            CHECK_INTEGER(exif_orientation(copy, cut), 0);
            free(copy);
        }
    }
}

TEST(image_formats_have_names)
{
    for (int i = IMAGE_UNKNOWN + 1; i < IMAGE_FORMATS; i++) {
        enum image_format format = (enum image_format)i;
        CHECK_INTEGER(image_format_from_name(image_format_name(format)), format);
        CHECK(strncmp(image_format_content_type(format), "image/", 6) == 0);
    }
    CHECK_INTEGER(image_format_from_name("jpg"), IMAGE_JPEG);
    CHECK_INTEGER(image_format_from_name("svg"), IMAGE_UNKNOWN);
    CHECK_TEXT(image_format_name(IMAGE_FORMATS), "unknown");
}
