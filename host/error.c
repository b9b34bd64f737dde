/*
 * error.c - fills error values. Everybody calls it; it calls nothing but libc.
 */
#include "host/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A cut message must stay valid UTF-8: drop the sequence that the cut went through. */
static void trim_partial_utf8(char *text)
{
    size_t length = strlen(text);
    size_t start = length;
    while (start > 0 && length - start < 4 && ((unsigned char)text[start - 1] & 0xC0) == 0x80) {
        start--;
    }
    if (start == 0) {
        return;
    }
    unsigned char lead = (unsigned char)text[start - 1];
    size_t wanted = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (length - (start - 1) < wanted) {
        text[start - 1] = '\0';
    }
}

static void copy_text(char *to, size_t size, const char *from)
{
    size_t length = strnlen(from, size - 1);
    memcpy(to, from, length);
    to[length] = '\0';
    trim_partial_utf8(to);
}

bool error_set_v(struct error *err, const char *code, const char *format, va_list arguments)
{
    memset(err, 0, sizeof *err);
    copy_text(err->code, sizeof err->code, code);
    (void)vsnprintf(err->message, sizeof err->message, format, arguments);
    trim_partial_utf8(err->message);
    return false;
}

bool error_set(struct error *err, const char *code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)error_set_v(err, code, format, arguments);
    va_end(arguments);
    return false;
}

bool error_set_memory(struct error *err, const char *what)
{
    (void)error_set(err, "memory", "out of memory while %s", what);
    err->retryable = true;
    return false;
}

bool error_set_system(struct error *err, int errno_value, const char *format, ...)
{
    char what[sizeof err->message];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    bool memory = errno_value == ENOMEM;
    (void)error_set(err, memory ? "memory" : "io", "%s: %s", what, strerror(errno_value));
    err->retryable = memory;
    return false;
}

bool error_prefix(struct error *err, const char *format, ...)
{
    char prefix[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(prefix, sizeof prefix, format, arguments);
    va_end(arguments);
    char message[sizeof err->message];
    copy_text(message, sizeof message, err->message);
    size_t used = (size_t)snprintf(err->message, sizeof err->message, "%s: ", prefix);
    copy_text(err->message + used, sizeof err->message - used, message);
    return false;
}

bool error_is(const struct error *err, const char *code)
{
    return strcmp(err->code, code) == 0;
}
