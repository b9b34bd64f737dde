/*
 * value_read.c - the gate for AttributeValues: checks what a request brought and makes the one
 * normal form of it (value.h). Errors are DynamoDB's own texts.
 */
#include <stdlib.h>
#include <string.h>

#include "bindings/base64.h"
#include "bindings/local/dynamodb/value.h"

static json_t *invalid(struct error *err, const char *text)
{
    (void)error_set(err, "ValidationException", "%s", text);
    return NULL;
}

static json_t *read_value(json_t *input, int depth, struct error *err);

static json_t *read_number(json_t *input, struct error *err)
{
    struct decimal number;
    if (!decimal_parse(json_string_value(input), json_string_length(input), &number, err)) {
        return NULL;
    }
    char text[DECIMAL_TEXT_MAX];
    size_t length = decimal_print(&number, text);
    return document_new(json_stringn_nocheck(text, length), err);
}

static json_t *read_binary(json_t *input, struct error *err)
{
    size_t length = json_string_length(input);
    unsigned char *bytes = malloc(length + 1);
    if (bytes == NULL) {
        return document_new(NULL, err);
    }
    bool good = base64_decode(json_string_value(input), length, bytes, &length);
    free(bytes);
    if (!good) {
        (void)error_set(err, "SerializationException",
                        "a B value has to be base64, padded and on one line");
        return NULL;
    }
    return json_incref(input);
}

static json_t *read_string(json_t *input, struct error *err)
{
    (void)err;
    return json_incref(input);
}

typedef json_t *read_scalar(json_t *input, struct error *err);

static json_t *read_text(json_t *input, read_scalar *read, struct error *err)
{
    if (!json_is_string(input)) {
        (void)error_set(err, "SerializationException",
                        "an S, N or B value, or an element of a set, has to be a JSON string");
        return NULL;
    }
    return read(input, err);
}

static int compare_strings(const void *left, const void *right)
{
    return value_order(VALUE_S, *(json_t *const *)left, *(json_t *const *)right);
}

static int compare_numbers(const void *left, const void *right)
{
    return value_order(VALUE_N, *(json_t *const *)left, *(json_t *const *)right);
}

static int compare_binaries(const void *left, const void *right)
{
    return value_order(VALUE_B, *(json_t *const *)left, *(json_t *const *)right);
}

static void sort_elements(json_t **elements, size_t count, enum value_type set_type)
{
    qsort(elements, count, sizeof(json_t *),
          set_type == VALUE_SS   ? compare_strings
          : set_type == VALUE_NS ? compare_numbers
                                 : compare_binaries);
}

/* The elements, sorted, as a new array; NULL with a ValidationException when two are equal. */
static json_t *sorted_set(json_t *const *elements, size_t count, struct error *err)
{
    json_t *set = document_new(json_array(), err);
    for (size_t i = 0; set != NULL && i < count; i++) {
        bool duplicate = i > 0 && json_equal(elements[i - 1], elements[i]);
        if (duplicate) {
            (void)error_set(err, "ValidationException",
                            "One or more parameter values were invalid: Input collection contains "
                            "duplicates of %.100s",
                            json_string_value(elements[i]));
        }
        if (duplicate || !document_append(set, json_incref(elements[i]), err)) {
            json_decref(set);
            return NULL;
        }
    }
    return set;
}

static json_t *read_elements(json_t *input, enum value_type type, read_scalar *read,
                             struct error *err)
{
    size_t count = json_array_size(input), filled = 0;
    json_t **elements = calloc(count, sizeof(json_t *));
    if (elements == NULL) {
        return document_new(NULL, err);
    }
    json_t *set = NULL;
    while (filled < count) {
        elements[filled] = read_text(json_array_get(input, filled), read, err);
        if (elements[filled] == NULL) {
            break;
        }
        filled++;
    }
    if (filled == count) {
        sort_elements(elements, count, type);
        set = sorted_set(elements, count, err);
    }
    for (size_t i = 0; i < filled; i++) {
        json_decref(elements[i]);
    }
    free(elements);
    return set;
}

