/*
 * value.c - what AttributeValues are, hold and weigh, and how they compare. Called by every
 * operation of the embedded DynamoDB. value_read.c checks what comes in; value_set.c has the sets.
 */
#include "bindings/local/dynamodb/value.h"

#include <stdlib.h>
#include <string.h>

#include "bindings/base64.h"

static const char *const type_names[VALUE_TYPES] = {
    [VALUE_S] = "S",       [VALUE_N] = "N",       [VALUE_B] = "B", [VALUE_SS] = "SS",
    [VALUE_NS] = "NS",     [VALUE_BS] = "BS",     [VALUE_L] = "L", [VALUE_M] = "M",
    [VALUE_BOOL] = "BOOL", [VALUE_NULL] = "NULL",
};

const char *value_type_name(enum value_type type)
{
    return type_names[type];
}

bool value_type_find(const char *name, size_t length, enum value_type *type)
{
    for (int i = 0; i < VALUE_TYPES; i++) {
        if (strlen(type_names[i]) == length && memcmp(type_names[i], name, length) == 0) {
            *type = (enum value_type)i;
            return true;
        }
    }
    return false;
}

static void *only_entry(json_t *value)
{
    return json_object_iter(value);
}

enum value_type value_type(json_t *value)
{
    enum value_type type = VALUE_NULL;
    void *entry = only_entry(value);
    (void)value_type_find(json_object_iter_key(entry), json_object_iter_key_len(entry), &type);
    return type;
}

json_t *value_content(json_t *value)
{
    return json_object_iter_value(only_entry(value));
}

json_t *value_new(enum value_type type, json_t *content, struct error *err)
{
    json_t *value = json_object();
    if (value == NULL) {
        json_decref(content);
        return document_new(NULL, err);
    }
    if (!document_set_field(value, type_names[type], content, err)) {
        json_decref(value);
        return NULL;
    }
    return value;
}

json_t *value_new_number(const struct decimal *number, struct error *err)
{
    char text[DECIMAL_TEXT_MAX];
    size_t length = decimal_print(number, text);
    return value_new(VALUE_N, json_stringn_nocheck(text, length), err);
}

json_t *value_new_integer(size_t integer, struct error *err)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%zu", integer);
    return value_new(VALUE_N, json_stringn_nocheck(text, (size_t)length), err);
}

static void read_decimal(const json_t *text, struct decimal *number)
{
    struct error unused;
    if (!decimal_parse(json_string_value(text), json_string_length(text), number, &unused)) {
        *number = (struct decimal){.length = 0}; /* can't be: it was checked on the way in */
    }
}

void value_number(json_t *value, struct decimal *number)
{
    read_decimal(value_content(value), number);
}

bool value_bytes(json_t *value, unsigned char **bytes, size_t *length, struct error *err)
{
    json_t *content = value_content(value);
    const char *text = json_string_value(content);
    size_t text_length = json_string_length(content);
    unsigned char *copy = malloc(text_length + 1);
    if (copy == NULL) {
        return error_set_memory(err, "reading an attribute's bytes");
    }
    *length = text_length;
    if (value_type(value) == VALUE_B) {
        (void)base64_decode(text, text_length, copy, length);
    } else {
        memcpy(copy, text, text_length);
    }
    *bytes = copy;
    return true;
}

static int compare_bytes(json_t *left, json_t *right)
{
    size_t left_length = json_string_length(left), right_length = json_string_length(right);
    size_t shorter = left_length < right_length ? left_length : right_length;
    int order = memcmp(json_string_value(left), json_string_value(right), shorter);
    if (order == 0) {
        order = (left_length > right_length) - (left_length < right_length);
    }
    return (order > 0) - (order < 0);
}

