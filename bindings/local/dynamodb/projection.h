/*
 * projection.h - the part of an item that a list of document paths leaves.
 */
#ifndef LUNETTE_BINDINGS_LOCAL_DYNAMODB_PROJECTION_H
#define LUNETTE_BINDINGS_LOCAL_DYNAMODB_PROJECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "bindings/document.h"
#include "bindings/local/dynamodb/expression.h"
#include "host/error.h"

struct projection {
    const struct path **paths; /* NULL: no projection, everything stays */
    size_t count;
};

/* The field's list of paths; none when the field is absent. */
MUST_CHECK bool projection_parse(struct expressions *expressions, const char *field,
                                 struct projection *projection, struct error *err);

/* A new item, owned by the caller, that shares its values with `item`; list elements that stay keep
 * their order. NULL with `memory`. */
json_t *projection_apply(const struct projection *projection, json_t *item, struct error *err);

#endif
