/*
 * document_test.c - JSON documents: what is read, and what is none.
 */
#include <string.h>

#include "bindings/document.h"
#include "tests/unit/check.h"

/* A document is read and written again; what is none gives its error. */
static const char *round_trip(const char *text, size_t length, struct buffer *out)
{
    struct error err;
    buffer_reset(out);
    json_t *document = document_parse(text, length, &err);
    if (document == NULL || !document_print(document, out, &err)) {
        buffer_reset(out);
        (void)buffer_append_text(out, err.message);
    }
    json_decref(document);
    return buffer_text(out);
}

TEST(documents_come_back)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"{}", "{}"},
        {" [ ] ", "[]"},
        {"\t{ \"a\" : [ 1 , -2 , true , false , null ] }\r\n", "{\"a\":[1,-2,true,false,null]}"},
        {"0", "0"},
        {"-0", "0"},
        {"1.5", "1.5"},
        {"2e3", "2000.0"},
        {"-1.25E-2", "-0.012500000000000001"},
        {"9223372036854775807", "9223372036854775807"},
        {"9223372036854775808", "9.2233720368547758e18"},
        {"\"\"", "\"\""},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
        {"\"\\u0041\\u00e9\\u20AC\\ud83d\\uDE00\"", "\"A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\""},
        {"\"a\\u0000b\"", "\"a\\u0000b\""},
        {"\"\xF0\x9F\x98\x80\"", "\"\xF0\x9F\x98\x80\""},
        {"{\"\":1}", "{\"\":1}"},
        {"{\"b\":1,\"a\":{\"b\":2}}", "{\"b\":1,\"a\":{\"b\":2}}"},
    };
    struct buffer out;
    buffer_init(&out, 10000);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_case("%s", cases[i].text);
        CHECK_TEXT(round_trip(cases[i].text, strlen(cases[i].text), &out), cases[i].wanted);
    }
    buffer_release(&out);
}

TEST(documents_that_are_none)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"", "no value at byte 0"},
        {"nul", "no value at byte 0"},
        {"True", "no value at byte 0"},
        {"nulls", "something behind the document at byte 4"},
        {"{} {}", "something behind the document at byte 3"},
        {"[1,]", "no value at byte 3"},
        {"[1 2]", "neither comma nor closing bracket at byte 3"},
        {"[", "no value at byte 1"},
        {"[1", "neither comma nor closing bracket at byte 2"},
        {"{\"a\"}", "no colon at byte 4"},
        {"{\"a\":}", "no value at byte 5"},
        {"{a:1}", "no name of a field at byte 1"},
        {"{\"a\":1,}", "no name of a field at byte 7"},
        {"{\"a\":1,\"a\":2}", "a name that was there already at byte 10"},
        {"{\"a\\u0000\":1}", "a name with NUL at byte 10"},
        {"\"", "the end within a string at byte 1"},
        {"\"\\", "the end within a string at byte 2"},
        {"\"\\x\"", "an unknown escape at byte 2"},
        {"\"\\u12\"", "four hexadecimal digits have to follow \\u at byte 5"},
        {"\"\\ud83d\"", "half a surrogate pair at byte 7"},
        {"\"\\ud83d\\u0041\"", "half a surrogate pair at byte 13"},
        {"\"\\ude00\"", "half a surrogate pair at byte 7"},
        {"\"a\nb\"", "a control character within a string at byte 2"},
        {"\"\xFF\"", "a string that is not UTF-8 ends at byte 3"},
        {"01", "no value at byte 0"},
        {"1.", "no value at byte 0"},
        {".5", "no value at byte 0"},
        {"1e", "no value at byte 0"},
        {"+1", "no value at byte 0"},
        {"--1", "no value at byte 0"},
        {"-", "no value at byte 0"},
        {"1e999", "a number that is too large ends at byte 5"},
        {"NaN", "no value at byte 0"},
    };
    struct buffer out;
    buffer_init(&out, 10000);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char wanted[200] = "not a JSON document: ";
        check_case("%s", cases[i].text);
        CHECK_TEXT(round_trip(cases[i].text, strlen(cases[i].text), &out),
                   strcat(wanted, cases[i].wanted));
    }
    buffer_release(&out);
}

TEST(documents_have_a_depth)
{
    char text[2 * (DOCUMENT_DEPTH_MAX + 1)];
    struct buffer out;
    buffer_init(&out, 10000);
    for (int levels = DOCUMENT_DEPTH_MAX; levels <= DOCUMENT_DEPTH_MAX + 1; levels++) {
        memset(text, '[', (size_t)levels);
        memset(text + levels, ']', (size_t)levels);
        const char *result = round_trip(text, 2 * (size_t)levels, &out);
        CHECK((strstr(result, "too deep") != NULL) == (levels > DOCUMENT_DEPTH_MAX));
    }
    buffer_release(&out);
}
