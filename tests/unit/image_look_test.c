/*
 * image_look_test.c - what a camera wrote down, in both byte orders, whole and damaged; and what
 * profiles call themselves.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/image/look/look.h"
#include "bindings/image/srgb.h"
#include "host/utf8.h"
#include "tests/unit/check.h"

/* ---- blocks, made here --------------------------------------------------------------------- */

enum { BLOCK_MAX = 4096 };

struct block {
    unsigned char bytes[BLOCK_MAX];
    size_t length;
    bool big_endian;
};

static void put(struct block *block, size_t at, uint64_t value, int size)
{
    for (int i = 0; i < size; i++) {
        int shift = 8 * (block->big_endian ? size - 1 - i : i);
        block->bytes[at + (size_t)i] = (unsigned char)(value >> shift);
    }
}

enum { ASCII = 2, SHORT = 3, LONG = 4, RATIONAL = 5, SIGNED = 10 };

/* One entry: a text, a number, or up to three rationals. */
struct tag {
    unsigned tag, type;
    const char *text;
    uint32_t number, count;
    uint32_t ratios[6];
};

static void put_values(struct block *block, size_t at, const struct tag *tag)
{
    if (tag->type == ASCII) {
        memcpy(block->bytes + at, tag->text, strlen(tag->text) + 1);
    } else if (tag->type == RATIONAL || tag->type == SIGNED) {
        for (uint32_t i = 0; i < 2 * tag->count; i++) {
            put(block, at + 4 * i, tag->ratios[i], 4);
        }
    } else {
        put(block, at, tag->number, tag->type == SHORT ? 2 : 4);
    }
}

/* Appends a directory, its values behind it; returns where it is. */
static size_t put_directory(struct block *block, const struct tag *tags, size_t count)
{
    size_t start = block->length, entry = start + 2;
    put(block, start, count, 2);
    block->length += 2 + 12 * count + 4;
    for (size_t i = 0; i < count; i++, entry += 12) {
        bool text = tags[i].type == ASCII;
        bool ratio = tags[i].type == RATIONAL || tags[i].type == SIGNED;
        size_t values = text ? strlen(tags[i].text) + 1 : ratio ? tags[i].count : 1;
        size_t size = values * (text ? 1 : ratio ? 8 : tags[i].type == SHORT ? 2 : 4);
        put(block, entry, tags[i].tag, 2);
        put(block, entry + 2, tags[i].type, 2);
        put(block, entry + 4, values, 4);
        put_values(block, size > 4 ? block->length : entry + 8, &tags[i]);
        if (size > 4) {
            put(block, entry + 8, block->length, 4);
            block->length += size;
        }
    }
    return start;
}

static void begin(struct block *block, bool big_endian)
{
    *block = (struct block){.big_endian = big_endian, .length = 8};
    memcpy(block->bytes, big_endian ? "MM" : "II", 2);
    put(block, 2, 42, 2);
}

#define TEXT(tag, text)                                                                            \
    {                                                                                              \
        tag, ASCII, text, 0, 0,                                                                    \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }
#define NUMBER(tag, number)                                                                        \
    {                                                                                              \
        tag, SHORT, NULL, number, 0,                                                               \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }
#define RATIO(tag, a, b)                                                                           \
    {                                                                                              \
        tag, RATIONAL, NULL, 0, 1,                                                                 \
        {                                                                                          \
            a, b                                                                                   \
        }                                                                                          \
    }
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const struct tag photo_tags[] = {
    RATIO(0x829a, 1, 200),  RATIO(0x829d, 28, 10),
    NUMBER(0x8827, 400),    TEXT(0x9003, "2026:03:01 12:30:05"),
    TEXT(0x9011, "+02:00"), NUMBER(0x9209, 0x19),
    RATIO(0x920a, 35, 1),   TEXT(0x9291, "25"),
    NUMBER(0xa405, 52),     TEXT(0xa434, "35mm f/2.8"),
};

static const struct tag gps_tags[] = {
    TEXT(1, "S"),
    {2, RATIONAL, NULL, 0, 3, {33, 1, 51, 1, 3555, 100}},
    TEXT(3, "E"),
    {4, RATIONAL, NULL, 0, 3, {151, 1, 12, 1, 40, 1}},
    {5, 1, NULL, 0, 0, {0}},
    RATIO(6, 585, 10),
};

/* A camera's block; `second` and `third` directories may be left out. */
static void make_block(struct block *block, bool big_endian, const struct tag *photo,
                       size_t photo_count, const struct tag *gps, size_t gps_count)
{
    begin(block, big_endian);
    size_t photo_at = put_directory(block, photo, photo_count);
    size_t gps_at = put_directory(block, gps, gps_count);
    const struct tag image_tags[] = {
        TEXT(0x010f, "Maker\tof \xc3\xa9 "),
        TEXT(0x0110, "M1"),
        NUMBER(0x0112, 6),
        TEXT(0x013b, "Andr\xe9"), /* Latin-1 */
        TEXT(0x8298, "(c) A"),
        {0x8769, LONG, NULL, (uint32_t)photo_at, 0, {0}},
        {0x8825, LONG, NULL, (uint32_t)gps_at, 0, {0}},
    };
    put(block, 4, put_directory(block, image_tags, COUNT(image_tags)), 4);
}

