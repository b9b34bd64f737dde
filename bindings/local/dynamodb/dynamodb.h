/*
 * dynamodb.h - the embedded DynamoDB, as store.c sees it.
 */
#ifndef LUNETTE_BINDINGS_LOCAL_DYNAMODB_H
#define LUNETTE_BINDINGS_LOCAL_DYNAMODB_H

#include "bindings/dynamodb_store.h"
#include "host/error.h"

struct database;
struct dynamodb_local;

/* Creates its SQL tables in the database, which is borrowed until dynamodb_local_free(). NULL on
 * failure. */
struct dynamodb_local *dynamodb_local_new(struct database *database, struct error *err);
void dynamodb_local_free(struct dynamodb_local *local); /* NULL is allowed */

/* Borrowed until dynamodb_local_free(). */
struct dynamodb_store *dynamodb_local_store(struct dynamodb_local *local);

/* See local_store_declare_table(). */
MUST_CHECK bool dynamodb_local_declare_table(struct dynamodb_local *local, const char *table,
                                             const char *key_spec, struct error *err);

#endif
