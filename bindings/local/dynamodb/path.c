/*
 * path.c - follows and compares document paths. Called by conditions, updates and projections.
 */
#include "bindings/local/dynamodb/path.h"

#include <string.h>

#include "bindings/local/dynamodb/value.h"

json_t *path_step_into(const struct path_step *step, json_t *value)
{
    enum value_type type = value_type(value);
    if (step->name != NULL && type == VALUE_M) {
        return json_object_getn(value_content(value), step->name, step->name_length);
    }
    if (step->name == NULL && type == VALUE_L) {
        return json_array_get(value_content(value), step->index);
    }
    return NULL;
}

json_t *path_find(const struct path *path, json_t *item)
{
    json_t *value = json_object_getn(item, path->steps[0].name, path->steps[0].name_length);
    for (size_t i = 1; value != NULL && i < path->count; i++) {
        value = path_step_into(&path->steps[i], value);
    }
    return value;
}

int path_step_order(const struct path_step *one, const struct path_step *other)
{
    if (one->name == NULL || other->name == NULL) {
        return (one->index > other->index) - (one->index < other->index);
    }
    size_t shorter = one->name_length < other->name_length ? one->name_length : other->name_length;
    int order = memcmp(one->name, other->name, shorter);
    return order != 0
               ? order
               : (one->name_length > other->name_length) - (one->name_length < other->name_length);
}

int path_order(const struct path *one, const struct path *other)
{
    size_t shorter = one->count < other->count ? one->count : other->count;
    for (size_t i = 0; i < shorter; i++) {
        int order = path_step_order(&one->steps[i], &other->steps[i]);
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

enum path_relation path_relate(const struct path *one, const struct path *other)
{
    size_t shorter = one->count < other->count ? one->count : other->count;
    for (size_t i = 0; i < shorter; i++) {
        const struct path_step *step = &one->steps[i], *other_step = &other->steps[i];
        if ((step->name == NULL) != (other_step->name == NULL)) {
            return PATH_CONFLICT;
        }
        if (path_step_order(step, other_step) != 0) {
            return PATH_DISTINCT;
        }
    }
    return PATH_OVERLAP;
}

void path_describe(const struct path *path, struct buffer *text)
{
    (void)buffer_append_byte(text, '[');
    for (size_t i = 0; i < path->count; i++) {
        const struct path_step *step = &path->steps[i];
        (void)buffer_append_text(text, i == 0 ? "" : ", ");
        if (step->name != NULL) {
            (void)buffer_append(text, step->name, step->name_length);
        } else {
            (void)buffer_printf(text, "[%zu]", step->index);
        }
    }
    (void)buffer_append_byte(text, ']');
}
