/*
 * tables.h - the tables that were declared, and their keys.
 */
#ifndef LUNETTE_BINDINGS_LOCAL_DYNAMODB_TABLES_H
#define LUNETTE_BINDINGS_LOCAL_DYNAMODB_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "bindings/local/dynamodb/dynamodb_local.h"
#include "bindings/local/dynamodb/value.h"

#define TABLE_NAME_MIN     3
#define TABLE_NAME_MAX     255
#define TABLE_KEY_NAME_MAX 255

struct table_key {
    char name[TABLE_KEY_NAME_MAX + 1];
    enum value_type type; /* VALUE_S, VALUE_N or VALUE_B */
};

struct table {
    char name[TABLE_NAME_MAX + 1];
    struct table_key partition, sort;
    bool has_sort;
    int64_t created_ms;
};

extern const char tables_schema[]; /* SQL that creates what this folder keeps */

/* Fails with ResourceNotFoundException, naming the table and how to declare it: with the keys that
 * the `request` (may be NULL) has in its Key, or seems to have in its Item. */
MUST_CHECK bool tables_find(struct database_connection *connection, const char *name,
                            json_t *request, struct table *table, struct error *err);

/* The table that the request's TableName says. */
MUST_CHECK bool tables_of_request(const struct dynamodb_call *call, json_t *request,
                                  struct table *table, struct error *err);

/* "bucket:S,sequence:N": see local_store_declare_table(). */
MUST_CHECK bool tables_parse_spec(const char *name, const char *spec, struct table *table,
                                  struct error *err);

/* Makes the table. With `again` one of the same keys may be there already. */
MUST_CHECK bool tables_create(struct database_connection *connection, const struct table *table,
                              bool again, struct error *err);

#endif
