/*
 * aws_container_test.c - where a container's endpoint may be, and how long keys serve that can't be
 * renewed. What it answers is tests/cli/container_test.sh's.
 */
#include "bindings/aws/container.h"

#include <stdlib.h>
#include <string.h>

#include "bindings/aws/credentials.h"
#include "tests/unit/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

TEST(aws_container_addresses)
{
    static const struct {
        const char *relative, *full, *wanted; /* NULL: refused */
    } cases[] = {
        {"/v2/credentials/a-b?c=d", NULL, "http://169.254.170.2/v2/credentials/a-b?c=d"},
        {"/v2", "http://evil.example/", "http://169.254.170.2/v2"},
        {"v2", NULL, NULL},
        {"@evil.example/", NULL, NULL},
        {NULL, "http://localhost:1338/latest", "http://localhost:1338/latest"},
        {NULL, "http://localhost", "http://localhost"},
        {NULL, "http://127.0.0.1:80/a", "http://127.0.0.1:80/a"},
        {NULL, "http://127.255.0.9/a", "http://127.255.0.9/a"},
        {NULL, "http://[::1]:9/a", "http://[::1]:9/a"},
        {NULL, "http://169.254.170.2/a", "http://169.254.170.2/a"},
        {NULL, "http://169.254.170.23/v1/credentials", "http://169.254.170.23/v1/credentials"},
        {NULL, "http://[fd00:ec2::23]/v1", "http://[fd00:ec2::23]/v1"},
        {NULL, "https://keys.example/a", "https://keys.example/a"},
        {NULL, "http://keys.example/a", NULL},
        {NULL, "http://169.254.169.254/latest/meta-data/", NULL},
        {NULL, "http://128.0.0.1/", NULL},
        {NULL, "http://127.0.0.1.evil.example/", NULL},
        {NULL, "http://127.1/", NULL},
        {NULL, "http://localhost.evil.example/", NULL},
        {NULL, "http://localhost@evil.example/", NULL},
        {NULL, "http://localhost:80@evil.example/", NULL},
        {NULL, "https://a:very-secret@keys.example/", NULL},
        {NULL, "http://[::1].evil.example/", NULL},
        {NULL, "http://[::1", NULL},
        {NULL, "http:///a", NULL},
        {NULL, "http://", NULL},
        {NULL, "ftp://localhost/", NULL},
        {NULL, "localhost:80", NULL},
        {NULL, "", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case("%s %s", cases[i].relative, cases[i].full);
        struct buffer url;
        struct error err = {.code = ""};
        buffer_init(&url, CONTAINER_URL_MAX);
        bool ok = container_url(cases[i].relative, cases[i].full, &url, &err);
        CHECK_TEXT(ok ? buffer_text(&url) : "", cases[i].wanted == NULL ? "" : cases[i].wanted);
        CHECK_TEXT(err.code, ok ? "" : "credentials");
        CHECK(ok || strstr(err.message, cases[i].relative == NULL
                                            ? "AWS_CONTAINER_CREDENTIALS_FULL_URI"
                                            : "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != NULL);
        CHECK(strstr(err.message, "very-secret") == NULL);
        buffer_release(&url);
    }
}

/* Half a key in the environment: loading always fails. */
TEST(aws_credentials_that_cannot_be_renewed_serve_until_they_expire)
{
    static const struct {
        int64_t now_ms;
        bool ok;
        int64_t ask_again_ms;
    } cases[] = {
        {699999, true, 0},         {700000, true, 760000},  {759999, true, 760000},
        {760000, true, 820000},    {999999, true, 1059999}, {1000000, false, 1059999},
        {1000001, false, 1059999},
    };
    (void)unsetenv("AWS_SECRET_ACCESS_KEY");
    (void)setenv("AWS_ACCESS_KEY_ID", "half", 1);
    struct credentials credentials = {.access_key_id = "old", .expires_ms = 1000000};
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case("case %zu", i);
        struct error err = {.code = ""};
        CHECK(credentials_refresh(&credentials, cases[i].now_ms, &err) == cases[i].ok);
        CHECK_TEXT(err.code, cases[i].ok ? "" : "credentials");
        CHECK_TEXT(credentials.access_key_id, "old");
        CHECK_INTEGER(credentials.ask_again_ms, cases[i].ask_again_ms);
    }
    (void)setenv("AWS_SECRET_ACCESS_KEY", "whole", 1);
    struct error err;
    CHECK(credentials_refresh(&credentials, 1000000, &err));
    CHECK_TEXT(credentials.access_key_id, "half");
    CHECK_INTEGER(credentials.expires_ms, 0);
    (void)unsetenv("AWS_ACCESS_KEY_ID");
    (void)unsetenv("AWS_SECRET_ACCESS_KEY");
}
