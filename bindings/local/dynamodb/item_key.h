/*
 * item_key.h - an item's key as the two byte strings under which SQLite stores and sorts it.
 *
 * S: its UTF-8 bytes; B: its bytes; N: decimal_key(). In this encoding memcmp() orders the keys of
 * one table as DynamoDB does.
 */
#ifndef LUNETTE_BINDINGS_LOCAL_DYNAMODB_ITEM_KEY_H
#define LUNETTE_BINDINGS_LOCAL_DYNAMODB_ITEM_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "bindings/local/dynamodb/tables.h"
#include "bindings/local/dynamodb/value.h"

struct item_key {
    unsigned char partition[DYNAMODB_PARTITION_KEY_MAX];
    size_t partition_length;
    unsigned char sort[DYNAMODB_SORT_KEY_MAX];
    size_t sort_length; /* 0 when the table has no sort key */
};

/* Of an item that is to be written. Fails with a ValidationException: missing, of another type,
 * empty, too long. */
MUST_CHECK bool item_key_of_item(const struct table *table, json_t *item, struct item_key *key,
                                 struct error *err);

/* Of a `Key`: exactly the key attributes. */
MUST_CHECK bool item_key_of_key(const struct table *table, json_t *attributes, struct item_key *key,
                                struct error *err);

/* One value of the partition or sort key, of the right type, into at most `size` bytes. */
MUST_CHECK bool item_key_encode(json_t *value, unsigned char *bytes, size_t size, size_t *length,
                                struct error *err);

/* The key attributes of an item, as a new object. NULL with `memory`. */
json_t *item_key_extract(const struct table *table, json_t *item, struct error *err);

bool item_key_equal(const struct item_key *one, const struct item_key *other);

#endif
