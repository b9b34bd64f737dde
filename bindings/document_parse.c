/*
 * document_parse.c - reads JSON (RFC 8259) into jansson values. Called by the embedded DynamoDB
 * and, for answers, by the `dynamodb` module.
 *
 * Ours and not jansson's json_loadb(), which does not look whether it got memory: where that ends
 * it drops pieces of strings, says that the syntax is wrong, or crashes. Its values are sound.
 */
#include "bindings/document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/utf8.h"

#define NUMBER_MAX 63 /* bytes of a number that stands as such: DynamoDB's own are strings */

struct reader {
    const char *begin, *at, *end;
    int depth;
    struct buffer text; /* the string that is being read */
    struct error *err;
};

static json_t *read_value(struct reader *reader);

static bool wrong(struct reader *reader, const char *what)
{
    return error_set(reader->err, "SerializationException", "not a JSON document: %s at byte %zu",
                     what, (size_t)(reader->at - reader->begin));
}

static json_t *wrong_value(struct reader *reader, const char *what)
{
    (void)wrong(reader, what);
    return NULL;
}

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->end && strchr(" \t\n\r", *reader->at) != NULL &&
           *reader->at != '\0') {
        reader->at++;
    }
}

/* The next character that is no blank, taken if it is this one. */
static bool take(struct reader *reader, char character)
{
    skip_blanks(reader);
    if (reader->at == reader->end || *reader->at != character) {
        return false;
    }
    reader->at++;
    return true;
}

/* ---- strings --------------------------------------------------------------------------------- */

static int hex_digit(char character)
{
    if (character >= '0' && character <= '9') {
        return character - '0';
    }
    char lower = (char)(character | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The four digits of \uXXXX. */
static bool read_unit(struct reader *reader, unsigned *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = reader->at < reader->end ? hex_digit(*reader->at) : -1;
        if (digit < 0) {
            return wrong(reader, "four hexadecimal digits have to follow \\u");
        }
        *unit = *unit << 4 | (unsigned)digit;
        reader->at++;
    }
    return true;
}

static void append_utf8(struct buffer *text, unsigned code)
{
    if (code < 0x80) {
        (void)buffer_append_byte(text, (char)code);
        return;
    }
    int tails = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned leads[] = {0, 0xC0, 0xE0, 0xF0};
    (void)buffer_append_byte(text, (char)(leads[tails] | code >> 6 * tails));
    while (tails-- > 0) {
        (void)buffer_append_byte(text, (char)(0x80 | (code >> 6 * tails & 0x3F)));
    }
}

static bool read_unicode(struct reader *reader)
{
    unsigned code, low;
    if (!read_unit(reader, &code)) {
        return false;
    }
    if (code >= 0xD800 && code < 0xE000) {
        bool pair = code < 0xDC00 && reader->end - reader->at >= 2 && reader->at[0] == '\\' &&
                    reader->at[1] == 'u';
        reader->at += pair ? 2 : 0;
        if (!pair) {
            return wrong(reader, "half a surrogate pair");
        }
        if (!read_unit(reader, &low)) {
            return false;
        }
        if (low < 0xDC00 || low >= 0xE000) {
            return wrong(reader, "half a surrogate pair");
        }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(&reader->text, code);
    return true;
}

static bool read_escape(struct reader *reader)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    reader->at++; /* the backslash */
    if (reader->at == reader->end) {
        return wrong(reader, "the end within a string");
    }
    char letter = *reader->at;
    const char *found = letter == '\0' ? NULL : strchr(letters, letter);
    if (found != NULL) {
        reader->at++;
        (void)buffer_append_byte(&reader->text, meanings[found - letters]);
        return true;
    }
    if (letter != 'u') {
        return wrong(reader, "an unknown escape");
    }
    reader->at++;
    return read_unicode(reader);
}

/* Appends what needs no decoding. */
static void read_plain(struct reader *reader)
{
    const char *start = reader->at;
    while (reader->at < reader->end && *reader->at != '"' && *reader->at != '\\' &&
           (unsigned char)*reader->at >= 0x20) {
        reader->at++;
    }
    (void)buffer_append(&reader->text, start, (size_t)(reader->at - start));
}

/* Behind the opening quote; leaves the string in reader->text. */
static bool read_text(struct reader *reader)
{
    buffer_reset(&reader->text);
    for (;;) {
        read_plain(reader);
        if (reader->at == reader->end) {
            return wrong(reader, "the end within a string");
        }
        if (*reader->at == '"') {
            break;
        }
        if (*reader->at != '\\') {
            return wrong(reader, "a control character within a string");
        }
        if (!read_escape(reader)) {
            return false;
        }
    }
    reader->at++;
    if (!buffer_check(&reader->text, "a string", reader->err)) {
        return false;
    }
    return utf8_valid(buffer_text(&reader->text), reader->text.length) ||
           wrong(reader, "a string that is not UTF-8 ends");
}

static json_t *read_string(struct reader *reader)
{
    if (!read_text(reader)) {
        return NULL;
    }
    return document_new(json_stringn_nocheck(buffer_text(&reader->text), reader->text.length),
                        reader->err);
}

/* ---- numbers and words ----------------------------------------------------------------------- */

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* Is this -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)? and nothing else? */
static bool is_number(const char *text, bool *whole)
{
    text += *text == '-';
    size_t count = digits(text);
    if (count == 0 || (count > 1 && *text == '0')) {
        return false;
    }
    text += count;
    *whole = *text == '\0';
    if (*text == '.') {
        count = digits(text + 1);
        text += 1 + count;
    }
    if (count > 0 && (*text == 'e' || *text == 'E')) {
        text += text[1] == '+' || text[1] == '-' ? 2 : 1;
        count = digits(text);
        text += count;
    }
    return count > 0 && *text == '\0';
}

