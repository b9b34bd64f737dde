/*
 * dynamodb.c - the embedded DynamoDB as store.c sees it: opens it, declares tables.
 */
#include "bindings/local/dynamodb/dynamodb.h"

#include <stdlib.h>

#include "bindings/local/dynamodb/dynamodb_local.h"
#include "bindings/local/dynamodb/request.h"
#include "bindings/local/dynamodb/tables.h"
#include "host/loop.h"

struct dynamodb_local *dynamodb_local_new(struct database *database, struct error *err)
{
    struct dynamodb_local *local = calloc(1, sizeof *local);
    if (local == NULL) {
        (void)error_set_memory(err, "opening the local store");
        return NULL;
    }
    local->database = database;
    local->store = (struct dynamodb_store){.name = "local", .execute = request_execute};
    local->now_ms = loop_wall_ms;
    if (!database_execute(database, tables_schema, err)) {
        free(local);
        return NULL;
    }
    return local;
}

void dynamodb_local_free(struct dynamodb_local *local)
{
    free(local);
}

struct dynamodb_store *dynamodb_local_store(struct dynamodb_local *local)
{
    return &local->store;
}

bool dynamodb_local_declare_table(struct dynamodb_local *local, const char *table,
                                  const char *key_spec, struct error *err)
{
    struct table wanted;
    if (!tables_parse_spec(table, key_spec, &wanted, err)) {
        return false;
    }
    wanted.created_ms = local->now_ms();
    struct database_connection *connection = database_acquire(local->database, NULL, err);
    if (connection == NULL) {
        return false;
    }
    bool good = tables_create(connection, &wanted, true, err);
    database_release(connection);
    return good;
}
