/*
 * aws_profile_test.c - the lines of AWS's shared files; a credential_process' words and its time.
 */
#include "bindings/aws/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/aws/process.h"
#include "host/buffer.h"
#include "tests/unit/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void print_line(void *context, const struct profile_line *line)
{
    buffer_printf(context, "%d[%s]%s%s%s=%s|", line->line, line->section,
                  line->parent == NULL ? "" : line->parent, line->parent == NULL ? "" : ".",
                  line->name, line->value);
}

TEST(aws_profile_lines)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"", ""},
        {"\n\n", ""},
        {"[a]", ""},
        {"[a]\nb=c", "2[a]b=c|"},
        {"\xEF\xBB\xBF[a]\nb=c", "2[a]b=c|"},
        {"[ a b ]\nB \t=\t c d \t\r\n", "2[a b]B=c d|"},
        {"[a] ; why\n# b=c\n ; b=c\nb=c # d\ne=f#g;h\ni=;\nj=# k",
         "4[a]b=c|5[a]e=f#g;h|6[a]i=|7[a]j=|"},
        {"[a]\nb=c=d==", "2[a]b=c=d==|"},
        {"[a]\ns3 =\n  endpoint_url = x\n\ty=z\nb=c",
         "2[a]s3=|3[a]s3.endpoint_url=x|4[a]s3.y=z|5[a]b=c|"},
        {"[a]\nb = c\n  goes on\n  # d=e\n  f=g # h\n", "2[a]b=c|5[a]b.f=g|"},
        {"[a]\nb =\n  = c", "2[a]b=|"},
        {"[a]\nb=1\nb=2\n[a]\nb=3", "2[a]b=1|3[a]b=2|5[a]b=3|"},
        {"b=c", "f:1: a setting before the first [section]"},
        {"[a]\n b=c", "f:2: an indented line, but no setting before it"},
        {"[a]\nx=1\n[b]\n  y=2", "f:4: an indented line, but no setting before it"},
        {"[a]\n\nsecret", "f:3: neither [section] nor name = value"},
        {"[a", "f:1: a section begins with '[' but does not end with ']'"},
        {"[a]\n = c", "f:2: an indented line, but no setting before it"},
        {"[a]\n= c", "f:2: there is no name before '='"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case("'%s'", cases[i].text);
        char text[256];
        struct buffer seen;
        struct error err;
        (void)snprintf(text, sizeof text, "%s", cases[i].text);
        buffer_init(&seen, 4096);
        bool ok = profile_parse(text, "f", print_line, &seen, &err);
        CHECK_TEXT(ok ? buffer_text(&seen) : err.message, cases[i].wanted);
        buffer_release(&seen);
    }
}

