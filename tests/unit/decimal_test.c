/*
 * decimal_test.c - DynamoDB's numbers: what is read, how it is printed, order, sums, keys.
 */
#include "tests/unit/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/decimal.h"

#define NINES38  "99999999999999999999999999999999999999"
#define ZEROS25  "0000000000000000000000000"
#define ZEROS125 ZEROS25 ZEROS25 ZEROS25 ZEROS25 ZEROS25

static struct decimal parse(const char *text)
{
    struct decimal number = {.length = 0};
    struct error err;
    if (!decimal_parse(text, strlen(text), &number, &err)) {
        check_case("%s", text);
        CHECK_TEXT(err.message, "no error");
    }
    return number;
}

TEST(decimal_prints_plainly)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"0", "0"},
        {"-0", "0"},
        {"0.000", "0"},
        {"0e999999999999", "0"},
        {"1", "1"},
        {"+1", "1"},
        {"-1", "-1"},
        {"1.0", "1"},
        {"0.10", "0.1"},
        {".5", "0.5"},
        {"5.", "5"},
        {"007", "7"},
        {"100", "100"},
        {"1e5", "100000"},
        {"1E+5", "100000"},
        {"12.5e-1", "1.25"},
        {"0.00123e2", "0.123"},
        {"1e-7", "0.0000001"},
        {"-123.4500", "-123.45"},
        {"10000000000000000000000000000000000000000", "10000000000000000000000000000000000000000"},
        {"0.00000000000000000000000000000000000000000000000001e50", "1"},
        {NINES38, NINES38},
        {NINES38 "000", NINES38 "000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[DECIMAL_TEXT_MAX];
        struct decimal number = parse(cases[i].text);
        size_t length = decimal_print(&number, text);
        check_case("%s", cases[i].text);
        CHECK_TEXT(text, cases[i].wanted);
        CHECK_INTEGER((long long)length, (long long)strlen(cases[i].wanted));
    }
}

TEST(decimal_prints_the_longest)
{
    char text[DECIMAL_TEXT_MAX];
    struct decimal number = parse("-9.9999999999999999999999999999999999999e-130");
    CHECK_INTEGER((long long)decimal_print(&number, text), 3 + 129 + 38);
    number = parse("-9.9999999999999999999999999999999999999e125");
    CHECK_INTEGER((long long)decimal_print(&number, text), 1 + 126);
}

TEST(decimal_refuses)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"", "cannot be converted"},
        {"-", "cannot be converted"},
        {".", "cannot be converted"},
        {"e5", "cannot be converted"},
        {"1e", "cannot be converted"},
        {"1e+", "cannot be converted"},
        {"1.2.3", "cannot be converted"},
        {" 1", "cannot be converted"},
        {"1 ", "cannot be converted"},
        {"1_0", "cannot be converted"},
        {"0x10", "cannot be converted"},
        {"NaN", "cannot be converted"},
        {"Infinity", "cannot be converted"},
        {"--1", "cannot be converted"},
        {"1" NINES38, "more than 38 significant digits"},
        {"0." NINES38 "1", "more than 38 significant digits"},
        {"1e126", "overflow"},
        {"-1e126", "overflow"},
        {"1e99999999999999999999", "overflow"},
        {"1e-131", "underflow"},
        {"1e-99999999999999999999", "underflow"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct decimal number;
        struct error err;
        check_case("%s", cases[i].text);
        if (CHECK(!decimal_parse(cases[i].text, strlen(cases[i].text), &number, &err))) {
            CHECK_TEXT(err.code, "ValidationException");
            CHECK(strstr(err.message, cases[i].wanted) != NULL);
        }
    }
}

/* Valid until the next call. */
static const char *printed(const struct decimal *number)
{
    static char text[DECIMAL_TEXT_MAX];
    (void)decimal_print(number, text);
    return text;
}

