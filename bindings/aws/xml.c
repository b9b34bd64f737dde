/*
 * xml.c - a small XML scanner for S3's answers; s3_parse.c and the client's error reading call it.
 */
#include "bindings/aws/xml.h"

#include <string.h>

struct scan {
    const char *text;
    size_t length, at;
    const struct xml_reader *reader;
    struct buffer content; /* of the innermost element */
    char names[XML_DEPTH_MAX][XML_NAME_MAX];
    int depth;
    bool seen_root;
};

static bool malformed(const struct scan *scan, const char *what, struct error *err)
{
    return error_set(err, "bad_response",
                     "the XML that came back is not well-formed: %s at byte "
                     "%zu",
                     what, scan->at);
}

static bool looking_at(const struct scan *scan, const char *word)
{
    size_t length = strlen(word);
    return scan->length - scan->at >= length && memcmp(scan->text + scan->at, word, length) == 0;
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Moves behind the next `word`; *begin and *length are what stands before it. */
static bool skip_past(struct scan *scan, const char *word, const char **begin, size_t *length,
                      struct error *err)
{
    const char *found = memmem(scan->text + scan->at, scan->length - scan->at, word, strlen(word));
    if (found == NULL) {
        return malformed(scan, "something is not closed", err);
    }
    *begin = scan->text + scan->at;
    *length = (size_t)(found - *begin);
    scan->at += *length + strlen(word);
    return true;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void append_character(struct buffer *out, unsigned long code)
{
    if (code < 0x80) {
        (void)buffer_append_byte(out, (char)code);
        return;
    }
    int extra = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char marks[] = {0, 0xC0, 0xE0, 0xF0};
    (void)buffer_append_byte(out, (char)(marks[extra] | (code >> (6 * extra))));
    while (extra-- > 0) {
        (void)buffer_append_byte(out, (char)(0x80 | ((code >> (6 * extra)) & 0x3F)));
    }
}

static int digit_value(char digit, int base)
{
    int value = digit >= '0' && digit <= '9'   ? digit - '0'
                : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                               : base;
    return value < base ? value : -1;
}

/* "#65" or "#x41"; no surrogates, no NUL, nothing beyond Unicode. */
static bool read_reference(const char *name, size_t length, unsigned long *code)
{
    bool hex = length > 1 && (name[1] == 'x' || name[1] == 'X');
    size_t i = hex ? 2 : 1;
    unsigned long value = 0;
    for (; i < length; i++) {
        int digit = digit_value(name[i], hex ? 16 : 10);
        if (digit < 0 || value > 0x10FFFF) {
            return false;
        }
        value = value * (hex ? 16 : 10) + (unsigned long)digit;
    }
    *code = value;
    return length > (hex ? 2 : 1) && value > 0 && value <= 0x10FFFF &&
           (value < 0xD800 || value > 0xDFFF);
}

static bool read_entity(struct scan *scan, struct error *err)
{
    static const struct {
        const char *name;
        char byte;
    } known[] = {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
    const char *name;
    size_t length;
    scan->at++;
    if (!skip_past(scan, ";", &name, &length, err)) {
        return false;
    }
    unsigned long code;
    if (length > 0 && name[0] == '#' && read_reference(name, length, &code)) {
        append_character(&scan->content, code);
        return true;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strlen(known[i].name) == length && memcmp(known[i].name, name, length) == 0) {
            return buffer_append_byte(&scan->content, known[i].byte) ||
                   buffer_check(&scan->content, "an XML text", err);
        }
    }
    return malformed(scan, "an unknown entity", err);
}

static bool read_text(struct scan *scan, struct error *err)
{
    size_t begin = scan->at;
    while (scan->at < scan->length && scan->text[scan->at] != '<' && scan->text[scan->at] != '&') {
        if (scan->depth == 0 && !is_space(scan->text[scan->at])) {
            return malformed(scan, "text outside the root", err);
        }
        scan->at++;
    }
    (void)buffer_append(&scan->content, scan->text + begin, scan->at - begin);
    return true;
}

/* ---- tags ------------------------------------------------------------------------------------ */

static bool is_name_byte(char byte)
{
    return byte != '\0' && byte != '<' && byte != '>' && byte != '/' && byte != '=' &&
           byte != '"' && byte != '\'' && byte != '&' && !is_space(byte);
}

/* Without its namespace's prefix. */
static bool read_name(struct scan *scan, char name[XML_NAME_MAX], struct error *err)
{
    size_t begin = scan->at;
    while (scan->at < scan->length && is_name_byte(scan->text[scan->at])) {
        if (scan->text[scan->at++] == ':') {
            begin = scan->at;
        }
    }
    size_t length = scan->at - begin;
    if (length == 0 || length >= XML_NAME_MAX) {
        return malformed(scan, "a name is missing or too long", err);
    }
    memcpy(name, scan->text + begin, length);
    name[length] = '\0';
    return true;
}

/* Up to the ">" of a start tag; quoted values may hold one, too. */
static bool skip_attributes(struct scan *scan, bool *closed, struct error *err)
{
    char quote = '\0';
    for (; scan->at < scan->length; scan->at++) {
        char byte = scan->text[scan->at];
        if (quote != '\0') {
            quote = byte == quote ? '\0' : quote;
        } else if (byte == '"' || byte == '\'') {
            quote = byte;
        } else if (byte == '<') {
            break;
        } else if (byte == '>') {
            *closed = scan->text[scan->at - 1] == '/';
            scan->at++;
            return true;
        }
    }
    return malformed(scan, "a tag is not closed", err);
}

static bool close_element(struct scan *scan, struct error *err)
{
    if (!buffer_check(&scan->content, "an XML text", err)) {
        return false;
    }
    const char *name = scan->names[scan->depth - 1];
    int depth = scan->depth--;
    bool ok = scan->reader->end(scan->reader->context, name, depth, buffer_text(&scan->content),
                                scan->content.length, err);
    buffer_reset(&scan->content);
    return ok;
}

static bool read_start_tag(struct scan *scan, struct error *err)
{
    bool closed = false;
    if (scan->depth == XML_DEPTH_MAX) {
        return malformed(scan, "elements too deep within one another", err);
    }
    if (scan->depth == 0 && scan->seen_root) {
        return malformed(scan, "a second root", err);
    }
    scan->at++;
    char *name = scan->names[scan->depth];
    if (!read_name(scan, name, err) || !skip_attributes(scan, &closed, err)) {
        return false;
    }
    scan->depth++;
    scan->seen_root = true;
    buffer_reset(&scan->content);
    if (scan->reader->begin != NULL &&
        !scan->reader->begin(scan->reader->context, name, scan->depth, err)) {
        return false;
    }
    return !closed || close_element(scan, err);
}

static bool read_end_tag(struct scan *scan, struct error *err)
{
    char name[XML_NAME_MAX];
    scan->at += strlen("</");
    if (!read_name(scan, name, err)) {
        return false;
    }
    while (scan->at < scan->length && is_space(scan->text[scan->at])) {
        scan->at++;
    }
    if (!looking_at(scan, ">") || scan->depth == 0 ||
        strcmp(name, scan->names[scan->depth - 1]) != 0) {
        return malformed(scan, "an end tag that closes nothing", err);
    }
    scan->at++;
    return close_element(scan, err);
}

static bool read_cdata(struct scan *scan, struct error *err)
{
    const char *begin;
    size_t length;
    scan->at += strlen("<![CDATA[");
    if (scan->depth == 0) {
        return malformed(scan, "text outside the root", err);
    }
    if (!skip_past(scan, "]]>", &begin, &length, err)) {
        return false;
    }
    (void)buffer_append(&scan->content, begin, length);
    return true;
}

static bool read_markup(struct scan *scan, struct error *err)
{
    const char *begin;
    size_t length;
    if (looking_at(scan, "<?")) {
        return skip_past(scan, "?>", &begin, &length, err);
    }
    if (looking_at(scan, "<!--")) {
        return skip_past(scan, "-->", &begin, &length, err);
    }
    if (looking_at(scan, "<![CDATA[")) {
        return read_cdata(scan, err);
    }
    if (looking_at(scan, "<!")) {
        return malformed(scan, "a document type, which S3 never sends,", err);
    }
    return looking_at(scan, "</") ? read_end_tag(scan, err) : read_start_tag(scan, err);
}

static bool read_all(struct scan *scan, struct error *err)
{
    while (scan->at < scan->length) {
        char byte = scan->text[scan->at];
        bool ok;
        if (byte == '<') {
            ok = read_markup(scan, err);
        } else if (byte == '&' && scan->depth > 0) {
            ok = read_entity(scan, err);
        } else if (byte == '&') {
            ok = malformed(scan, "text outside the root", err);
        } else {
            ok = read_text(scan, err);
        }
        if (!ok) {
            return false;
        }
    }
    if (scan->depth > 0 || !scan->seen_root) {
        return malformed(scan, "it ends too early", err);
    }
    return true;
}

bool xml_read(const char *text, size_t length, const struct xml_reader *reader, struct error *err)
{
    struct scan scan = {.text = text, .length = length, .reader = reader};
    buffer_init(&scan.content, length + 1); /* no text is longer than the document */
    bool ok = read_all(&scan, err);
    buffer_release(&scan.content);
    return ok;
}

void xml_escape(struct buffer *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x20 || byte == 0x7F || strchr("&<>\"'", byte) != NULL) {
            (void)buffer_printf(out, "&#x%X;", byte);
        } else {
            (void)buffer_append_byte(out, text[i]);
        }
    }
}
