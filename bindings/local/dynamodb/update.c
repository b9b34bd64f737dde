/*
 * update.c - applies an update to an item. Called by UpdateItem and TransactWriteItems.
 */
#include "bindings/local/dynamodb/update.h"

#include "bindings/local/dynamodb/evaluate.h"
#include "bindings/local/dynamodb/value.h"

static json_t *invalid(struct error *err, const char *text)
{
    (void)error_set(err, "ValidationException", "%s", text);
    return NULL;
}

static json_t *wrong_type(struct error *err)
{
    return invalid(err, "An operand in the update expression has an incorrect data type");
}

static json_t *compute(const struct node *node, json_t *item, struct error *err);

static json_t *compute_path(const struct node *node, json_t *item, struct error *err)
{
    json_t *value = path_find(&node->path, item);
    if (value == NULL) {
        return invalid(err, "The provided expression refers to an attribute that does not exist "
                            "in the item");
    }
    return json_incref(value);
}

static json_t *add_numbers(json_t *left, json_t *right, bool subtract, struct error *err)
{
    struct decimal left_number, right_number, result;
    if (value_type(left) != VALUE_N || value_type(right) != VALUE_N) {
        return wrong_type(err);
    }
    value_number(left, &left_number);
    value_number(right, &right_number);
    bool good = subtract ? decimal_subtract(&left_number, &right_number, &result, err)
                         : decimal_add(&left_number, &right_number, &result, err);
    return good ? value_new_number(&result, err) : NULL;
}

static bool append_all(json_t *list, json_t *elements, struct error *err)
{
    size_t index;
    json_t *element;
    json_array_foreach(elements, index, element)
    {
        if (!document_append(list, json_incref(element), err)) {
            return false;
        }
    }
    return true;
}

static json_t *append_lists(json_t *left, json_t *right, struct error *err)
{
    if (value_type(left) != VALUE_L || value_type(right) != VALUE_L) {
        return wrong_type(err);
    }
    json_t *list = document_new(json_array(), err);
    if (list == NULL || !append_all(list, value_content(left), err) ||
        !append_all(list, value_content(right), err)) {
        json_decref(list);
        return NULL;
    }
    return value_new(VALUE_L, list, err);
}

static json_t *compute_pair(const struct node *node, json_t *item, struct error *err)
{
    json_t *left = compute(node->first, item, err);
    json_t *right = left == NULL ? NULL : compute(node->first->next, item, err);
    json_t *result = NULL;
    if (right != NULL) {
        result = node->kind == NODE_LIST_APPEND
                     ? append_lists(left, right, err)
                     : add_numbers(left, right, node->kind == NODE_MINUS, err);
    }
    json_decref(left);
    json_decref(right);
    return result;
}

/* The operand's value, owned by the caller. */
static json_t *compute(const struct node *node, json_t *item, struct error *err)
{
    switch (node->kind) {
    case NODE_PATH:
        return compute_path(node, item, err);
    case NODE_VALUE:
        return json_incref(node->value);
    case NODE_IF_NOT_EXISTS: {
        json_t *there = path_find(&node->first->path, item);
        return there != NULL ? json_incref(there) : compute(node->first->next, item, err);
    }
    default:
        return compute_pair(node, item, err);
    }
}

/* What ADD and DELETE make of the old value (NULL: none) and the given one. */
static json_t *combine(enum update_verb verb, json_t *old, json_t *given, struct error *err)
{
    if (verb == UPDATE_ADD && old == NULL) {
        return json_incref(given);
    }
    if (value_type(old) != value_type(given)) {
        return wrong_type(err);
    }
    if (value_type(given) == VALUE_N) {
        return add_numbers(old, given, false, err);
    }
    return verb == UPDATE_ADD ? value_set_union(old, given, err)
                              : value_set_difference(old, given, err);
}

/* The value that the last step of the path goes into, in `item`; NULL when there is none. */
static json_t *find_parent(const struct path *path, json_t *item)
{
    struct path parent = {path->steps, path->count - 1};
    return path_find(&parent, item);
}