static json_t *read_set(json_t *input, enum value_type type, read_scalar *read, struct error *err)
{
    if (!json_is_array(input)) {
        (void)error_set(err, "SerializationException", "a set has to be a JSON array");
        return NULL;
    }
    if (json_array_size(input) == 0) {
        const char *kind = type == VALUE_SS ? "string" : type == VALUE_NS ? "number" : "binary";
        (void)error_set(err, "ValidationException",
                        "One or more parameter values were invalid: An %s set  may not be empty",
                        kind);
        return NULL;
    }
    return read_elements(input, type, read, err);
}

static json_t *read_list(json_t *input, int depth, struct error *err)
{
    if (!json_is_array(input)) {
        (void)error_set(err, "SerializationException", "an L value has to be a JSON array");
        return NULL;
    }
    json_t *list = document_new(json_array(), err);
    size_t index;
    json_t *element;
    json_array_foreach(input, index, element)
    {
        json_t *value = list == NULL ? NULL : read_value(element, depth, err);
        if (value == NULL || !document_append(list, value, err)) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *read_map(json_t *input, int depth, struct error *err)
{
    if (!json_is_object(input)) {
        (void)error_set(err, "SerializationException", "a map of attributes has to be an object");
        return NULL;
    }
    json_t *map = document_new(json_object(), err);
    for (void *at = json_object_iter(input); map != NULL && at != NULL;
         at = json_object_iter_next(input, at)) {
        json_t *value = read_value(json_object_iter_value(at), depth, err);
        if (value == NULL || !document_set(map, json_object_iter_key(at),
                                           json_object_iter_key_len(at), value, err)) {
            json_decref(map);
            return NULL;
        }
    }
    return map;
}

static json_t *read_constant(json_t *input, enum value_type type, struct error *err)
{
    if (!json_is_boolean(input)) {
        (void)error_set(err, "SerializationException", "a %s value has to be true or false",
                        value_type_name(type));
        return NULL;
    }
    if (type == VALUE_NULL && !json_is_true(input)) {
        return invalid(err, "One or more parameter values were invalid: Null attribute value "
                            "types must have the value of true");
    }
    return json_incref(input);
}

static json_t *read_content(json_t *input, enum value_type type, int depth, struct error *err)
{
    switch (type) {
    case VALUE_S:
        return read_text(input, read_string, err);
    case VALUE_N:
        return read_text(input, read_number, err);
    case VALUE_B:
        return read_text(input, read_binary, err);
    case VALUE_SS:
        return read_set(input, type, read_string, err);
    case VALUE_NS:
        return read_set(input, type, read_number, err);
    case VALUE_BS:
        return read_set(input, type, read_binary, err);
    case VALUE_L:
        return read_list(input, depth + 1, err);
    case VALUE_M:
        return read_map(input, depth + 1, err);
    default:
        return read_constant(input, type, err);
    }
}

static json_t *read_value(json_t *input, int depth, struct error *err)
{
    void *entry = json_is_object(input) ? json_object_iter(input) : NULL;
    enum value_type type;
    if (entry == NULL ||
        !value_type_find(json_object_iter_key(entry), json_object_iter_key_len(entry), &type)) {
        return invalid(err, "Supplied AttributeValue is empty, must contain exactly one of the "
                            "supported datatypes");
    }
    if (json_object_size(input) > 1) {
        return invalid(err, "Supplied AttributeValue has more than one datatypes set, must "
                            "contain exactly one of the supported datatypes");
    }
    bool nests = type == VALUE_L || type == VALUE_M;
    if (nests && depth >= VALUE_DEPTH_MAX) {
        return invalid(err, "Nesting Levels have exceeded supported limits: Attributes in the item "
                            "have nested levels beyond supported limit");
    }
    json_t *content = read_content(json_object_iter_value(entry), type, depth, err);
    return content == NULL ? NULL : value_new(type, content, err);
}

json_t *value_read(json_t *input, struct error *err)
{
    return read_value(input, 0, err);
}

json_t *value_read_item(json_t *input, struct error *err)
{
    return read_map(input, 0, err);
}
