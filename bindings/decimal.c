/*
 * decimal.c - exact decimal arithmetic for DynamoDB's numbers. Called by the embedded DynamoDB
 * (normal form, comparison, SET a = a + :n, ADD, key order) and by the `dynamodb` module.
 */
#include "bindings/decimal.h"

#include <string.h>

/* A sum's digits lie between those of the largest and the smallest number, and one carry. */
#define WIDE_TOP    (DECIMAL_EXPONENT_MAX + 1)
#define WIDE_BOTTOM (DECIMAL_EXPONENT_MIN - DECIMAL_DIGITS_MAX + 1)
#define WIDE_LENGTH (WIDE_TOP - WIDE_BOTTOM + 1)

/* Beyond this an exponent's value no longer matters: the number is out of range. */
#define EXPONENT_CLAMP 100000000L

struct scan {
    const char *at, *end;
};

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

static bool scan_one_of(struct scan *scan, char one, char other)
{
    if (scan->at < scan->end && (*scan->at == one || *scan->at == other)) {
        scan->at++;
        return true;
    }
    return false;
}

static bool scan_sign(struct scan *scan)
{
    bool negative = scan->at < scan->end && *scan->at == '-';
    (void)scan_one_of(scan, '-', '+');
    return negative;
}

/* What the digits of a number's text amount to, before any limit is applied. */
struct mantissa {
    unsigned char digits[DECIMAL_DIGITS_MAX];
    long kept;        /* significant digits, those beyond the array counted but not stored */
    long significant; /* the same up to the last one that is not zero */
    long exponent;    /* of the first significant digit */
    bool any;         /* a digit was seen, zeros included */
};

static void mantissa_digit(struct mantissa *mantissa, unsigned char digit, bool fraction)
{
    mantissa->any = true;
    bool leading_zero = mantissa->kept == 0 && digit == 0;
    if (leading_zero) {
        mantissa->exponent -= fraction ? 1 : 0;
        return;
    }
    if (mantissa->kept < DECIMAL_DIGITS_MAX) {
        mantissa->digits[mantissa->kept] = digit;
    }
    mantissa->kept++;
    if (digit != 0) {
        mantissa->significant = mantissa->kept;
    }
    if (!fraction && mantissa->kept > 1) {
        mantissa->exponent++;
    }
}

static void scan_mantissa(struct scan *scan, struct mantissa *mantissa)
{
    bool fraction = false;
    for (; scan->at < scan->end; scan->at++) {
        if (is_digit(*scan->at)) {
            mantissa_digit(mantissa, (unsigned char)(*scan->at - '0'), fraction);
        } else if (*scan->at == '.' && !fraction) {
            fraction = true;
            /* The first significant digit after the point has exponent -1, not 0. */
            mantissa->exponent -= mantissa->kept == 0 ? 1 : 0;
        } else {
            return;
        }
    }
}

static bool scan_exponent(struct scan *scan, long *exponent)
{
    *exponent = 0;
    if (!scan_one_of(scan, 'e', 'E')) {
        return true;
    }
    bool negative = scan_sign(scan);
    const char *first = scan->at;
    for (; scan->at < scan->end && is_digit(*scan->at); scan->at++) {
        if (*exponent < EXPONENT_CLAMP) {
            *exponent = *exponent * 10 + (*scan->at - '0');
        }
    }
    if (negative) {
        *exponent = -*exponent;
    }
    return scan->at > first;
}

static bool not_a_number(const char *text, size_t length, struct error *err)
{
    int shown = length > 64 ? 64 : (int)length;
    return error_set(err, "ValidationException",
                     "The parameter cannot be converted to a numeric value: %.*s", shown, text);
}

/* One place for the limits, so that what is read and what is computed obey the same. */
static bool check_limits(long significant, long exponent, struct error *err)
{
    if (exponent > DECIMAL_EXPONENT_MAX) {
        return error_set(err, "ValidationException",
                         "Number overflow. Attempting to store a number with magnitude larger "
                         "than supported range");
    }
    if (exponent < DECIMAL_EXPONENT_MIN) {
        return error_set(err, "ValidationException",
                         "Number underflow. Attempting to store a number with magnitude smaller "
                         "than supported range");
    }
    if (significant > DECIMAL_DIGITS_MAX) {
        return error_set(err, "ValidationException",
                         "Attempting to store more than %d significant digits in a Number",
                         DECIMAL_DIGITS_MAX);
    }
    return true;
}

bool decimal_parse(const char *text, size_t length, struct decimal *number, struct error *err)
{
    struct scan scan = {text, text + length};
    struct mantissa mantissa = {.kept = 0};
    bool negative = scan_sign(&scan);
    scan_mantissa(&scan, &mantissa);
    long exponent;
    if (!mantissa.any || !scan_exponent(&scan, &exponent) || scan.at != scan.end) {
        return not_a_number(text, length, err);
    }
    if (mantissa.significant == 0) {
        *number = (struct decimal){.length = 0};
        return true;
    }
    exponent += mantissa.exponent;
    if (!check_limits(mantissa.significant, exponent, err)) {
        return false;
    }
    *number = (struct decimal){.negative = negative, .exponent = (int)exponent};
    number->length = (int)mantissa.significant;
    memcpy(number->digits, mantissa.digits, (size_t)number->length);
    return true;
}

