/*
 * value.h - AttributeValues ({"S": "x"}, {"N": "1"}, ...) as checked and normalised jansson values.
 *
 * value_read() is the gate: whatever comes from a request passes it once. Behind it a value has
 * exactly one type, numbers are in DynamoDB's printed form, binary is canonical base64, and sets
 * are sorted. So two values are equal exactly when json_equal() says so.
 *
 * An *item* is a jansson object of attribute names and values. Neither is ever changed once it is
 * built, so both are shared by reference; whoever changes one works on a json_deep_copy(). (They
 * are not `const`, because jansson's iterators and reference counts are not.)
 */
#ifndef LUNETTE_BINDINGS_LOCAL_DYNAMODB_VALUE_H
#define LUNETTE_BINDINGS_LOCAL_DYNAMODB_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "bindings/decimal.h"
#include "bindings/document.h"
#include "host/error.h"

/* Lists and maps within one another. DynamoDB counts 32 levels, of which the scalar is the last. */
#define VALUE_DEPTH_MAX 31

enum value_type {
    VALUE_S,
    VALUE_N,
    VALUE_B,
    VALUE_SS,
    VALUE_NS,
    VALUE_BS,
    VALUE_L,
    VALUE_M,
    VALUE_BOOL,
    VALUE_NULL,
    VALUE_TYPES
};

/* "S", "N", ... */
const char *value_type_name(enum value_type type);

/* False when there is no such type. */
bool value_type_find(const char *name, size_t length, enum value_type *type);

/* A checked, normalised copy, owned by the caller. NULL with a ValidationException or `memory`. */
json_t *value_read(json_t *input, struct error *err);

/* The same for an object of names and values: an item, a key. */
json_t *value_read_item(json_t *input, struct error *err);

/* The functions below take values that passed value_read(). */

enum value_type value_type(json_t *value);

/* What is inside: a string, an array, an object, true or false. Borrowed. */
json_t *value_content(json_t *value);

/* {"TYPE": content}; `content` is consumed, also on failure. NULL with `memory`. */
json_t *value_new(enum value_type type, json_t *content, struct error *err);
json_t *value_new_number(const struct decimal *number, struct error *err);
json_t *value_new_integer(size_t integer, struct error *err);

/* Of an N. */
void value_number(json_t *value, struct decimal *number);

/* The bytes of an S or, decoded, of a B; owned by the caller (free()). */
MUST_CHECK bool value_bytes(json_t *value, unsigned char **bytes, size_t *length,
                            struct error *err);

/* Less than 0, 0 or more: the order of two contents of type S, N or B. */
int value_order(enum value_type type, json_t *left, json_t *right);

/* False when the two have no order: different types, or not S, N or B. */
bool value_compare(json_t *left, json_t *right, int *order);

bool value_equal(json_t *left, json_t *right);

bool value_is_set(enum value_type type);

/* SS: S, NS: N, BS: B. */
enum value_type value_element_type(enum value_type set_type);

/* For an S, N or B: does the set (SS, NS, BS of that type) have it? */
bool value_set_has(json_t *set, json_t *element);

/* A set of the union, or of what is in `set` but not in `other`; both of one set type. NULL with
 * `memory`. The difference may be empty: value_set_empty() asks. */
json_t *value_set_union(json_t *set, json_t *other, struct error *err);
json_t *value_set_difference(json_t *set, json_t *other, struct error *err);
bool value_set_empty(json_t *set);

/* Bytes by DynamoDB's rules for item sizes (developer guide, "Item sizes and formats"). */
size_t value_size(json_t *value);
size_t value_item_size(json_t *item);

/* The deepest nesting in an item; 0 when no attribute is a list or map. */
size_t value_item_depth(json_t *item);

#endif
