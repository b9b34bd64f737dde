/*
 * exif_directory.c - walks the entries of an EXIF directory. Called by exif.c and exif_read.c.
 */
#include "bindings/image/probe/exif_directory.h"

enum { ENTRY_BYTES = 4 }; /* values up to this size stand in their entry */

/* Bytes of one value, 0 for an unknown type. */
static unsigned type_size(unsigned type)
{
    static const unsigned char sizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8};
    if (type == EXIF_UTF8) {
        return 1;
    }
    return type < sizeof sizes ? sizes[type] : 0;
}

static bool open_at(struct exif_directory *directory, uint64_t offset)
{
    reader_seek(&directory->reader, offset);
    directory->left = reader_u16(&directory->reader);
    return !directory->reader.failed;
}

bool exif_open(struct exif_directory *directory, const void *block, size_t length)
{
    struct reader reader = reader_of(block, length, false);
    if (reader_at(&reader, "MM", 2)) {
        reader.big_endian = true;
    } else if (!reader_at(&reader, "II", 2)) {
        return false;
    }
    reader_seek(&reader, 2);
    if (reader_u16(&reader) != 42) {
        return false;
    }
    uint64_t offset = reader_u32(&reader);
    directory->reader = reader;
    return open_at(directory, offset);
}

bool exif_open_at(struct exif_directory *directory, const struct exif_directory *first,
                  uint64_t offset)
{
    directory->reader =
        reader_of(first->reader.data, first->reader.length, first->reader.big_endian);
    return open_at(directory, offset);
}

bool exif_next(struct exif_directory *directory, struct exif_entry *entry)
{
    struct reader *reader = &directory->reader;
    if (directory->left == 0) {
        return false;
    }
    directory->left--;
    entry->tag = reader_u16(reader);
    entry->type = reader_u16(reader);
    entry->count = reader_u32(reader);
    entry->value = *reader;
    uint64_t offset = reader_u32(reader);
    if (!reader->failed && (uint64_t)type_size(entry->type) * entry->count > ENTRY_BYTES) {
        reader_seek(&entry->value, offset);
    }
    return !reader->failed;
}

uint64_t exif_integer(const struct exif_entry *entry)
{
    bool integer =
        entry->type == EXIF_BYTE || entry->type == EXIF_SHORT || entry->type == EXIF_LONG;
    struct reader value = entry->value;
    return integer && entry->count > 0 ? reader_number(&value, type_size(entry->type)) : 0;
}
