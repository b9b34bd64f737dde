/*
 * batch.c - BatchGetItem and BatchWriteItem. Called by request.c.
 *
 * A batch is no transaction for DynamoDB. Here the writes happen to be one, which promises more
 * than needed and costs one commit instead of 25.
 */
#include <stdlib.h>
#include <string.h>

#include "bindings/local/dynamodb/items.h"
#include "bindings/local/dynamodb/write.h"
#include "host/loop.h"

#define BATCH_GET_BYTES_MAX (16 * 1024 * 1024) /* what does not fit comes back as unprocessed */

static bool check_count(size_t count, size_t most, const char *operation, struct error *err)
{
    if (count == 0) {
        return dynamodb_invalid(err, "1 validation error detected: Value '{}' at 'requestItems' "
                                     "failed to satisfy constraint: Member must have length "
                                     "greater than or equal to 1");
    }
    if (count > most) {
        return dynamodb_invalid(err, "Too many items requested for the %s call (%zu, at most %zu)",
                                operation, count, most);
    }
    return true;
}

/* How many requests all the tables have together. */
static bool count_requests(json_t *tables, const char *list, size_t *count, struct error *err)
{
    const char *name;
    json_t *part;
    *count = 0;
    json_object_foreach(tables, name, part)
    {
        json_t *requests = list == NULL ? part : json_object_get(part, list);
        if (!json_is_array(requests)) {
            return error_set(err, "SerializationException", "%s: %s has to be an array", name,
                             list == NULL ? "its value" : list);
        }
        if (json_array_size(requests) == 0) {
            return check_count(0, 1, "", err);
        }
        *count += json_array_size(requests);
    }
    return true;
}

/* ---- BatchGetItem ---------------------------------------------------------------------------- */

struct batch_get {
    struct table table;
    struct projection projection;
    json_t *request;     /* this table's part */
    json_t *keys;        /* its Keys */
    json_t *items;       /* the answer's list for this table */
    json_t *unprocessed; /* keys; NULL while there are none */
    size_t *size;        /* bytes of items, of all tables */
    struct item_key *seen;
};

static bool add_unprocessed(struct batch_get *batch, json_t *key, struct error *err)
{
    if (batch->unprocessed == NULL) {
        batch->unprocessed = document_new(json_array(), err);
    }
    return batch->unprocessed != NULL && document_append(batch->unprocessed, json_incref(key), err);
}

static bool get_key(const struct dynamodb_call *call, struct batch_get *batch, size_t index,
                    struct error *err)
{
    json_t *key = json_array_get(batch->keys, index), *item;
    if (*batch->size >= BATCH_GET_BYTES_MAX) {
        return add_unprocessed(batch, key, err);
    }
    if ((call->job != NULL && job_stopped(call->job, err)) ||
        !items_get(call, &batch->table, &batch->seen[index], &batch->projection, &item, err)) {
        return false;
    }
    if (item == NULL) {
        return true;
    }
    *batch->size += value_item_size(item);
    return document_append(batch->items, item, err);
}

static bool read_keys(struct batch_get *batch, struct error *err)
{
    size_t index;
    json_t *key;
    json_array_foreach(batch->keys, index, key)
    {
        if (!items_read_key(&batch->table, key, &batch->seen[index], err)) {
            return false;
        }
        for (size_t i = 0; i < index; i++) {
            if (item_key_equal(&batch->seen[i], &batch->seen[index])) {
                return dynamodb_invalid(err, "Provided list of item keys contains duplicates");
            }
        }
    }
    return true;
}

static bool get_keys(const struct dynamodb_call *call, struct batch_get *batch, struct error *err)
{
    size_t count = json_array_size(batch->keys);
    batch->seen = calloc(count, sizeof batch->seen[0]);
    if (batch->seen == NULL) {
        return error_set_memory(err, "reading a batch");
    }
    bool good = read_keys(batch, err);
    for (size_t i = 0; good && i < count; i++) {
        good = get_key(call, batch, i, err);
    }
    free(batch->seen);
    return good;
}

/* The part of the request that has to be sent again: as it was, but with fewer keys. */
static bool answer_unprocessed(struct batch_get *batch, json_t *unprocessed, struct error *err)
{
    if (batch->unprocessed == NULL) {
        return true;
    }
    json_t *again = document_new(json_copy(batch->request), err);
    if (again == NULL || !document_set_field(again, "Keys", json_incref(batch->unprocessed), err)) {
        json_decref(again);
        return false;
    }
    return document_set_field(unprocessed, batch->table.name, again, err);
}

static bool get_table(struct dynamodb_call *call, const char *name, struct batch_get *batch,
                      struct error *err)
{
    struct expressions expressions = {.any = false};
    bool good = tables_find(call->connection, name, NULL, &batch->table, err) &&
                dynamodb_refuse_legacy(batch->request, err) &&
                expressions_open(&expressions, batch->request, err) &&
                projection_parse(&expressions, "ProjectionExpression", &batch->projection, err) &&
                expressions_check_used(&expressions, err) && get_keys(call, batch, err);
    expressions_close(&expressions);
    return good;
}

