/*
 * evaluate.h - does a condition hold for an item? what is an operand's value?
 */
#ifndef LUNETTE_BINDINGS_LOCAL_DYNAMODB_EVALUATE_H
#define LUNETTE_BINDINGS_LOCAL_DYNAMODB_EVALUATE_H

#include <stdbool.h>

#include "bindings/document.h"
#include "bindings/local/dynamodb/expression.h"
#include "host/error.h"

/* `condition` NULL holds always; `item` NULL is an item that isn't there. What doesn't fit (a
 * missing attribute, another type) makes a test false, not an error: only memory can fail. */
MUST_CHECK bool evaluate_condition(const struct node *condition, json_t *item, bool *holds,
                                   struct error *err);

/* A path, a value or size(). *value is owned by the caller, or NULL when there is none. */
MUST_CHECK bool evaluate_operand(const struct node *operand, json_t *item, json_t **value,
                                 struct error *err);

#endif
