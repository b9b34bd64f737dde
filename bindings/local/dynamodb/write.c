/*
 * write.c - changes one item under a condition. Called by items.c, batch.c and transact.c.
 */
#include "bindings/local/dynamodb/write.h"

#include <string.h>

#include "bindings/local/dynamodb/evaluate.h"
#include "bindings/local/dynamodb/rows.h"

static bool check_size(json_t *item, bool updated, struct error *err)
{
    if (value_item_size(item) <= DYNAMODB_ITEM_MAX) {
        return true;
    }
    return dynamodb_invalid(err, "Item size%s has exceeded the maximum allowed size",
                            updated ? " to update" : "");
}

static bool read_given(json_t *request, struct write *write, struct error *err)
{
    const char *field = write->kind == WRITE_PUT ? "Item" : "Key";
    json_t *given;
    if (!dynamodb_field_container(request, field, JSON_OBJECT, &given, err)) {
        return false;
    }
    write->given = value_read_item(given, err);
    if (write->given == NULL) {
        return false;
    }
    if (write->kind != WRITE_PUT) {
        return item_key_of_key(&write->table, write->given, &write->key, err);
    }
    return item_key_of_item(&write->table, write->given, &write->key, err) &&
           check_size(write->given, false, err);
}

static bool is_key_name(const struct table_key *key, const struct path_step *step)
{
    return strlen(key->name) == step->name_length &&
           memcmp(key->name, step->name, step->name_length) == 0;
}

static bool check_keys_stay(const struct write *write, struct error *err)
{
    for (size_t i = 0; i < write->update.count; i++) {
        const struct path_step *first = &write->update.actions[i].path.steps[0];
        bool is_key = is_key_name(&write->table.partition, first) ||
                      (write->table.has_sort && is_key_name(&write->table.sort, first));
        if (is_key) {
            return dynamodb_invalid(err,
                                    "One or more parameter values were invalid: Cannot update "
                                    "attribute %.*s. This attribute is part of the key",
                                    (int)first->name_length, first->name);
        }
    }
    return true;
}

static bool read_expressions(json_t *request, struct write *write, struct error *err)
{
    struct expressions *expressions = &write->expressions;
    if (!expressions_open(expressions, request, err)) {
        return false;
    }
    if (write->kind == WRITE_UPDATE && !update_parse(expressions, &write->update, err)) {
        return false;
    }
    if (!expressions_condition(expressions, "ConditionExpression", &write->condition, err)) {
        return false;
    }
    if (write->kind == WRITE_CHECK && write->condition == NULL) {
        return dynamodb_invalid(err, "The parameter 'ConditionExpression' is required but was not "
                                     "present in the request");
    }
    return expressions_check_used(expressions, err) && check_keys_stay(write, err);
}

bool write_prepare(const struct table *table, json_t *request, enum write_kind kind,
                   struct write *write, struct error *err)
{
    static const char *const choices[] = {"NONE", "ALL_OLD", NULL};
    int shown = 0;
    write->kind = kind;
    write->table = *table;
    if (!dynamodb_refuse_legacy(request, err) ||
        !dynamodb_field_choice(request, "ReturnValuesOnConditionCheckFailure", choices, &shown,
                               err)) {
        return false;
    }
    write->show_old = shown == 1;
    return read_expressions(request, write, err) && read_given(request, write, err);
}

bool write_same_item(const struct write *one, const struct write *other)
{
    return strcmp(one->table.name, other->table.name) == 0 &&
           item_key_equal(&one->key, &other->key);
}

/* What an update leaves. An item that isn't there begins with its key. */
static json_t *updated_item(const struct write *write, struct error *err)
{
    json_t *base = write->before != NULL ? write->before : write->given;
    json_t *after = update_apply(&write->update, base, err);
    if (after == NULL) {
        return NULL;
    }
    bool too_deep = value_item_depth(after) > VALUE_DEPTH_MAX;
    if (too_deep) {
        (void)dynamodb_invalid(err, "Nesting Levels have exceeded supported limits");
    }
    if (too_deep || !check_size(after, true, err)) {
        json_decref(after);
        return NULL;
    }
    return after;
}

static bool change(struct dynamodb_call *call, struct write *write, struct error *err)
{
    switch (write->kind) {
    case WRITE_PUT:
        write->after = json_incref(write->given);
        break;
    case WRITE_UPDATE:
        write->after = updated_item(write, err);
        if (write->after == NULL) {
            return false;
        }
        break;
    case WRITE_DELETE:
        return rows_delete(call->connection, &write->table, &write->key, err);
    case WRITE_CHECK:
        return true;
    }
    return rows_save(call->connection, &write->table, &write->key, write->after, err);
}

bool write_apply(struct dynamodb_call *call, struct write *write, bool *held, struct error *err)
{
    return rows_load(call->connection, &write->table, &write->key, &write->before, err) &&
           evaluate_condition(write->condition, write->before, held, err) &&
           (!*held || change(call, write, err));
}

void write_release(struct write *write)
{
    json_decref(write->given);
    json_decref(write->before);
    json_decref(write->after);
    expressions_close(&write->expressions);
}