static int sign(const struct decimal *number)
{
    return number->length == 0 ? 0 : number->negative ? -1 : 1;
}

static int compare_magnitude(const struct decimal *left, const struct decimal *right)
{
    if (left->exponent != right->exponent) {
        return left->exponent < right->exponent ? -1 : 1;
    }
    int shorter = left->length < right->length ? left->length : right->length;
    int order = memcmp(left->digits, right->digits, (size_t)shorter);
    if (order == 0) {
        order = left->length - right->length;
    }
    return order < 0 ? -1 : order > 0 ? 1 : 0;
}

int decimal_compare(const struct decimal *left, const struct decimal *right)
{
    int left_sign = sign(left), right_sign = sign(right);
    if (left_sign != right_sign) {
        return left_sign < right_sign ? -1 : 1;
    }
    return left_sign == 0 ? 0 : left_sign * compare_magnitude(left, right);
}

/* Adds (or, with `factor` -1, takes away) the digits where they belong; no carry yet. */
static void wide_add(int wide[WIDE_LENGTH], const struct decimal *number, int factor)
{
    int first = WIDE_TOP - number->exponent;
    for (int i = 0; i < number->length; i++) {
        wide[first + i] += factor * number->digits[i];
    }
}

/* Brings every digit into 0..9. The sum as a whole is not negative, so no borrow is left. */
static void wide_carry(int wide[WIDE_LENGTH])
{
    int carry = 0;
    for (int i = WIDE_LENGTH - 1; i >= 0; i--) {
        int digit = wide[i] + carry;
        carry = digit < 0 ? -1 : digit / 10;
        wide[i] = digit - carry * 10;
    }
}

static bool wide_to_decimal(const int wide[WIDE_LENGTH], bool negative, struct decimal *number,
                            struct error *err)
{
    int first = 0, last = WIDE_LENGTH - 1;
    while (first < WIDE_LENGTH && wide[first] == 0) {
        first++;
    }
    if (first == WIDE_LENGTH) {
        *number = (struct decimal){.length = 0};
        return true;
    }
    while (wide[last] == 0) {
        last--;
    }
    int length = last - first + 1, exponent = WIDE_TOP - first;
    if (!check_limits(length, exponent, err)) {
        return false;
    }
    struct decimal result = {.negative = negative, .exponent = exponent, .length = length};
    for (int i = 0; i < length; i++) {
        result.digits[i] = (unsigned char)wide[first + i];
    }
    *number = result;
    return true;
}

bool decimal_add(const struct decimal *left, const struct decimal *right, struct decimal *sum,
                 struct error *err)
{
    int wide[WIDE_LENGTH] = {0};
    bool right_larger =
        left->length == 0 || (right->length > 0 && compare_magnitude(left, right) < 0);
    const struct decimal *larger = right_larger ? right : left;
    const struct decimal *smaller = right_larger ? left : right;
    wide_add(wide, larger, 1);
    wide_add(wide, smaller, larger->negative == smaller->negative ? 1 : -1);
    wide_carry(wide);
    return wide_to_decimal(wide, larger->negative, sum, err);
}

bool decimal_subtract(const struct decimal *left, const struct decimal *right,
                      struct decimal *difference, struct error *err)
{
    struct decimal negated = *right;
    negated.negative = right->length > 0 && !right->negative;
    return decimal_add(left, &negated, difference, err);
}

size_t decimal_print(const struct decimal *number, char text[DECIMAL_TEXT_MAX])
{
    char *to = text;
    if (number->negative) {
        *to++ = '-';
    }
    int whole = number->length == 0 || number->exponent < 0 ? 0 : number->exponent + 1;
    if (whole == 0) {
        *to++ = '0';
    }
    for (int i = 0; i < whole; i++) {
        *to++ = (char)('0' + (i < number->length ? number->digits[i] : 0));
    }
    if (number->length > whole) {
        *to++ = '.';
        for (int zeros = -1 - number->exponent; zeros > 0; zeros--) {
            *to++ = '0';
        }
        for (int i = whole; i < number->length; i++) {
            *to++ = (char)('0' + number->digits[i]);
        }
    }
    *to = '\0';
    return (size_t)(to - text);
}

/*
 * A sign byte; the exponent, moved into 0..255; two digits a byte, as 1..100 so that the end (which
 * sorts as 0) comes first. Of a negative number everything after the sign is inverted, and a last
 * 0xFF makes the end come last.
 */
size_t decimal_key(const struct decimal *number, unsigned char key[DECIMAL_KEY_MAX])
{
    size_t length = 0;
    key[length++] = (unsigned char)(1 + sign(number));
    if (number->length == 0) {
        return length;
    }
    key[length++] = (unsigned char)(number->exponent - DECIMAL_EXPONENT_MIN);
    for (int i = 0; i < number->length; i += 2) {
        int low = i + 1 < number->length ? number->digits[i + 1] : 0;
        key[length++] = (unsigned char)(1 + number->digits[i] * 10 + low);
    }
    if (number->negative) {
        for (size_t i = 1; i < length; i++) {
            key[i] = (unsigned char)~key[i];
        }
        key[length++] = 0xFF;
    }
    return length;
}
