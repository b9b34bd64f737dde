/*
 * rows.h - items as rows of the database.
 */
#ifndef LUNETTE_BINDINGS_LOCAL_DYNAMODB_ROWS_H
#define LUNETTE_BINDINGS_LOCAL_DYNAMODB_ROWS_H

#include <stdbool.h>

#include "bindings/local/dynamodb/item_key.h"

/* *item is owned by the caller; NULL when there is none. */
MUST_CHECK bool rows_load(struct database_connection *connection, const struct table *table,
                          const struct item_key *key, json_t **item, struct error *err);

/* Inside a transaction. */
MUST_CHECK bool rows_save(struct database_connection *connection, const struct table *table,
                          const struct item_key *key, json_t *item, struct error *err);
MUST_CHECK bool rows_delete(struct database_connection *connection, const struct table *table,
                            const struct item_key *key, struct error *err);

/* Of a stored item's text. NULL with `io` when it is damaged. */
json_t *rows_parse(const char *text, size_t length, struct error *err);

#endif
