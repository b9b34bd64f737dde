/*
 * check.h - the unit tests' only tool.
 *
 *     TEST(buffer_keeps_its_maximum)
 *     {
 *         CHECK(buffer.length == 3);
 *         CHECK_TEXT(buffer_text(&buffer), "abc");
 *     }
 *
 * A failing check prints where, what it expected and what it got, and lets the test go on.
 */
#ifndef LUNETTE_TESTS_CHECK_H
#define LUNETTE_TESTS_CHECK_H

#include <stdbool.h>
#include <stddef.h>

struct check_test {
    const char *name;
    void (*run)(void);
    struct check_test *next;
};

void check_register(struct check_test *test);

#define TEST(test_name)                                                                            \
    static void test_##test_name(void);                                                            \
    static struct check_test entry_##test_name = {#test_name, test_##test_name, NULL};             \
    __attribute__((constructor)) static void register_##test_name(void)                            \
    {                                                                                              \
        check_register(&entry_##test_name);                                                        \
    }                                                                                              \
    static void test_##test_name(void)

bool check_true(bool ok, const char *file, int line, const char *what);
bool check_integer(long long got, long long wanted, const char *file, int line, const char *what);
bool check_text(const char *got, const char *wanted, const char *file, int line, const char *what);
bool check_bytes(const void *got, size_t got_length, const void *wanted, size_t wanted_length,
                 const char *file, int line, const char *what);

/* Each returns whether it held, for tests that can't go on: `if (!CHECK(p != NULL)) return;` */
#define CHECK(condition)           check_true((condition), __FILE__, __LINE__, #condition)
#define CHECK_INTEGER(got, wanted) check_integer((got), (wanted), __FILE__, __LINE__, #got)
#define CHECK_TEXT(got, wanted)    check_text((got), (wanted), __FILE__, __LINE__, #got)
#define CHECK_BYTES(got, got_length, wanted, wanted_length)                                        \
    check_bytes((got), (got_length), (wanted), (wanted_length), __FILE__, __LINE__, #got)

/* For the row of a table: printed before any failure until the next call. */
void check_case(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* This test can't run here: says so, counts as skipped. The test should return after it. */
void check_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A fresh empty folder, removed when the process ends. Borrowed until then. */
const char *check_folder(void);

#endif
