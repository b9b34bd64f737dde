/*
 * dynamodb.c - the embedded DynamoDB as store.c sees it: opens it, declares tables.
 */
#include "bindings/local/dynamodb/dynamodb.h"

#include <stdlib.h>

struct dynamodb_local {
    struct dynamodb_store store; /* first: the store's functions get at the rest through it */
    struct database *database;
};

static bool execute(struct dynamodb_store *store, const char *operation, const char *body,
                    size_t body_length, struct buffer *response, const struct job *job,
                    struct error *err)
{
    (void)store, (void)body, (void)body_length, (void)response, (void)job;
    return error_set(err, "UnknownOperationException", "the embedded store has no %s", operation);
}

struct dynamodb_local *dynamodb_local_new(struct database *database, struct error *err)
{
    struct dynamodb_local *local = calloc(1, sizeof *local);
    if (local == NULL) {
        (void)error_set_memory(err, "opening the local store");
        return NULL;
    }
    local->database = database;
    local->store = (struct dynamodb_store){.name = "local", .execute = execute};
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
    (void)local, (void)key_spec;
    return error_set(err, "UnknownOperationException", "table %s: the embedded store has no tables",
                     table);
}
