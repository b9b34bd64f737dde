/*
 * json_scan.c - checks JSON texts before lua-cjson sees them; see json_scan.h. Called by
 * json_decode.c only, and by the fuzzer. Recursion is bounded by JSON_DEPTH_MAX.
 */
#include "bindings/json_scan.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/utf8.h"

#define EXACT_DIGITS 15 /* any integer of this many digits survives a double */

struct scanner {
    const char *text;
    size_t length;
    size_t at;
    size_t copied; /* how much of the text is in `rewritten` */
    struct buffer *rewritten;
    int depth;
    struct error *err;
};

static bool scan_value(struct scanner *scanner);

/* ---- complaints ---- */

static size_t line_of(const struct scanner *scanner, size_t at)
{
    size_t line = 1;
    for (size_t i = 0; i < at; i++) {
        line += scanner->text[i] == '\n';
    }
    return line;
}

static bool complain_at(struct scanner *scanner, size_t at, const char *what)
{
    return error_set(scanner->err, "bad_json", "%s at byte %zu, line %zu", what, at + 1,
                     line_of(scanner, at));
}

static bool complain_token(struct scanner *scanner, size_t at, const char *what)
{
    int shown = scanner->at - at > 40 ? 40 : (int)(scanner->at - at);
    return error_set(scanner->err, "bad_json", "the number %.*s%s %s, at byte %zu, line %zu", shown,
                     scanner->text + at, scanner->at - at > 40 ? "..." : "", what, at + 1,
                     line_of(scanner, at));
}

static bool expected(struct scanner *scanner, const char *what)
{
    if (scanner->at >= scanner->length) {
        return error_set(scanner->err, "bad_json", "expected %s, found the end of the text", what);
    }
    unsigned char byte = (unsigned char)scanner->text[scanner->at];
    char found[16] = {'\'', (char)byte, '\'', '\0'};
    if (byte <= ' ' || byte >= 0x7F) {
        static const char digits[] = "0123456789ABCDEF";
        memcpy(found, "byte 0x", 7);
        found[7] = digits[byte >> 4];
        found[8] = digits[byte & 15];
        found[9] = '\0';
    }
    return error_set(scanner->err, "bad_json", "expected %s, found %s at byte %zu, line %zu", what,
                     found, scanner->at + 1, line_of(scanner, scanner->at));
}

/* ---- tokens ---- */

static char peek(const struct scanner *scanner)
{
    return scanner->at < scanner->length ? scanner->text[scanner->at] : '\0';
}

static bool take(struct scanner *scanner, char byte)
{
    if (scanner->at < scanner->length && scanner->text[scanner->at] == byte) {
        scanner->at++;
        return true;
    }
    return false;
}

static void skip_blanks(struct scanner *scanner)
{
    while (scanner->at < scanner->length &&
           (scanner->text[scanner->at] == ' ' || scanner->text[scanner->at] == '\n' ||
            scanner->text[scanner->at] == '\r' || scanner->text[scanner->at] == '\t')) {
        scanner->at++;
    }
}

static size_t skip_digits(struct scanner *scanner)
{
    size_t start = scanner->at;
    while (isdigit((unsigned char)peek(scanner))) {
        scanner->at++;
    }
    return scanner->at - start;
}

/* Puts `mark` and the token from `from` up to here, as a string, where the token stands. */
static bool rewrite(struct scanner *scanner, size_t from, char mark, size_t kept)
{
    struct buffer *out = scanner->rewritten;
    const char opening[] = {'"', JSON_MARK, mark};
    (void)buffer_append(out, scanner->text + scanner->copied, from - scanner->copied);
    (void)buffer_append(out, opening, sizeof opening);
    (void)buffer_append(out, scanner->text + from, kept);
    (void)buffer_append_byte(out, '"');
    scanner->copied = scanner->at;
    return buffer_check(out, "decoding JSON", scanner->err);
}

bool json_parse_integer(const char *text, size_t length, int64_t *value)
{
    bool negative = length > 0 && text[0] == '-';
    uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
    uint64_t parsed = 0;
    for (size_t i = negative ? 1 : 0; i < length; i++) {
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (parsed > (limit - digit) / 10) {
            return false;
        }
        parsed = parsed * 10 + digit;
    }
    *value = negative ? (int64_t)(0 - parsed) : (int64_t)parsed;
    return true;
}

static bool check_integer(struct scanner *scanner, size_t start, size_t digits)
{
    int64_t value;
    if (digits <= EXACT_DIGITS) {
        return true;
    }
    if (!json_parse_integer(scanner->text + start, scanner->at - start, &value)) {
        return complain_token(scanner, start, "does not fit a 64-bit integer");
    }
    return rewrite(scanner, start, JSON_MARK_INTEGER, scanner->at - start);
}

static bool scan_number(struct scanner *scanner)
{
    size_t start = scanner->at;
    (void)take(scanner, '-');
    bool zero = peek(scanner) == '0';
    size_t digits = skip_digits(scanner);
    if (digits == 0) {
        return expected(scanner, "a digit");
    }
    if (zero && digits > 1) {
        return complain_token(scanner, start, "begins with a zero");
    }
    bool integer = true;
    if (take(scanner, '.')) {
        integer = false;
        if (skip_digits(scanner) == 0) {
            return expected(scanner, "a digit");
        }
    }
    if (take(scanner, 'e') || take(scanner, 'E')) {
        integer = false;
        (void)(take(scanner, '+') || take(scanner, '-'));
        if (skip_digits(scanner) == 0) {
            return expected(scanner, "a digit");
        }
    }
    if (integer) {
        return check_integer(scanner, start, digits);
    }
    if (isinf(strtod(scanner->text + start, NULL))) {
        return complain_token(scanner, start, "is too large");
    }
    return true;
}

