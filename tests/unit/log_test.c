/*
 * log_test.c - what a log line looks like, and what never gets into one.
 */
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/log.h"
#include "host/log_redact.h"
#include "host/utf8.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char captured[4 * LOG_LINE_MAX];
static FILE *sink;

static int64_t fixed_now(void)
{
    return 1763673060123; /* 2025-11-20T21:11:00.123Z */
}

/* Everything logged until captured_text() lands in a file. */
static void capture(enum log_level level, enum log_format format)
{
    sink = tmpfile();
    struct log_options options = {
        .level = level, .format = format, .fd = fileno(sink), .now_ms = fixed_now};
    log_configure(&options);
    log_begin_invocation(NULL);
}

static const char *captured_text(void)
{
    rewind(sink);
    size_t length = fread(captured, 1, sizeof captured - 1, sink);
    captured[length] = '\0';
    (void)fclose(sink);
    struct log_options quiet = {.level = LOG_LEVEL_WARN, .fd = STDERR_FILENO};
    log_configure(&quiet);
    log_begin_invocation(NULL);
    return captured;
}

TEST(log_lines_as_json)
{
    capture(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    log_begin_invocation("8f5-1");
    struct log_field fields[] = {
        log_text("key", "a \"b\".jpg"),
        log_integer("ms", 12),
        {.name = "sizes", .kind = LOG_FIELD_JSON, .text = "[1,\n2]", .length = 6}};
    log_write(LOG_LEVEL_WARN, "resized", fields, COUNT(fields));
    CHECK_TEXT(captured_text(), "{\"timestamp\":\"2025-11-20T21:11:00.123Z\",\"level\":\"WARN\","
                                "\"function_request_id\":\"8f5-1\",\"message\":\"resized\","
                                "\"key\":\"a \\\"b\\\".jpg\",\"ms\":12,\"sizes\":[1, 2]}\n");
}

TEST(log_lines_as_text)
{
    capture(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    log_write(LOG_LEVEL_ERROR, "no id", NULL, 0);
    log_begin_invocation("8f5-1");
    struct log_field fields[] = {log_text("key", "a b.jpg"), log_text("bare", "x/y.png"),
                                 log_text("empty", ""), log_integer("ms", -1)};
    log_write(LOG_LEVEL_INFO, "resized", fields, COUNT(fields));
    CHECK_TEXT(captured_text(), "[ERROR]\t2025-11-20T21:11:00.123Z\tno id\n"
                                "[INFO]\t2025-11-20T21:11:00.123Z\t8f5-1\tresized "
                                "key=\"a b.jpg\" bare=x/y.png empty=\"\" ms=-1\n");
}

TEST(log_levels_filter_and_print_does_not)
{
    capture(LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
    CHECK(!log_enabled(LOG_LEVEL_INFO) && log_enabled(LOG_LEVEL_WARN));
    log_write(LOG_LEVEL_INFO, "hidden", NULL, 0);
    log_print("shown", 5);
    CHECK_TEXT(captured_text(), "[INFO]\t2025-11-20T21:11:00.123Z\tshown\n");
    capture(LOG_LEVEL_OFF, LOG_FORMAT_TEXT);
    log_write(LOG_LEVEL_FATAL, "hidden", NULL, 0);
    log_print("hidden", 6);
    CHECK_TEXT(captured_text(), "");
}

TEST(log_lines_can_not_be_forged)
{
    static const char hostile[] = "a\nb\r\x1B[31m\x7F\xC2\x85\xFF\0z";
    capture(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    struct log_field field = log_text("k\ney", "v\n[FATAL]");
    log_write_bytes(LOG_LEVEL_INFO, hostile, sizeof hostile - 1, &field, 1);
    CHECK_TEXT(captured_text(),
               "[INFO]\t2025-11-20T21:11:00.123Z\ta\\nb\\x0d\\x1b[31m\\x7f\\x85\xEF\xBF\xBD\\x00z "
               "k\\ney=\"v\\n[FATAL]\"\n");
    capture(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    log_write_bytes(LOG_LEVEL_INFO, hostile, sizeof hostile - 1, NULL, 0);
    const char *line = captured_text();
    CHECK(strchr(line, '\n') == line + strlen(line) - 1);
    CHECK(strstr(line, "a\\nb\\r\\u001b[31m") != NULL);
}

TEST(log_appended_fields_last_one_invocation)
{
    struct error err;
    capture(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    struct log_field first[] = {log_text("tenant", "acme"), log_integer("batch", 1)};
    CHECK(log_append(first, 2, &err));
    struct log_field second = log_text("tenant", "zenith");
    CHECK(log_append(&second, 1, &err));
    log_print("a", 1);
    struct log_field own = log_integer("batch", 2);
    log_write(LOG_LEVEL_INFO, "b", &own, 1);
    log_begin_invocation("next");
    log_print("c", 1);
    CHECK_TEXT(captured_text(), "[INFO]\t2025-11-20T21:11:00.123Z\ta batch=1 tenant=zenith\n"
                                "[INFO]\t2025-11-20T21:11:00.123Z\tb tenant=zenith batch=2\n"
                                "[INFO]\t2025-11-20T21:11:00.123Z\tnext\tc\n");
}

TEST(log_append_is_bounded_and_all_or_nothing)
{
    static char large[LOG_APPENDED_MAX + 1];
    memset(large, 'x', LOG_APPENDED_MAX);
    struct error err;
    capture(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    struct log_field kept = log_text("kept", "1");
    CHECK(log_append(&kept, 1, &err));
    struct log_field fields[] = {log_text("small", "2"), log_text("large", large)};
    CHECK(!log_append(fields, 2, &err));
    CHECK_TEXT(err.code, "limit");
    log_print("a", 1);
    CHECK_TEXT(captured_text(), "[INFO]\t2025-11-20T21:11:00.123Z\ta kept=1\n");
}

TEST(log_secrets_are_masked)
{
    static const struct {
        const char *name;
        bool secret;
    } cases[] = {
        {"password", true},     {"AWS_SECRET_ACCESS_KEY", true},
        {"sessionToken", true}, {"Authorization", true},
        {"x-api-key", true},    {"api_key", true},
        {"Set-Cookie", true},   {"private-key", true},
        {"key", false},         {"bucket", false},
        {"etag", false},        {"", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case("%s", cases[i].name);
        CHECK(log_is_secret(cases[i].name, strlen(cases[i].name)) == cases[i].secret);
    }
    capture(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    struct log_field field = log_text("session_token", "hush");
    log_write(LOG_LEVEL_INFO, "GET /a?X-Amz-Signature=0123abcd&x=1", &field, 1);
    const char *line = captured_text();
    CHECK(strstr(line, "\"session_token\":\"***\"") != NULL);
    CHECK(strstr(line, "GET /a?X-Amz-Signature=***&x=1") != NULL);
    CHECK(strstr(line, "hush") == NULL && strstr(line, "0123abcd") == NULL);
}

TEST(log_redacts_signed_urls)
{
    static const struct {
        const char *line, *wanted;
    } cases[] = {
        {"", ""},
        {"nothing here", "nothing here"},
        {"?X-Amz-Signature=abc&b=1", "?X-Amz-Signature=***&b=1"},
        {"signature=a", "signature=*"},
        {"signature=", "signature="},
        {"Credential=AK, Signature=deadbeef", "Credential=AK, Signature=***"},
        {"X-Amz-Security-Token%3Dabc%2Fdef\"", "X-Amz-Security-Token%3D***\""},
        {"signature=abcd signature=efgh!", "signature=*** signature=***!"},
        {"the signature: is wrong, signature is", "the signature: is wrong, signature is"},
        {"{\"x-amz-signature\":\"abcd\",\"b\":1}", "{\"x-amz-signature\":\"***\",\"b\":1}"},
        {"\"{\\\"X-Amz-Signature\\\": \\\"abcd\\\"}\"",
         "\"{\\\"X-Amz-Signature\\\": \\\"***\\\"}\""},
        {"{'x-amz-security-token': 'a+/b\\/c\\\\/d=='}", "{'x-amz-security-token': '***'}"},
        {"[\"x-amz-security-token\"] = \"abcd\\", "[\"x-amz-security-token\"] = \"***\\"},
        {"name=\"x-amz-signature\" value=\"abcd\">", "name=\"x-amz-signature\" value=\"***\">"},
        {"\"policy\":\"eyJleHBpcmF0aW9uIjo=\"", "\"policy\":\"***\""},
        {"policy=eyJl policy=\"eyJl\"", "policy=*** policy=\"***\""},
        {"\"policy\":\"keep\" policy=keep", "\"policy\":\"keep\" policy=keep"},
        {"x-amz-security-token: abcd\nhost:h", "x-amz-security-token: ***\nhost:h"},
        {"X-Amz-Security-Token:abcd/==", "X-Amz-Security-Token:***"},
        {"signature", "signature"},
        {"signature\"", "signature\""},
        {"signature\":", "signature\":"},
        {"policy=", "policy="},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case("%s", cases[i].line);
        char line[100];
        (void)snprintf(line, sizeof line, "%s", cases[i].line);
        size_t length = log_redact(line, strlen(line));
        CHECK_BYTES(line, length, cases[i].wanted, strlen(cases[i].wanted));
    }
}

TEST(log_lines_have_a_maximum)
{
    static char huge[3 * LOG_LINE_MAX];
    memset(huge, '\x01', sizeof huge); /* six times as long in JSON */
    memcpy(huge + LOG_LINE_MAX / 2 - 1, "\xC3\xBC", 2);
    for (int format = LOG_FORMAT_TEXT; format <= LOG_FORMAT_JSON; format++) {
        check_case("format %d", format);
        capture(LOG_LEVEL_INFO, (enum log_format)format);
        struct log_field fields[] = {
            {.name = "huge", .kind = LOG_FIELD_TEXT, .text = huge, .length = sizeof huge},
            log_integer("after", 1)};
        log_write_bytes(LOG_LEVEL_INFO, huge, sizeof huge, fields, 2);
        const char *line = captured_text();
        size_t length = strlen(line);
        CHECK(length > LOG_LINE_MAX / 3 && length <= LOG_LINE_MAX);
        CHECK(utf8_valid(line, length));
        CHECK(strchr(line, '\n') == line + length - 1);
        CHECK(strstr(line, format == LOG_FORMAT_JSON ? "\"after\":1,\"truncated\":true}\n"
                                                     : " after=1 truncated=true\n") != NULL);
        CHECK(strstr(line, "huge") == NULL);
    }
}

TEST(log_fields_never_hide_the_line_s_own)
{
    capture(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    struct log_field field = log_text("message", "mine");
    log_write(LOG_LEVEL_INFO, "yours", &field, 1);
    const char *line = captured_text();
    CHECK(strstr(line, "\"message\":\"yours\",\"message_\":\"mine\"") != NULL);
}

struct environment {
    const char *runtime_api, *lunette_level, *aws_level, *format;
};

static void set_variable(const char *name, const char *value)
{
    if (value == NULL) {
        (void)unsetenv(name);
    } else {
        (void)setenv(name, value, 1);
    }
}

static void set_environment(const struct environment *environment)
{
    set_variable("AWS_LAMBDA_RUNTIME_API", environment->runtime_api);
    set_variable("LUNETTE_LOG_LEVEL", environment->lunette_level);
    set_variable("AWS_LAMBDA_LOG_LEVEL", environment->aws_level);
    set_variable("AWS_LAMBDA_LOG_FORMAT", environment->format);
}

TEST(log_options_come_from_the_environment)
{
    static const struct {
        struct environment environment;
        enum log_level level;
        enum log_format format;
    } cases[] = {
        {{NULL, NULL, NULL, NULL}, LOG_LEVEL_WARN, LOG_FORMAT_TEXT},
        {{"host:1", NULL, NULL, NULL}, LOG_LEVEL_INFO, LOG_FORMAT_JSON},
        {{"host:1", NULL, "DEBUG", "Text"}, LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT},
        {{NULL, "trace", "ERROR", "JSON"}, LOG_LEVEL_TRACE, LOG_FORMAT_JSON},
    };
    struct error err;
    struct log_options options;
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case("%zu", i);
        set_environment(&cases[i].environment);
        CHECK(log_options_from_environment(LOG_LEVEL_WARN, &options, &err));
        CHECK_INTEGER(options.level, cases[i].level);
        CHECK_INTEGER(options.format, cases[i].format);
    }
    set_environment(&(struct environment){.aws_level = "loud"});
    CHECK(!log_options_from_environment(LOG_LEVEL_WARN, &options, &err));
    CHECK(strstr(err.message, "AWS_LAMBDA_LOG_LEVEL is 'loud'") != NULL);
    set_environment(&(struct environment){.format = "xml"});
    CHECK(!log_options_from_environment(LOG_LEVEL_WARN, &options, &err));
    CHECK(strstr(err.message, "AWS_LAMBDA_LOG_FORMAT is 'xml'") != NULL);
    set_environment(&(struct environment){NULL, NULL, NULL, NULL});
}
