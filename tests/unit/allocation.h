/*
 * allocation.h - makes the n-th allocation fail.
 *
 * The unit tests are linked with --wrap for malloc and its kin, so this covers every allocation of
 * our own C code, on any thread, and what it allocates for Lua; not those inside shared libraries.
 */
#ifndef LUNETTE_TESTS_ALLOCATION_H
#define LUNETTE_TESTS_ALLOCATION_H

#include <stdbool.h>
#include <stddef.h>

#include "host/error.h"

/* The n-th allocation from now on fails, once. 0: none does. */
void allocation_fail(long n);

/* The n-th allocation of at least `size` bytes. */
void allocation_fail_large(long n, size_t size);

/* Whether it came to that since allocation_fail(). */
bool allocation_has_failed(void);

/*
 * Runs `operation` with the first, second, third ... allocation failing, until it gets through
 * without reaching the failure. It must then have succeeded; each time before that it must either
 * succeed all the same or fail with code `memory`. Leaks are for the sanitizer to find.
 */
void allocation_check(const char *name, bool (*operation)(void *context, struct error *err),
                      void *context);

#endif
