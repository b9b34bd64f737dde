/*
 * decimal.h - DynamoDB's numbers: up to 38 significant decimal digits, exact, from 1E-130 to
 * 9.99...E+125 and their negatives, and zero. (Developer guide, "Data types: Number".)
 */
#ifndef LUNETTE_BINDINGS_DECIMAL_H
#define LUNETTE_BINDINGS_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>

#include "host/error.h"

#define DECIMAL_DIGITS_MAX   38
#define DECIMAL_EXPONENT_MAX 125
#define DECIMAL_EXPONENT_MIN (-130)
#define DECIMAL_TEXT_MAX     176 /* "-0.", 129 zeros, 38 digits, NUL */
#define DECIMAL_KEY_MAX      (2 + DECIMAL_DIGITS_MAX / 2 + 1)

/* Plain data. In normal form: no leading or trailing zero digit; zero has no digits, exponent 0,
 * and is not negative. So two equal numbers are equal field by field. */
struct decimal {
    bool negative;
    int exponent;                             /* of the first digit: 123 is 1.23E2 and has 2 */
    int length;                               /* digits used */
    unsigned char digits[DECIMAL_DIGITS_MAX]; /* 0 to 9 each */
};

/* Accepts [+-]digits[.digits][e[+-]digits], with a digit on at least one side of the point.
 * Fails with DynamoDB's ValidationException texts (not a number, overflow, underflow, more than
 * 38 significant digits). */
MUST_CHECK bool decimal_parse(const char *text, size_t length, struct decimal *number,
                              struct error *err);

/* -1, 0 or 1. */
int decimal_compare(const struct decimal *left, const struct decimal *right);

/* left + right, or left - right; exact or an error. */
MUST_CHECK bool decimal_add(const struct decimal *left, const struct decimal *right,
                            struct decimal *sum, struct error *err);
MUST_CHECK bool decimal_subtract(const struct decimal *left, const struct decimal *right,
                                 struct decimal *difference, struct error *err);

/* As DynamoDB prints it: plain notation, no exponent ("0.001", "-100000"). Returns the length. */
size_t decimal_print(const struct decimal *number, char text[DECIMAL_TEXT_MAX]);

/* Bytes whose memcmp() order (a prefix before what it begins) is the order of the numbers.
 * Returns their count. */
size_t decimal_key(const struct decimal *number, unsigned char key[DECIMAL_KEY_MAX]);

#endif