static const struct path_step *last_step(const struct path *path)
{
    return &path->steps[path->count - 1];
}

static bool put_element(json_t *list, size_t index, json_t *value, struct error *err)
{
    if (index >= json_array_size(list)) {
        return document_append(list, value, err);
    }
    return json_array_set_new(list, index, value) == 0 || error_set_memory(err, "updating an item");
}

/* `value` is consumed, also on failure. */
static bool put_value(const struct path *path, json_t *item, json_t *value, struct error *err)
{
    const struct path_step *step = last_step(path);
    if (path->count == 1) {
        return document_set(item, step->name, step->name_length, value, err);
    }
    json_t *parent = find_parent(path, item);
    enum value_type wanted = step->name == NULL ? VALUE_L : VALUE_M;
    if (parent == NULL || value_type(parent) != wanted) {
        json_decref(value);
        return error_set(err, "ValidationException",
                         "The document path provided in the update expression is invalid for "
                         "update");
    }
    json_t *content = value_content(parent);
    return step->name == NULL ? put_element(content, step->index, value, err)
                              : document_set(content, step->name, step->name_length, value, err);
}

/* A list element becomes JSON's null for now, so that the indexes of the others stay. */
static bool remove_value(const struct path *path, json_t *item, struct error *err)
{
    const struct path_step *step = last_step(path);
    json_t *container = item;
    if (path->count > 1) {
        json_t *parent = find_parent(path, item);
        enum value_type wanted = step->name == NULL ? VALUE_L : VALUE_M;
        if (parent == NULL || value_type(parent) != wanted) {
            return error_set(err, "ValidationException",
                             "The document path provided in the update expression is invalid for "
                             "update");
        }
        container = value_content(parent);
    }
    if (step->name != NULL) {
        (void)json_object_deln(container, step->name, step->name_length);
    } else if (step->index < json_array_size(container)) {
        (void)json_array_set_new(container, step->index, json_null());
    }
    return true;
}

/* From the last path to the first: what is closed up never moves what is still to be found. */
static void close_gaps(const struct update *update, json_t *item)
{
    for (size_t i = update->count; i-- > 0;) {
        const struct path *path = &update->actions[i].path;
        bool removes =
            update->actions[i].verb == UPDATE_REMOVE || update->actions[i].verb == UPDATE_DELETE;
        if (!removes || last_step(path)->name != NULL) {
            continue;
        }
        json_t *list = value_content(find_parent(path, item));
        if (json_is_null(json_array_get(list, last_step(path)->index))) {
            (void)json_array_remove(list, last_step(path)->index);
        }
    }
}

static bool apply_combination(const struct update_action *action, json_t *item, json_t *changed,
                              struct error *err)
{
    json_t *old = path_find(&action->path, item);
    if (old == NULL && action->verb == UPDATE_DELETE) {
        return true;
    }
    json_t *value = combine(action->verb, old, action->operand->value, err);
    if (value == NULL) {
        return false;
    }
    if (value_is_set(value_type(value)) && value_set_empty(value)) {
        json_decref(value);
        return remove_value(&action->path, changed, err);
    }
    return put_value(&action->path, changed, value, err);
}

static bool apply_action(const struct update_action *action, json_t *item, json_t *changed,
                         struct error *err)
{
    switch (action->verb) {
    case UPDATE_SET: {
        json_t *value = compute(action->operand, item, err);
        return value != NULL && put_value(&action->path, changed, value, err);
    }
    case UPDATE_REMOVE:
        return remove_value(&action->path, changed, err);
    default:
        return apply_combination(action, item, changed, err);
    }
}

json_t *update_apply(const struct update *update, json_t *item, struct error *err)
{
    json_t *changed = document_new(json_deep_copy(item), err);
    for (size_t i = 0; changed != NULL && i < update->count; i++) {
        if (!apply_action(&update->actions[i], item, changed, err)) {
            json_decref(changed);
            return NULL;
        }
    }
    if (changed != NULL) {
        close_gaps(update, changed);
    }
    return changed;
}
