/*
 * probe_png.c - a PNG's chunks: what IHDR says, and the sizes of what else there is (PNG third
 * edition). Checksums are left to the decoder.
 */
#include "bindings/image/probe/probe.h"

enum {
    COLOUR_GREY = 0,
    COLOUR_RGB = 2,
    COLOUR_PALETTE = 3,
    COLOUR_GREY_ALPHA = 4,
    COLOUR_RGB_ALPHA = 6
};

static bool valid_depth(unsigned colour, unsigned depth)
{
    switch (colour) {
    case COLOUR_GREY:
        return depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
    case COLOUR_PALETTE:
        return depth == 1 || depth == 2 || depth == 4 || depth == 8;
    case COLOUR_RGB:
    case COLOUR_GREY_ALPHA:
    case COLOUR_RGB_ALPHA:
        return depth == 8 || depth == 16;
    default:
        return false;
    }
}

static bool read_header(struct reader *reader, struct image_info *info, struct error *err)
{
    uint32_t size = reader_u32(reader);
    const uint8_t *type = reader_take(reader, 4);
    info->width = reader_u32(reader);
    info->height = reader_u32(reader);
    info->depth = reader_u8(reader);
    unsigned colour = reader_u8(reader);
    reader_u16(reader); /* compression and filter: one method each */
    info->progressive = reader_u8(reader) == 1;
    reader_u32(reader); /* checksum */
    if (reader->failed || size != 13 || memcmp(type, "IHDR", 4) != 0) {
        return probe_bad(err, info, "no IHDR chunk");
    }
    if (!valid_depth(colour, (unsigned)info->depth)) {
        return probe_bad(err, info, "no such colour type and bit depth");
    }
    info->channels = colour == COLOUR_GREY || colour == COLOUR_GREY_ALPHA ? 1 : 3;
    info->alpha = colour == COLOUR_GREY_ALPHA || colour == COLOUR_RGB_ALPHA;
    return true;
}

static void read_chunk(const void *file, const uint8_t *type, struct reader content,
                       struct image_info *info)
{
    static const char metadata[][5] = {"iCCP", "eXIf", "tEXt", "zTXt", "iTXt"};
    for (size_t i = 0; i < sizeof metadata / sizeof metadata[0]; i++) {
        if (memcmp(type, metadata[i], 4) == 0) {
            info->metadata_bytes += (int64_t)content.length;
        }
    }
    if (memcmp(type, "tRNS", 4) == 0) {
        info->alpha = true;
    }
    if (memcmp(type, "iCCP", 4) == 0) {
        info->profile_bytes = (int64_t)content.length;
        info->profile = probe_span(file, content);
    }
    if (memcmp(type, "eXIf", 4) == 0) {
        (void)probe_exif(file, content, info);
    }
    if (memcmp(type, "acTL", 4) == 0) {
        info->frames = reader_u32(&content);
        info->animated = info->frames > 1;
    }
}

/* Past the pixels a cut-off chunk is the decoder's to judge; before them the header is damaged. */
bool probe_png(const void *bytes, size_t length, struct image_info *info, struct error *err)
{
    struct reader reader = reader_of(bytes, length, true);
    reader_seek(&reader, 8);
    if (!read_header(&reader, info, err)) {
        return false;
    }

    bool pixels = false;
    while (reader_left(&reader) > 0) {
        uint32_t size = reader_u32(&reader);
        const uint8_t *type = reader_take(&reader, 4);
        if (type != NULL && memcmp(type, "IDAT", 4) == 0) {
            pixels = true;
        }
        struct reader content = reader_part(&reader, size);
        reader_u32(&reader); /* checksum */
        if (reader.failed || type == NULL || memcmp(type, "IEND", 4) == 0) {
            break;
        }
        read_chunk(bytes, type, content, info);
    }
    if (info->frames < 1) {
        return probe_bad(err, info, "an animation without frames");
    }
    return pixels || probe_bad(err, info, "no pixels");
}
