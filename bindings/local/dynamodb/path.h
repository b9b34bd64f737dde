/*
 * path.h - document paths: a.b[0].c
 */
#ifndef LUNETTE_BINDINGS_LOCAL_DYNAMODB_PATH_H
#define LUNETTE_BINDINGS_LOCAL_DYNAMODB_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "bindings/document.h"
#include "host/buffer.h"

#define PATH_STEPS_MAX 32

struct path_step {
    const char *name; /* NULL: an index. Borrowed from the request */
    size_t name_length;
    size_t index;
};

struct path {
    const struct path_step *steps; /* the first is always a name */
    size_t count;
};

/* The value there, borrowed; NULL when there is none. */
json_t *path_find(const struct path *path, json_t *item);

/* One step from a value into a list or map; NULL when there is nothing. */
json_t *path_step_into(const struct path_step *step, json_t *value);

enum path_relation {
    PATH_DISTINCT,
    PATH_OVERLAP,  /* one is the other, or leads to it */
    PATH_CONFLICT, /* one takes for a map what the other takes for a list */
};
enum path_relation path_relate(const struct path *one, const struct path *other);

/* An order in which the paths through one place follow one another, list indexes ascending. Of
 * paths that do not conflict. */
int path_order(const struct path *one, const struct path *other);
int path_step_order(const struct path_step *one, const struct path_step *other);

/* For messages, as DynamoDB prints it: "[a, b, [0]]". */
void path_describe(const struct path *path, struct buffer *text);

#endif
