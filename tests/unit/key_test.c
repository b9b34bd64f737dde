/*
 * key_test.c - S3 keys to file names: known names, and for random keys what must hold of any.
 */
#include "bindings/local/key.h"

#include <stdlib.h>
#include <string.h>

#include "bindings/digest.h"
#include "host/utf8.h"
#include "tests/unit/check.h"

#define TAG "4f1c09aa"

static const struct {
    const char *key, *path;
} cases[] = {
    {"photos/cat.jpg", "photos/cat~4f1c09aa.jpg"},
    {"cat", "cat~4f1c09aa"},
    {"cat.tar.gz", "cat.tar~4f1c09aa.gz"},
    {"2026.11/cat", "2026.11/cat~4f1c09aa"},
    {"cat.", "cat.~4f1c09aa"},
    {".jpg", "%2Ejpg~4f1c09aa"},
    {"cat.with space", "cat.with space~4f1c09aa"},
    {"cat.elevenchars", "cat.elevenchars~4f1c09aa"},
    {"cat.tenchars10", "cat~4f1c09aa.tenchars10"},
    {"../../x", "%2E./%2E./x~4f1c09aa"},
    {"..", "%2E.~4f1c09aa"},
    {".", "%2E~4f1c09aa"},
    {"a/./b", "a/%2E/b~4f1c09aa"},
    {"a//b", "a/%/b~4f1c09aa"},
    {"a/", "a/%~4f1c09aa"},
    {"/", "%/%~4f1c09aa"},
    {"/etc/passwd", "%/etc/passwd~4f1c09aa"},
    {"~", "%7E~4f1c09aa"},
    {"cat~4f1c09aa.jpg", "cat%7E4f1c09aa~4f1c09aa.jpg"},
    {"50%", "50%25~4f1c09aa"},
    {"a\\b:c", "a%5Cb%3Ac~4f1c09aa"},
    {"line\nfeed\x7f", "line%0Afeed%7F~4f1c09aa"},
    {"gr\xC3\xB6\xC3\x9F"
     "e.jpg",
     "gr\xC3\xB6\xC3\x9F"
     "e~4f1c09aa.jpg"},
    {"\xE2\x80\xAEgpj", "%E2%80%AEgpj~4f1c09aa"},
    {"\xC2\x85", "%C2%85~4f1c09aa"},
    {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80~4f1c09aa"},
};

static const char *map(struct buffer *path, const char *key, size_t length)
{
    struct error err;
    buffer_reset(path);
    return CHECK(key_file_name(key, length, TAG, path, &err)) ? buffer_text(path) : "";
}

TEST(key_names_files_that_people_recognise)
{
    struct buffer path;
    buffer_init(&path, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_case("'%s'", cases[i].key);
        CHECK_TEXT(map(&path, cases[i].key, strlen(cases[i].key)), cases[i].path);
    }
    buffer_release(&path);
}

/* What must hold of every segment: short enough, not hidden, no dots alone, nothing odd in it. */
static bool is_safe_segment(const char *segment, size_t length)
{
    if (length == 0 || length > KEY_SEGMENT_MAX + 1 + KEY_TAG_LENGTH + 11 || segment[0] == '.') {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)segment[i];
        if (byte < 0x20 || byte == 0x7F || byte == '\\') {
            return false;
        }
    }
    return utf8_valid(segment, length);
}

static bool is_safe(const char *path)
{
    if (strlen(path) > KEY_PATH_MAX + 64 || path[0] == '/') {
        return false;
    }
    const char *at = path;
    for (const char *slash; (slash = strchr(at, '/')) != NULL; at = slash + 1) {
        if (!is_safe_segment(at, (size_t)(slash - at))) {
            return false;
        }
    }
    return is_safe_segment(at, strlen(at)) && key_is_file_name(at);
}

static size_t make_key(char *key, unsigned *seed)
{
    static const char *const pieces[] = {
        "/",
        "/",
        ".",
        "..",
        "~",
        "%",
        "a",
        "B",
        "0",
        " ",
        "\n",
        "\x01",
        "\xC3\xA9",
        "\xE2\x80\xA8",
        "\xF0\x9F\x98\x80",
        "\\",
        ":",
        "jpg",
        "~4f1c09aa",
        "verylongpiecewithoutanyslash",
    };
    size_t wanted = (size_t)rand_r(seed) % 1024 + 1, length = 0;
    while (length < wanted) {
        const char *piece = pieces[(size_t)rand_r(seed) % (sizeof pieces / sizeof *pieces)];
        size_t bytes = strlen(piece);
        if (length + bytes > 1024) {
            break;
        }
        memcpy(key + length, piece, bytes);
        length += bytes;
    }
    return length;
}

TEST(key_makes_any_key_safe)
{
    struct buffer path;
    buffer_init(&path, 4096);
    unsigned seed = 7;
    for (int i = 0; i < 20000; i++) {
        char key[1024];
        size_t length = make_key(key, &seed);
        const char *made = map(&path, key, length);
        check_case("%d: %.*s", i, (int)length, key);
        CHECK(is_safe(made));
    }
    buffer_release(&path);
}

TEST(key_makes_the_longest_keys_safe)
{
    static const char *const fillers[] = {"x", "/", ".", "~", "x/", "xxxxxxxxxx/", "\xC3\xA9"};
    struct buffer path;
    buffer_init(&path, 4096);
    for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++) {
        char key[1024];
        size_t piece = strlen(fillers[i]), length = 0;
        for (; length + piece <= sizeof key; length += piece) {
            memcpy(key + length, fillers[i], piece);
        }
        check_case("%s...", fillers[i]);
        CHECK(is_safe(map(&path, key, length)));
    }
    buffer_release(&path);
}

TEST(key_keeps_long_names_apart)
{
    char first[301], second[301];
    memset(first, 'x', 300);
    first[300] = '\0';
    memcpy(second, first, sizeof first);
    second[299] = 'y';
    struct buffer one, other;
    buffer_init(&one, 4096);
    buffer_init(&other, 4096);
    CHECK(strcmp(map(&one, first, 300), map(&other, second, 300)) != 0);
    first[150] = '/';
    second[150] = '/';
    CHECK(strcmp(map(&one, first, 300), map(&other, second, 300)) != 0);
    CHECK(strstr(buffer_text(&one), "/") != NULL);
    buffer_release(&one);
    buffer_release(&other);
}

TEST(key_knows_its_own_names)
{
    CHECK(key_is_file_name("cat~4f1c09aa.jpg"));
    CHECK(key_is_file_name("%~4f1c09aa"));
    CHECK(key_is_file_name("long~0123456789abcdef~4f1c09aa"));
    CHECK(!key_is_file_name("cat.jpg"));
    CHECK(!key_is_file_name("cat.jpg~"));
    CHECK(!key_is_file_name("cat~4f1c09a.jpg"));
    CHECK(!key_is_file_name("cat~4f1c09aax"));
    CHECK(!key_is_file_name("long~0123456789abcdef"));
}
