/*
 * exif.c - reads orientation and copyright from an EXIF block, and writes a block with a copyright.
 * Called by the header parsers and by metadata.c.
 */
#include "bindings/image/probe/exif.h"
#include "bindings/image/probe/exif_directory.h"

enum { TAG_ORIENTATION = 0x0112, TAG_COPYRIGHT = 0x8298 };

static bool find_entry(const void *block, size_t length, unsigned wanted, struct exif_entry *entry)
{
    struct exif_directory directory;
    if (!exif_open(&directory, block, length)) {
        return false;
    }
    while (exif_next(&directory, entry)) {
        if (entry->tag == wanted) {
            return true;
        }
    }
    return false;
}

bool exif_valid(const void *block, size_t length)
{
    struct exif_directory directory;
    return exif_open(&directory, block, length);
}

int exif_orientation(const void *block, size_t length)
{
    struct exif_entry entry;
    if (!find_entry(block, length, TAG_ORIENTATION, &entry) || entry.count != 1) {
        return 0;
    }
    uint64_t value = exif_integer(&entry);
    return value >= 1 && value <= 8 ? (int)value : 0;
}

bool exif_copyright(const void *block, size_t length, char text[EXIF_TEXT_MAX])
{
    struct exif_entry entry;
    if (!find_entry(block, length, TAG_COPYRIGHT, &entry) || entry.type != EXIF_ASCII) {
        return false;
    }
    const uint8_t *bytes = reader_take(&entry.value, entry.count);
    if (bytes == NULL) {
        return false;
    }
    size_t used = 0;
    while (used < entry.count && used < EXIF_TEXT_MAX - 1 && bytes[used] != '\0') {
        used++;
    }
    while (used > 0 && bytes[used - 1] == ' ') {
        used--;
    }
    memcpy(text, bytes, used);
    text[used] = '\0';
    return used > 0;
}

void exif_set_upright(void *block, size_t length)
{
    struct exif_entry entry;
    if (!find_entry(block, length, TAG_ORIENTATION, &entry) || entry.type != EXIF_SHORT ||
        entry.count != 1) {
        return;
    }
    unsigned char *value = (unsigned char *)block + entry.value.position;
    value[0] = entry.value.big_endian ? 0 : 1;
    value[1] = entry.value.big_endian ? 1 : 0;
}

static unsigned char *put(unsigned char *at, uint32_t value, int size)
{
    for (int i = size - 1; i >= 0; i--) {
        *at++ = (unsigned char)(value >> (8 * i));
    }
    return at;
}

size_t exif_build(const char *copyright, unsigned char block[EXIF_BLOCK_MAX])
{
    size_t length = strlen(copyright);
    if (length > EXIF_TEXT_MAX - 1) {
        length = EXIF_TEXT_MAX - 1;
    }
    uint32_t count = (uint32_t)length + 1;

    unsigned char *at = block;
    memcpy(at, "MM\0\x2a", 4);
    at = put(at + 4, 8, 4); /* the directory is at 8: one entry, no next directory */
    at = put(at, 1, 2);
    at = put(at, TAG_COPYRIGHT, 2);
    at = put(at, EXIF_ASCII, 2);
    at = put(at, count, 4);
    /* A value of up to four bytes stands in the entry itself, a longer one behind the directory. */
    unsigned char *text = count <= 4 ? at : block + 26;
    memset(at, 0, 8);
    if (count > 4) {
        put(at, 26, 4);
    }
    memcpy(text, copyright, length);
    text[length] = '\0';
    return 26 + (count > 4 ? count : 0);
}
