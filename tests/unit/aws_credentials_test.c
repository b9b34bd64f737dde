/*
 * aws_credentials_test.c - where the access key comes from, and what is said when it is missing.
 */
#include "bindings/aws/credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/allocation.h"
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

/* Nobody's own files. */
static void set_no_files(void)
{
    set("AWS_PROFILE", NULL);
    set("AWS_CONFIG_FILE", "/nowhere/config");
    set("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials");
    set("AWS_LAMBDA_FUNCTION_NAME", NULL);
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

TEST(aws_credentials_are_missing)
{
    static const struct {
        const char *function, *named;
    } cases[] = {
        {NULL, "profile 'default' of /nowhere/credentials"},
        {"thumbnails", "Lambda sets AWS_ACCESS_KEY_ID"},
    };
    set_no_files();
    set_keys(NULL, NULL, NULL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case("%s", cases[i].named);
        set("AWS_LAMBDA_FUNCTION_NAME", cases[i].function);
        struct credentials credentials;
        struct error err = {.code = ""};
        CHECK(!credentials_load(&credentials, &err));
        CHECK_TEXT(err.code, "credentials");
        CHECK(strstr(err.message, cases[i].named) != NULL);
    }
    set_no_files();
}

/* ---- profiles -------------------------------------------------------------------------------- */

static void write_file(const char *variable, const char *name, const char *text)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", check_folder(), name);
    FILE *stream = fopen(path, "w");
    if (CHECK(stream != NULL)) {
        (void)fputs(text, stream);
        (void)fclose(stream);
        set(variable, path);
    }
}

static const struct {
    const char *what, *profile, *shared, *config;
    const char *wanted; /* "id secret token", or what the error says */
    const char *code;   /* NULL: no error */
} profiles[] = {
    {.what = "the default profile",
     .shared = "[default]\naws_access_key_id = AKID1\naws_secret_access_key = s/1+=\n",
     .wanted = "AKID1 s/1+= "},
    {.what = "another one, with a token and Windows' line ends",
     .profile = "work",
     .shared = "[default]\r\naws_access_key_id=AKID1\r\naws_secret_access_key=s1\r\n"
               "[work]\r\naws_access_key_id=AKID2\r\naws_secret_access_key=s2\r\n"
               "aws_session_token=t2==\r\n",
     .wanted = "AKID2 s2 t2=="},
    {.what = "the config file",
     .profile = "work",
     .shared = "[profile work]\naws_access_key_id=AKID0\naws_secret_access_key=s0\n",
     .config = "[work]\naws_access_key_id=AKID1\naws_secret_access_key=s1\n"
               "[profile work]\naws_access_key_id=AKID3\naws_secret_access_key=s3\n",
     .wanted = "AKID3 s3 "},
    {.what = "the credentials file comes first",
     .shared = "[default]\naws_access_key_id=AKID1\naws_secret_access_key=s1\n",
     .config = "[default]\naws_access_key_id=AKID3\naws_secret_access_key=s3\n"
               "credential_process = false\n",
     .wanted = "AKID1 s1 "},
    {.what = "a process comes before the config file's key, and there is no shell",
     .config = "[default]\naws_access_key_id=AKID3\naws_secret_access_key=s3\n"
               "credential_process = printf '{\"Version\":1,\"AccessKeyId\":\"%s\","
               "\"SecretAccessKey\":\"%s\",\"SessionToken\":\"t\"}' AK\"ID\" $HOME|*\n",
     .wanted = "AKID $HOME|* t"},
    {.what = "half a key",
     .shared = "# mine\n[default]\n\naws_access_key_id=AKID1\n",
     .wanted = "credentials:4: aws_access_key_id is set but aws_secret_access_key is not",
     .code = "credentials"},
    {.what = "halves of two files",
     .shared = "[default]\naws_secret_access_key=s1\n",
     .config = "[default]\naws_access_key_id=AKID1\naws_secret_access_key=s3\n",
     .wanted = "credentials:2: aws_secret_access_key is set but aws_access_key_id is not",
     .code = "credentials"},
    {.what = "a blank in a key",
     .shared = "[default]\naws_access_key_id=AK ID\naws_secret_access_key=s1\n",
     .wanted = "credentials:2: aws_access_key_id has the byte 0x20",
     .code = "credentials"},
    {.what = "no such profile",
     .profile = "play",
     .shared = "[work]\naws_access_key_id=AKID1\n",
     .config = "[play]\nregion=eu-west-1\n",
     .wanted = "AWS_PROFILE is 'play'",
     .code = "usage"},
    {.what = "a sign-in that is not ours",
     .profile = "sso",
     .config = "[profile sso]\nsso_session = corp\n",
     .wanted = "aws configure export-credentials --profile sso",
     .code = "credentials"},
    {.what = "a line that is none",
     .config = "[default]\nregion=eu-west-1\nvery secret\n",
     .wanted = "config:3: neither [section] nor name = value",
     .code = "usage"},
    {.what = "a process that fails",
     .config = "[default]\ncredential_process = sh -c 'exit 3'\n",
     .wanted = "'sh' ended with status 3",
     .code = "credentials"},
    {.what = "a process that is not there",
     .config = "[default]\ncredential_process = /nowhere/sign-in --now\n",
     .wanted = "'/nowhere/sign-in' can't be run: No such file",
     .code = "credentials"},
    {.what = "a process that says something else",
     .config = "[default]\ncredential_process = echo very secret\n",
     .wanted = "printed something that is not JSON",
     .code = "credentials"},
    {.what = "a process that says too much",
     .config = "[default]\ncredential_process = yes very\n",
     .wanted = "'yes' printed more than 65536 bytes",
     .code = "credentials"},
};

