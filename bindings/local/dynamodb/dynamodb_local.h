/*
 * dynamodb_local.h - the embedded DynamoDB: what its files share. Nobody outside this folder, but
 * tests, includes it.
 *
 * Requests come in as DynamoDB's own JSON documents. An operation reads its request, works on one
 * connection, and fills `answer`. Whatever changes items does so inside one transaction that is
 * begun before the first row is read, so a condition that held still holds when the change is
 * committed; and it is durable before the answer goes out. The answer is written before the commit:
 * when that fails, nothing has changed.
 */
#ifndef LUNETTE_BINDINGS_LOCAL_DYNAMODB_LOCAL_H
#define LUNETTE_BINDINGS_LOCAL_DYNAMODB_LOCAL_H

#include <stdint.h>

#include "bindings/document.h"
#include "bindings/dynamodb_store.h"
#include "bindings/local/database.h"
#include "bindings/local/dynamodb/dynamodb.h"

struct dynamodb_local {
    struct dynamodb_store store; /* first: its functions get at the rest through it */
    struct database *database;
    int64_t (*now_ms)(void); /* since the epoch; a test may set another */
};

/* One operation on its way. */
struct dynamodb_call {
    struct dynamodb_local *local;
    struct database_connection *connection;
    const struct job *job;
    json_t *request; /* an object, borrowed */
    json_t *answer;  /* an object, empty at first */
    json_t *failure; /* an object: fields for the error's document, if it comes to that */
    bool commits;    /* set by a write that went well: committed when the answer is written */
};

typedef bool dynamodb_operation(struct dynamodb_call *call, struct error *err);

/* items.c */
dynamodb_operation dynamodb_get_item, dynamodb_put_item, dynamodb_update_item, dynamodb_delete_item;
/* query.c */
dynamodb_operation dynamodb_query, dynamodb_scan;
/* batch.c */
dynamodb_operation dynamodb_batch_get, dynamodb_batch_write;
/* transact.c */
dynamodb_operation dynamodb_transact_get, dynamodb_transact_write;
/* tables.c */
dynamodb_operation dynamodb_create_table, dynamodb_describe_table;

/* Always false: a ValidationException, status 400. */
bool dynamodb_invalid(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * Fields of a request. An absent field leaves *value as it was; one of another JSON type is a
 * SerializationException.
 */
MUST_CHECK bool dynamodb_field_text(json_t *request, const char *name, const char **value,
                                    struct error *err);
MUST_CHECK bool dynamodb_field_boolean(json_t *request, const char *name, bool *value,
                                       struct error *err);
MUST_CHECK bool dynamodb_field_integer(json_t *request, const char *name, int64_t *value,
                                       struct error *err);

/* A text that is one of `choices` (ended by NULL) -> its index. */
MUST_CHECK bool dynamodb_field_choice(json_t *request, const char *name, const char *const *choices,
                                      int *value, struct error *err);

/* A required object or array (`type`), borrowed. */
MUST_CHECK bool dynamodb_field_container(json_t *request, const char *name, json_type type,
                                         json_t **value, struct error *err);

/* Parameters of DynamoDB's first years are refused by name, not silently ignored. */
MUST_CHECK bool dynamodb_refuse_legacy(json_t *request, struct error *err);

#endif
