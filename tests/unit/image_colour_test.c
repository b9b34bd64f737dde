/*
 * image_colour_test.c - orientation in every format that has it, and colours that are not sRGB.
 */
#include <magick/api.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/image/icc.h"
#include "bindings/image/library.h"
#include "bindings/image/pixels.h"
#include "bindings/image/srgb.h"
#include "tests/unit/check.h"
#include "tests/unit/image_sample.h"

#define RED   0xff0000fful
#define GREEN 0x00ff00fful
#define BLUE  0x0000fffful
#define WHITE 0xfffffffful

/* A rotated picture (orientation 6) of red, green over blue, white: blue, red over white, green. */
static void check_turned(const void *bytes, size_t length)
{
    struct image_target target = sample_target(0, 0, IMAGE_PNG);
    struct image_output output;
    struct error err;
    if (!sample_render(bytes, length, NULL, 0, &target, &output, &err)) {
        CHECK_TEXT(err.message, "a render");
        return;
    }
    CHECK_INTEGER(output.width, 40);
    CHECK_INTEGER(output.height, 60);
    CHECK(sample_near(sample_pixel(&output, 0, 8, 12), BLUE, 30));
    CHECK(sample_near(sample_pixel(&output, 0, 32, 12), RED, 30));
    CHECK(sample_near(sample_pixel(&output, 0, 8, 48), WHITE, 30));
    CHECK(sample_near(sample_pixel(&output, 0, 32, 48), GREEN, 30));
    image_output_release(&output);
}

static const unsigned char exif_6[] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0,
                                       3,   0,   0, 0,  1, 0, 6, 0, 0, 0, 0,    0,    0};

static struct image_output upright(enum image_format format)
{
    struct sample bmp = sample_bmp(60, 40);
    struct image_target target = sample_target(0, 0, format);
    struct image_output output = {.bytes = NULL};
    struct error err;
    target.lossless = format == IMAGE_WEBP;
    CHECK(sample_render(bmp.bytes, bmp.length, NULL, 0, &target, &output, &err));
    sample_release(&bmp);
    return output;
}

/* PNG's own checksum: bit by bit, a test has time. */
static unsigned long crc32_of(const unsigned char *bytes, size_t length)
{
    unsigned long crc = 0xffffffff;
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc & 1) != 0 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
        }
    }
    return crc ^ 0xffffffff;
}

static void big_endian(unsigned char *at, unsigned long value)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (unsigned char)(value >> (24 - 8 * i));
    }
}

TEST(image_orientation_of_a_png)
{
    struct image_output png = upright(IMAGE_PNG);
    enum { HEADER = 33 };
    unsigned char *bytes = malloc(png.length + 12 + sizeof exif_6);
    unsigned char *chunk = bytes + HEADER;
    memcpy(bytes, png.bytes, HEADER);
    big_endian(chunk, sizeof exif_6);
    memcpy(chunk + 4, "eXIf", 4);
    memcpy(chunk + 8, exif_6, sizeof exif_6);
    big_endian(chunk + 8 + sizeof exif_6, crc32_of(chunk + 4, 4 + sizeof exif_6));
    memcpy(chunk + 12 + sizeof exif_6, (char *)png.bytes + HEADER, png.length - HEADER);
    check_turned(bytes, png.length + 12 + sizeof exif_6);
    free(bytes);
    image_output_release(&png);
}

TEST(image_orientation_of_a_webp)
{
    struct image_output webp = upright(IMAGE_WEBP);
    size_t chunks = webp.length - 12;
    size_t length = 12 + 18 + chunks + 8 + sizeof exif_6;
    unsigned char *bytes = calloc(1, length);
    memcpy(bytes, "RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x08\0\0\0\x3b\0\0\x27\0\0", 30);
    bytes[4] = (unsigned char)(length - 8);
    bytes[5] = (unsigned char)((length - 8) >> 8);
    memcpy(bytes + 30, (char *)webp.bytes + 12, chunks);
    memcpy(bytes + 30 + chunks, "EXIF", 4);
    bytes[30 + chunks + 4] = sizeof exif_6;
    memcpy(bytes + 30 + chunks + 8, exif_6, sizeof exif_6);
    check_turned(bytes, length);
    free(bytes);
    image_output_release(&webp);
}