static bool scan_hex(struct scanner *scanner, unsigned *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        char digit = peek(scanner);
        if (!isxdigit((unsigned char)digit)) {
            return expected(scanner, "four hexadecimal digits");
        }
        int value = isdigit((unsigned char)digit) ? digit - '0' : tolower(digit) - 'a' + 10;
        *unit = *unit * 16 + (unsigned)value;
        scanner->at++;
    }
    return true;
}

/* After "\u". Halves of a surrogate pair make sense only together. */
static bool scan_unicode(struct scanner *scanner)
{
    size_t start = scanner->at - 2;
    unsigned high;
    unsigned low;
    if (!scan_hex(scanner, &high)) {
        return false;
    }
    if (high < 0xD800 || high > 0xDFFF) {
        return true;
    }
    if (high >= 0xDC00 || !take(scanner, '\\') || !take(scanner, 'u')) {
        return complain_at(scanner, start, "half a surrogate pair");
    }
    if (!scan_hex(scanner, &low)) {
        return false;
    }
    return (low >= 0xDC00 && low <= 0xDFFF) || complain_at(scanner, start, "half a surrogate pair");
}

static bool scan_escape(struct scanner *scanner)
{
    if (take(scanner, 'u')) {
        return scan_unicode(scanner);
    }
    char byte = peek(scanner);
    if (byte == '\0' || strchr("\"\\/bfnrt", byte) == NULL) {
        return expected(scanner, "one of \" \\ / b f n r t u after a backslash");
    }
    scanner->at++;
    return true;
}

/* After the opening quote. */
static bool scan_string(struct scanner *scanner)
{
    while (scanner->at < scanner->length) {
        unsigned char byte = (unsigned char)scanner->text[scanner->at];
        if (byte == '"') {
            scanner->at++;
            return true;
        }
        if (byte == '\\') {
            scanner->at++;
            if (!scan_escape(scanner)) {
                return false;
            }
            continue;
        }
        if (byte < 0x20) {
            return complain_at(scanner, scanner->at, "a control character that is not escaped");
        }
        size_t sequence =
            byte < 0x80 ? 1
                        : utf8_sequence(scanner->text + scanner->at, scanner->length - scanner->at);
        if (sequence == 0) {
            return complain_at(scanner, scanner->at, "bytes that are not UTF-8");
        }
        scanner->at += sequence;
    }
    return expected(scanner, "a closing quote");
}

static bool scan_literal(struct scanner *scanner)
{
    static const char *const literals[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof literals / sizeof *literals; i++) {
        size_t length = strlen(literals[i]);
        if (scanner->length - scanner->at >= length &&
            memcmp(scanner->text + scanner->at, literals[i], length) == 0) {
            scanner->at += length;
            return true;
        }
    }
    return expected(scanner, "a value");
}

/* ---- structure ---- */

static bool scan_array(struct scanner *scanner)
{
    size_t start = scanner->at++;
    skip_blanks(scanner);
    if (take(scanner, ']')) {
        return rewrite(scanner, start, JSON_MARK_ARRAY, 0);
    }
    do {
        if (!scan_value(scanner)) {
            return false;
        }
    } while (take(scanner, ','));
    return take(scanner, ']') || expected(scanner, "',' or ']'");
}

static bool scan_member(struct scanner *scanner)
{
    skip_blanks(scanner);
    if (!take(scanner, '"')) {
        return expected(scanner, "a field's name in double quotes");
    }
    if (!scan_string(scanner)) {
        return false;
    }
    skip_blanks(scanner);
    if (!take(scanner, ':')) {
        return expected(scanner, "':'");
    }
    return scan_value(scanner);
}

static bool scan_object(struct scanner *scanner)
{
    scanner->at++;
    skip_blanks(scanner);
    if (take(scanner, '}')) {
        return true;
    }
    do {
        if (!scan_member(scanner)) {
            return false;
        }
    } while (take(scanner, ','));
    return take(scanner, '}') || expected(scanner, "',' or '}'");
}

static bool scan_container(struct scanner *scanner)
{
    if (scanner->depth == JSON_DEPTH_MAX) {
        return complain_at(scanner, scanner->at, "nested deeper than 128 levels");
    }
    scanner->depth++;
    bool ok = peek(scanner) == '[' ? scan_array(scanner) : scan_object(scanner);
    scanner->depth--;
    return ok;
}

/* A value and the blanks around it. */
static bool scan_value(struct scanner *scanner)
{
    skip_blanks(scanner);
    char byte = peek(scanner);
    bool ok;
    if (byte == '[' || byte == '{') {
        ok = scan_container(scanner);
    } else if (take(scanner, '"')) {
        ok = scan_string(scanner);
    } else if (byte == '-' || isdigit((unsigned char)byte)) {
        ok = scan_number(scanner);
    } else {
        ok = scan_literal(scanner);
    }
    skip_blanks(scanner);
    return ok;
}

bool json_scan(const char *text, size_t length, struct buffer *rewritten, struct error *err)
{
    struct scanner scanner = {.text = text, .length = length, .rewritten = rewritten, .err = err};
    if (!scan_value(&scanner)) {
        return false;
    }
    if (scanner.at < length) {
        return expected(&scanner, "the end of the text");
    }
    if (scanner.copied > 0) {
        (void)buffer_append(rewritten, text + scanner.copied, length - scanner.copied);
    }
    return buffer_check(rewritten, "decoding JSON", err);
}
