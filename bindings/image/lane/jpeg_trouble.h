/*
 * jpeg_trouble.h - how libjpeg fails: it calls, and must not be returned to. Shared by jpeg_read.c
 * and jpeg_write.c; each of their entries sets `escape` before it calls libjpeg.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_LANE_JPEG_TROUBLE_H
#define LUNETTE_BINDINGS_IMAGE_LANE_JPEG_TROUBLE_H

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include "host/error.h"

struct jpeg_trouble {
    struct jpeg_error_mgr manager; /* first: libjpeg knows this much of it */
    jmp_buf escape;
    bool warned, starved;
    struct error reason; /* of an escape that was ours */
    bool given;          /* whether there is one */
    char message[JMSG_LENGTH_MAX];
};

/* What libjpeg's `err` field gets. */
struct jpeg_error_mgr *jpeg_trouble_begin(struct jpeg_trouble *trouble);

/* From within libjpeg: goes back to `escape`, with this reason. */
void jpeg_trouble_escape(struct jpeg_trouble *trouble, const struct error *reason)
    __attribute__((noreturn));

/* After an escape or a warning: `memory`, a reason of ours, or `code` with libjpeg's words after
 * `what`. Returns false. */
bool jpeg_trouble_report(const struct jpeg_trouble *trouble, const char *code, const char *what,
                         struct error *err);

#endif
