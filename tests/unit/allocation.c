/*
 * allocation.c - the wrappers around malloc that allocation_fail() needs. The linker sends our
 * calls of malloc to __wrap_malloc, and __real_malloc is the one that was meant.
 */
#include "tests/unit/allocation.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/check.h"

#define ATTEMPTS_MAX 20000

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

static atomic_long remaining;  /* allocations until one fails; 0 or less: none does */
static atomic_size_t smallest; /* that counts, in bytes */
static atomic_bool has_failed;

static bool must_fail(size_t size)
{
    if (size < atomic_load(&smallest) || atomic_load(&remaining) <= 0 ||
        atomic_fetch_sub(&remaining, 1) != 1) {
        return false;
    }
    atomic_store(&has_failed, true);
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return must_fail(size) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return must_fail(count * size) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return must_fail(size) ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return must_fail(strlen(text) + 1) ? NULL : __real_strdup(text);
}

void allocation_fail(long n)
{
    allocation_fail_large(n, 0);
}

void allocation_fail_large(long n, size_t size)
{
    atomic_store(&has_failed, false);
    atomic_store(&smallest, size);
    atomic_store(&remaining, n);
}

bool allocation_has_failed(void)
{
    return atomic_load(&has_failed);
}

void allocation_check(const char *name, bool (*operation)(void *context, struct error *err),
                      void *context)
{
    for (long n = 1; n <= ATTEMPTS_MAX; n++) {
        struct error err = {.code = ""};
        check_case("%s, allocation %ld", name, n);
        allocation_fail(n);
        bool ok = operation(context, &err);
        bool reached = allocation_has_failed();
        allocation_fail(0);
        if (!reached) {
            (void)(CHECK(ok) || CHECK_TEXT(err.message, ""));
            (void)CHECK(n > 1); /* else nothing was tested */
            return;
        }
        if (!ok && !CHECK_TEXT(err.code, "memory")) {
            CHECK_TEXT(err.message, "");
            return;
        }
    }
    CHECK(!"it never got through");
}

/* lua-cjson holds a buffer while it calls functions of Lua that raise when memory runs out; the
 * leak is its own, and of the text's size. See bindings/json_decode.c. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:strbuf_new\nleak:lua5.4-cjson\n";
}
