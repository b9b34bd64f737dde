/*
 * metadata.c - strips GPS positions, thumbnails, serial numbers and all else, and keeps the
 * copyright: in JPEG, PNG and WebP as an EXIF block of its own, in GIF as a comment. Called by the
 * engine: metadata_read() after the decode, metadata_write() before each encode.
 */
#include "bindings/image/codec/metadata.h"
#include "bindings/image/library.h"
#include "bindings/image/pixels.h"
#include "bindings/image/probe/reader.h"

#include <stdio.h>
#include <string.h>

static const unsigned char *skip_prefix(const unsigned char *profile, size_t *length)
{
    if (*length < EXIF_PREFIX_LENGTH || memcmp(profile, EXIF_PREFIX, EXIF_PREFIX_LENGTH) != 0) {
        return profile;
    }
    *length -= EXIF_PREFIX_LENGTH;
    return profile + EXIF_PREFIX_LENGTH;
}

static void keep_text(char text[EXIF_TEXT_MAX], const void *bytes, size_t length)
{
    if (length > EXIF_TEXT_MAX - 1) {
        length = EXIF_TEXT_MAX - 1;
    }
    memcpy(text, bytes, length);
    text[length] = '\0';
}

/* ---- where a copyright may stand ----------------------------------------------------------- */

static bool from_exif(const Image *image, char text[EXIF_TEXT_MAX])
{
    size_t length = 0;
    const unsigned char *profile = GetImageProfile(image, "EXIF", &length);
    if (profile == NULL) {
        return false;
    }
    profile = skip_prefix(profile, &length);
    return exif_copyright(profile, length, text);
}

/* IPTC-IIM: data sets of 0x1c, record, number, length; it may lie inside Photoshop's 8BIM. */
static bool from_iptc(const Image *image, char text[EXIF_TEXT_MAX])
{
    static const unsigned char notice[] = {0x1c, 2, 116};
    size_t length = 0;
    const unsigned char *profile = GetImageProfile(image, "IPTC", &length);
    for (size_t i = 0; profile != NULL && i + 5 <= length; i++) {
        if (memcmp(profile + i, notice, sizeof notice) != 0) {
            continue;
        }
        struct reader reader = reader_of(profile, length, true);
        reader_seek(&reader, i + 3);
        unsigned size = reader_u16(&reader);
        const uint8_t *bytes = reader_take(&reader, size);
        if (bytes == NULL || size == 0) {
            continue;
        }
        keep_text(text, bytes, size);
        return true;
    }
    return false;
}

static const char *find(const char *text, size_t length, const char *wanted)
{
    size_t size = strlen(wanted);
    for (size_t i = 0; i + size <= length; i++) {
        if (memcmp(text + i, wanted, size) == 0) {
            return text + i;
        }
    }
    return NULL;
}

/* <dc:rights><rdf:Alt><rdf:li xml:lang="x-default">TEXT</rdf:li>: the first item is enough. */
static bool from_xmp(const Image *image, char text[EXIF_TEXT_MAX])
{
    size_t length = 0;
    const char *xmp = (const char *)GetImageProfile(image, "XMP", &length);
    const char *end = xmp != NULL ? xmp + length : NULL;
    const char *at = xmp != NULL ? find(xmp, length, "<dc:rights") : NULL;
    at = at != NULL ? find(at, (size_t)(end - at), "<rdf:li") : NULL;
    at = at != NULL ? memchr(at, '>', (size_t)(end - at)) : NULL;
    if (at == NULL) {
        return false;
    }
    at++;
    const char *stop = memchr(at, '<', (size_t)(end - at));
    if (stop == NULL || stop == at) {
        return false;
    }
    keep_text(text, at, (size_t)(stop - at));
    return true;
}

static bool from_attribute(const Image *image, char text[EXIF_TEXT_MAX])
{
    const ImageAttribute *attribute = GetImageAttribute(image, "Copyright");
    if (attribute == NULL || attribute->value == NULL || attribute->value[0] == '\0') {
        return false;
    }
    keep_text(text, attribute->value, strlen(attribute->value));
    return true;
}

/* ---- reading ------------------------------------------------------------------------------- */

