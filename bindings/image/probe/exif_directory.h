/*
 * exif_directory.h - the entries of one directory of an EXIF block (TIFF 6.0, section 2), one after
 * the other. Nothing is allocated and nothing is followed: a ring of directories harms nobody.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_PROBE_EXIF_DIRECTORY_H
#define LUNETTE_BINDINGS_IMAGE_PROBE_EXIF_DIRECTORY_H

#include "bindings/image/probe/reader.h"

enum exif_type {
    EXIF_BYTE = 1,
    EXIF_ASCII = 2,
    EXIF_SHORT = 3,
    EXIF_LONG = 4,
    EXIF_RATIONAL = 5,
    EXIF_UNDEFINED = 7,
    EXIF_SIGNED_RATIONAL = 10,
    EXIF_UTF8 = 129 /* since Exif 3.0 */
};

struct exif_entry {
    unsigned tag, type;
    uint32_t count;      /* of values */
    struct reader value; /* at the first of them, wherever that lies; may have failed */
};

struct exif_directory {
    struct reader reader; /* at the next entry */
    unsigned left;        /* entries */
};

/* The first directory; false when this is no block. */
bool exif_open(struct exif_directory *directory, const void *block, size_t length);

/* Another one of the same block, at the offset that some entry gave. */
bool exif_open_at(struct exif_directory *directory, const struct exif_directory *first,
                  uint64_t offset);

/* False at the end, or where the directory is cut off. */
bool exif_next(struct exif_directory *directory, struct exif_entry *entry);

/* The first value of a BYTE, SHORT or LONG entry, else 0. */
uint64_t exif_integer(const struct exif_entry *entry);

#endif
