/*
 * items.c - GetItem, PutItem, UpdateItem, DeleteItem. Called by request.c; the parts of
 * BatchGetItem and TransactGetItems read through items_get().
 */
#include "bindings/local/dynamodb/items.h"

#include "bindings/local/dynamodb/rows.h"
#include "bindings/local/dynamodb/write.h"

enum return_values {
    RETURN_NONE,
    RETURN_ALL_OLD,
    RETURN_UPDATED_OLD,
    RETURN_ALL_NEW,
    RETURN_UPDATED_NEW
};

static const char *const return_names[] = {"NONE",    "ALL_OLD",     "UPDATED_OLD",
                                           "ALL_NEW", "UPDATED_NEW", NULL};

bool items_read_key(const struct table *table, json_t *attributes, struct item_key *key,
                    struct error *err)
{
    json_t *checked = value_read_item(attributes, err);
    bool good = checked != NULL && item_key_of_key(table, checked, key, err);
    json_decref(checked);
    return good;
}

bool items_get(const struct dynamodb_call *call, const struct table *table,
               const struct item_key *key, const struct projection *projection, json_t **item,
               struct error *err)
{
    json_t *stored;
    if (!rows_load(call->connection, table, key, &stored, err)) {
        return false;
    }
    if (stored == NULL) {
        *item = NULL;
        return true;
    }
    json_t *projected = projection_apply(projection, stored, err);
    json_decref(stored);
    *item = projected;
    return projected != NULL;
}

bool items_get_requested(const struct dynamodb_call *call, json_t *request, struct table *table,
                         struct item_key *key, json_t **item, struct error *err)
{
    json_t *attributes;
    struct projection projection;
    struct expressions expressions = {.any = false};
    bool good =
        dynamodb_refuse_legacy(request, err) && tables_of_request(call, request, table, err) &&
        dynamodb_field_container(request, "Key", JSON_OBJECT, &attributes, err) &&
        expressions_open(&expressions, request, err) &&
        projection_parse(&expressions, "ProjectionExpression", &projection, err) &&
        expressions_check_used(&expressions, err) && items_read_key(table, attributes, key, err) &&
        items_get(call, table, key, &projection, item, err);
    expressions_close(&expressions);
    return good;
}

bool dynamodb_get_item(struct dynamodb_call *call, struct error *err)
{
    struct table table;
    struct item_key key;
    json_t *item;
    if (!items_get_requested(call, call->request, &table, &key, &item, err)) {
        return false;
    }
    return item == NULL || document_set_field(call->answer, "Item", item, err);
}

static bool condition_failed(struct dynamodb_call *call, const struct write *write,
                             struct error *err)
{
    bool shows = write->show_old && write->before != NULL;
    if (shows && !document_set_field(call->failure, "Item", json_incref(write->before), err)) {
        return false;
    }
    return error_set(err, "ConditionalCheckFailedException", "The conditional request failed");
}

static bool answer_attributes(struct dynamodb_call *call, const struct write *write,
                              enum return_values wanted, struct error *err)
{
    bool old = wanted == RETURN_ALL_OLD || wanted == RETURN_UPDATED_OLD;
    bool touched = wanted == RETURN_UPDATED_OLD || wanted == RETURN_UPDATED_NEW;
    json_t *item = old ? write->before : write->after;
    bool nothing_touched = touched && write->update.count == 0;
    if (wanted == RETURN_NONE || item == NULL || nothing_touched) {
        return true;
    }
    static const struct projection everything;
    json_t *attributes =
        projection_apply(touched ? &write->update.touched : &everything, item, err);
    if (attributes == NULL) {
        return false;
    }
    if (touched && json_object_size(attributes) == 0) {
        json_decref(attributes);
        return true;
    }
    return document_set_field(call->answer, "Attributes", attributes, err);
}

static bool run_write(struct dynamodb_call *call, struct write *write, enum return_values wanted,
                      struct error *err)
{
    bool held;
    if (!database_begin(call->connection, err) || !write_apply(call, write, &held, err)) {
        return false;
    }
    if (!held) {
        return condition_failed(call, write, err);
    }
    call->commits = true;
    return answer_attributes(call, write, wanted, err);
}

static bool read_return_values(json_t *request, enum write_kind kind, enum return_values *wanted,
                               struct error *err)
{
    int choice = RETURN_NONE;
    if (!dynamodb_field_choice(request, "ReturnValues", return_names, &choice, err)) {
        return false;
    }
    *wanted = (enum return_values)choice;
    bool allowed = kind == WRITE_UPDATE || *wanted == RETURN_NONE || *wanted == RETURN_ALL_OLD;
    return allowed || dynamodb_invalid(err, "ReturnValues can only be ALL_OLD or NONE");
}

static bool write_item(struct dynamodb_call *call, enum write_kind kind, struct error *err)
{
    enum return_values wanted;
    if (!read_return_values(call->request, kind, &wanted, err)) {
        return false;
    }
    struct table table;
    struct write write = {.kind = kind};
    bool good = tables_of_request(call, call->request, &table, err) &&
                write_prepare(&table, call->request, kind, &write, err) &&
                run_write(call, &write, wanted, err);
    write_release(&write);
    return good;
}

bool dynamodb_put_item(struct dynamodb_call *call, struct error *err)
{
    return write_item(call, WRITE_PUT, err);
}

bool dynamodb_update_item(struct dynamodb_call *call, struct error *err)
{
    return write_item(call, WRITE_UPDATE, err);
}

bool dynamodb_delete_item(struct dynamodb_call *call, struct error *err)
{
    return write_item(call, WRITE_DELETE, err);
}
