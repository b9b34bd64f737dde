/*
 * probe_bmp.c - a Windows or OS/2 bitmap's headers (BITMAPCOREHEADER, BITMAPINFOHEADER and its
 * descendants).
 */
#include "bindings/image/probe/probe.h"

enum { CORE_HEADER = 12, INFO_HEADER = 40, V3_HEADER = 56 };
enum {
    COMPRESSION_BITFIELDS = 3,
    COMPRESSION_JPEG = 4,
    COMPRESSION_PNG = 5,
    COMPRESSION_ALPHABITFIELDS = 6
};

static int64_t magnitude(uint32_t bits)
{
    int64_t value = (int32_t)bits; /* a negative height means that rows run top to bottom */
    return value < 0 ? -value : value;
}

static void read_core(struct reader *reader, struct image_info *info, unsigned *bits)
{
    info->width = reader_u16(reader);
    info->height = reader_u16(reader);
    reader_u16(reader); /* planes */
    *bits = reader_u16(reader);
}

static void read_info(struct reader *reader, uint32_t size, struct image_info *info, unsigned *bits,
                      uint32_t *compression)
{
    info->width = (int32_t)reader_u32(reader);
    info->height = magnitude(reader_u32(reader));
    reader_u16(reader); /* planes */
    *bits = reader_u16(reader);
    *compression = reader_u32(reader);
    reader_take(reader, 20);
    if (size >= V3_HEADER) {
        reader_take(reader, 12);
        info->alpha = *bits == 32 && reader_u32(reader) != 0;
    }
}

bool probe_bmp(const void *bytes, size_t length, struct image_info *info, struct error *err)
{
    struct reader reader = reader_of(bytes, length, false);
    reader_seek(&reader, 10);
    uint32_t offset = reader_u32(&reader);
    uint32_t size = reader_u32(&reader);
    unsigned bits = 0;
    uint32_t compression = 0;
    info->depth = 8;
    info->channels = 3;
    if (size == CORE_HEADER) {
        read_core(&reader, info, &bits);
    } else if (size >= INFO_HEADER && size <= 256) {
        read_info(&reader, size, info, &bits, &compression);
    } else {
        return probe_bad(err, info, "no header of a known size");
    }
    if (reader.failed || offset >= length) {
        return probe_bad(err, info, "its header is cut off");
    }

    if (compression == COMPRESSION_JPEG || compression == COMPRESSION_PNG ||
        compression > COMPRESSION_ALPHABITFIELDS) {
        return probe_unsupported(err, info, "a compression that is not read");
    }
    if (bits != 1 && bits != 4 && bits != 8 && bits != 16 && bits != 24 && bits != 32) {
        return probe_bad(err, info, "no such number of bits a pixel");
    }
    return true;
}
