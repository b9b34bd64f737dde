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

/* Length of the marker that starts here, its "=" included; 0 when there is none. */
static size_t marker_length(const char *text, size_t length)
{
    static const char *const markers[] = {"signature=", "signature%3d",
                                          "security-token=", "security-token%3d"};
    for (size_t i = 0; i < sizeof markers / sizeof *markers; i++) {
        size_t size = strlen(markers[i]);
        if (size <= length && strncasecmp(text, markers[i], size) == 0) {
            return size;
        }
    }
    return 0;
}

static size_t secret_length(const char *text, size_t length)
{
    size_t i = 0;
    while (i < length && (isalnum((unsigned char)text[i]) ||
                          (text[i] != '\0' && strchr("%+/=-._~", text[i]) != NULL))) {
        i++;
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
