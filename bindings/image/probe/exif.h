/*
 * exif.h - the two things that a render wants of an EXIF block: which way up, and whose picture it
 * is. The rest is in look.h.
 *
 * A block is a TIFF header and its directories, without EXIF_PREFIX.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_PROBE_EXIF_H
#define LUNETTE_BINDINGS_IMAGE_PROBE_EXIF_H

#include <stdbool.h>
#include <stddef.h>

#define EXIF_TEXT_MAX 512

/* What JPEG puts before a block; with the string's own NUL, six bytes. */
#define EXIF_PREFIX        "Exif\0"
#define EXIF_PREFIX_LENGTH 6

/* Is it a block at all, whatever it says? */
bool exif_valid(const void *block, size_t length);

/* 1 to 8; 0 when the block is not valid or says nothing sensible. */
int exif_orientation(const void *block, size_t length);

/* The Copyright tag (0x8298) of the first directory, NUL-terminated, cut at EXIF_TEXT_MAX - 1
 * bytes. False when there is none or it is empty. */
bool exif_copyright(const void *block, size_t length, char text[EXIF_TEXT_MAX]);

/* A block that holds this copyright and nothing else; returns its length, at most
 * EXIF_BLOCK_MAX. */
#define EXIF_BLOCK_MAX (EXIF_TEXT_MAX + 32)
size_t exif_build(const char *copyright, unsigned char block[EXIF_BLOCK_MAX]);

/* Sets the orientation tag, if there is one, to 1: the pixels have been turned. */
void exif_set_upright(void *block, size_t length);

#endif
