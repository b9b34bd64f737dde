/*
 * uri.c - percent-encoding, query strings and path normalisation. Called by the signer, and by
 * whoever builds the address of a request.
 */
#include "bindings/aws/uri.h"

#include <stdlib.h>
#include <string.h>

/* A parameter, encoded: offsets into the text, whose address moves while it grows. */
struct encoded {
    const char *text;
    size_t name, value;
};

static bool is_unreserved(char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

static void append(struct buffer *out, const char *bytes, size_t length, bool keep_slash)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < length; i++) {
        if (is_unreserved(bytes[i]) || (keep_slash && bytes[i] == '/')) {
            buffer_append_byte(out, bytes[i]);
        } else {
            unsigned char byte = (unsigned char)bytes[i];
            buffer_append(out, (char[3]){'%', digits[byte >> 4], digits[byte & 15]}, 3);
        }
    }
}

void uri_append_encoded(struct buffer *out, const char *bytes, size_t length)
{
    append(out, bytes, length, false);
}

void uri_append_path(struct buffer *out, const char *bytes, size_t length)
{
    append(out, bytes, length, true);
}

/* As whole texts "a=" would come after "a-b=", as names "a" comes first. */
static int compare_encoded(const void *left, const void *right)
{
    const struct encoded *a = left;
    const struct encoded *b = right;
    int order = strcmp(a->text + a->name, b->text + b->name);
    return order != 0 ? order : strcmp(a->text + a->value, b->text + b->value);
}

static void encode_all(struct buffer *text, const struct uri_parameter *parameters, size_t count,
                       struct encoded *encoded)
{
    for (size_t i = 0; i < count; i++) {
        encoded[i].name = text->length;
        uri_append_encoded(text, parameters[i].name, strlen(parameters[i].name));
        buffer_append_byte(text, '\0');
        encoded[i].value = text->length;
        uri_append_encoded(text, parameters[i].value, strlen(parameters[i].value));
        buffer_append_byte(text, '\0');
    }
}

static void append_sorted(struct buffer *out, const char *text, struct encoded *encoded,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        encoded[i].text = text;
    }
    qsort(encoded, count, sizeof *encoded, compare_encoded);
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(out, i == 0 ? "" : "&");
        buffer_append_text(out, text + encoded[i].name);
        buffer_append_byte(out, '=');
        buffer_append_text(out, text + encoded[i].value);
    }
}

bool uri_append_query(struct buffer *out, const struct uri_parameter *parameters, size_t count,
                      struct error *err)
{
    if (count > URI_PARAMETERS_MAX) {
        return error_set(err, "limit", "a query has %zu parameters, at most %d are sent", count,
                         URI_PARAMETERS_MAX);
    }
    if (count == 0) {
        return true;
    }
    struct encoded encoded[URI_PARAMETERS_MAX];
    struct buffer text;
    buffer_init(&text, out->max);
    encode_all(&text, parameters, count, encoded);
    bool ok = buffer_check(&text, "a query", err);
    if (ok) {
        append_sorted(out, text.data, encoded, count);
        ok = buffer_check(out, "a query", err);
    }
    buffer_release(&text);
    return ok;
}

static void drop_last_segment(struct buffer *out, size_t start)
{
    while (out->length > start && out->data[out->length - 1] != '/') {
        out->length--;
    }
    if (out->length > start) {
        out->length--;
    }
}

static void append_segment(struct buffer *out, size_t start, const char *segment, size_t length)
{
    if (length == 0 || (length == 1 && segment[0] == '.')) {
        return;
    }
    if (length == 2 && memcmp(segment, "..", 2) == 0) {
        drop_last_segment(out, start);
        return;
    }
    buffer_append_byte(out, '/');
    buffer_append(out, segment, length);
}

void uri_append_normalised(struct buffer *out, const char *path)
{
    size_t start = out->length;
    const char *at = path;
    while (*at != '\0') {
        size_t length = strcspn(at, "/");
        append_segment(out, start, at, length);
        at += length + (at[length] == '/' ? 1 : 0);
    }
    bool ends_with_slash = at > path && at[-1] == '/';
    if (out->length == start || ends_with_slash) {
        buffer_append_byte(out, '/');
    }
}
