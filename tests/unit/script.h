/*
 * script.h - a handler on stores of the test's choice, in a state of its own.
 */
#ifndef LUNETTE_TESTS_SCRIPT_H
#define LUNETTE_TESTS_SCRIPT_H

#include "bindings/bindings.h"

struct script_case {
    const char *name, *script;
    const char *event;  /* JSON; NULL: {} */
    const char *wanted; /* the result, JSON, whenever it succeeds */
};

/* Invokes what the script returns, each allocation failing once: see allocation_check(). */
void script_check_allocations(const struct script_case *script, struct bindings *bindings);

#endif
