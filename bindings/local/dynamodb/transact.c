/*
 * transact.c - TransactGetItems and TransactWriteItems. Called by request.c.
 */
#include <stdlib.h>
#include <string.h>

#include "bindings/digest.h"
#include "bindings/local/dynamodb/items.h"
#include "bindings/local/dynamodb/write.h"

#define TOKEN_MAX        36
#define TOKEN_LIFE_MS    ((int64_t)10 * 60 * 1000)
#define REQUEST_TEXT_MAX ((size_t)64 * 1024 * 1024)

static bool read_parts(struct dynamodb_call *call, json_t **parts, struct error *err)
{
    if (!dynamodb_field_container(call->request, "TransactItems", JSON_ARRAY, parts, err)) {
        return false;
    }
    size_t count = json_array_size(*parts);
    if (count >= 1 && count <= DYNAMODB_TRANSACT_MAX) {
        return true;
    }
    return dynamodb_invalid(err,
                            "1 validation error detected: %zu items at 'transactItems' failed to "
                            "satisfy constraint: Member must have length greater than or equal to "
                            "1 and less than or equal to %d",
                            count, DYNAMODB_TRANSACT_MAX);
}

static bool same_item_twice(struct error *err)
{
    return dynamodb_invalid(err, "Transaction request cannot include multiple operations on one "
                                 "item");
}

/* ---- TransactGetItems ------------------------------------------------------------------------ */

struct place {
    struct table table;
    struct item_key key;
};

static bool get_part(struct dynamodb_call *call, json_t *part, struct place *places, size_t index,
                     json_t *responses, struct error *err)
{
    json_t *get, *item;
    struct place *place = &places[index];
    if (!dynamodb_field_container(part, "Get", JSON_OBJECT, &get, err) ||
        !items_get_requested(call, get, &place->table, &place->key, &item, err)) {
        return false;
    }
    for (size_t i = 0; i < index; i++) {
        if (strcmp(places[i].table.name, place->table.name) == 0 &&
            item_key_equal(&places[i].key, &place->key)) {
            json_decref(item);
            return same_item_twice(err);
        }
    }
    json_t *response = document_new(json_object(), err);
    if (response == NULL) {
        json_decref(item);
        return false;
    }
    if (item != NULL && !document_set_field(response, "Item", item, err)) {
        json_decref(response);
        return false;
    }
    return document_append(responses, response, err);
}

bool dynamodb_transact_get(struct dynamodb_call *call, struct error *err)
{
    json_t *parts, *responses = NULL;
    if (!read_parts(call, &parts, err)) {
        return false;
    }
    size_t count = json_array_size(parts);
    struct place *places = calloc(count, sizeof *places);
    if (places == NULL) {
        return error_set_memory(err, "reading a transaction");
    }
    /* The write lock: no other process changes anything between the first item and the last. */
    bool good = database_begin(call->connection, err) &&
                (responses = document_new(json_array(), err)) != NULL;
    for (size_t i = 0; good && i < count; i++) {
        good = get_part(call, json_array_get(parts, i), places, i, responses, err);
    }
    free(places);
    database_rollback(call->connection);
    if (!good) {
        json_decref(responses);
        return false;
    }
    return document_set_field(call->answer, "Responses", responses, err);
}

/* ---- TransactWriteItems ---------------------------------------------------------------------- */

struct transaction {
    struct write *writes;
    size_t count;
    json_t *reasons;     /* one for each part */
    struct buffer codes; /* "None, ConditionalCheckFailed" */
    bool cancelled;
};

static bool prepare_part(struct dynamodb_call *call, json_t *part, struct write *write,
                         struct error *err)
{
    static const char *const names[] = {
        [WRITE_PUT] = "Put",
        [WRITE_UPDATE] = "Update",
        [WRITE_DELETE] = "Delete",
        [WRITE_CHECK] = "ConditionCheck",
    };
    for (int kind = WRITE_PUT; kind <= WRITE_CHECK; kind++) {
        json_t *request = json_object_get(part, names[kind]);
        if (request == NULL) {
            continue;
        }
        struct table table;
        return json_object_size(part) == 1
                   ? tables_of_request(call, request, &table, err) &&
                         write_prepare(&table, request, (enum write_kind)kind, write, err)
                   : dynamodb_invalid(err, "TransactItems can only contain one of Check, Put, "
                                           "Update or Delete");
    }
    return dynamodb_invalid(err, "Invalid Request: TransactWriteRequest should contain Delete or "
                                 "Put or Update request");
}

static bool prepare_parts(struct dynamodb_call *call, json_t *parts,
                          struct transaction *transaction, struct error *err)
{
    size_t index;
    json_t *part;
    json_array_foreach(parts, index, part)
    {
        struct write *write = &transaction->writes[transaction->count++];
        if (!prepare_part(call, part, write, err)) {
            return false;
        }
        for (size_t i = 0; i < index; i++) {
            if (write_same_item(&transaction->writes[i], write)) {
                return same_item_twice(err);
            }
        }
    }
    return true;
}

static bool add_reason(struct transaction *transaction, const char *code, const char *message,
                       json_t *item, struct error *err)
{
    json_t *reason = document_new(json_object(), err);
    bool good =
        reason != NULL && document_set_field(reason, "Code", json_string(code), err) &&
        (message == NULL || document_set_field(reason, "Message", json_string(message), err)) &&
        (item == NULL || document_set_field(reason, "Item", json_incref(item), err));
    if (!good) {
        json_decref(reason);
        return false;
    }
    transaction->cancelled |= message != NULL;
    bool first = transaction->codes.length == 0;
    (void)buffer_printf(&transaction->codes, "%s%s", first ? "" : ", ", code);
    return document_append(transaction->reasons, reason, err);
}