static json_t *read_number(struct reader *reader)
{
    char text[NUMBER_MAX + 1] = "";
    size_t length = 0;
    bool whole;
    while (reader->at + length < reader->end && length < NUMBER_MAX && reader->at[length] != '\0' &&
           strchr("+-.0123456789eE", reader->at[length]) != NULL) {
        text[length] = reader->at[length];
        length++;
    }
    text[length] = '\0';
    if (length == NUMBER_MAX || !is_number(text, &whole)) {
        return wrong_value(reader, "no value");
    }
    reader->at += length;
    errno = 0;
    long long integer = whole ? strtoll(text, NULL, 10) : 0;
    if (whole && errno == 0) {
        return document_new(json_integer(integer), reader->err);
    }
    json_t *real = json_real(strtod(text, NULL)); /* NULL, too, for what is infinite */
    return real != NULL ? real : wrong_value(reader, "a number that is too large ends");
}

static json_t *read_word(struct reader *reader)
{
    static const struct {
        const char *word;
        json_t *(*make)(void);
    } words[] = {{"true", json_true}, {"false", json_false}, {"null", json_null}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t length = strlen(words[i].word);
        if ((size_t)(reader->end - reader->at) >= length &&
            memcmp(reader->at, words[i].word, length) == 0) {
            reader->at += length;
            return words[i].make();
        }
    }
    return read_number(reader);
}

/* ---- arrays and objects ---------------------------------------------------------------------- */

static bool read_element(struct reader *reader, json_t *array)
{
    json_t *element = read_value(reader);
    return element != NULL && document_append(array, element, reader->err);
}

static bool read_entry(struct reader *reader, json_t *object)
{
    if (!take(reader, '"')) {
        return wrong(reader, "no name of a field");
    }
    json_t *name = read_string(reader);
    if (name == NULL) {
        return false;
    }
    const char *text = json_string_value(name);
    size_t length = json_string_length(name);
    json_t *value = NULL;
    if (strlen(text) != length) {
        (void)wrong(reader, "a name with NUL");
    } else if (json_object_getn(object, text, length) != NULL) {
        (void)wrong(reader, "a name that was there already");
    } else if (!take(reader, ':')) {
        (void)wrong(reader, "no colon");
    } else {
        value = read_value(reader);
    }
    bool good = value != NULL && document_set(object, text, length, value, reader->err);
    json_decref(name);
    return good;
}

/* Behind the opening bracket. `container` is consumed on failure. */
static json_t *read_members(struct reader *reader, json_t *container, char closing,
                            bool (*read_member)(struct reader *, json_t *))
{
    if (container == NULL) {
        return document_new(NULL, reader->err);
    }
    bool good = ++reader->depth <= DOCUMENT_DEPTH_MAX || wrong(reader, "nesting that is too deep");
    bool empty = good && take(reader, closing);
    while (good && !empty) {
        good = read_member(reader, container);
        if (good && !take(reader, ',')) {
            good = take(reader, closing) || wrong(reader, "neither comma nor closing bracket");
            break;
        }
    }
    reader->depth--;
    if (!good) {
        json_decref(container);
        return NULL;
    }
    return container;
}

static json_t *read_value(struct reader *reader)
{
    if (take(reader, '{')) {
        return read_members(reader, json_object(), '}', read_entry);
    }
    if (take(reader, '[')) {
        return read_members(reader, json_array(), ']', read_element);
    }
    return take(reader, '"') ? read_string(reader) : read_word(reader);
}

json_t *document_parse(const char *text, size_t length, struct error *err)
{
    struct reader reader = {.begin = text, .at = text, .end = text + length, .err = err};
    buffer_init(&reader.text, length);
    json_t *document = read_value(&reader);
    skip_blanks(&reader);
    if (document != NULL && reader.at != reader.end) {
        (void)wrong(&reader, "something behind the document");
        json_decref(document);
        document = NULL;
    }
    buffer_release(&reader.text);
    return document;
}
