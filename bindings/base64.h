/*
 * base64.h - base64 as DynamoDB's B values carry it (RFC 4648 section 4: padded, one line).
 */
#ifndef LUNETTE_BINDINGS_BASE64_H
#define LUNETTE_BINDINGS_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of text for `length` bytes, the NUL not counted. */
#define BASE64_LENGTH(length) (((length) + 2) / 3 * 4)

/* Writes BASE64_LENGTH(length) bytes and a NUL to `text`. */
void base64_encode(const void *bytes, size_t length, char *text);

/*
 * Writes at most length / 4 * 3 bytes to `bytes`. False when the text is not base64: a foreign
 * character, a missing or misplaced '=', or bits set beyond the last byte.
 */
bool base64_decode(const char *text, size_t length, unsigned char *bytes, size_t *decoded);

#endif