/* All parts are judged, also after one has failed: the answer has a reason for each. */
static bool apply_part(struct dynamodb_call *call, struct transaction *transaction,
                       struct write *write, struct error *err)
{
    bool held;
    struct error failure;
    if (!write_apply(call, write, &held, &failure)) {
        if (!error_is(&failure, "ValidationException")) {
            *err = failure;
            return false;
        }
        return add_reason(transaction, "ValidationError", failure.message, NULL, err);
    }
    if (held) {
        return add_reason(transaction, "None", NULL, NULL, err);
    }
    return add_reason(transaction, "ConditionalCheckFailed", "The conditional request failed",
                      write->show_old ? write->before : NULL, err);
}

static bool cancel(struct dynamodb_call *call, struct transaction *transaction, struct error *err)
{
    if (!document_set_field(call->failure, "CancellationReasons", json_incref(transaction->reasons),
                            err)) {
        return false;
    }
    return error_set(err, "TransactionCanceledException",
                     "Transaction cancelled, please refer cancellation reasons for specific "
                     "reasons [%s]",
                     buffer_text(&transaction->codes));
}

static bool digest_request(const struct dynamodb_call *call, char digest[2 * DIGEST_MAX + 1],
                           struct error *err)
{
    struct buffer text;
    unsigned char bytes[DIGEST_MAX];
    size_t length;
    buffer_init(&text, REQUEST_TEXT_MAX);
    bool good = document_print(call->request, &text, err) &&
                digest_compute(DIGEST_SHA256, text.data, text.length, bytes, &length, err);
    buffer_release(&text);
    if (good) {
        digest_hex(bytes, length, digest);
    }
    return good;
}

static bool forget_old_tokens(struct dynamodb_call *call, struct error *err)
{
    struct database_query *query =
        database_prepare(call->connection, "DELETE FROM dynamodb_token WHERE used_ms < ?1");
    database_bind_integer(query, 1, call->local->now_ms() - TOKEN_LIFE_MS);
    return database_run(query, err);
}

static bool remember_token(struct dynamodb_call *call, const char *token, const char *digest,
                           struct error *err)
{
    struct database_query *query = database_prepare(
        call->connection,
        "INSERT INTO dynamodb_token (token, request_digest, used_ms) VALUES (?1, ?2, ?3)");
    database_bind_text(query, 1, token, strlen(token));
    database_bind_text(query, 2, digest, strlen(digest));
    database_bind_integer(query, 3, call->local->now_ms());
    return database_run(query, err);
}

/* *done tells that this very request has been carried out before, under this token. */
static bool use_token(struct dynamodb_call *call, const char *token, bool *done, struct error *err)
{
    char digest[2 * DIGEST_MAX + 1];
    *done = false;
    if (token == NULL) {
        return true;
    }
    if (!digest_request(call, digest, err) || !forget_old_tokens(call, err)) {
        return false;
    }
    struct database_query *query = database_prepare(
        call->connection, "SELECT request_digest FROM dynamodb_token WHERE token = ?1");
    database_bind_text(query, 1, token, strlen(token));
    enum database_result result = database_step(query, err);
    bool same = false;
    if (result == DATABASE_ROW) {
        size_t length;
        same = strcmp(database_text(query, 0, &length), digest) == 0;
    }
    database_finish(query);
    if (result == DATABASE_DONE) {
        return remember_token(call, token, digest, err);
    }
    *done = same;
    return same || (result == DATABASE_ROW &&
                    error_set(err, "IdempotentParameterMismatchException",
                              "The ClientRequestToken %s was used with other parameters", token));
}

static bool run_transaction(struct dynamodb_call *call, struct transaction *transaction,
                            const char *token, struct error *err)
{
    bool done;
    transaction->reasons = document_new(json_array(), err);
    if (transaction->reasons == NULL || !database_begin(call->connection, err) ||
        !use_token(call, token, &done, err)) {
        return false;
    }
    for (size_t i = 0; !done && i < transaction->count; i++) {
        if (!apply_part(call, transaction, &transaction->writes[i], err)) {
            return false;
        }
    }
    call->commits = !transaction->cancelled;
    return call->commits || cancel(call, transaction, err);
}

static bool read_token(json_t *request, const char **token, struct error *err)
{
    if (!dynamodb_field_text(request, "ClientRequestToken", token, err)) {
        return false;
    }
    size_t length = *token == NULL ? 1 : strlen(*token);
    return (length >= 1 && length <= TOKEN_MAX) ||
           dynamodb_invalid(err, "ClientRequestToken has %zu characters, allowed are 1 to %d",
                            length, TOKEN_MAX);
}

bool dynamodb_transact_write(struct dynamodb_call *call, struct error *err)
{
    json_t *parts;
    const char *token = NULL;
    struct transaction transaction = {.count = 0};
    if (!read_parts(call, &parts, err) || !read_token(call->request, &token, err)) {
        return false;
    }
    transaction.writes = calloc(json_array_size(parts), sizeof transaction.writes[0]);
    if (transaction.writes == NULL) {
        return error_set_memory(err, "writing a transaction");
    }
    buffer_init(&transaction.codes, sizeof err->message);
    bool good = prepare_parts(call, parts, &transaction, err) &&
                run_transaction(call, &transaction, token, err);
    for (size_t i = 0; i < transaction.count; i++) {
        write_release(&transaction.writes[i]);
    }
    free(transaction.writes);
    json_decref(transaction.reasons);
    buffer_release(&transaction.codes);
    return good;
}