static bool get_tables(struct dynamodb_call *call, json_t *tables, json_t *responses,
                       json_t *unprocessed, struct error *err)
{
    const char *name;
    json_t *request;
    size_t size = 0;
    json_object_foreach(tables, name, request)
    {
        struct batch_get batch = {.request = request, .size = &size};
        batch.keys = json_object_get(request, "Keys");
        batch.items = document_new(json_array(), err);
        bool good = batch.items != NULL && get_table(call, name, &batch, err) &&
                    answer_unprocessed(&batch, unprocessed, err) &&
                    document_set_field(responses, name, json_incref(batch.items), err);
        json_decref(batch.items);
        json_decref(batch.unprocessed);
        if (!good) {
            return false;
        }
    }
    return true;
}

/* A new object that the answer owns. NULL with `memory`. */
static json_t *answer_object(struct dynamodb_call *call, const char *name, struct error *err)
{
    json_t *object = document_new(json_object(), err);
    if (object == NULL || !document_set_field(call->answer, name, object, err)) {
        return NULL;
    }
    return object;
}

bool dynamodb_batch_get(struct dynamodb_call *call, struct error *err)
{
    json_t *tables;
    size_t count;
    if (!dynamodb_field_container(call->request, "RequestItems", JSON_OBJECT, &tables, err) ||
        !count_requests(tables, "Keys", &count, err) ||
        !check_count(count, DYNAMODB_BATCH_GET_MAX, "BatchGetItem", err)) {
        return false;
    }
    json_t *responses = answer_object(call, "Responses", err);
    json_t *unprocessed = responses == NULL ? NULL : answer_object(call, "UnprocessedKeys", err);
    return unprocessed != NULL && get_tables(call, tables, responses, unprocessed, err);
}

/* ---- BatchWriteItem -------------------------------------------------------------------------- */

struct batch_write {
    struct write writes[DYNAMODB_BATCH_WRITE_MAX];
    size_t count;
};

static bool prepare_request(const struct table *table, json_t *request, struct write *write,
                            struct error *err)
{
    json_t *put = json_object_get(request, "PutRequest");
    json_t *delete = json_object_get(request, "DeleteRequest");
    if ((put == NULL) == (delete == NULL) || json_object_size(request) != 1) {
        return dynamodb_invalid(err, "Supplied AttributeValue has to be exactly one of PutRequest "
                                     "and DeleteRequest");
    }
    json_t *part = put != NULL ? put : delete;
    enum write_kind kind = put != NULL ? WRITE_PUT : WRITE_DELETE;
    if (json_object_get(part, "ConditionExpression") != NULL) {
        return dynamodb_invalid(err, "BatchWriteItem has no conditions: use TransactWriteItems");
    }
    return write_prepare(table, part, kind, write, err);
}

static bool prepare_table(const struct dynamodb_call *call, const char *name, json_t *requests,
                          struct batch_write *batch, struct error *err)
{
    struct table table;
    json_t *put = json_object_get(json_array_get(requests, 0), "PutRequest");
    if (!tables_find(call->connection, name, put, &table, err)) {
        return false;
    }
    size_t index;
    json_t *request;
    json_array_foreach(requests, index, request)
    {
        struct write *write = &batch->writes[batch->count++];
        if (!prepare_request(&table, request, write, err)) {
            return false;
        }
        for (struct write *other = batch->writes; other < write; other++) {
            if (write_same_item(other, write)) {
                return dynamodb_invalid(err, "Provided list of item keys contains duplicates");
            }
        }
    }
    return true;
}

static bool run_batch(struct dynamodb_call *call, json_t *tables, struct batch_write *batch,
                      struct error *err)
{
    const char *name;
    json_t *requests;
    json_object_foreach(tables, name, requests)
    {
        if (!prepare_table(call, name, requests, batch, err)) {
            return false;
        }
    }
    if (!database_begin(call->connection, err)) {
        return false;
    }
    bool held;
    for (size_t i = 0; i < batch->count; i++) {
        if (!write_apply(call, &batch->writes[i], &held, err)) {
            return false;
        }
    }
    call->commits = true;
    return answer_object(call, "UnprocessedItems", err) != NULL;
}

bool dynamodb_batch_write(struct dynamodb_call *call, struct error *err)
{
    json_t *tables;
    size_t count;
    if (!dynamodb_field_container(call->request, "RequestItems", JSON_OBJECT, &tables, err) ||
        !count_requests(tables, NULL, &count, err) ||
        !check_count(count, DYNAMODB_BATCH_WRITE_MAX, "BatchWriteItem", err)) {
        return false;
    }
    struct batch_write *batch = calloc(1, sizeof *batch);
    if (batch == NULL) {
        return error_set_memory(err, "writing a batch");
    }
    bool good = run_batch(call, tables, batch, err);
    for (size_t i = 0; i < batch->count; i++) {
        write_release(&batch->writes[i]);
    }
    free(batch);
    return good;
}
