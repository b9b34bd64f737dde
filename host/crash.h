/*
 * crash.h - the last words of a process that a signal ends: one line of log that says what it was
 * doing, and with which object. A hostile image that crashes a decoder is found by it.
 *
 *     {"timestamp":...,"level":"FATAL","function_request_id":...,"message":"the process crashed",
 *      "signal":"SIGSEGV","operation":"image.render","object":"uploads/cat.jpg"}
 */
#ifndef LUNETTE_HOST_CRASH_H
#define LUNETTE_HOST_CRASH_H

#include <signal.h>

/* From now on; for the calling thread as crash_begin_thread() does. A signal that somebody else
 * (a sanitizer) handles already is left to them. */
void crash_install(void);

/* Gives this thread a stack of its own for the last words: the usual one may be what overflowed. */
void crash_begin_thread(void);
void crash_end_thread(void);

/* What this thread does from now on; NULL: nothing. Borrowed until the next call. */
void crash_set_activity(const char *operation, const char *object);

/* Takes the crash signals out of a set: a blocked one would end the process without a word. */
void crash_spare_signals(sigset_t *set);

#endif
