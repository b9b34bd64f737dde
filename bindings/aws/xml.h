/*
 * xml.h - reads the XML that S3 answers with: elements and their text, the five entities, character
 * references, CDATA. A document type, which could define more, is refused; attributes, comments
 * and namespaces are passed over.
 */
#ifndef LUNETTE_BINDINGS_AWS_XML_H
#define LUNETTE_BINDINGS_AWS_XML_H

#include <stddef.h>

#include "host/buffer.h"
#include "host/error.h"

#define XML_DEPTH_MAX 16 /* elements within one another */
#define XML_NAME_MAX  64 /* bytes of a name, its NUL included */

/*
 * Called as the document is read; depth is 1 for the root. A false return ends the reading with
 * *err. Text is what stands in the element itself since its last child; it is borrowed until the
 * callback returns, and NUL-terminated.
 */
struct xml_reader {
    bool (*begin)(void *context, const char *name, int depth, struct error *err); /* may be NULL */
    bool (*end)(void *context, const char *name, int depth, const char *text, size_t length,
                struct error *err);
    void *context;
};

/* Fails with `bad_response` (not well-formed, too deep, a document type), with `memory`, or with
 * what a callback set. */
MUST_CHECK bool xml_read(const char *text, size_t length, const struct xml_reader *reader,
                         struct error *err);

/* For documents of our own: appends `text`, with character references for all that means something
 * in XML, line ends and control characters included. */
void xml_escape(struct buffer *out, const char *text, size_t length);

#endif
