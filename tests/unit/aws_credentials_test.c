/*
 * aws_credentials_test.c - where the access key comes from, and what is said when it is missing.
 */
#include "bindings/aws/credentials.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void set(const char *name, const char *value)
{
    if (value == NULL) {
        (void)unsetenv(name);
    } else {
        (void)setenv(name, value, 1);
    }
}

static void set_keys(const char *id, const char *secret, const char *token)
{
    set("AWS_ACCESS_KEY_ID", id);
    set("AWS_SECRET_ACCESS_KEY", secret);
    set("AWS_SESSION_TOKEN", token);
}

TEST(aws_credentials_from_the_environment)
{
    struct credentials credentials;
    struct error err;
    set_keys("AKIDEXAMPLE", "wJalr/+=", NULL);
    if (CHECK(credentials_load(&credentials, &err))) {
        CHECK_TEXT(credentials.access_key_id, "AKIDEXAMPLE");
        CHECK_TEXT(credentials.secret_access_key, "wJalr/+=");
        CHECK_TEXT(credentials.session_token, "");
        CHECK_INTEGER(credentials.expires_ms, 0);
    }
    set_keys("AKIDEXAMPLE", "wJalr/+=", "IQoJb3JpZ2luX2VjE//==");
    if (CHECK(credentials_load(&credentials, &err))) {
        CHECK_TEXT(credentials.session_token, "IQoJb3JpZ2luX2VjE//==");
    }
    set_keys(NULL, NULL, NULL);
}

static char too_long[CREDENTIALS_TOKEN_MAX + 2];

TEST(aws_credentials_say_what_is_wrong)
{
    static const struct {
        const char *id, *secret, *token, *named;
    } cases[] = {
        {"AKIDEXAMPLE", NULL, NULL, "AWS_SECRET_ACCESS_KEY is not"},
        {"AKIDEXAMPLE", "", NULL, "AWS_SECRET_ACCESS_KEY is not"},
        {NULL, "very secret", NULL, "AWS_ACCESS_KEY_ID is not"},
        {"AKID\r\nX-Evil: 1", "very-secret", NULL, "AWS_ACCESS_KEY_ID has the byte 0x0D"},
        {"AKIDEXAMPLE", "very secret", NULL, "AWS_SECRET_ACCESS_KEY has the byte 0x20"},
        {"AKIDEXAMPLE", "very-secret", "\xC3\xBC", "AWS_SESSION_TOKEN has the byte 0xC3"},
        {too_long, "very-secret", NULL, "AWS_ACCESS_KEY_ID has 8193 bytes, at most 256"},
        {"AKIDEXAMPLE", "very-secret", too_long, "AWS_SESSION_TOKEN has 8193 bytes, at most 8192"},
    };
    memset(too_long, 'A', sizeof too_long - 1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case("case %zu: %s", i, cases[i].named);
        set_keys(cases[i].id, cases[i].secret, cases[i].token);
        struct credentials credentials = {.access_key_id = "untouched"};
        struct error err = {.code = ""};
        CHECK(!credentials_load(&credentials, &err));
        CHECK_TEXT(err.code, "credentials");
        CHECK(strstr(err.message, cases[i].named) != NULL);
        CHECK(strstr(err.message, "very") == NULL);
        CHECK_TEXT(credentials.access_key_id, "untouched");
    }
    set_keys(NULL, NULL, NULL);
}

TEST(aws_credentials_are_stale_before_they_expire)
{
    static const struct {
        int64_t expires_ms, now_ms;
        bool stale;
    } cases[] = {
        {0, INT64_MAX, false},
        {1000000, 699999, false},
        {1000000, 700000, true},
        {1000000, 1000001, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case("case %zu", i);
        struct credentials credentials = {.expires_ms = cases[i].expires_ms};
        CHECK(credentials_stale(&credentials, cases[i].now_ms) == cases[i].stale);
    }
}
