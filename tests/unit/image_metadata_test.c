/*
 * image_metadata_test.c - whose picture it is, wherever that is said; and that nothing else stays.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/check.h"
#include "tests/unit/image_sample.h"

/* A JPEG with this segment behind its start. */
static struct sample jpeg_with_segment(int marker, const void *content, size_t length)
{
    struct sample jpeg = sample_jpeg(16, 16, 0, NULL);
    struct sample made = {malloc(jpeg.length + length + 4), jpeg.length + length + 4};
    if (made.bytes == NULL) {
        abort();
    }
    memcpy(made.bytes, jpeg.bytes, 2);
    made.bytes[2] = 0xff;
    made.bytes[3] = (unsigned char)marker;
    made.bytes[4] = (unsigned char)((length + 2) >> 8);
    made.bytes[5] = (unsigned char)(length + 2);
    memcpy(made.bytes + 6, content, length);
    memcpy(made.bytes + 6 + length, jpeg.bytes + 2, jpeg.length - 2);
    sample_release(&jpeg);
    return made;
}

static bool contains(const struct image_output *output, const char *text)
{
    return memmem(output->bytes, output->length, text, strlen(text)) != NULL;
}

#define XMP_HEAD                                                                                   \
    "http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF><rdf:Description>" \
    "<photoshop:City>Hidden</photoshop:City>"
#define XMP_TAIL "</rdf:Description></rdf:RDF></x:xmpmeta>"
#define XMP_RIGHTS                                                                                 \
    "<dc:rights><rdf:Alt><rdf:li xml:lang='x-default'>(c) Somebody</rdf:li></rdf:Alt></dc:rights>"

/* Photoshop's resource 0x0404 with IPTC data sets: city (2:90), copyright notice (2:116). */
#define IPTC                                                                                       \
    "Photoshop 3.0\0"                                                                              \
    "8BIM\x04\x04\0\0\0\0\0\x1c\x1c\x02\x5a\0\x06Hidden\x1c\x02\x74\0\x0c(c) Somebody"

static const struct {
    const char *name;
    int marker;
    const char *content;
    size_t length;
    bool kept;
} rows[] = {
    {"XMP with rights", 0xe1, XMP_HEAD XMP_RIGHTS XMP_TAIL,
     sizeof(XMP_HEAD XMP_RIGHTS XMP_TAIL) - 1, true},
    {"XMP without", 0xe1, XMP_HEAD XMP_TAIL, sizeof(XMP_HEAD XMP_TAIL) - 1, false},
    {"XMP cut in its rights", 0xe1, XMP_HEAD "<dc:rights><rdf:li>(c)",
     sizeof(XMP_HEAD "<dc:rights><rdf:li>(c)") - 1, false},
    {"IPTC", 0xed, IPTC, sizeof(IPTC) - 1, true},
    {"a comment", 0xfe, "Hidden (c) Somebody", 19, false},
};

TEST(image_metadata_keeps_copyright_and_nothing_else)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sample jpeg = jpeg_with_segment(rows[i].marker, rows[i].content, rows[i].length);
        for (int format = IMAGE_JPEG; format <= IMAGE_WEBP; format++) {
            struct image_target target = sample_target(0, 0, (enum image_format)format);
            struct image_output output;
            struct error err;
            check_case("%s to %s", rows[i].name, image_format_name((enum image_format)format));
            if (!CHECK(sample_render(jpeg.bytes, jpeg.length, NULL, 0, &target, &output, &err))) {
                continue;
            }
            CHECK_INTEGER(contains(&output, "(c) Somebody"), rows[i].kept);
            CHECK(!contains(&output, "Hidden"));
            image_output_release(&output);
        }
        sample_release(&jpeg);
    }
}

TEST(image_metadata_stays_when_asked)
{
    struct sample jpeg = jpeg_with_segment(rows[0].marker, rows[0].content, rows[0].length);
    struct image_target target = sample_target(0, 0, IMAGE_JPEG);
    struct image_output output;
    struct error err;
    target.keep_metadata = true;
    if (CHECK(sample_render(jpeg.bytes, jpeg.length, NULL, 0, &target, &output, &err))) {
        CHECK(contains(&output, "Hidden"));
        image_output_release(&output);
    }
    sample_release(&jpeg);
}
