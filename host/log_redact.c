/*
 * log_redact.c - what must not be read in a log. Called by log.c for each line, and through
 * log_is_secret() by whoever renders nested values.
 */
#include "host/log_redact.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "host/log.h"

#define NAME_MAX_BYTES 128
#define MASK           "***"

static bool contains(const char *text, const char *word)
{
    return strstr(text, word) != NULL;
}

bool log_is_secret(const char *name, size_t length)
{
    static const char *const words[] = {"secret", "token",     "authorization", "password",
                                        "passwd", "signature", "credential",    "cookie",
                                        "apikey", "privatekey"};
    char folded[NAME_MAX_BYTES + 1];
    size_t used = 0;
    for (size_t i = 0; i < length && used < NAME_MAX_BYTES; i++) {
        unsigned char byte = (unsigned char)name[i];
        if (isalnum(byte)) {
            folded[used++] = (char)tolower(byte);
        }
    }
    folded[used] = '\0';
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (contains(folded, words[i])) {
            return true;
        }
    }
    return false;
}

static bool begins_with(const char *text, size_t length, const char *word)
{
    size_t size = strlen(word);
    return size <= length && strncasecmp(text, word, size) == 0;
}

static size_t skip(const char *text, size_t length, size_t from, const char *bytes)
{
    while (from < length && text[from] != '\0' && strchr(bytes, text[from]) != NULL) {
        from++;
    }
    return from;
}

/* What stands between a name and its value: of a query, in JSON (also as text within JSON), of a
 * table in a script, of a form's input. 0: no value follows. */
static size_t separator_length(const char *text, size_t length)
{
    size_t quotes = skip(text, length, 0, "\\\"'");
    size_t at = quotes == 0 ? 0 : skip(text, length, quotes, " ]");
    if (begins_with(text + at, length - at, "=")) {
        at++;
    } else if (begins_with(text + at, length - at, "%3d")) {
        at += strlen("%3d");
    } else if (quotes > 0 && begins_with(text + at, length - at, ":")) {
        at++;
    } else if (quotes > 0 && begins_with(text + at, length - at, "value=")) {
        at += strlen("value=");
    } else {
        return 0;
    }
    at = quotes == 0 ? at : skip(text, length, at, " ");
    return skip(text, length, at, "\\\"'");
}

/* A header's value; of the other words prose makes use, too. */
static size_t colon_length(const char *text, size_t length)
{
    return begins_with(text, length, ":") ? skip(text, length, 1, " ") : 0;
}

/* Length of the marker that starts here, up to the secret; 0 when there is none. A form's policy
 * holds the session token; it is JSON in base64, which other policies are not. */
static size_t marker_length(const char *text, size_t length)
{
    static const struct {
        const char *name;
        bool is_header, is_form;
    } words[] = {{.name = "signature"},
                 {.name = "security-token", .is_header = true},
                 {.name = "policy", .is_form = true}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t size = strlen(words[i].name);
        if (!begins_with(text, length, words[i].name)) {
            continue;
        }
        size_t separator = separator_length(text + size, length - size);
        if (separator == 0 && words[i].is_header) {
            separator = colon_length(text + size, length - size);
        }
        size_t marker = size + separator;
        bool plain = words[i].is_form && !begins_with(text + marker, length - marker, "eyJ");
        return separator == 0 || plain ? 0 : marker;
    }
    return 0;
}

/* A "/" may have been escaped, more than once, by who made JSON of it. */
static size_t secret_length(const char *text, size_t length)
{
    size_t i = 0;
    while (i < length) {
        size_t slash = skip(text, length, i, "\\");
        bool escaped = slash > i && slash < length && text[slash] == '/';
        bool plain = isalnum((unsigned char)text[i]) ||
                     (text[i] != '\0' && strchr("%+/=-._~", text[i]) != NULL);
        if (!escaped && !plain) {
            break;
        }
        i = escaped ? slash + 1 : i + 1;
    }
    return i;
}

size_t log_redact(char *line, size_t length)
{
    size_t from = 0;
    size_t to = 0;
    while (from < length) {
        size_t marker = marker_length(line + from, length - from);
        if (marker == 0) {
            line[to++] = line[from++];
            continue;
        }
        memmove(line + to, line + from, marker);
        from += marker;
        to += marker;
        size_t secret = secret_length(line + from, length - from);
        from += secret;
        size_t mask = secret < strlen(MASK) ? secret : strlen(MASK);
        memcpy(line + to, MASK, mask);
        to += mask;
    }
    return to;
}
