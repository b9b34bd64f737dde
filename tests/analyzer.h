/*
 * analyzer.h - included before each source when clang-tidy reads it (tests/lint.sh): what it can't
 * see from within one file.
 */
#ifndef LUNETTE_TESTS_ANALYZER_H
#define LUNETTE_TESTS_ANALYZER_H

#include "host/error.h"

/* They return false, so what follows `return error_set(...)` in a caller is the failure's path. */
#define error_set(...)        ((void)(error_set)(__VA_ARGS__), false)
#define error_set_memory(...) ((void)(error_set_memory)(__VA_ARGS__), false)
#define error_set_system(...) ((void)(error_set_system)(__VA_ARGS__), false)
#define error_prefix(...)     ((void)(error_prefix)(__VA_ARGS__), false)

#endif