static bool keep_profile(Image *image, const char *name, const unsigned char *profile,
                         size_t length, struct error *err)
{
    if (LocaleCompare(name, "ICM") == 0 || LocaleCompare(name, "ICC") == 0) {
        return true; /* the pixels are sRGB now */
    }
    if (!SetImageProfile(image, name, profile, length)) {
        return library_failed(&image->exception, "memory", "keeping metadata", err);
    }
    if (LocaleCompare(name, "EXIF") != 0) {
        return true;
    }
    /* The library keeps the block itself; this is our copy of it, to be set upright. */
    size_t kept_length = 0;
    const unsigned char *kept = GetImageProfile(image, name, &kept_length);
    if (kept != NULL) {
        const unsigned char *block = skip_prefix(kept, &kept_length);
        exif_set_upright((void *)(uintptr_t)block, kept_length);
    }
    return true;
}

static bool copy_profiles(Image *to, const Image *from, struct error *err)
{
    const char *name;
    const unsigned char *profile;
    size_t length;
    bool ok = true;
    ImageProfileIterator iterator = AllocateImageProfileIterator(from);
    while (ok && iterator != NULL &&
           NextImageProfile(iterator, &name, &profile, &length) != MagickFail) {
        ok = keep_profile(to, name, profile, length, err);
    }
    if (iterator != NULL) {
        DeallocateImageProfileIterator(iterator);
    }
    return ok;
}

bool metadata_read(const Image *source, bool keep, struct metadata *metadata, struct error *err)
{
    struct metadata found = {.profiles = NULL};
    bool any = from_exif(source, found.copyright) || from_iptc(source, found.copyright) ||
               from_xmp(source, found.copyright) || from_attribute(source, found.copyright);
    if (!any) {
        found.copyright[0] = '\0';
    }
    if (keep) {
        found.profiles = AllocateImage(NULL);
        if (!copy_profiles(found.profiles, source, err)) {
            metadata_release(&found);
            return false;
        }
    }
    *metadata = found;
    return true;
}

void metadata_release(struct metadata *metadata)
{
    pixels_destroy(metadata->profiles);
    metadata->profiles = NULL;
}

/* ---- writing ------------------------------------------------------------------------------- */

static bool write_copyright(Image *image, const char *copyright, enum image_format format,
                            struct error *err)
{
    if (format == IMAGE_GIF) {
        char comment[EXIF_TEXT_MAX + 16];
        (void)snprintf(comment, sizeof comment, "Copyright: %s", copyright);
        return SetImageAttribute(image, "comment", comment) ||
               library_failed(&image->exception, "memory", "writing the copyright", err);
    }
    unsigned char block[EXIF_PREFIX_LENGTH + EXIF_BLOCK_MAX];
    memcpy(block, EXIF_PREFIX, EXIF_PREFIX_LENGTH);
    size_t length = EXIF_PREFIX_LENGTH + exif_build(copyright, block + EXIF_PREFIX_LENGTH);
    return SetImageProfile(image, "EXIF", block, length) ||
           library_failed(&image->exception, "memory", "writing the copyright", err);
}

bool metadata_write(Image *image, const struct metadata *metadata, bool keep,
                    enum image_format format, struct error *err)
{
    (void)StripImage(image);
    DestroyImageAttributes(image);
    if (keep && metadata->profiles != NULL) {
        return copy_profiles(image, metadata->profiles, err);
    }
    return metadata->copyright[0] == '\0' ||
           write_copyright(image, metadata->copyright, format, err);
}

struct metadata_blocks metadata_blocks(const Image *image)
{
    struct metadata_blocks blocks;
    blocks.exif.bytes = GetImageProfile(image, "EXIF", &blocks.exif.length);
    blocks.xmp.bytes = GetImageProfile(image, "XMP", &blocks.xmp.length);
    blocks.iptc.bytes = GetImageProfile(image, "IPTC", &blocks.iptc.length);
    if (blocks.exif.bytes != NULL) {
        blocks.exif.bytes = skip_prefix(blocks.exif.bytes, &blocks.exif.length);
    }
    return blocks;
}
