/*
 * env.h - typed reading of environment variables: the knobs an operator has.
 *
 * A variable that is set to the empty string counts as not set. A value that can't be used is an
 * error of code `usage` that names the variable, the value and what is allowed; a bad knob is
 * never silently a default.
 */
#ifndef LUNETTE_HOST_ENV_H
#define LUNETTE_HOST_ENV_H

#include <stdint.h>

#include "host/error.h"

/* The value, or `fallback` (may be NULL). Borrowed until the environment changes. */
const char *env_text(const char *name, const char *fallback);

/* A decimal integer from `minimum` to `maximum`; `fallback` when not set. */
MUST_CHECK bool env_integer(const char *name, int64_t fallback, int64_t minimum, int64_t maximum,
                            int64_t *value, struct error *err);

/* 1, true, yes, on or 0, false, no, off, in any case; `fallback` when not set. */
MUST_CHECK bool env_flag(const char *name, bool fallback, bool *value, struct error *err);

/* The same rule for a text from elsewhere: no sign but "-", no blanks, nothing after the digits.
 * False when it is no integer or does not fit. */
bool env_parse_integer(const char *text, int64_t *value);

#endif
