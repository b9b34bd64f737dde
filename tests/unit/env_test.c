/*
 * env_test.c - typed environment variables.
 */
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

#include "host/env.h"

#define NAME "LUNETTE_TEST_KNOB"

static void set(const char *value)
{
    if (value == NULL) {
        (void)unsetenv(NAME);
    } else {
        (void)setenv(NAME, value, 1);
    }
}

TEST(env_integer_is_strict)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t wanted;
    } cases[] = {
        {NULL, true, 7},    {"", true, 7},     {"1", true, 1},    {"100", true, 100},
        {"-5", true, -5},   {"007", true, 7},  {"101", false, 0}, {"-6", false, 0},
        {" 1", false, 0},   {"1 ", false, 0},  {"+1", false, 0},  {"1.0", false, 0},
        {"0x10", false, 0}, {"ten", false, 0}, {"-", false, 0},   {"9223372036854775808", false, 0},
        {"1e2", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_case("'%s'", cases[i].text == NULL ? "(not set)" : cases[i].text);
        set(cases[i].text);
        int64_t value = -99;
        struct error err;
        CHECK(env_integer(NAME, 7, -5, 100, &value, &err) == cases[i].ok);
        CHECK_INTEGER(value, cases[i].ok ? cases[i].wanted : -99);
        if (!cases[i].ok) {
            CHECK_TEXT(err.code, "usage");
            CHECK(strstr(err.message, NAME) != NULL);
            CHECK(strstr(err.message, "from -5 to 100") != NULL);
        }
    }
    set(NULL);
}

TEST(env_flag_knows_the_usual_words)
{
    static const struct {
        const char *text;
        bool ok, wanted;
    } cases[] = {
        {NULL, true, true},   {"", true, true},       {"0", true, false},  {"no", true, false},
        {"OFF", true, false}, {"False", true, false}, {"1", true, true},   {"yes", true, true},
        {"on", true, true},   {"TRUE", true, true},   {"2", false, false}, {"maybe", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_case("'%s'", cases[i].text == NULL ? "(not set)" : cases[i].text);
        set(cases[i].text);
        bool value = false;
        struct error err;
        CHECK(env_flag(NAME, true, &value, &err) == cases[i].ok);
        CHECK(value == (cases[i].ok && cases[i].wanted));
    }
    set(NULL);
}

TEST(env_text_takes_empty_for_unset)
{
    set("");
    CHECK_TEXT(env_text(NAME, "fallback"), "fallback");
    CHECK(env_text(NAME, NULL) == NULL);
    set("x");
    CHECK_TEXT(env_text(NAME, "fallback"), "x");
    set(NULL);
}