/* What our encoder does not write is made by the library itself. */
struct making {
    const char *coder;
    ColorspaceType colorspace;
    unsigned depth;
    OrientationType orientation;
    struct sample made;
};

static bool make_with_library(void *context, struct error *err)
{
    struct making *making = context;
    struct sample bmp = sample_bmp(60, 40);
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    ImageInfo *info = CloneImageInfo(NULL);
    (void)strcpy(info->filename, "BMP:x");
    Image *image = BlobToImage(info, bmp.bytes, bmp.length, &exception);
    sample_release(&bmp);
    if (image == NULL) {
        DestroyImageInfo(info);
        return error_set(err, "bad_image", "the sample");
    }
    (void)TransformColorspace(image, making->colorspace);
    image->depth = making->depth;
    image->orientation = making->orientation;
    (void)snprintf(image->magick, sizeof image->magick, "%s", making->coder);
    (void)snprintf(info->magick, sizeof info->magick, "%s", making->coder);
    info->quality = 95;
    making->made.bytes = ImageToBlob(info, image, &making->made.length, &exception);
    pixels_destroy(image);
    DestroyImageInfo(info);
    DestroyExceptionInfo(&exception);
    return making->made.bytes != NULL || error_set(err, "io", "the library wrote nothing");
}

static bool make(struct making *making)
{
    struct error err;
    return image_engine_start(INT64_C(1) << 30, &err) &&
           library_run(make_with_library, making, NULL, &err);
}

TEST(image_orientation_of_a_tiff)
{
    static const unsigned depths[] = {8, 16};
    for (size_t i = 0; i < 2; i++) {
        struct making making = {"TIFF", RGBColorspace, depths[i], RightTopOrientation, {NULL, 0}};
        check_case("%u bits", depths[i]);
        if (CHECK(make(&making))) {
            check_turned(making.made.bytes, making.made.length);
        }
        sample_release(&making.made);
    }
}

TEST(image_colour_of_cmyk_by_formula)
{
    static const char *const coders[] = {"JPEG", "TIFF"};
    for (size_t i = 0; i < 2; i++) {
        struct making making = {coders[i], CMYKColorspace, 8, UndefinedOrientation, {NULL, 0}};
        struct image_target target = sample_target(30, 20, IMAGE_PNG);
        struct image_output output;
        struct image_limits limits;
        struct image_info info;
        struct error err;
        check_case("%s", coders[i]);
        if (!CHECK(make(&making))) {
            continue;
        }
        image_limits_default(&limits);
        CHECK(image_probe(making.made.bytes, making.made.length, &limits, &info, &err));
        CHECK_INTEGER(info.channels, 4);
        if (CHECK(sample_render(making.made.bytes, making.made.length, NULL, 0, &target, &output,
                                &err))) {
            CHECK(sample_near(sample_pixel(&output, 0, 5, 5), RED, 24));
            CHECK(sample_near(sample_pixel(&output, 0, 25, 5), GREEN, 24));
            CHECK(sample_near(sample_pixel(&output, 0, 5, 15), BLUE, 24));
            CHECK(sample_near(sample_pixel(&output, 0, 25, 15), WHITE, 24));
            image_output_release(&output);
        }
        sample_release(&making.made);
    }
}

/* An sRGB profile in which red and green have changed places. */
static size_t swapped_profile(unsigned char profile[SRGB_PROFILE_MAX])
{
    size_t length = srgb_profile(profile);
    for (size_t i = 132; i + 12 <= 132 + 7 * 12; i += 12) {
        if (memcmp(profile + i, "rXYZ", 4) == 0) {
            profile[i] = 'g';
        } else if (memcmp(profile + i, "gXYZ", 4) == 0) {
            profile[i] = 'r';
        }
    }
    return length;
}

