/*
 * utf8.h - is this UTF-8? (RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF.)
 */
#ifndef LUNETTE_HOST_UTF8_H
#define LUNETTE_HOST_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes in the well-formed sequence at `text` (1 to 4), or 0 when there is none. */
size_t utf8_sequence(const char *text, size_t length);

bool utf8_valid(const char *text, size_t length);

#endif
