/*
 * sniff.c - which format are these bytes? By content alone; called by the probe. The name of a
 * file or object is never looked at: a `.jpg` that is an SVG must not reach a decoder.
 */
#include "bindings/image/probe/probe.h"

#include <strings.h>

struct magic {
    const char *bytes;
    size_t length;
    enum image_format format;
};

#define MAGIC(text, format)                                                                        \
    {                                                                                              \
        text, sizeof(text) - 1, format                                                             \
    }

static const struct magic magics[] = {
    MAGIC("\xff\xd8\xff", IMAGE_JPEG),
    MAGIC("\x89PNG\r\n\x1a\n", IMAGE_PNG),
    MAGIC("GIF87a", IMAGE_GIF),
    MAGIC("GIF89a", IMAGE_GIF),
    MAGIC("II\x2a\x00", IMAGE_TIFF),
    MAGIC("MM\x00\x2a", IMAGE_TIFF),
    MAGIC("II\x2b\x00", IMAGE_TIFF),
    MAGIC("MM\x00\x2b", IMAGE_TIFF),
    MAGIC("BM", IMAGE_BMP),
};

/* Brands of ISO/IEC 23008-12 (HEIF) and the AVIF specification. */
static enum image_format brand_format(const uint8_t *brand)
{
    static const char heic[][5] = {"heic", "heix", "heim", "heis", "hevc", "hevx"};
    if (memcmp(brand, "avif", 4) == 0 || memcmp(brand, "avis", 4) == 0) {
        return IMAGE_AVIF;
    }
    for (size_t i = 0; i < sizeof heic / sizeof heic[0]; i++) {
        if (memcmp(brand, heic[i], 4) == 0) {
            return IMAGE_HEIC;
        }
    }
    return IMAGE_UNKNOWN;
}

/* The major brand decides; a general one (mif1, msf1) leaves it to the compatible ones. */
static enum image_format sniff_heif(struct reader reader)
{
    uint32_t size = reader_u32(&reader);
    if (!reader_at(&reader, "ftyp", 4) || size < 16) {
        return IMAGE_UNKNOWN;
    }
    reader_seek(&reader, 0);
    struct reader box = reader_part(&reader, size);
    reader_seek(&box, 8);
    const uint8_t *major = reader_take(&box, 4);
    if (major == NULL) {
        return IMAGE_UNKNOWN;
    }
    enum image_format format = brand_format(major);
    reader_take(&box, 4);
    while (format == IMAGE_UNKNOWN && reader_left(&box) >= 4) {
        format = brand_format(reader_take(&box, 4));
    }
    return format;
}

enum image_format sniff_format(const void *bytes, size_t length)
{
    struct reader reader = reader_of(bytes, length, true);
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        if (reader_at(&reader, magics[i].bytes, magics[i].length)) {
            return magics[i].format;
        }
    }
    if (length >= 12 && reader_at(&reader, "RIFF", 4) && memcmp(reader.data + 8, "WEBP", 4) == 0) {
        return IMAGE_WEBP;
    }
    return sniff_heif(reader);
}

const char *sniff_stranger(const void *bytes, size_t length)
{
    static const struct {
        const char *start, *name;
    } strangers[] = {
        {"<?xml", "an XML or SVG document"},
        {"<svg", "an SVG document"},
        {"<!doctype", "an HTML document"},
        {"<html", "an HTML document"},
        {"%!PS", "a PostScript document"},
        {"%PDF", "a PDF document"},
        {"push graphic-context", "an MVG drawing"},
        {"#define", "an XBM or C source file"},
        {"PK\x03\x04", "a ZIP archive"},
        {"\x1f\x8b", "a gzip file"},
        {"8BPS", "a Photoshop file"},
        {"\x7f"
         "ELF",
         "a program"},
    };
    const char *text = bytes;
    while (length > 0 && (*text == ' ' || *text == '\n' || *text == '\r' || *text == '\t')) {
        text++;
        length--;
    }
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        size_t wanted = strlen(strangers[i].start);
        if (length >= wanted && strncasecmp(text, strangers[i].start, wanted) == 0) {
            return strangers[i].name;
        }
    }
    return NULL;
}
