/*
 * probe_jpeg.c - a JPEG's header: the segments up to the first scan (ITU-T T.81 annex B).
 */
#include "bindings/image/probe/probe.h"
#include "bindings/image/probe/exif.h"

enum {
    MARKER_SOF0 = 0xc0,
    MARKER_SOF2 = 0xc2,
    MARKER_DHT = 0xc4,
    MARKER_JPG = 0xc8,
    MARKER_SOF10 = 0xca,
    MARKER_DAC = 0xcc,
    MARKER_SOF15 = 0xcf,
    MARKER_RST0 = 0xd0,
    MARKER_EOI = 0xd9,
    MARKER_SOS = 0xda,
    MARKER_APP0 = 0xe0,
    MARKER_APP1 = 0xe1,
    MARKER_APP2 = 0xe2,
    MARKER_APP15 = 0xef,
    MARKER_TEM = 0x01,
    MARKER_COM = 0xfe
};

/* A hostile file can have a segment for every five bytes: each takes memory of its own, and whoever
 * joins them takes time by the square of their number. A profile in parts has at most 255. */
enum { SEGMENTS_MAX = 1000 };

/* The next marker's code; fill bytes (0xff) may stand before it. 0 when there is none. */
static unsigned next_marker(struct reader *reader)
{
    if (reader_u8(reader) != 0xff) {
        return 0;
    }
    unsigned code = 0xff;
    while (code == 0xff && !reader->failed) {
        code = reader_u8(reader);
    }
    return reader->failed ? 0 : code;
}

static bool is_frame(unsigned marker)
{
    return marker >= MARKER_SOF0 && marker <= MARKER_SOF15 && marker != MARKER_DHT &&
           marker != MARKER_JPG && marker != MARKER_DAC;
}

static bool read_frame(struct reader segment, unsigned marker, struct image_info *info,
                       struct error *err)
{
    /* Baseline, extended and progressive, by Huffman (0, 1, 2) or arithmetic coding (9, 10). */
    if (marker > MARKER_SOF2 && marker != 0xc9 && marker != MARKER_SOF10) {
        return probe_unsupported(err, info, "lossless and hierarchical coding are not read");
    }
    info->depth = reader_u8(&segment);
    info->height = reader_u16(&segment);
    info->width = reader_u16(&segment);
    info->channels = reader_u8(&segment);
    info->progressive = marker == MARKER_SOF2 || marker == MARKER_SOF10;
    if (segment.failed) {
        return probe_bad(err, info, "its frame header is cut off");
    }
    if (info->depth != 8) {
        return probe_unsupported(err, info, "only 8 bits a channel are read");
    }
    if (info->channels != 1 && info->channels != 3 && info->channels != 4) {
        return probe_unsupported(err, info, "only 1, 3 or 4 channels are read");
    }
    return true;
}

static void read_app(const void *file, struct reader segment, unsigned marker,
                     struct image_info *info, bool *oriented)
{
    size_t length = segment.length;
    if (marker != MARKER_APP0) {
        info->metadata_bytes += (int64_t)length;
    }
    /* Some writers leave two EXIF blocks; the first that makes sense is what viewers use. */
    if (marker == MARKER_APP1 && !*oriented &&
        reader_at(&segment, EXIF_PREFIX, EXIF_PREFIX_LENGTH)) {
        *oriented = probe_exif(file, segment, info) != 0;
    }

    if (marker == MARKER_APP2 && reader_at(&segment, "ICC_PROFILE", 12) && length > 14) {
        reader_take(&segment, 14); /* the name, which part this is, of how many */
        if (info->profile_bytes == 0) {
            info->profile = probe_span(file, reader_part(&segment, length - 14));
        }
        info->profile_bytes += (int64_t)length - 14;
    }
}

bool probe_jpeg(const void *bytes, size_t length, struct image_info *info, struct error *err)
{
    struct reader reader = reader_of(bytes, length, true);
    bool oriented = false;
    int segments = 0;
    reader_seek(&reader, 2);
    for (;;) {
        unsigned marker = next_marker(&reader);
        if (marker == MARKER_TEM || (marker >= MARKER_RST0 && marker < MARKER_RST0 + 8)) {
            continue;
        }
        if (marker == 0 || marker == MARKER_EOI) {
            return probe_bad(err, info, "its header has no image");
        }
        if (++segments > SEGMENTS_MAX) {
            return probe_bad(err, info, "its header has more than 1000 segments");
        }
        unsigned size = reader_u16(&reader);
        if (reader.failed || size < 2) {
            return probe_bad(err, info, "a segment of its header is cut off");
        }
        struct reader segment = reader_part(&reader, size - 2);
        if (segment.failed) {
            return probe_bad(err, info, "a segment of its header is cut off");
        }

        if (marker == MARKER_SOS) {
            return info->channels != 0 || probe_bad(err, info, "a scan without a frame header");
        }
        if (is_frame(marker) && info->channels != 0) {
            return probe_bad(err, info, "two frame headers");
        }
        if (is_frame(marker) && !read_frame(segment, marker, info, err)) {
            return false;
        }
        if ((marker >= MARKER_APP0 && marker <= MARKER_APP15) || marker == MARKER_COM) {
            read_app(bytes, segment, marker, info, &oriented);
        }
    }
}
