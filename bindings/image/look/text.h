/*
 * text.h - text out of metadata, in whatever encoding, as text that can be shown and stored.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_LOOK_TEXT_H
#define LUNETTE_BINDINGS_IMAGE_LOOK_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Up to the first NUL; what is not UTF-8 is taken for Latin-1. Control characters become blanks,
 * blanks at both ends go. Writes at most `size` bytes, the NUL included; whole characters. */
void text_read(const uint8_t *bytes, size_t length, char *text, size_t size);

/* The same of UTF-16, big endian. */
void text_read_utf16(const uint8_t *bytes, size_t length, char *text, size_t size);

#endif
