/*
 * key_range.h - which keys a KeyConditionExpression means: one partition, and a range of sort keys.
 */
#ifndef LUNETTE_BINDINGS_LOCAL_DYNAMODB_KEY_RANGE_H
#define LUNETTE_BINDINGS_LOCAL_DYNAMODB_KEY_RANGE_H

#include <stdbool.h>

#include "bindings/local/dynamodb/expression.h"
#include "bindings/local/dynamodb/item_key.h"

/* A byte longer than any sort key: room for the next larger byte string. */
#define KEY_BOUND_MAX (DYNAMODB_SORT_KEY_MAX + 1)

struct key_bound {
    unsigned char bytes[KEY_BOUND_MAX];
    size_t length;
};

/* Sort keys from `low` up to, but not including, `high`. */
struct key_range {
    unsigned char partition[DYNAMODB_PARTITION_KEY_MAX];
    size_t partition_length;
    struct key_bound low, high;
};

/* Fails with the ValidationException that says what no query can have. */
MUST_CHECK bool key_range_read(const struct table *table, const struct node *condition,
                               struct key_range *range, struct error *err);

/* Leaves what comes after `start` in the direction of reading. Fails when `start` is elsewhere. */
MUST_CHECK bool key_range_continue(struct key_range *range, const struct item_key *start,
                                   bool backward, struct error *err);

#endif