static void read_block(const void *bytes, size_t length, struct look_exif *exif)
{
    struct image_info info = {.exif = {0, length}};
    look_exif(bytes, &info, exif);
}

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

/* ---- EXIF ---------------------------------------------------------------------------------- */

TEST(image_look_reads_exif_in_both_byte_orders)
{
    for (int big_endian = 0; big_endian <= 1; big_endian++) {
        struct block block;
        struct look_exif exif;
        make_block(&block, big_endian != 0, photo_tags, COUNT(photo_tags), gps_tags,
                   COUNT(gps_tags));
        read_block(block.bytes, block.length, &exif);
        check_case("big_endian %d", big_endian);
        CHECK_TEXT(exif.make, "Maker of \xc3\xa9");
        CHECK_TEXT(exif.model, "M1");
        CHECK_TEXT(exif.artist, "Andr\xc3\xa9");
        CHECK_TEXT(exif.copyright, "(c) A");
        CHECK_TEXT(exif.lens, "35mm f/2.8");
        CHECK_TEXT(exif.taken, "2026-03-01T12:30:05.25+02:00");
        CHECK(near(exif.exposure_seconds, 0.005) && near(exif.f_number, 2.8) &&
              near(exif.focal_length_mm, 35));
        CHECK_INTEGER(exif.iso, 400);
        CHECK_INTEGER(exif.focal_length_35mm, 52);
        CHECK_INTEGER(exif.orientation, 6);
        CHECK(exif.has_flash && exif.flash);
        CHECK(exif.has_position && near(exif.latitude, -(33 + 51 / 60.0 + 35.55 / 3600)) &&
              near(exif.longitude, 151 + 12 / 60.0 + 40 / 3600.0));
        CHECK(exif.has_altitude && near(exif.altitude_m, 58.5));
    }
}

static const struct {
    const char *time, *fraction, *offset, *taken;
} times[] = {
    {"2026:03:01 12:30:05", "", "", "2026-03-01T12:30:05"},
    {"2026:03:01 12:30:05", "016", "-03:30", "2026-03-01T12:30:05.016-03:30"},
    {"2026:03:01 12:30:05", "x", "UTC", "2026-03-01T12:30:05"},
    {"0000:00:00 00:00:00", "", "", ""},
    {"    :  :     :  :  ", "", "", ""},
    {"2026:13:01 12:30:05", "", "", ""},
    {"2026:03:32 12:30:05", "", "", ""},
    {"2026:03:01 24:30:05", "", "", ""},
    {"2026:03:01 12:60:05", "", "", ""},
    {"2026-03-01 12:30:05", "", "", ""},
    {"2026:03:01", "", "", ""},
};

TEST(image_look_takes_no_time_that_is_none)
{
    for (size_t i = 0; i < COUNT(times); i++) {
        const struct tag tags[] = {TEXT(0x9004, times[i].time), TEXT(0x9292, times[i].fraction),
                                   TEXT(0x9012, times[i].offset)};
        struct block block;
        struct look_exif exif;
        make_block(&block, true, tags, COUNT(tags), NULL, 0);
        read_block(block.bytes, block.length, &exif);
        check_case("%s %s %s", times[i].time, times[i].fraction, times[i].offset);
        CHECK_TEXT(exif.taken, times[i].taken);
    }
}

static const struct {
    const char *name;
    struct tag tags[4];
} positions[] = {
    {"no longitude", {TEXT(1, "N"), {2, RATIONAL, NULL, 0, 3, {1, 1, 0, 1, 0, 1}}}},
    {"0/0 degrees",
     {TEXT(1, "N"),
      {2, RATIONAL, NULL, 0, 3, {0, 0, 0, 0, 0, 0}},
      TEXT(3, "E"),
      {4, RATIONAL, NULL, 0, 3, {1, 1, 0, 1, 0, 1}}}},
    {"91 degrees north",
     {TEXT(1, "N"),
      {2, RATIONAL, NULL, 0, 3, {91, 1, 0, 1, 0, 1}},
      TEXT(3, "E"),
      {4, RATIONAL, NULL, 0, 3, {1, 1, 0, 1, 0, 1}}}},
    {"neither north nor south",
     {TEXT(1, "Q"),
      {2, RATIONAL, NULL, 0, 3, {1, 1, 0, 1, 0, 1}},
      TEXT(3, "E"),
      {4, RATIONAL, NULL, 0, 3, {1, 1, 0, 1, 0, 1}}}},
};

