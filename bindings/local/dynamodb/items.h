/*
 * items.h - reading single items.
 */
#ifndef LUNETTE_BINDINGS_LOCAL_DYNAMODB_ITEMS_H
#define LUNETTE_BINDINGS_LOCAL_DYNAMODB_ITEMS_H

#include "bindings/local/dynamodb/dynamodb_local.h"
#include "bindings/local/dynamodb/item_key.h"
#include "bindings/local/dynamodb/projection.h"

/* Checks and encodes a request's key attributes. */
MUST_CHECK bool items_read_key(const struct table *table, json_t *attributes, struct item_key *key,
                               struct error *err);

/* *item is owned by the caller; NULL when there is none. */
MUST_CHECK bool items_get(const struct dynamodb_call *call, const struct table *table,
                          const struct item_key *key, const struct projection *projection,
                          json_t **item, struct error *err);

/* The same for a request, or a part of one, with TableName, Key and ProjectionExpression. Tells
 * what the key was. */
MUST_CHECK bool items_get_requested(const struct dynamodb_call *call, json_t *request,
                                    struct table *table, struct item_key *key, json_t **item,
                                    struct error *err);

#endif
