/*
 * profile.c - what an ICC profile calls itself (ICC.1:2022, `profileDescriptionTag`). Called by the
 * `image` module. The only file that asks zlib for anything: PNG keeps the profile compressed.
 */
#include "bindings/image/look/look.h"
#include "bindings/image/probe/reader.h"
#include "bindings/image/look/text.h"

#include <zlib.h>

enum { HEADER_LENGTH = 128, TAGS_MAX = 100, LANGUAGES_MAX = 200, NAME_MAX_PNG = 80 };

/* As far as the description is ever found: camera and monitor profiles are below 4 kB, and of the
 * large ones for print it stands near the beginning. */
enum { INFLATED_MAX = 65536 };

/* ICC v2: a length and ASCII. */
static void read_description(struct reader tag, char name[LOOK_TEXT_MAX])
{
    uint32_t length = reader_u32(&tag);
    const uint8_t *bytes = reader_take(&tag, length);
    if (bytes != NULL) {
        text_read(bytes, length, name, LOOK_TEXT_MAX);
    }
}

/* ICC v4: records of language, length and offset of UTF-16. English, or the first. */
static void read_languages(struct reader tag, char name[LOOK_TEXT_MAX])
{
    struct reader whole = tag;
    whole.position -= 8; /* offsets count from the tag's type */
    uint32_t count = reader_u32(&tag);
    if (count > LANGUAGES_MAX || reader_u32(&tag) != 12) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        bool english = reader_at(&tag, "en", 2);
        reader_u32(&tag);
        uint32_t length = reader_u32(&tag);
        struct reader text = whole;
        (void)reader_take(&text, reader_u32(&tag));
        const uint8_t *bytes = reader_take(&text, length);
        if (tag.failed || bytes == NULL || (i > 0 && !english)) {
            continue;
        }
        text_read_utf16(bytes, length, name, LOOK_TEXT_MAX);
        if (english) {
            return;
        }
    }
}

static void read_profile(const void *profile, size_t length, char name[LOOK_TEXT_MAX])
{
    struct reader reader = reader_of(profile, length, true);
    reader_seek(&reader, HEADER_LENGTH);
    uint32_t tags = reader_u32(&reader);
    for (uint32_t i = 0; i < tags && i < TAGS_MAX; i++) {
        bool wanted = reader_at(&reader, "desc", 4);
        reader_u32(&reader);
        uint32_t offset = reader_u32(&reader);
        reader_u32(&reader);
        if (reader.failed || !wanted) {
            continue;
        }
        struct reader tag = reader_of(profile, length, true);
        reader_seek(&tag, offset);
        bool old = reader_at(&tag, "desc", 4), languages = reader_at(&tag, "mluc", 4);
        reader_number(&tag, 8);
        if (old) {
            read_description(tag, name);
        } else if (languages) {
            read_languages(tag, name);
        }
        return;
    }
}

/* As much of it as there is room for; a damaged end does not matter to us. */
static size_t inflate_some(const uint8_t *bytes, size_t length, unsigned char *out, size_t size)
{
    z_stream stream = {.next_in = (z_const Bytef *)(uintptr_t)bytes,
                       .avail_in = (uInt)length,
                       .next_out = out,
                       .avail_out = (uInt)size};
    if (inflateInit(&stream) != Z_OK) {
        return 0;
    }
    (void)inflate(&stream, Z_SYNC_FLUSH);
    (void)inflateEnd(&stream);
    return size - stream.avail_out;
}

/* iCCP: a name that means little, a NUL, a byte for the method, the profile compressed. */
static void read_chunk(const uint8_t *chunk, size_t length, char name[LOOK_TEXT_MAX])
{
    const uint8_t *end = memchr(chunk, '\0', length < NAME_MAX_PNG ? length : NAME_MAX_PNG);
    if (end == NULL || (size_t)(end - chunk) + 2 > length) {
        return;
    }
    size_t skipped = (size_t)(end - chunk) + 2;
    unsigned char profile[INFLATED_MAX];
    size_t inflated = inflate_some(chunk + skipped, length - skipped, profile, sizeof profile);
    read_profile(profile, inflated, name);
}

void look_profile(const void *bytes, const struct image_info *info, char name[LOOK_TEXT_MAX])
{
    const uint8_t *profile = (const uint8_t *)bytes + info->profile.offset;
    name[0] = '\0';
    if (info->profile.length == 0) {
        return;
    }
    if (info->format == IMAGE_PNG) {
        read_chunk(profile, info->profile.length, name);
    } else {
        read_profile(profile, info->profile.length, name);
    }
}
