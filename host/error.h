/*
 * error.h - what went wrong, as one value that travels from the deepest C function to the script.
 *
 * A function that can fail returns bool, takes `struct error *err` last and is marked MUST_CHECK.
 * `err` is written only on failure, outputs only on success. The struct is plain data of fixed
 * size: it needs no release and may be copied.
 */
#ifndef LUNETTE_HOST_ERROR_H
#define LUNETTE_HOST_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_index, first_index)                                                     \
    __attribute__((format(printf, format_index, first_index)))

struct error {
    /*
     * What a program tests. AWS's own name where there is one (`NoSuchKey`), else one of ours in
     * lower case: `timeout`, `deadline`, `cancelled`, `connect`, `too_large`, `bad_image`,
     * `limit`, `memory`, `io`, `usage`, ...
     */
    char code[64];
    char message[1024];  /* for a person: names the field, the limit or the file; cut at the end */
    char operation[48];  /* what was asked, e.g. "s3.get"; empty until somebody knows */
    char request_id[64]; /* the server's, or empty */
    char where[96];      /* the line of the script that asked ("handler.lua:31"), or empty */
    int status;          /* HTTP status, 0 where there is none */
    int attempts;        /* how often it was tried, 0 where that means nothing */
    bool retryable;      /* the same call may succeed later */
};

/* Fills *err (all other fields zeroed) and returns false, so that `return error_set(...)` reads. */
bool error_set(struct error *err, const char *code, const char *format, ...) PRINTF_LIKE(3, 4);
bool error_set_v(struct error *err, const char *code, const char *format, va_list arguments)
    PRINTF_LIKE(3, 0);

/* "out of memory while WHAT"; retryable. Returns false. */
bool error_set_memory(struct error *err, const char *what);

/* For a failed system call: code `io` (`memory`, retryable, for ENOMEM), message "WHAT:
 * strerror(errno_value)". Returns false. */
bool error_set_system(struct error *err, int errno_value, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Puts "TEXT: " before the message that is there. Returns false. */
bool error_prefix(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

bool error_is(const struct error *err, const char *code);

#endif