TEST(image_look_takes_no_position_that_is_none)
{
    for (size_t i = 0; i < COUNT(positions); i++) {
        struct block block;
        struct look_exif exif;
        make_block(&block, false, photo_tags, 1, positions[i].tags, 4);
        read_block(block.bytes, block.length, &exif);
        check_case("%s", positions[i].name);
        CHECK(!exif.has_position && !exif.has_altitude);
        CHECK(near(exif.exposure_seconds, 0.005));
    }
}

static void check_sane(const struct look_exif *exif)
{
    const char *const texts[] = {exif->make,   exif->model,       exif->lens_make,
                                 exif->lens,   exif->description, exif->software,
                                 exif->artist, exif->copyright,   exif->taken};
    for (size_t i = 0; i < COUNT(texts); i++) {
        size_t length = strnlen(texts[i], LOOK_TEXT_MAX);
        CHECK(length < LOOK_TEXT_MAX && utf8_valid(texts[i], length));
    }
}

/* Copies of exactly that length, so that the sanitizer sees a step beyond. */
TEST(image_look_survives_every_cut_and_change)
{
    static const unsigned char changes[] = {0x00, 0x01, 0x7f, 0xff};
    struct block block;
    struct look_exif exif;
    make_block(&block, true, photo_tags, COUNT(photo_tags), gps_tags, COUNT(gps_tags));
    for (size_t cut = 0; cut <= block.length; cut++) {
        for (size_t k = 0; k < COUNT(changes); k++) {
            unsigned char *copy = malloc(cut + 1);
            memcpy(copy, block.bytes, cut);
            copy[cut * 7919 % (cut + 1)] = changes[k];
            read_block(copy, cut, &exif);
            check_sane(&exif);
            free(copy);
        }
    }
    for (size_t i = 0; i < block.length; i++) {
        for (size_t k = 0; k < COUNT(changes); k++) {
            struct block changed = block;
            changed.bytes[i] = changes[k];
            read_block(changed.bytes, changed.length, &exif);
            check_sane(&exif);
        }
    }
}

/* A directory that names itself as the next one is read once more, and that was that. */
TEST(image_look_is_not_led_in_circles)
{
    struct block block;
    struct look_exif exif;
    begin(&block, false);
    const struct tag tags[] = {{0x8769, LONG, NULL, 8, 0, {0}}, {0x8825, LONG, NULL, 8, 0, {0}}};
    put(&block, 4, put_directory(&block, tags, COUNT(tags)), 4);
    read_block(block.bytes, block.length, &exif);
    CHECK(!exif.has_position);
    CHECK_TEXT(exif.make, "");
}

/* ---- profiles ------------------------------------------------------------------------------ */

/* A profile with one tag, `desc`, that is this. */
static size_t make_profile(unsigned char *profile, const void *tag, size_t length)
{
    memset(profile, 0, 144);
    memcpy(profile + 128,
           "\0\0\0\x01"
           "desc\0\0\0\x90",
           12);
    profile[143] = (unsigned char)length;
    memcpy(profile + 144, tag, length);
    return 144 + length;
}

#define TAG(bytes) bytes, sizeof(bytes) - 1
static const struct {
    const char *tag;
    size_t length;
    const char *name;
} descriptions[] = {
    {TAG("desc\0\0\0\0\0\0\0\x0aGreyscale\0"), "Greyscale"},
    {TAG("mluc\0\0\0\0\0\0\0\x01\0\0\0\x0c"
         "deDE\0\0\0\x04\0\0\0\x1c\0A\0\xdf"),
     "A\xc3\x9f"},
    {TAG("mluc\0\0\0\0\0\0\0\x02\0\0\0\x0c"
         "deDE\0\0\0\x02\0\0\0\x28"
         "enUS\0\0\0\x02\0\0\0\x2a\0D\0E"),
     "E"},
    {TAG("mluc\0\0\0\0\0\0\0\x01\0\0\0\x0c"
         "deDE\0\0\0\x40\0\0\0\x1c\0A"),
     ""},
    {TAG("desc\0\0\0\0\0\0\xff\x0bGreyscale\0"), ""},
    {TAG("text\0\0\0\0Greyscale\0"), ""},
};

TEST(image_look_reads_what_profiles_call_themselves)
{
    for (size_t i = 0; i < COUNT(descriptions); i++) {
        unsigned char profile[256];
        size_t length = make_profile(profile, descriptions[i].tag, descriptions[i].length);
        for (size_t cut = 0; cut <= length; cut++) {
            struct image_info info = {.format = IMAGE_JPEG, .profile = {0, cut}};
            char name[LOOK_TEXT_MAX];
            unsigned char *copy = malloc(cut + 1);
            memcpy(copy, profile, cut);
            look_profile(copy, &info, name);
            check_case("%zu, cut at %zu", i, cut);
            CHECK(cut == length || utf8_valid(name, strlen(name)));
            if (cut == length) {
                CHECK_TEXT(name, descriptions[i].name);
            }
            free(copy);
        }
    }
}
