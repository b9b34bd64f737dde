/*
 * image_squeeze_test.c - max_bytes: which quality is found, in how many tries, by encoders that are
 * a table of sizes.
 */
#include "bindings/image/codec/squeeze.h"
#include "tests/unit/check.h"

#include <stdlib.h>

struct coder {
    int64_t (*size)(int quality);
    int tries;
    int fails_at; /* the how manieth try fails; 0: none */
};

static int64_t ten_times(int quality)
{
    return quality * 10;
}

static int64_t same(int quality)
{
    (void)quality;
    return 500;
}

/* Odd qualities are large. */
static int64_t jagged(int quality)
{
    return quality * 10 + (quality % 2) * 200;
}

static bool encode(void *context, int quality, struct image_output *output, struct error *err)
{
    struct coder *coder = context;
    if (++coder->tries == coder->fails_at) {
        return error_set(err, "broken", "as the test wants it");
    }
    size_t length = (size_t)coder->size(quality);
    void *bytes = malloc(length);
    if (bytes == NULL) {
        return error_set_memory(err, "a test");
    }
    *output = (struct image_output){.bytes = bytes, .length = length, .format = IMAGE_JPEG};
    return true;
}

TEST(image_squeeze_finds_the_quality)
{
    static const struct {
        const char *name;
        int64_t (*size)(int quality);
        int64_t max_bytes;
        int most, least, found; /* qualities */
        int tries;
    } rows[] = {
        {"no bound", ten_times, 0, 80, 30, 80, 1},
        {"just fits", ten_times, 800, 80, 30, 80, 1},
        {"one too many", ten_times, 799, 80, 30, 79, 7},
        {"in between", ten_times, 615, 80, 30, 61, 7},
        {"only the least", ten_times, 300, 80, 30, 30, 7},
        {"the wide range's least", ten_times, 10, 100, 1, 1, 7},
        {"nothing in between", ten_times, 300, 31, 30, 30, 2},
        {"not the highest, but one that fits", jagged, 500, 80, 30, 32, 7},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_case("%s", rows[i].name);
        struct image_target target = {.format = IMAGE_JPEG,
                                      .quality = rows[i].most,
                                      .min_quality = rows[i].least,
                                      .max_bytes = rows[i].max_bytes};
        struct coder coder = {.size = rows[i].size};
        struct image_output output;
        struct error err;
        if (!CHECK(squeeze(&target, encode, &coder, &output, &err))) {
            CHECK_TEXT(err.message, "a file that fits");
            continue;
        }
        CHECK_INTEGER(output.quality, rows[i].found);
        CHECK_INTEGER((int64_t)output.length, rows[i].size(rows[i].found));
        CHECK(coder.tries <= rows[i].tries);
        image_output_release(&output);
    }
}

TEST(image_squeeze_says_what_was_asked)
{
    static const struct {
        struct image_target target;
        int64_t (*size)(int quality);
        const char *message;
    } rows[] = {
        {{.format = IMAGE_JPEG, .quality = 80, .min_quality = 30, .max_bytes = 299},
         ten_times,
         "max_bytes: the jpeg of 0 x 0 has 300 bytes at quality 30, 299 allowed; make it smaller, or "
         "lower min_quality"},
        {{.format = IMAGE_WEBP, .quality = 80, .min_quality = 1, .max_bytes = 9},
         ten_times,
         "max_bytes: the webp of 0 x 0 has 10 bytes at quality 1, 9 allowed; make it smaller"},
        {{.format = IMAGE_PNG, .quality = 80, .min_quality = 30, .max_bytes = 499},
         same,
         "max_bytes: the png of 0 x 0 has 500 bytes, 499 allowed; make it smaller"},
        {{.format = IMAGE_WEBP, .lossless = true, .quality = 80, .min_quality = 30, .max_bytes = 1},
         same,
         "max_bytes: the webp of 0 x 0 has 500 bytes, 1 allowed; make it smaller"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_case("%zu", i);
        struct coder coder = {.size = rows[i].size};
        struct image_output output;
        struct error err;
        if (CHECK(!squeeze(&rows[i].target, encode, &coder, &output, &err))) {
            CHECK_TEXT(err.code, "limit");
            CHECK_TEXT(err.message, rows[i].message);
        }
    }
}

TEST(image_squeeze_stops_where_an_encode_fails)
{
    for (int n = 1; n <= SQUEEZE_TRIES; n++) {
        check_case("try %d", n);
        struct image_target target = {
            .format = IMAGE_JPEG, .quality = 80, .min_quality = 30, .max_bytes = 500};
        struct coder coder = {.size = ten_times, .fails_at = n};
        struct image_output output;
        struct error err;
        CHECK(!squeeze(&target, encode, &coder, &output, &err));
        CHECK_TEXT(err.code, "broken");
        CHECK_INTEGER(coder.tries, n);
    }
}
