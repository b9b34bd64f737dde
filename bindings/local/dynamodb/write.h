/*
 * write.h - one put, update, delete or condition check: what PutItem, UpdateItem, DeleteItem,
 * BatchWriteItem and TransactWriteItems have in common.
 *
 * In two steps, so that a transaction can read all its parts before it changes anything:
 * write_prepare() checks all that can be checked without the item, write_apply() judges and changes
 * inside the caller's database transaction.
 */
#ifndef LUNETTE_BINDINGS_LOCAL_DYNAMODB_WRITE_H
#define LUNETTE_BINDINGS_LOCAL_DYNAMODB_WRITE_H

#include <stdbool.h>

#include "bindings/local/dynamodb/dynamodb_local.h"
#include "bindings/local/dynamodb/expression.h"
#include "bindings/local/dynamodb/item_key.h"
#include "bindings/local/dynamodb/update.h"

enum write_kind { WRITE_PUT, WRITE_UPDATE, WRITE_DELETE, WRITE_CHECK };

/* Zeroed is empty. */
struct write {
    enum write_kind kind;
    struct table table;
    struct item_key key;
    json_t *given; /* the item of a put; else the key attributes */
    struct expressions expressions;
    struct node *condition; /* NULL: none */
    struct update update;
    bool show_old; /* ReturnValuesOnConditionCheckFailure is ALL_OLD */

    json_t *before, *after; /* since write_apply(): the item or NULL */
};

/* Reads Item or Key, and the expressions. `request` (the whole one, or a part of a batch or a
 * transaction) is borrowed until write_release(), which is due in any case. */
MUST_CHECK bool write_prepare(const struct table *table, json_t *request, enum write_kind kind,
                              struct write *write, struct error *err);

/* Both are of the same table and item. */
bool write_same_item(const struct write *one, const struct write *other);

/* *held tells whether the condition did; if it did not, nothing has changed, and that is no error
 * yet. */
MUST_CHECK bool write_apply(struct dynamodb_call *call, struct write *write, bool *held,
                            struct error *err);
void write_release(struct write *write);

#endif
