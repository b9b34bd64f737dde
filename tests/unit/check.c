/*
 * check.c - runs the unit tests that registered themselves; see check.h.
 *
 *     unit-tests [TEXT]    all tests, or those whose name contains TEXT
 */
#include "tests/unit/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct check_test *tests;
static const char *current;
static char current_case[256];
static bool current_failed;
static bool current_skipped;

void check_register(struct check_test *test)
{
    struct check_test **at = &tests;
    while (*at != NULL && strcmp((*at)->name, test->name) < 0) {
        at = &(*at)->next;
    }
    test->next = *at;
    *at = test;
}

void check_case(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(current_case, sizeof current_case, format, arguments);
    va_end(arguments);
}

void check_skip(const char *format, ...)
{
    current_skipped = true;
    printf("skipped: %s: ", current);
    va_list arguments;
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

static void report(const char *file, int line)
{
    current_failed = true;
    printf("FAILED: %s%s%s%s (%s:%d)\n", current, current_case[0] == '\0' ? "" : " [", current_case,
           current_case[0] == '\0' ? "" : "]", file, line);
}

bool check_true(bool ok, const char *file, int line, const char *what)
{
    if (!ok) {
        report(file, line);
        printf("  not true: %s\n", what);
    }
    return ok;
}

bool check_integer(long long got, long long wanted, const char *file, int line, const char *what)
{
    if (got != wanted) {
        report(file, line);
        printf("  %s\n  expected %lld\n  got      %lld\n", what, wanted, got);
    }
    return got == wanted;
}

bool check_text(const char *got, const char *wanted, const char *file, int line, const char *what)
{
    bool ok = got == wanted || (got != NULL && wanted != NULL && strcmp(got, wanted) == 0);
    if (!ok) {
        report(file, line);
        printf("  %s\n  expected \"%s\"\n  got      \"%s\"\n", what,
               wanted == NULL ? "(null)" : wanted, got == NULL ? "(null)" : got);
    }
    return ok;
}

static void print_bytes(const char *label, const unsigned char *bytes, size_t length)
{
    printf("  %s %zu bytes:", label, length);
    for (size_t i = 0; i < length && i < 48; i++) {
        printf(" %02x", bytes[i]);
    }
    printf("%s\n", length > 48 ? " ..." : "");
}

bool check_bytes(const void *got, size_t got_length, const void *wanted, size_t wanted_length,
                 const char *file, int line, const char *what)
{
    bool ok =
        got_length == wanted_length && (got_length == 0 || memcmp(got, wanted, got_length) == 0);
    if (!ok) {
        report(file, line);
        printf("  %s\n", what);
        print_bytes("expected", wanted, wanted_length);
        print_bytes("got     ", got, got_length);
    }
    return ok;
}

static char folder[64];
static int folder_count;

static void remove_folder(void)
{
    char command[96];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0) {
        printf("could not remove %s\n", folder);
    }
}

const char *check_folder(void)
{
    static char path[96];
    if (folder[0] == '\0') {
        (void)snprintf(folder, sizeof folder, "/tmp/lunette-unit-XXXXXX");
        if (mkdtemp(folder) == NULL) {
            perror(folder);
            exit(2);
        }
        (void)atexit(remove_folder);
    }
    (void)snprintf(path, sizeof path, "%s/%d", folder, folder_count++);
    char command[128];
    (void)snprintf(command, sizeof command, "mkdir '%s'", path);
    if (system(command) != 0) {
        exit(2);
    }
    return path;
}

int main(int argc, char **argv)
{
    int passed = 0;
    int failed = 0;
    int skipped = 0;
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    for (struct check_test *test = tests; test != NULL; test = test->next) {
        if (argc > 1 && strstr(test->name, argv[1]) == NULL) {
            continue;
        }
        current = test->name;
        current_case[0] = '\0';
        current_failed = false;
        current_skipped = false;
        test->run();
        failed += current_failed;
        skipped += current_skipped && !current_failed;
        passed += !current_failed && !current_skipped;
    }
    printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    return failed == 0 ? 0 : 1;
}
