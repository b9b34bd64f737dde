/*
 * jpeg_profiles.c - does with profiles what GraphicsMagick's own JPEG coder does. Called by lane.c
 * and lane_encode.c.
 */
#include "bindings/image/lane/jpeg_profiles.h"
#include "bindings/image/library.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a segment begins with that holds an XMP packet, and one that holds Photoshop's resources,
 * the NUL at the end included. */
#define XMP       "http://ns.adobe.com/xap/1.0/"
#define PHOTOSHOP "Photoshop 3.0"

enum { NAME_MAX_BYTES = 16, SEGMENT_MAX_BYTES = 65535 - 2 };

/* ---- reading ------------------------------------------------------------------------------- */

static bool begins(const struct jpeg_segment *segment, const char *text, size_t length)
{
    return segment->length > length && memcmp(segment->bytes, text, length) == 0;
}

/* The library's name of a profile, and where it begins; false for what it does not keep. */
static bool recognise(const struct jpeg_segment *segment, char name[NAME_MAX_BYTES], size_t *start)
{
    *start = 0;
    (void)snprintf(name, NAME_MAX_BYTES, "APP%d", segment->number);
    if (segment->number == 1 && begins(segment, "Exif", 4)) {
        (void)snprintf(name, NAME_MAX_BYTES, "EXIF");
    } else if (segment->number == 1 && begins(segment, XMP, sizeof XMP)) {
        (void)snprintf(name, NAME_MAX_BYTES, "XMP");
        *start = sizeof XMP;
    } else if (segment->number == 13) {
        (void)snprintf(name, NAME_MAX_BYTES, "IPTC");
        *start = sizeof PHOTOSHOP;
        return begins(segment, PHOTOSHOP, sizeof PHOTOSHOP);
    }
    return segment->number != 2;
}

static bool read_icc(struct jpeg_reader *reader, Image *image, struct error *err)
{
    void *profile;
    size_t length;
    if (!jpeg_reader_icc(reader, &profile, &length)) {
        return true;
    }
    bool ok = SetImageProfile(image, "ICM", profile, length) ||
              library_failed(&image->exception, "memory", "reading a profile", err);
    free(profile);
    return ok;
}

/* A profile may be in several segments. */
static bool add(Image *image, const char *name, const unsigned char *bytes, size_t length,
                struct error *err)
{
    size_t before_length = 0;
    const unsigned char *before = GetImageProfile(image, name, &before_length);
    struct buffer whole;
    buffer_init(&whole, INT_MAX);
    if (before_length > 0) {
        (void)buffer_append(&whole, before, before_length);
    }
    (void)buffer_append(&whole, bytes, length);
    bool ok = buffer_check(&whole, "metadata", err) &&
              (SetImageProfile(image, name, (const unsigned char *)whole.data, whole.length) ||
               library_failed(&image->exception, "memory", "reading metadata", err));
    buffer_release(&whole);
    return ok;
}

bool jpeg_profiles_read(struct jpeg_reader *reader, Image *image, struct error *err)
{
    struct jpeg_segment segment = {.next = NULL};
    while (jpeg_reader_segment(reader, &segment)) {
        char name[NAME_MAX_BYTES];
        size_t start;
        if (recognise(&segment, name, &start) && segment.length > start &&
            !add(image, name, (const unsigned char *)segment.bytes + start, segment.length - start,
                 err)) {
            return false;
        }
    }
    return read_icc(reader, image, err);
}

/* ---- writing ------------------------------------------------------------------------------- */

/* The number of the segment that a profile goes into, and what stands before it; 0 for none. */
static int segment_of(const char *name, const char **prefix, size_t *length)
{
    static const struct {
        const char *name;
        int number;
        const char *prefix;
        size_t length;
    } known[] = {
        {"EXIF", 1, "", 0}, {"XMP", 1, XMP, sizeof XMP}, {"IPTC", 13, PHOTOSHOP, sizeof PHOTOSHOP}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (LocaleCompare(name, known[i].name) == 0) {
            *prefix = known[i].prefix;
            *length = known[i].length;
            return known[i].number;
        }
    }
    *prefix = "";
    *length = 0;
    int number = LocaleNCompare(name, "APP", 3) == 0 ? (int)strtol(name + 3, NULL, 10) : 0;
    return number > 0 && number < 16 && number != 2 && number != 14 ? number : 0;
}

static void append(struct buffer *segments, const char *name, const unsigned char *profile,
                   size_t length)
{
    const char *prefix;
    size_t prefix_length;
    int number = segment_of(name, &prefix, &prefix_length);
    if (number == 0 || prefix_length + length > SEGMENT_MAX_BYTES) {
        return;
    }
    size_t counted = prefix_length + length + 2;
    const unsigned char header[] = {0xff, (unsigned char)(0xe0 + number),
                                    (unsigned char)(counted >> 8), (unsigned char)counted};
    (void)buffer_append(segments, header, sizeof header);
    (void)buffer_append(segments, prefix, prefix_length);
    (void)buffer_append(segments, profile, length);
}

bool jpeg_profiles_append(const Image *image, struct buffer *segments, struct error *err)
{
    const char *name;
    const unsigned char *profile;
    size_t length;
    ImageProfileIterator iterator = AllocateImageProfileIterator(image);
    while (iterator != NULL && NextImageProfile(iterator, &name, &profile, &length) != MagickFail) {
        append(segments, name, profile, length);
    }
    if (iterator != NULL) {
        DeallocateImageProfileIterator(iterator);
    }
    return buffer_check(segments, "metadata", err);
}
