/*
 * json_scan_test.c - what is JSON, what is not, and what is rewritten for lua-cjson.
 */
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

#include "bindings/json_scan.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

TEST(json_scan_accepts_and_rewrites)
{
    static const struct {
        const char *text, *rewritten; /* "" : as it is */
    } cases[] = {
        {"0", ""},
        {" -0.5e+10 ", ""},
        {"\t\r\n true", ""},
        {"{}", ""},
        {"{\"a\":[1,{\"b\":null}]}", ""},
        {"\"\\u00fc\\ud83d\\ude00\\n\\/\"", ""},
        {"\"\xC3\xBC\"", ""},
        {"123456789012345", ""},
        {"-123456789012345", ""},
        {"1234567890123456.5", ""},
        {"1234567890123456", "\"\xFFI1234567890123456\""},
        {"[9223372036854775807]", "[\"\xFFI9223372036854775807\"]"},
        {"-9223372036854775808", "\"\xFFI-9223372036854775808\""},
        {"[]", "\"\xFF\x41\""},
        {"[ \n ]", "\"\xFF\x41\""},
        {"{\"[]\":[[], 9007199254740993,{}]}",
         "{\"[]\":[\"\xFF\x41\", \"\xFFI9007199254740993\",{}]}"},
        {"\"[] 9007199254740993\"", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case("%s", cases[i].text);
        struct buffer rewritten;
        struct error err;
        buffer_init(&rewritten, 1000);
        if (!CHECK(json_scan(cases[i].text, strlen(cases[i].text), &rewritten, &err))) {
            CHECK_TEXT(err.message, "");
        }
        CHECK_TEXT(buffer_text(&rewritten), cases[i].rewritten);
        buffer_release(&rewritten);
    }
}

TEST(json_scan_refuses_and_says_where)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "expected a value, found the end of the text"},
        {" ", "expected a value, found the end of the text"},
        {"NaN", "expected a value, found 'N' at byte 1, line 1"},
        {"[1,\n-Infinity]", "expected a digit, found 'I' at byte 6, line 2"},
        {"0x10", "expected the end of the text, found 'x' at byte 2, line 1"},
        {"1 2", "expected the end of the text, found '2' at byte 3, line 1"},
        {"{} x", "expected the end of the text, found 'x' at byte 4, line 1"},
        {"01", "the number 01 begins with a zero, at byte 1, line 1"},
        {"1.", "expected a digit, found the end of the text"},
        {"[1.e3]", "expected a digit, found 'e' at byte 4, line 1"},
        {"1e", "expected a digit, found the end of the text"},
        {"+1", "expected a value, found '+' at byte 1, line 1"},
        {"nul", "expected a value, found 'n' at byte 1, line 1"},
        {"[1,]", "expected a value, found ']' at byte 4, line 1"},
        {"[1 2]", "expected ',' or ']', found '2' at byte 4, line 1"},
        {"[", "expected a value, found the end of the text"},
        {"{a:1}", "expected a field's name in double quotes, found 'a' at byte 2, line 1"},
        {"{\"a\" 1}", "expected ':', found '1' at byte 6, line 1"},
        {"{\"a\":1,}", "expected a field's name in double quotes, found '}' at byte 8, line 1"},
        {"{\"a\":1", "expected ',' or '}', found the end of the text"},
        {"\"a", "expected a closing quote, found the end of the text"},
        {"\"a\\", "expected one of \" \\ / b f n r t u after a backslash, found the end of the "
                  "text"},
        {"\"\\x\"", "expected one of \" \\ / b f n r t u after a backslash, found 'x' at byte 3, "
                    "line 1"},
        {"\"\\u12g4\"", "expected four hexadecimal digits, found 'g' at byte 6, line 1"},
        {"\"\\ud800\"", "half a surrogate pair at byte 2, line 1"},
        {"\"\\udc00\"", "half a surrogate pair at byte 2, line 1"},
        {"\"\\ud800\\u0041\"", "half a surrogate pair at byte 2, line 1"},
        {"\"a\nb\"", "a control character that is not escaped at byte 3, line 1"},
        {"\"\xFFI1\"", "bytes that are not UTF-8 at byte 2, line 1"},
        {"\"\xED\xA0\x80\"", "bytes that are not UTF-8 at byte 2, line 1"},
        {"\xEF\xBB\xBF{}", "expected a value, found byte 0xEF at byte 1, line 1"},
        {"9223372036854775808", "the number 9223372036854775808 does not fit a 64-bit integer, at "
                                "byte 1, line 1"},
        {"[-9223372036854775809]", "the number -9223372036854775809 does not fit a 64-bit integer, "
                                   "at byte 2, line 1"},
        {"1e999", "the number 1e999 is too large, at byte 1, line 1"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case("%s", cases[i].text);
        struct buffer rewritten;
        struct error err = {.code = ""};
        buffer_init(&rewritten, 1000);
        CHECK(!json_scan(cases[i].text, strlen(cases[i].text), &rewritten, &err));
        CHECK_TEXT(err.code, "bad_json");
        CHECK_TEXT(err.message, cases[i].message);
        buffer_release(&rewritten);
    }
}

TEST(json_scan_bounds_depth)
{
    char text[2 * (JSON_DEPTH_MAX + 1) + 2];
    struct buffer rewritten;
    struct error err;
    buffer_init(&rewritten, 1000);
    for (int extra = 0; extra <= 1; extra++) {
        size_t depth = JSON_DEPTH_MAX + (size_t)extra;
        memset(text, '[', depth);
        text[depth] = '1';
        memset(text + depth + 1, ']', depth);
        text[2 * depth + 1] = '\0';
        CHECK(json_scan(text, 2 * depth + 1, &rewritten, &err) == (extra == 0));
    }
    CHECK_TEXT(err.message, "nested deeper than 128 levels at byte 129, line 1");
    buffer_release(&rewritten);
}

TEST(json_scan_survives_every_cut)
{
    static const char text[] =
        "{\"a\":[1,-2.5e3,true,null,\"\\ud83d\\ude00\xC3\xBC\"],\"b\":[],\"c\":9007199254740993}";
    for (size_t length = 0; length < sizeof text - 1; length++) {
        check_case("%zu bytes", length);
        char *cut = malloc(length + 1); /* so that the sanitizer sees a read beyond */
        memcpy(cut, text, length);
        cut[length] = '\0';
        struct buffer rewritten;
        struct error err;
        buffer_init(&rewritten, 1000);
        CHECK(!json_scan(cut, length, &rewritten, &err));
        buffer_release(&rewritten);
        free(cut);
    }
}
