/*
 * buffer_test.c - buffers, error values and UTF-8.
 */
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

#include "host/buffer.h"
#include "host/utf8.h"

TEST(buffer_keeps_its_maximum)
{
    struct buffer buffer;
    struct error err;
    buffer_init(&buffer, 5);
    CHECK(buffer_append_text(&buffer, "abc"));
    CHECK(!buffer_append_text(&buffer, "def"));
    CHECK(!buffer_append_text(&buffer, "d"));
    CHECK_TEXT(buffer_text(&buffer), "abc");
    CHECK(!buffer_check(&buffer, "the answer", &err));
    CHECK_TEXT(err.code, "too_large");
    CHECK_TEXT(err.message, "the answer is larger than its limit of 5 bytes");
    buffer_reset(&buffer);
    CHECK(buffer_append_text(&buffer, "12345"));
    CHECK(buffer_check(&buffer, "the answer", &err));
    buffer_release(&buffer);
}

TEST(buffer_take_gives_bytes_away)
{
    struct buffer buffer;
    buffer_init(&buffer, 100);
    size_t length = 99;
    char *empty = buffer_take(&buffer, &length);
    CHECK_TEXT(empty, "");
    CHECK_INTEGER((long long)length, 0);
    free(empty);
    CHECK(buffer_printf(&buffer, "%d-%s", 7, "x"));
    char *text = buffer_take(&buffer, &length);
    CHECK_TEXT(text, "7-x");
    CHECK_INTEGER((long long)length, 3);
    CHECK_TEXT(buffer_text(&buffer), "");
    free(text);
}

TEST(buffer_json_strings)
{
    static const struct {
        const char *text;
        size_t length;
        const char *wanted;
    } cases[] = {
        {"", 0, "\"\""},
        {"plain", 5, "\"plain\""},
        {"a\"b\\c\n\r\t\x01\x7F", 10, "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u007f\""},
        {"nul\0x", 5, "\"nul\\u0000x\""},
        {"\xC3\xBC", 2, "\"\xC3\xBC\""},
        {"\xF0\x9F\x98\x80", 4, "\"\xF0\x9F\x98\x80\""},
        {"\xFF"
         "a",
         2,
         "\"\xEF\xBF\xBD"
         "a\""},
        {"\xE2\x82", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_case("%zu", i);
        struct buffer buffer;
        buffer_init(&buffer, 1000);
        CHECK(buffer_append_json(&buffer, cases[i].text, cases[i].length));
        CHECK_TEXT(buffer_text(&buffer), cases[i].wanted);
        buffer_release(&buffer);
    }
}

TEST(utf8_follows_rfc_3629)
{
    static const struct {
        const char *text;
        bool valid;
    } cases[] = {
        {"", true},
        {"abc", true},
        {"\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80", true},
        {"\xC0\x80", false},         /* overlong NUL */
        {"\xC1\xBF", false},         /* overlong */
        {"\xE0\x9F\xBF", false},     /* overlong */
        {"\xED\xA0\x80", false},     /* surrogate */
        {"\xF0\x8F\xBF\xBF", false}, /* overlong */
        {"\xF4\x90\x80\x80", false}, /* above U+10FFFF */
        {"\xF5\x80\x80\x80", false},
        {"\x80", false},
        {"\xE2\x82", false},
        {"ab\xC3", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_case("%zu", i);
        CHECK(utf8_valid(cases[i].text, strlen(cases[i].text)) == cases[i].valid);
    }
}

TEST(error_messages_are_cut_between_characters)
{
    char text[2048];
    memset(text, 'a', sizeof text);
    struct error err;
    /* The last character that fits in 1,023 bytes would be cut in two. */
    memcpy(text + 1022, "\xC3\xBC", 3);
    CHECK(!error_set(&err, "io", "%s", text));
    CHECK_INTEGER((long long)strlen(err.message), 1022);
    CHECK(utf8_valid(err.message, strlen(err.message)));
    CHECK(!error_set(&err, "io", "reason"));
    CHECK(!error_prefix(&err, "file %d", 3));
    CHECK_TEXT(err.message, "file 3: reason");
    CHECK_TEXT(err.code, "io");
}