TEST(aws_credentials_from_profiles)
{
    set_keys(NULL, NULL, NULL);
    for (size_t i = 0; i < COUNT(profiles); i++) {
        check_case("%s", profiles[i].what);
        set_no_files();
        set("AWS_PROFILE", profiles[i].profile);
        if (profiles[i].shared != NULL) {
            write_file("AWS_SHARED_CREDENTIALS_FILE", "credentials", profiles[i].shared);
        }
        if (profiles[i].config != NULL) {
            write_file("AWS_CONFIG_FILE", "config", profiles[i].config);
        }
        struct credentials credentials;
        struct error err = {.code = ""};
        char got[512];
        if (credentials_load(&credentials, &err)) {
            (void)snprintf(got, sizeof got, "%.99s %.99s %.99s", credentials.access_key_id,
                           credentials.secret_access_key, credentials.session_token);
            CHECK_TEXT(got, profiles[i].wanted);
        } else if (!CHECK_TEXT(err.code, profiles[i].code == NULL ? "" : profiles[i].code) ||
                   !CHECK(strstr(err.message, profiles[i].wanted) != NULL)) {
            CHECK_TEXT(err.message, profiles[i].wanted);
        }
        CHECK(strstr(err.message, "very") == NULL);
    }
    set_no_files();
}

TEST(aws_credentials_that_a_process_prints)
{
    static const struct {
        const char *more; /* between the key and the closing brace */
        int64_t expires_ms;
        const char *named; /* NULL: no error */
    } cases[] = {
        {"", 0, NULL},
        {",\"Expiration\":null,\"Other\":[1]", 0, NULL},
        {",\"Expiration\":\"1970-01-02T00:00:01Z\"", 86401000, NULL},
        {",\"Expiration\":\"1970-01-02T00:00:01.123Z\"", 86401000, NULL},
        {",\"Expiration\":\"1970-01-02T01:30:00+01:30\"", 86400000, NULL},
        {",\"Expiration\":\"1970-01-01T23:00:00-01:00\"", 86400000, NULL},
        {",\"Expiration\":\"tomorrow\"", 0, "Expiration"},
        {",\"Expiration\":\"1970-01-02T00:00:01\"", 0, "Expiration"},
        {",\"Expiration\":\"1970-01-02T00:00:01Zulu\"", 0, "Expiration"},
        {",\"Expiration\":17", 0, "Expiration"},
        {",\"SessionToken\":\"a b\"", 0, "SessionToken of the credential_process has the byte"},
        {",,", 0, "not JSON"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case("%s", cases[i].more);
        char text[512];
        int length = snprintf(text, sizeof text,
                              "{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\"%s}\n",
                              cases[i].more);
        struct credentials credentials = {.expires_ms = -1};
        struct error err = {.code = ""};
        bool ok = credentials_parse(text, (size_t)length, &credentials, &err);
        CHECK(ok == (cases[i].named == NULL));
        CHECK_INTEGER(credentials.expires_ms, ok ? cases[i].expires_ms : -1);
        CHECK(ok || strstr(err.message, cases[i].named) != NULL);
    }
    static const char *const refused[] = {
        "",
        "[]",
        "null",
        "{}",
        "{\"Version\":2,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\"}",
        "{\"Version\":1,\"AccessKeyId\":\"A\"}",
        "{\"Version\":1,\"AccessKeyId\":7,\"SecretAccessKey\":\"B\"}",
        "{\"Version\":1,\"AccessKeyId\":\"\",\"SecretAccessKey\":\"B\"}"};
    for (size_t i = 0; i < COUNT(refused); i++) {
        check_case("%s", refused[i]);
        struct credentials credentials;
        struct error err = {.code = ""};
        CHECK(!credentials_parse(refused[i], strlen(refused[i]), &credentials, &err));
        CHECK_TEXT(err.code, "credentials");
    }
}

static bool load_once(void *context, struct error *err)
{
    (void)context;
    struct credentials credentials;
    return credentials_load(&credentials, err);
}

TEST(aws_credentials_survive_failed_allocations)
{
    set_no_files();
    set_keys(NULL, NULL, NULL);
    write_file("AWS_CONFIG_FILE", "config",
               "[default]\ncredential_process = echo '{\"Version\":1,\"AccessKeyId\":\"A\","
               "\"SecretAccessKey\":\"B\"}'\n");
    allocation_check("credentials", load_once, NULL);
    set_no_files();
}
