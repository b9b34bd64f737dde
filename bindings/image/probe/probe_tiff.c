/*
 * probe_tiff.c - a TIFF's first directory, and how many there are (TIFF 6.0).
 */
#include "bindings/image/probe/probe.h"

enum {
    TAG_WIDTH = 256,
    TAG_HEIGHT = 257,
    TAG_BITS = 258,
    TAG_COMPRESSION = 259,
    TAG_PHOTOMETRIC = 262,
    TAG_ORIENTATION = 274,
    TAG_SAMPLES = 277,
    TAG_EXTRA_SAMPLES = 338,
    TAG_XMP = 700,
    TAG_IPTC = 33723,
    TAG_PHOTOSHOP = 34377,
    TAG_ICC = 34675
};
enum { PHOTOMETRIC_SEPARATED = 5 };

struct directory {
    uint32_t compression, photometric, samples;
};

/* Bytes of one value of this type, 0 for an unknown one. */
static unsigned type_size(unsigned type)
{
    static const unsigned char sizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8};
    return type < sizeof sizes ? sizes[type] : 0;
}

/* The first value of an entry, which stands in it when all of them fit in four bytes. */
static uint32_t entry_value(struct reader entry, unsigned type, uint32_t count)
{
    unsigned size = type_size(type);
    if (size != 1 && size != 2 && size != 4) {
        return 0;
    }
    if ((uint64_t)size * count > 4) {
        reader_seek(&entry, reader_u32(&entry));
    }
    return (uint32_t)reader_number(&entry, size);
}

static void read_entry(unsigned tag, uint32_t value, int64_t bytes, struct directory *directory,
                       struct image_info *info)
{
    switch (tag) {
    case TAG_WIDTH:
        info->width = value;
        break;
    case TAG_HEIGHT:
        info->height = value;
        break;
    case TAG_BITS:
        info->depth = value <= 64 ? (int)value : 64;
        break;
    case TAG_COMPRESSION:
        directory->compression = value;
        break;
    case TAG_PHOTOMETRIC:
        directory->photometric = value;
        break;
    case TAG_SAMPLES:
        directory->samples = value;
        break;
    case TAG_ORIENTATION:
        info->orientation = value >= 1 && value <= 8 ? (int)value : 1;
        break;
    case TAG_EXTRA_SAMPLES:
        info->alpha = value == 1 || value == 2;
        break;
    case TAG_ICC:
        info->profile_bytes = bytes;
        info->metadata_bytes += bytes;
        break;
    case TAG_XMP:
    case TAG_IPTC:
    case TAG_PHOTOSHOP:
        info->metadata_bytes += bytes;
        break;
    default:
        break;
    }
}

/* Values that don't fit into their entry lie where it points. */
static void note_profile(struct reader entry, int64_t bytes, struct image_info *info)
{
    const uint8_t *file = entry.data;
    reader_seek(&entry, reader_u32(&entry));
    struct reader content = reader_part(&entry, (uint64_t)bytes);
    if (!content.failed && bytes > 4) {
        info->profile = probe_span(file, content);
    }
}

static void read_directory(struct reader *reader, struct directory *directory,
                           struct image_info *info)
{
    unsigned entries = reader_u16(reader);
    for (unsigned i = 0; i < entries && !reader->failed; i++) {
        unsigned tag = reader_u16(reader);
        unsigned type = reader_u16(reader);
        uint32_t count = reader_u32(reader);
        int64_t bytes = (int64_t)type_size(type) * count;
        uint32_t value = entry_value(*reader, type, count);
        if (tag == TAG_ICC) {
            note_profile(*reader, bytes, info);
        }
        reader_u32(reader);
        if (!reader->failed) {
            read_entry(tag, value, bytes, directory, info);
        }
    }
}

/* Directories form a list by offsets, which a hostile file ties into a ring. A file can't hold
 * more of them than a sixth of its bytes, so the count is bounded without remembering any. */
static int64_t count_pages(struct reader reader, uint32_t next)
{
    int64_t pages = 1;
    int64_t most = (int64_t)(reader.length / 6);
    while (next != 0 && pages <= most && pages < PROBE_FRAMES_MAX) {
        reader_seek(&reader, next);
        unsigned entries = reader_u16(&reader);
        reader_take(&reader, (uint64_t)entries * 12);
        next = reader_u32(&reader);
        if (reader.failed) {
            break;
        }
        pages++;
    }
    return pages;
}

/* Those that libtiff reads by itself and that photographs come in. */
static bool known_compression(uint32_t compression)
{
    static const uint16_t known[] = {1, 2, 3, 4, 5, 7, 8, 32773, 32946};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i] == compression) {
            return true;
        }
    }
    return false;
}

static bool check_directory(const struct directory *directory, struct image_info *info,
                            struct error *err)
{
    if (!known_compression(directory->compression)) {
        return probe_unsupported(err, info, "a compression that is not read");
    }
    if (info->depth < 1 || info->depth > 16) {
        return probe_unsupported(err, info, "only 1 to 16 bits a channel are read");
    }
    if (directory->samples < 1 || directory->samples > 5) {
        return probe_unsupported(err, info, "only 1 to 5 channels are read");
    }
    unsigned colours = directory->samples - (info->alpha && directory->samples > 1 ? 1 : 0);
    bool separated = directory->photometric == PHOTOMETRIC_SEPARATED;
    info->channels = separated ? 4 : colours >= 3 || directory->photometric == 3 ? 3 : 1;
    return true;
}

bool probe_tiff(const void *bytes, size_t length, struct image_info *info, struct error *err)
{
    struct reader reader = reader_of(bytes, length, length > 0 && *(const char *)bytes == 'M');
    reader_seek(&reader, 2);
    if (reader_u16(&reader) == 43) {
        return probe_unsupported(err, info, "BigTIFF is not read");
    }
    reader_seek(&reader, reader_u32(&reader));

    struct directory directory = {.compression = 1, .samples = 1};
    info->depth = 1;
    read_directory(&reader, &directory, info);
    uint32_t next = reader_u32(&reader);
    if (reader.failed) {
        return probe_bad(err, info, "its directory is cut off");
    }
    if (!check_directory(&directory, info, err)) {
        return false;
    }
    info->frames = count_pages(reader, next);
    info->exif = (struct image_span){0, length}; /* EXIF is a TIFF */
    return true;
}
