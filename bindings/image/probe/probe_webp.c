/*
 * probe_webp.c - a WebP's RIFF chunks (RFC 9649): a still in one chunk, or VP8X and what follows.
 */
#include "bindings/image/probe/probe.h"

enum { FLAG_ALPHA = 0x10 };

/* A lossy key frame: three bytes of tag, a start code, then 14 bits of width and of height. */
static bool read_lossy(struct reader content, struct image_info *info)
{
    const uint8_t *tag = reader_take(&content, 3);
    const uint8_t *start = reader_take(&content, 3);
    if (start == NULL || (tag[0] & 1) != 0 || memcmp(start, "\x9d\x01\x2a", 3) != 0) {
        return false;
    }
    info->width = reader_u16(&content) & 0x3fff;
    info->height = reader_u16(&content) & 0x3fff;
    return !content.failed;
}

static bool read_lossless(struct reader content, struct image_info *info)
{
    if (reader_u8(&content) != 0x2f) {
        return false;
    }
    uint32_t bits = reader_u32(&content);
    info->width = (bits & 0x3fff) + 1;
    info->height = (bits >> 14 & 0x3fff) + 1;
    info->alpha = (bits >> 28 & 1) != 0;
    return !content.failed;
}

static bool read_extended(struct reader content, struct image_info *info)
{
    unsigned flags = reader_u8(&content);
    reader_take(&content, 3);
    info->width = (int64_t)reader_number(&content, 3) + 1;
    info->height = (int64_t)reader_number(&content, 3) + 1;
    info->alpha = (flags & FLAG_ALPHA) != 0;
    return !content.failed;
}

static void read_chunk(const void *file, const uint8_t *type, struct reader content,
                       struct image_info *info)
{
    info->lossless |= memcmp(type, "VP8L", 4) == 0;
    bool exif = memcmp(type, "EXIF", 4) == 0;
    bool profile = memcmp(type, "ICCP", 4) == 0;
    bool xmp = memcmp(type, "XMP ", 4) == 0;
    if (exif || profile || xmp) {
        info->metadata_bytes += (int64_t)content.length;
    }
    if (exif) {
        /* The specification wants the bare block; many writers keep JPEG's prefix. */
        (void)probe_exif(file, content, info);
    }
    if (xmp && info->xmp.length == 0) {
        info->xmp = probe_span(file, content);
    }
    if (profile) {
        info->profile_bytes = (int64_t)content.length;
        info->profile = probe_span(file, content);
    }
    if (memcmp(type, "ANIM", 4) == 0) {
        info->animated = true;
        info->frames = 0;
    }
    if (memcmp(type, "ANMF", 4) == 0 && info->animated) {
        info->frames++;
    }
}

static bool read_first(const uint8_t *type, struct reader content, struct image_info *info)
{
    if (memcmp(type, "VP8 ", 4) == 0) {
        return read_lossy(content, info);
    }
    if (memcmp(type, "VP8L", 4) == 0) {
        return read_lossless(content, info);
    }
    return memcmp(type, "VP8X", 4) == 0 && read_extended(content, info);
}

bool probe_webp(const void *bytes, size_t length, struct image_info *info, struct error *err)
{
    struct reader file = reader_of(bytes, length, false);
    reader_seek(&file, 4);
    uint32_t size = reader_u32(&file);
    if (info->allow_damaged && size > reader_left(&file)) {
        size = (uint32_t)reader_left(&file);
    }
    struct reader reader = reader_part(&file, size);
    if (reader.failed || !reader_at(&reader, "WEBP", 4)) {
        return probe_bad(err, info, "it is shorter than it says");
    }
    reader_seek(&reader, 4);
    info->depth = 8;
    info->channels = 3;

    bool first = true;
    while (reader_left(&reader) >= 8) {
        const uint8_t *type = reader_take(&reader, 4);
        uint32_t chunk_size = reader_u32(&reader);
        if (info->allow_damaged && chunk_size > reader_left(&reader)) {
            chunk_size = (uint32_t)reader_left(&reader);
        }
        struct reader content = reader_part(&reader, chunk_size);
        if (content.failed || (first && !read_first(type, content, info))) {
            return probe_bad(err, info, "a chunk is cut off or unknown");
        }
        read_chunk(bytes, type, content, info);
        if (chunk_size % 2 != 0 && reader_left(&reader) > 0) {
            reader_u8(&reader);
        }
        first = false;
    }
    if (first || info->frames < 1) {
        return probe_bad(err, info, "no image");
    }
    return true;
}
