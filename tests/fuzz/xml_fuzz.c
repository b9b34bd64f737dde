/*
 * xml_fuzz.c - any bytes as an answer of S3's: elements are well nested, texts stay within the
 * document, and what is escaped reads back the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/aws/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(bool ok)
{
    if (!ok) {
        abort();
    }
}

static bool on_begin(void *context, const char *name, int depth, struct error *err)
{
    (void)err;
    int *open = context;
    require(++*open == depth && depth <= XML_DEPTH_MAX && strlen(name) < XML_NAME_MAX);
    return true;
}

static bool on_end(void *context, const char *name, int depth, const char *text, size_t length,
                   struct error *err)
{
    (void)err;
    int *open = context;
    require((*open)-- == depth && name[0] != '\0' && text[length] == '\0');
    return true;
}

static bool same_text(void *context, const char *name, int depth, const char *text, size_t length,
                      struct error *err)
{
    (void)name;
    (void)depth;
    (void)err;
    const struct buffer *wanted = context;
    require(length == wanted->length && memcmp(text, buffer_text(wanted), length) == 0);
    return true;
}

static void check_escape(const uint8_t *bytes, size_t length)
{
    struct buffer document, wanted;
    struct error err;
    if (memchr(bytes, 0, length) != NULL) {
        return;
    }
    buffer_init(&document, 1 << 20);
    buffer_init(&wanted, 1 << 20);
    (void)buffer_append(&wanted, bytes, length);
    (void)buffer_append_text(&document, "<a>");
    xml_escape(&document, (const char *)bytes, length);
    (void)buffer_append_text(&document, "</a>");
    struct xml_reader reader = {.end = same_text, .context = &wanted};
    require(xml_read(document.data, document.length, &reader, &err));
    buffer_release(&document);
    buffer_release(&wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length == 0) {
        return 0;
    }
    struct error err;
    int open = 0;
    struct xml_reader reader = {.begin = on_begin, .end = on_end, .context = &open};
    bool ok = xml_read((const char *)bytes, length, &reader, &err);
    require(!ok || open == 0);
    check_escape(bytes, length);
    return 0;
}
