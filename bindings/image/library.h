/*
 * library.h - GraphicsMagick, started and kept on a leash. Every call into it happens inside
 * library_run(), which turns what the library does in despair (its fatal error handler must not
 * return) into an error of the job, and lets a stopped job out of long work.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_LIBRARY_H
#define LUNETTE_BINDINGS_IMAGE_LIBRARY_H

#include <magick/api.h>

#include "bindings/image/engine.h"

/*
 * Starts the library: no signal handlers, no disk, no threads of its own, only the coders of the
 * allow-list. `memory` is the most it may use for pixels. From one thread, any number of times.
 */
MUST_CHECK bool library_start(int64_t memory, struct error *err);

bool library_can_read(enum image_format format); /* false before library_start() */
bool library_can_write(enum image_format format);

/* The library's name of a format's coder: "JPEG". A constant. */
const char *library_coder(enum image_format format);

/*
 * Runs work(context, err) with the library bound to `control` on this thread. When the library
 * runs out of memory in a place where it can't go on, the result is `memory` and what `work` had
 * allocated is lost.
 */
MUST_CHECK bool library_run(bool (*work)(void *context, struct error *err), void *context,
                            const struct image_control *control, struct error *err);

/* Inside library_run(): is it time to give up? Sets *err. Asked between steps; within them the
 * library asks by itself. */
bool library_stopped(struct error *err);

/*
 * Sets *err after a call of the library that failed: what made it stop, else its exception in our
 * words (`memory`, or `code`: what failed and the library's reason). Returns false.
 */
bool library_failed(const ExceptionInfo *exception, const char *code, const char *what,
                    struct error *err);

const char *library_versions(void);

#endif
