/*
 * canonical.c - headers and paths in the form that AWS signs. Called by sigv4.c.
 */
#include "bindings/aws/canonical.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bindings/aws/uri.h"

/*
 * What the way to the server may change, add or drop. The trace id must reach AWS whether or not
 * the signature covers it (botocore: SIGNED_HEADERS_BLACKLIST).
 */
static const char *const never_signed[] = {
    "accept-encoding",
    "authorization",
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
};

static bool is_signed(const char *name)
{
    for (size_t i = 0; i < sizeof never_signed / sizeof *never_signed; i++) {
        if (strcasecmp(name, never_signed[i]) == 0) {
            return false;
        }
    }
    return true;
}

/* Repeated headers keep their order, which qsort alone does not promise: addresses decide. */
static int compare_headers(const void *left, const void *right)
{
    const struct http_header *a = *(const struct http_header *const *)left;
    const struct http_header *b = *(const struct http_header *const *)right;
    int order = strcasecmp(a->name, b->name);
    return order != 0 ? order : (a > b) - (a < b);
}

static void append_lower(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        buffer_append_byte(out, (char)tolower((unsigned char)*text));
    }
}

static void append_folded(struct buffer *out, const char *value)
{
    bool first = true;
    for (;;) {
        value += strspn(value, " \t\r\n");
        size_t length = strcspn(value, " \t\r\n");
        if (length == 0) {
            return;
        }
        buffer_append_text(out, first ? "" : " ");
        buffer_append(out, value, length);
        value += length;
        first = false;
    }
}

static void append_sorted(const struct http_header *const *sorted, size_t count,
                          struct buffer *lines, struct buffer *names)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && strcasecmp(sorted[i]->name, sorted[i - 1]->name) == 0) {
            buffer_append_byte(lines, ',');
        } else {
            buffer_append_text(lines, i == 0 ? "" : "\n");
            append_lower(lines, sorted[i]->name);
            buffer_append_byte(lines, ':');
            buffer_append_text(names, i == 0 ? "" : ";");
            append_lower(names, sorted[i]->name);
        }
        append_folded(lines, sorted[i]->value);
    }
    buffer_append_byte(lines, '\n');
}

bool canonical_append_headers(const struct http_header *headers, size_t count, struct buffer *lines,
                              struct buffer *names, struct error *err)
{
    const struct http_header **sorted = malloc((count + 1) * sizeof *sorted);
    if (sorted == NULL) {
        return error_set_memory(err, "signing a request");
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_signed(headers[i].name)) {
            sorted[kept++] = &headers[i];
        }
    }
    qsort(sorted, kept, sizeof *sorted, compare_headers);
    append_sorted(sorted, kept, lines, names);
    free(sorted);
    return buffer_check(lines, "the signed headers", err) &&
           buffer_check(names, "the signed headers", err);
}

bool canonical_append_path(const char *path, bool keep, struct buffer *out, struct error *err)
{
    if (keep) {
        buffer_append_text(out, path);
        return buffer_check(out, "the signed path", err);
    }
    struct buffer normalised;
    buffer_init(&normalised, out->max);
    uri_append_normalised(&normalised, path);
    bool ok = buffer_check(&normalised, "the signed path", err);
    if (ok) {
        uri_append_path(out, normalised.data, normalised.length);
        ok = buffer_check(out, "the signed path", err);
    }
    buffer_release(&normalised);
    return ok;
}
