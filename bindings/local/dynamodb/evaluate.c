/*
 * evaluate.c - conditions on items. Called by conditional writes, and by queries and scans for
 * their filters.
 */
#include "bindings/local/dynamodb/evaluate.h"

#include <stdlib.h>
#include <string.h>

#include "bindings/local/dynamodb/value.h"

/* The bytes of a string are what DynamoDB counts, not its characters. */
static bool measure(json_t *value, size_t *size)
{
    switch (value_type(value)) {
    case VALUE_S:
    case VALUE_B:
        *size = value_size(value);
        return true;
    case VALUE_L:
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        *size = json_array_size(value_content(value));
        return true;
    case VALUE_M:
        *size = json_object_size(value_content(value));
        return true;
    default:
        return false;
    }
}

static bool evaluate_size(const struct node *node, json_t *item, json_t **size, struct error *err)
{
    json_t *value;
    if (!evaluate_operand(node->first, item, &value, err)) {
        return false;
    }
    size_t counted;
    bool sized = value != NULL && measure(value, &counted);
    json_decref(value);
    if (!sized) {
        *size = NULL;
        return true;
    }
    *size = value_new_integer(counted, err);
    return *size != NULL;
}

bool evaluate_operand(const struct node *operand, json_t *item, json_t **value, struct error *err)
{
    switch (operand->kind) {
    case NODE_PATH:
        *value = json_incref(path_find(&operand->path, item));
        return true;
    case NODE_VALUE:
        *value = json_incref(operand->value);
        return true;
    default:
        return evaluate_size(operand, item, value, err);
    }
}

static bool compares(enum node_kind kind, json_t *left, json_t *right)
{
    bool both = left != NULL && right != NULL;
    bool equal = both && value_equal(left, right);
    if (kind == NODE_EQUAL || kind == NODE_NOT_EQUAL) {
        return kind == NODE_EQUAL ? equal : !equal;
    }
    int order;
    if (!both || !value_compare(left, right, &order)) {
        return false;
    }
    switch (kind) {
    case NODE_LESS:
        return order < 0;
    case NODE_LESS_EQUAL:
        return order <= 0;
    case NODE_GREATER:
        return order > 0;
    default:
        return order >= 0;
    }
}

/* Does `text` have `part`: at its beginning, or anywhere? */
static bool bytes_have(const unsigned char *text, size_t length, const unsigned char *part,
                       size_t part_length, bool anywhere)
{
    if (part_length > length) {
        return false;
    }
    return anywhere ? memmem(text, length, part, part_length) != NULL
                    : memcmp(text, part, part_length) == 0;
}

static bool text_has(json_t *text, json_t *part, bool anywhere, bool *holds, struct error *err)
{
    unsigned char *text_bytes, *part_bytes;
    size_t text_length, part_length;
    if (!value_bytes(text, &text_bytes, &text_length, err)) {
        return false;
    }
    bool read = value_bytes(part, &part_bytes, &part_length, err);
    if (read) {
        *holds = bytes_have(text_bytes, text_length, part_bytes, part_length, anywhere);
        free(part_bytes);
    }
    free(text_bytes);
    return read;
}

static bool is_text(json_t *value)
{
    return value_type(value) == VALUE_S || value_type(value) == VALUE_B;
}

static bool list_has(json_t *list, json_t *wanted)
{
    size_t index;
    json_t *element;
    json_array_foreach(value_content(list), index, element)
    {
        if (value_equal(element, wanted)) {
            return true;
        }
    }
    return false;
}

static bool contains(json_t *whole, json_t *part, bool *holds, struct error *err)
{
    enum value_type type = value_type(whole);
    if (is_text(whole) && value_type(part) == type) {
        return text_has(whole, part, true, holds, err);
    }
    *holds =
        type == VALUE_L ? list_has(whole, part) : value_is_set(type) && value_set_has(whole, part);
    return true;
}

static bool begins_with(json_t *text, json_t *prefix, bool *holds, struct error *err)
{
    if (!is_text(text) || value_type(text) != value_type(prefix)) {
        *holds = false;
        return true;
    }
    return text_has(text, prefix, false, holds, err);
}

static bool has_type(json_t *value, json_t *name)
{
    return strcmp(value_type_name(value_type(value)), json_string_value(value_content(name))) == 0;
}

/* A test of two operands: both are there, or it is false (but for <>). */
static bool test_pair(enum node_kind kind, json_t *left, json_t *right, bool *holds,
                      struct error *err)
{
    if (kind <= NODE_GREATER_EQUAL) {
        *holds = compares(kind, left, right);
        return true;
    }
    if (left == NULL || right == NULL) {
        *holds = false;
        return true;
    }
    if (kind == NODE_ATTRIBUTE_TYPE) {
        *holds = has_type(left, right);
        return true;
    }
    return kind == NODE_CONTAINS ? contains(left, right, holds, err)
                                 : begins_with(left, right, holds, err);
}

static bool evaluate_pair(enum node_kind kind, const struct node *first, const struct node *second,
                          json_t *item, bool *holds, struct error *err)
{
    json_t *left, *right;
    if (!evaluate_operand(first, item, &left, err)) {
        return false;
    }
    bool good = evaluate_operand(second, item, &right, err);
    if (good) {
        good = test_pair(kind, left, right, holds, err);
        json_decref(right);
    }
    json_decref(left);
    return good;
}

static bool evaluate_between(const struct node *node, json_t *item, bool *holds, struct error *err)
{
    const struct node *value = node->first, *low = value->next, *high = low->next;
    if (!evaluate_pair(NODE_GREATER_EQUAL, value, low, item, holds, err)) {
        return false;
    }
    return !*holds || evaluate_pair(NODE_LESS_EQUAL, value, high, item, holds, err);
}

static bool evaluate_in(const struct node *node, json_t *item, bool *holds, struct error *err)
{
    *holds = false;
    for (const struct node *candidate = node->first->next; candidate != NULL && !*holds;
         candidate = candidate->next) {
        if (!evaluate_pair(NODE_EQUAL, node->first, candidate, item, holds, err)) {
            return false;
        }
    }
    return true;
}

/* AND goes on while it is true, OR while it is false. */
static bool evaluate_chain(const struct node *node, json_t *item, bool *holds, struct error *err)
{
    bool going = node->kind == NODE_AND;
    *holds = going;
    for (const struct node *link = node->first; link != NULL && *holds == going;
         link = link->next) {
        if (!evaluate_condition(link, item, holds, err)) {
            return false;
        }
    }
    return true;
}

bool evaluate_condition(const struct node *condition, json_t *item, bool *holds, struct error *err)
{
    if (condition == NULL) {
        *holds = true;
        return true;
    }
    const struct node *first = condition->first;
    switch (condition->kind) {
    case NODE_AND:
    case NODE_OR:
        return evaluate_chain(condition, item, holds, err);
    case NODE_NOT:
        if (!evaluate_condition(first, item, holds, err)) {
            return false;
        }
        *holds = !*holds;
        return true;
    case NODE_BETWEEN:
        return evaluate_between(condition, item, holds, err);
    case NODE_IN:
        return evaluate_in(condition, item, holds, err);
    case NODE_ATTRIBUTE_EXISTS:
        *holds = path_find(&first->path, item) != NULL;
        return true;
    case NODE_ATTRIBUTE_NOT_EXISTS:
        *holds = path_find(&first->path, item) == NULL;
        return true;
    default:
        return evaluate_pair(condition->kind, first, first->next, item, holds, err);
    }
}
