/*
 * exif.c - reads orientation and copyright from an EXIF block, and writes a block with a copyright.
 * Called by the header parsers and by metadata.c.
 */
#include "bindings/image/exif.h"
#include "bindings/image/reader.h"

enum { TAG_ORIENTATION = 0x0112, TAG_COPYRIGHT = 0x8298 };
enum { TYPE_ASCII = 2, TYPE_SHORT = 3, TYPE_LONG = 4 };

struct entry {
    unsigned type;
    uint32_t count;
    struct reader value; /* at the four bytes of value or offset */
};

/* Positions `reader` at the first directory's entries and gives their number. */
static bool open_block(struct reader *reader, const void *block, size_t length, unsigned *entries)
{
    *reader = reader_of(block, length, false);
    if (reader_at(reader, "MM", 2)) {
        reader->big_endian = true;
    } else if (!reader_at(reader, "II", 2)) {
        return false;
    }
    reader_seek(reader, 2);
    if (reader_u16(reader) != 42) {
        return false;
    }
    reader_seek(reader, reader_u32(reader));
    *entries = reader_u16(reader);
    return !reader->failed;
}

static bool find_entry(struct reader *reader, const void *block, size_t length, unsigned wanted,
                       struct entry *entry)
{
    unsigned entries;
    if (!open_block(reader, block, length, &entries)) {
        return false;
    }
    for (unsigned i = 0; i < entries; i++) {
        unsigned tag = reader_u16(reader);
        entry->type = reader_u16(reader);
        entry->count = reader_u32(reader);
        entry->value = *reader;
        reader_u32(reader);
        if (reader->failed) {
            return false;
        }
        if (tag == wanted) {
            return true;
        }
    }
    return false;
}

int exif_orientation(const void *block, size_t length)
{
    struct reader reader;
    struct entry entry;
    if (!find_entry(&reader, block, length, TAG_ORIENTATION, &entry) || entry.count != 1) {
        return 0;
    }
    uint32_t value = entry.type == TYPE_SHORT  ? reader_u16(&entry.value)
                     : entry.type == TYPE_LONG ? reader_u32(&entry.value)
                                               : 0;
    return value >= 1 && value <= 8 ? (int)value : 0;
}

bool exif_copyright(const void *block, size_t length, char text[EXIF_TEXT_MAX])
{
    struct reader reader;
    struct entry entry;
    if (!find_entry(&reader, block, length, TAG_COPYRIGHT, &entry) || entry.type != TYPE_ASCII) {
        return false;
    }
    if (entry.count > 4) {
        reader_seek(&entry.value, reader_u32(&entry.value));
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
    struct reader reader;
    struct entry entry;
    if (!find_entry(&reader, block, length, TAG_ORIENTATION, &entry) || entry.type != TYPE_SHORT) {
        return;
    }
    unsigned char *value = (unsigned char *)block + entry.value.position;
    value[0] = reader.big_endian ? 0 : 1;
    value[1] = reader.big_endian ? 1 : 0;
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
    at = put(at, TYPE_ASCII, 2);
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