TEST(aws_process_words)
{
    static const struct {
        const char *command, *wanted;
    } cases[] = {
        {"a", "<a>"},
        {"  a \t b  ", "<a><b>"},
        {"a 'b c' \"d e\" f' 'g", "<a><b c><d e><f g>"},
        {"a '' \"\"", "<a><><>"},
        {"a\\ b c\\\\d 'e\\f' \"g\\\"h\\i\"", "<a b><c\\d><e\\f><g\"h\\i>"},
        {"a $B | c > d; e", "<a><$B><|><c><>><d;><e>"},
        {"a \\", "<a><\\>"},
        {"a 'b", "the credential_process has an open quote"},
        {"a \"b\\\"", "the credential_process has an open quote"},
        {" \t", "the credential_process is empty"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case("%s", cases[i].command);
        char *text = malloc(strlen(cases[i].command) + 1); /* to the byte, for the sanitizer */
        char *arguments[PROCESS_ARGUMENTS_MAX + 1];
        struct buffer words;
        struct error err;
        if (!CHECK(text != NULL)) {
            return;
        }
        buffer_init(&words, 4096);
        bool ok = process_split(cases[i].command, text, arguments, &err);
        for (size_t word = 0; ok && arguments[word] != NULL; word++) {
            buffer_printf(&words, "<%s>", arguments[word]);
        }
        CHECK_TEXT(ok ? buffer_text(&words) : err.message, cases[i].wanted);
        buffer_release(&words);
        free(text);
    }
}

TEST(aws_process_has_a_number_of_words)
{
    char command[2 * PROCESS_ARGUMENTS_MAX + 3] = "";
    char text[sizeof command];
    char *arguments[PROCESS_ARGUMENTS_MAX + 1];
    struct error err;
    for (size_t i = 0; i < PROCESS_ARGUMENTS_MAX; i++) {
        memcpy(command + 2 * i, "a ", 3);
    }
    CHECK(process_split(command, text, arguments, &err));
    CHECK(arguments[PROCESS_ARGUMENTS_MAX] == NULL);
    memcpy(command + 2 * (size_t)PROCESS_ARGUMENTS_MAX, "a", 2);
    CHECK(!process_split(command, text, arguments, &err));
    CHECK(strstr(err.message, "more than 64 arguments") != NULL);
}

TEST(aws_process_is_stopped_in_time)
{
    static const char *const commands[] = {"sleep 60", "sh -c 'exec >&-; sleep 60'",
                                           "sh -c 'echo a; sleep 60 & wait'"};
    for (size_t i = 0; i < COUNT(commands); i++) {
        check_case("%s", commands[i]);
        char *output;
        size_t length;
        struct error err = {.code = ""};
        CHECK(!process_run(commands[i], 200, &output, &length, &err));
        CHECK_TEXT(err.code, "credentials");
    }
    char *output = NULL;
    size_t length = 0;
    struct error err;
    check_case("input and output");
    if (CHECK(process_run("sh -c 'cat; printf \"a%sb\" \"$0\"' \"x y\"", 10000, &output, &length,
                          &err))) {
        CHECK_TEXT(output, "ax yb");
        CHECK_INTEGER(length, 5);
        free(output);
    }
}

TEST(aws_profile_files_that_cannot_be_read)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *code, *named;
    } cases[] = {
        {NULL, 0, "io", "Is a directory"},
        {"[a]\nb=c\0d\n", 10, "usage", "zero byte"},
        {"#", PROFILE_FILE_MAX + 1, "usage", "larger than 1048576 bytes"},
        {"#", PROFILE_FILE_MAX, NULL, ""},
    };
    char path[512];
    (void)unsetenv("AWS_PROFILE");
    (void)setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials", 1);
    (void)snprintf(path, sizeof path, "%s/config", check_folder());
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case("case %zu", i);
        FILE *stream = cases[i].bytes == NULL ? NULL : fopen(path, "w");
        for (size_t at = 0; stream != NULL && at < cases[i].length; at++) {
            (void)fputc(cases[i].length > 100 ? '#' : cases[i].bytes[at], stream);
        }
        (void)(stream == NULL ? 0 : fclose(stream));
        (void)setenv("AWS_CONFIG_FILE", cases[i].bytes == NULL ? check_folder() : path, 1);
        struct profile profile;
        struct error err = {.code = ""};
        bool ok = profile_load(&profile, &err);
        if (CHECK(ok == (cases[i].code == NULL)) && ok) {
            profile_release(&profile);
        } else {
            CHECK_TEXT(err.code, cases[i].code);
            CHECK(strstr(err.message, cases[i].named) != NULL);
        }
    }
    (void)setenv("AWS_CONFIG_FILE", "/nowhere/config", 1);
}

TEST(aws_profile_files_are_at_home)
{
    static const struct {
        const char *variable, *wanted;
    } cases[] = {
        {NULL, "/home/ann/.aws/config"},
        {"", "/home/ann/.aws/config"},
        {"~/other", "/home/ann/other"},
        {"/etc/aws", "/etc/aws"},
    };
    const char *home = getenv("HOME");
    char *before = strdup(home == NULL ? "/" : home);
    (void)setenv("HOME", "/home/ann", 1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case("%s", cases[i].wanted);
        (void)unsetenv("AWS_CONFIG_FILE");
        if (cases[i].variable != NULL) {
            (void)setenv("AWS_CONFIG_FILE", cases[i].variable, 1);
        }
        struct profile profile;
        struct error err;
        if (CHECK(profile_load(&profile, &err))) {
            CHECK_TEXT(profile.files[PROFILE_CONFIG].path, cases[i].wanted);
            profile_release(&profile);
        }
    }
    (void)setenv("AWS_CONFIG_FILE", "/nowhere/config", 1);
    (void)setenv("HOME", before == NULL ? "/" : before, 1);
    free(before);
}