/* The place of a base64 character in the alphabet; '=' and the end come before all. */
static int base64_rank(const char *text, size_t length, size_t index)
{
    static const char ranks[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (index >= length || text[index] == '=') {
        return -1;
    }
    return (int)(strchr(ranks, text[index]) - ranks);
}

/* Six bits at a time are as good as eight: the first difference decides. */
static int compare_base64(json_t *left, json_t *right)
{
    size_t left_length = json_string_length(left), right_length = json_string_length(right);
    size_t longer = left_length > right_length ? left_length : right_length;
    for (size_t i = 0; i < longer; i++) {
        int left_rank = base64_rank(json_string_value(left), left_length, i);
        int right_rank = base64_rank(json_string_value(right), right_length, i);
        if (left_rank != right_rank) {
            return left_rank < right_rank ? -1 : 1;
        }
    }
    return 0;
}

static int compare_numbers(json_t *left, json_t *right)
{
    struct decimal left_number, right_number;
    read_decimal(left, &left_number);
    read_decimal(right, &right_number);
    return decimal_compare(&left_number, &right_number);
}

int value_order(enum value_type type, json_t *left, json_t *right)
{
    switch (type) {
    case VALUE_N:
        return compare_numbers(left, right);
    case VALUE_B:
        return compare_base64(left, right);
    default:
        return compare_bytes(left, right);
    }
}

bool value_compare(json_t *left, json_t *right, int *order)
{
    enum value_type type = value_type(left);
    bool ordered = type == VALUE_S || type == VALUE_N || type == VALUE_B;
    if (!ordered || type != value_type(right)) {
        return false;
    }
    *order = value_order(type, value_content(left), value_content(right));
    return true;
}

bool value_equal(json_t *left, json_t *right)
{
    return json_equal(left, right) == 1;
}

/* "Approximately 1 byte for two significant digits, and 1 byte"; one more for a minus sign. */
static size_t number_size(const json_t *text)
{
    struct decimal number;
    read_decimal(text, &number);
    return ((size_t)number.length + 1) / 2 + 1 + (number.negative ? 1 : 0);
}

static size_t binary_size(const json_t *text)
{
    const char *base64 = json_string_value(text);
    size_t length = json_string_length(text), padding = 0;
    while (padding < 2 && padding < length && base64[length - 1 - padding] == '=') {
        padding++;
    }
    return length / 4 * 3 - padding;
}

static size_t set_size(json_t *elements, size_t (*element_size)(const json_t *))
{
    size_t size = 0, index;
    json_t *element;
    json_array_foreach(elements, index, element)
    {
        size += element_size(element);
    }
    return size;
}

/* A list or map weighs 3 bytes, and 1 for each element, beyond its content. */
static size_t list_size(json_t *elements)
{
    size_t size = 3, index;
    json_t *element;
    json_array_foreach(elements, index, element)
    {
        size += value_size(element) + 1;
    }
    return size;
}

size_t value_size(json_t *value)
{
    json_t *content = value_content(value);
    switch (value_type(value)) {
    case VALUE_S:
        return json_string_length(content);
    case VALUE_N:
        return number_size(content);
    case VALUE_B:
        return binary_size(content);
    case VALUE_SS:
        return set_size(content, json_string_length);
    case VALUE_NS:
        return set_size(content, number_size);
    case VALUE_BS:
        return set_size(content, binary_size);
    case VALUE_L:
        return list_size(content);
    case VALUE_M:
        return 3 + value_item_size(content) + json_object_size(content);
    default:
        return 1;
    }
}

size_t value_item_size(json_t *item)
{
    size_t size = 0;
    for (void *at = json_object_iter(item); at != NULL; at = json_object_iter_next(item, at)) {
        size += json_object_iter_key_len(at) + value_size(json_object_iter_value(at));
    }
    return size;
}

static size_t value_depth(json_t *value)
{
    json_t *content = value_content(value);
    enum value_type type = value_type(value);
    if (type == VALUE_M) {
        return 1 + value_item_depth(content);
    }
    if (type != VALUE_L) {
        return 0;
    }
    size_t deepest = 0, index;
    json_t *element;
    json_array_foreach(content, index, element)
    {
        size_t depth = value_depth(element);
        deepest = depth > deepest ? depth : deepest;
    }
    return 1 + deepest;
}

size_t value_item_depth(json_t *item)
{
    size_t deepest = 0;
    for (void *at = json_object_iter(item); at != NULL; at = json_object_iter_next(item, at)) {
        size_t depth = value_depth(json_object_iter_value(at));
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest;
}
