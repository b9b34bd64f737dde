/*
 * update.h - update expressions: SET, REMOVE, ADD, DELETE.
 */
#ifndef LUNETTE_BINDINGS_LOCAL_DYNAMODB_UPDATE_H
#define LUNETTE_BINDINGS_LOCAL_DYNAMODB_UPDATE_H

#include <stdbool.h>
#include <stddef.h>

#include "bindings/document.h"
#include "bindings/local/dynamodb/expression.h"
#include "bindings/local/dynamodb/projection.h"
#include "host/error.h"

enum update_verb { UPDATE_SET, UPDATE_REMOVE, UPDATE_ADD, UPDATE_DELETE, UPDATE_VERBS };

struct update_action {
    enum update_verb verb;
    struct path path;
    const struct node *operand; /* NULL for REMOVE */
};

struct update {
    struct update_action *actions; /* in the order of path_order(), no two overlapping */
    size_t count;
    struct projection touched; /* the actions' paths, for UPDATED_OLD and UPDATED_NEW */
};

/* UpdateExpression; no actions when it is absent. */
MUST_CHECK bool update_parse(struct expressions *expressions, struct update *update,
                             struct error *err);

/* A changed copy of `item`, owned by the caller. Every operand sees the item as it was. NULL with
 * a ValidationException (a missing attribute, a wrong type, a path without parent, a number out
 * of range) or `memory`. */
json_t *update_apply(const struct update *update, json_t *item, struct error *err);

#endif
