/*
 * probe_gif.c - a GIF's blocks, all of them: only walking counts the frames (GIF89a, W3C).
 */
#include "bindings/image/probe/probe.h"

enum { BLOCK_EXTENSION = 0x21, BLOCK_IMAGE = 0x2c, BLOCK_TRAILER = 0x3b };
enum { EXTENSION_CONTROL = 0xf9, EXTENSION_COMMENT = 0xfe, EXTENSION_APPLICATION = 0xff };

/* Sub-blocks: a length byte and that many bytes, until a length of zero. Returns their size. */
static int64_t skip_blocks(struct reader *reader)
{
    int64_t total = 0;
    for (;;) {
        unsigned size = reader_u8(reader);
        if (reader->failed || size == 0) {
            return total;
        }
        reader_take(reader, size);
        total += size;
    }
}

/* True when a palette follows; skips it. */
static bool skip_palette(struct reader *reader, unsigned flags)
{
    if ((flags & 0x80) == 0) {
        return false;
    }
    reader_take(reader, (uint64_t)3 << ((flags & 7) + 1));
    return true;
}

static void read_extension(struct reader *reader, struct image_info *info)
{
    unsigned kind = reader_u8(reader);
    if (kind == EXTENSION_CONTROL && reader_left(reader) >= 2) {
        info->alpha |= (reader->data[reader->position + 1] & 1) != 0;
    }
    int64_t size = skip_blocks(reader);
    if (kind == EXTENSION_COMMENT || kind == EXTENSION_APPLICATION) {
        info->metadata_bytes += size;
    }
}

static bool read_image(struct reader *reader, bool palette, struct image_info *info,
                       struct error *err)
{
    int64_t right = reader_u16(reader);
    int64_t bottom = reader_u16(reader);
    right += reader_u16(reader);
    bottom += reader_u16(reader);
    unsigned flags = reader_u8(reader);
    palette |= skip_palette(reader, flags);
    reader_u8(reader); /* code size */
    if (reader->failed) {
        return probe_bad(err, info, "a frame is cut off");
    }
    /* Without a palette colours are whatever lay in a decoder's memory. */
    if (!palette) {
        return probe_bad(err, info, "a frame without a palette");
    }
    skip_blocks(reader);

    /* A frame may reach beyond the screen it declares: the picture is as large as all of it. */
    info->width = right > info->width ? right : info->width;
    info->height = bottom > info->height ? bottom : info->height;
    info->progressive |= (flags & 0x40) != 0;
    info->frames++;
    return true;
}

/* True when the walk goes on. It ends at the trailer, at the end (which many files reach without
 * one) or at bytes that are no block. */
static bool read_block(struct reader *reader, bool palette, struct image_info *info, bool *bad,
                       struct error *err)
{
    if (reader_left(reader) == 0 || info->frames >= PROBE_FRAMES_MAX) {
        return false;
    }
    switch (reader_u8(reader)) {
    case BLOCK_EXTENSION:
        read_extension(reader, info);
        return true;
    case BLOCK_IMAGE:
        *bad = !read_image(reader, palette, info, err);
        return !*bad;
    case 0: /* stray terminators are common, and harmless */
        return true;
    default:
        return false;
    }
}

bool probe_gif(const void *bytes, size_t length, struct image_info *info, struct error *err)
{
    struct reader reader = reader_of(bytes, length, false);
    reader_seek(&reader, 6);
    info->width = reader_u16(&reader);
    info->height = reader_u16(&reader);
    unsigned flags = reader_u8(&reader);
    reader_u16(&reader); /* background colour, aspect ratio */
    bool palette = skip_palette(&reader, flags);
    info->depth = 8;
    info->channels = 3;
    info->frames = 0;
    if (reader.failed) {
        return probe_bad(err, info, "its header is cut off");
    }

    bool bad = false;
    while (read_block(&reader, palette, info, &bad, err)) {
        continue;
    }
    if (bad && !(info->allow_damaged && info->frames > 0)) {
        return false;
    }
    if (reader.failed && !info->allow_damaged) {
        return probe_bad(err, info, "a block is cut off");
    }
    if (info->frames == 0) {
        return probe_bad(err, info, "no frame");
    }
    info->animated = info->frames > 1;
    return true;
}