static struct sample jpeg_with_profile(const unsigned char *profile, size_t length)
{
    struct sample jpeg = sample_jpeg(60, 40, 0, NULL);
    struct sample made = {malloc(jpeg.length + length + 18), jpeg.length + length + 18};
    unsigned char *at = made.bytes;
    memcpy(at, "\xff\xd8\xff\xe2", 4);
    at[4] = (unsigned char)((length + 16) >> 8);
    at[5] = (unsigned char)(length + 16);
    memcpy(at + 6, "ICC_PROFILE\0\1\1", 14);
    memcpy(at + 20, profile, length);
    memcpy(at + 20 + length, jpeg.bytes + 2, jpeg.length - 2);
    sample_release(&jpeg);
    return made;
}

TEST(image_colour_follows_the_profile)
{
    static const struct {
        const char *name;
        bool swapped, broken;
        unsigned long above_left, above_right;
    } rows[] = {{"sRGB", false, false, RED, GREEN},
                {"red and green swapped", true, false, GREEN, RED},
                {"a profile that can't be read is ignored", true, true, RED, GREEN}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned char profile[SRGB_PROFILE_MAX];
        size_t length = rows[i].swapped ? swapped_profile(profile) : srgb_profile(profile);
        if (rows[i].broken) {
            memset(profile + 36, 0, 4); /* its signature */
        }
        struct sample jpeg = jpeg_with_profile(profile, length);
        struct image_target target = sample_target(30, 20, IMAGE_PNG);
        struct image_output output;
        struct error err;
        check_case("%s", rows[i].name);
        if (CHECK(sample_render(jpeg.bytes, jpeg.length, NULL, 0, &target, &output, &err))) {
            CHECK(sample_near(sample_pixel(&output, 0, 5, 5), rows[i].above_left, 24));
            CHECK(sample_near(sample_pixel(&output, 0, 25, 5), rows[i].above_right, 24));
            CHECK(sample_near(sample_pixel(&output, 0, 25, 15), WHITE, 24));
            image_output_release(&output);
        }
        sample_release(&jpeg);
    }
}

/* ---- the corpus ------------------------------------------------------------------------------ */

static bool render_corpus(const char *name, const struct image_target *target,
                          struct image_output *output)
{
    struct sample sample = sample_corpus(name);
    struct error err = {.message = "no such file"};
    bool ok = sample.bytes != NULL &&
              sample_render(sample.bytes, sample.length, NULL, 0, target, output, &err);
    if (!ok) {
        CHECK_TEXT(err.message, name);
    }
    sample_release(&sample);
    return ok;
}

TEST(image_orientation_corpus_is_one_picture_eight_times)
{
    struct image_target target = sample_target(150, 100, IMAGE_PNG);
    struct image_output first, output;
    if (!sample_corpus_present()) {
        check_skip("no ../shared/corpus");
        return;
    }
    if (!CHECK(render_corpus("photos/orientation/landscape_1.jpg", &target, &first))) {
        return;
    }
    for (int i = 2; i <= 8; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "photos/orientation/landscape_%d.jpg", i);
        check_case("%s", name);
        if (!render_corpus(name, &target, &output)) {
            continue;
        }
        CHECK_INTEGER(output.width, 150);
        CHECK_INTEGER(output.height, 100);
        /* Each shows its number in the middle; a turned one differs by more than 40. */
        CHECK(sample_difference(&first, &output) < 3);
        image_output_release(&output);
    }
    image_output_release(&first);
}

TEST(image_colour_corpus_comes_out_in_srgb)
{
    struct image_target target = sample_target(250, 0, IMAGE_PNG);
    struct image_output managed, formula, output;
    if (!sample_corpus_present()) {
        check_skip("no ../shared/corpus");
        return;
    }
    if (CHECK(render_corpus("photos/cmyk_with_profile.jpg", &target, &managed))) {
        if (CHECK(render_corpus("photos/cmyk_no_profile.jpg", &target, &formula))) {
            double difference = sample_difference(&managed, &formula);
            check_case("difference %g", difference);
            CHECK(difference > 5 && difference < 40);
            image_output_release(&formula);
        }
        image_output_release(&managed);
    }
    /* Display P3's (241, 0, 0) lies beyond sRGB's red. */
    if (CHECK(render_corpus("photos/display_p3.png", &target, &output))) {
        CHECK(sample_near(sample_pixel(&output, 0, 4, 4), RED, 3));
        image_output_release(&output);
    }
}

