/*
 * value_set.c - membership, union and difference of string, number and binary sets. Called by
 * contains() and by the ADD and DELETE of an update.
 */
#include "bindings/local/dynamodb/value.h"

bool value_is_set(enum value_type type)
{
    return type == VALUE_SS || type == VALUE_NS || type == VALUE_BS;
}

enum value_type value_element_type(enum value_type set_type)
{
    return set_type == VALUE_SS ? VALUE_S : set_type == VALUE_NS ? VALUE_N : VALUE_B;
}

/* Sets are sorted, and may have a hundred thousand elements: search by halves. */
static bool has_content(json_t *set, json_t *content)
{
    enum value_type type = value_element_type(value_type(set));
    json_t *elements = value_content(set);
    size_t low = 0, high = json_array_size(elements);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = value_order(type, json_array_get(elements, middle), content);
        if (order == 0) {
            return true;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

bool value_set_has(json_t *set, json_t *element)
{
    return value_element_type(value_type(set)) == value_type(element) &&
           has_content(set, value_content(element));
}

bool value_set_empty(json_t *set)
{
    return json_array_size(value_content(set)) == 0;
}

/* Appends the elements of `from` that are not in `without` (NULL: all). */
static bool append_elements(json_t *elements, json_t *from, json_t *without, struct error *err)
{
    size_t index;
    json_t *element;
    json_array_foreach(value_content(from), index, element)
    {
        bool skip = without != NULL && has_content(without, element);
        if (!skip && !document_append(elements, json_incref(element), err)) {
            return false;
        }
    }
    return true;
}

json_t *value_set_difference(json_t *set, json_t *other, struct error *err)
{
    json_t *elements = document_new(json_array(), err);
    if (elements == NULL || !append_elements(elements, set, other, err)) {
        json_decref(elements);
        return NULL;
    }
    return value_new(value_type(set), elements, err);
}

json_t *value_set_union(json_t *set, json_t *other, struct error *err)
{
    json_t *elements = document_new(json_array(), err);
    if (elements == NULL || !append_elements(elements, set, NULL, err) ||
        !append_elements(elements, other, set, err)) {
        json_decref(elements);
        return NULL;
    }
    json_t *unsorted = value_new(value_type(set), elements, err);
    json_t *sorted = unsorted == NULL ? NULL : value_read(unsorted, err);
    json_decref(unsorted);
    return sorted;
}