TEST(decimal_adds_exactly)
{
    static const struct {
        const char *left, *right, *sum, *difference; /* NULL: an error */
    } cases[] = {
        {"0", "0", "0", "0"},
        {"1", "0", "1", "1"},
        {"0", "-1", "-1", "1"},
        {"2", "3", "5", "-1"},
        {"999", "1", "1000", "998"},
        {"1000", "-1", "999", "1001"},
        {"0.1", "0.2", "0.3", "-0.1"},
        {"-5", "5", "0", "-10"},
        {"-5", "-7", "-12", "2"},
        {"1e20", "1e-17", "100000000000000000000.00000000000000001",
         "99999999999999999999.99999999999999999"},
        {"1e20", "1e-18", NULL, "99999999999999999999.999999999999999999"},
        {"1e20", "1e-19", NULL, NULL},
        {"1e125", "1e-130", NULL, NULL},
        {NINES38, "1", "100000000000000000000000000000000000000",
         "99999999999999999999999999999999999998"},
        {"9e125", "1e125", NULL, "8" ZEROS125},
        {"9e125", "-9e125", "0", NULL},
        {"1.1e-130", "1e-130",
         "0.00000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
         "000000000000000000000000000000000000000000021",
         NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct decimal left = parse(cases[i].left), right = parse(cases[i].right), result;
        struct error err;
        check_case("%s and %s", cases[i].left, cases[i].right);
        bool added = decimal_add(&left, &right, &result, &err);
        CHECK_TEXT(added ? printed(&result) : NULL, cases[i].sum);
        bool subtracted = decimal_subtract(&left, &right, &result, &err);
        CHECK_TEXT(subtracted ? printed(&result) : NULL, cases[i].difference);
    }
}

/* A number with a random sign, length and exponent; often close to another one. */
static struct decimal random_decimal(void)
{
    char text[80];
    int digits = 1 + rand() % 38, length = 0;
    if (rand() % 2 == 0) {
        text[length++] = '-';
    }
    for (int i = 0; i < digits; i++) {
        text[length++] = (char)('0' + rand() % (i == 0 || rand() % 2 == 0 ? 10 : 2));
    }
    int exponent = rand() % 4 == 0 ? rand() % 80 - 60 : rand() % 3;
    (void)snprintf(text + length, sizeof text - (size_t)length, "e%d", exponent);
    return parse(text);
}

static int sign_of(int order)
{
    return (order > 0) - (order < 0);
}

static int compare_keys(const struct decimal *left, const struct decimal *right)
{
    unsigned char left_key[DECIMAL_KEY_MAX], right_key[DECIMAL_KEY_MAX];
    size_t left_length = decimal_key(left, left_key), right_length = decimal_key(right, right_key);
    size_t shorter = left_length < right_length ? left_length : right_length;
    int order = memcmp(left_key, right_key, shorter);
    return sign_of(order != 0 ? order : (int)left_length - (int)right_length);
}

TEST(decimal_keys_sort_as_the_numbers)
{
    srand(1);
    for (int i = 0; i < 20000; i++) {
        struct decimal left = random_decimal(), right = random_decimal();
        int order = decimal_compare(&left, &right);
        char left_text[DECIMAL_TEXT_MAX], right_text[DECIMAL_TEXT_MAX];
        (void)decimal_print(&left, left_text);
        (void)decimal_print(&right, right_text);
        check_case("%s and %s", left_text, right_text);
        bool good = CHECK_INTEGER(compare_keys(&left, &right), order) &&
                    CHECK_INTEGER(decimal_compare(&right, &left), -order) &&
                    CHECK((strcmp(left_text, right_text) == 0) == (order == 0));
        /* A second opinion, where doubles are sure. */
        long double left_value = strtold(left_text, NULL), right_value = strtold(right_text, NULL);
        if (fabsl(left_value - right_value) > fabsl(left_value) * 1e-15L) {
            good = CHECK_INTEGER(order, left_value < right_value ? -1 : 1) && good;
        }
        if (!good) {
            return;
        }
    }
}

TEST(decimal_sums_can_be_undone)
{
    srand(2);
    int exact = 0;
    for (int i = 0; i < 20000; i++) {
        struct decimal left = random_decimal(), right = random_decimal(), sum, back;
        struct error err;
        if (!decimal_add(&left, &right, &sum, &err)) {
            continue;
        }
        exact++;
        if (!CHECK(decimal_subtract(&sum, &right, &back, &err)) ||
            !CHECK_INTEGER(decimal_compare(&back, &left), 0)) {
            return;
        }
    }
    CHECK(exact > 1000);
}