/* ---- conversions that are kept --------------------------------------------------------------- */

/* sRGB with a red of its own for each `variant`, 0 being sRGB's. */
static struct icc *open_variant(unsigned variant, enum icc_pixels pixels)
{
    unsigned char profile[SRGB_PROFILE_MAX];
    size_t length = srgb_profile(profile);
    for (size_t i = 128 + 4; i + 12 <= length; i += 12) {
        if (memcmp(profile + i, "rXYZ", 4) == 0) {
            size_t at = (size_t)profile[i + 6] << 8 | profile[i + 7];
            profile[at + 10] = (unsigned char)(profile[at + 10] - 8 * variant);
        }
    }
    return icc_open(profile, length, pixels);
}

/* What full red becomes: less than full where the profile's red is darker. */
static int red_of(const struct icc *icc)
{
    const unsigned char red[3] = {255, 0, 0};
    unsigned char made[3] = {0, 0, 0};
    icc_convert(icc, red, made, 1);
    return made[0];
}

TEST(image_conversion_is_kept)
{
    struct icc *first = open_variant(0, ICC_RGB_8);
    struct icc *again = open_variant(0, ICC_RGB_8);
    struct icc *wide = open_variant(0, ICC_RGB_16);
    CHECK(first != NULL && first == again);
    CHECK(wide != NULL && wide != first);
    icc_close(again);
    CHECK_INTEGER(red_of(first), 255);
    icc_close(first);
    icc_close(wide);
    struct icc *later = open_variant(0, ICC_RGB_8);
    CHECK(later == first);
    icc_close(later);
}

TEST(image_conversion_outlives_its_place)
{
    enum { MORE_THAN_KEPT = 6 };
    struct icc *first = open_variant(0, ICC_RGB_8);
    int last = 256;
    for (unsigned i = 0; i < MORE_THAN_KEPT; i++) {
        struct icc *icc = open_variant(i, ICC_RGB_8);
        if (CHECK(icc != NULL)) {
            int red = red_of(icc);
            check_case("variant %u: %d", i, red);
            CHECK(red < last);
            last = red;
        }
        icc_close(icc);
    }
    CHECK_INTEGER(red_of(first), 255);
    icc_close(first);
    icc_close(NULL);
}

enum { VARIANTS = 5 };

struct conversions {
    const int *reds; /* what each variant makes of red */
    int wrong;
};

/* More variants than are kept, so that threads take each other's out. */
static void *convert_many(void *context)
{
    struct conversions *conversions = context;
    for (unsigned i = 0; i < 300; i++) {
        struct icc *icc = open_variant(i % VARIANTS, ICC_RGB_8);
        conversions->wrong += icc == NULL || red_of(icc) != conversions->reds[i % VARIANTS] ? 1 : 0;
        icc_close(icc);
    }
    return NULL;
}

TEST(image_conversions_serve_several_threads)
{
    enum { THREADS = 4 };
    pthread_t thread[THREADS];
    struct conversions conversions[THREADS];
    int reds[VARIANTS];
    for (unsigned i = 0; i < VARIANTS; i++) {
        struct icc *icc = open_variant(i, ICC_RGB_8);
        reds[i] = red_of(icc);
        icc_close(icc);
    }
    for (int i = 0; i < THREADS; i++) {
        conversions[i] = (struct conversions){.reds = reds};
        CHECK(pthread_create(&thread[i], NULL, convert_many, &conversions[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(thread[i], NULL);
        CHECK_INTEGER(conversions[i].wrong, 0);
    }
}

TEST(image_conversion_of_nonsense_is_none)
{
    unsigned char profile[SRGB_PROFILE_MAX];
    size_t length = srgb_profile(profile);
    CHECK(icc_open("nonsense", 8, ICC_RGB_8) == NULL);
    CHECK(icc_open(profile, length, ICC_CMYK_16) == NULL);
    CHECK(icc_open(profile, length / 2, ICC_RGB_8) == NULL);
}
