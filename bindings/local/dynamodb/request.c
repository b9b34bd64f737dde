/*
 * request.c - one request to the embedded DynamoDB: reads the document, finds the operation, makes
 * the answer's or the error's document. Called through struct dynamodb_store.
 */
#include <ctype.h>
#include <string.h>

#include "bindings/local/dynamodb/dynamodb_local.h"
#include "bindings/local/dynamodb/request.h"

static const struct {
    const char *name;
    dynamodb_operation *run;
} operations[] = {
    {"GetItem", dynamodb_get_item},
    {"PutItem", dynamodb_put_item},
    {"UpdateItem", dynamodb_update_item},
    {"DeleteItem", dynamodb_delete_item},
    {"Query", dynamodb_query},
    {"Scan", dynamodb_scan},
    {"BatchGetItem", dynamodb_batch_get},
    {"BatchWriteItem", dynamodb_batch_write},
    {"TransactGetItems", dynamodb_transact_get},
    {"TransactWriteItems", dynamodb_transact_write},
    {"CreateTable", dynamodb_create_table},
    {"DescribeTable", dynamodb_describe_table},
};

static dynamodb_operation *find_operation(const char *name, struct error *err)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strcmp(operations[i].name, name) == 0) {
            return operations[i].run;
        }
    }
    (void)error_set(err, "UnknownOperationException", "the embedded store has no operation %s",
                    name);
    return NULL;
}

/* Which of AWS's name spaces an error's type is in, as the wire shows it. */
static const char *name_space(const char *code)
{
    if (strcmp(code, "ValidationException") == 0) {
        return "com.amazon.coral.validate#";
    }
    bool protocol = strcmp(code, "SerializationException") == 0 ||
                    strcmp(code, "UnknownOperationException") == 0;
    return protocol ? "com.amazon.coral.service#" : "com.amazonaws.dynamodb.v20120810#";
}

/* The message may have been cut within a character: buffer_append_json() mends that. */
static bool print_error(const struct dynamodb_call *call, const struct error *failure,
                        struct buffer *response, struct error *err)
{
    (void)buffer_printf(response, "{\"__type\":\"%s%s\",\"message\":", name_space(failure->code),
                        failure->code);
    (void)buffer_append_json(response, failure->message, strlen(failure->message));
    const char *name;
    json_t *value;
    json_object_foreach(call->failure, name, value)
    {
        (void)buffer_printf(response, ",\"%s\":", name);
        if (!document_print(value, response, err)) {
            return false;
        }
    }
    (void)buffer_append_byte(response, '}');
    return buffer_check(response, "an error's description", err);
}

/* A service's error has a document; our own failures (memory, io, deadline) have none. */
static void describe_failure(const struct dynamodb_call *call, struct buffer *response,
                             struct error *err)
{
    if (!isupper((unsigned char)err->code[0])) {
        return;
    }
    err->status = 400;
    struct error failure = *err;
    if (!print_error(call, &failure, response, err)) {
        buffer_reset(response);
    }
}

static bool run_connected(struct dynamodb_call *call, dynamodb_operation *run,
                          struct buffer *response, struct error *err)
{
    call->connection = database_acquire(call->local->database, call->job, err);
    if (call->connection == NULL) {
        return false;
    }
    bool good = run(call, err) && document_print(call->answer, response, err) &&
                (!call->commits || database_commit(call->connection, err));
    database_release(call->connection);
    return good;
}

static bool run_call(struct dynamodb_call *call, const char *operation, const char *body,
                     size_t body_length, struct buffer *response, struct error *err)
{
    dynamodb_operation *run = find_operation(operation, err);
    if (run == NULL) {
        return false;
    }
    call->request = document_parse(body, body_length, err);
    if (call->request == NULL) {
        return false;
    }
    if (!json_is_object(call->request)) {
        return error_set(err, "SerializationException", "a request has to be a JSON object");
    }
    call->answer = document_new(json_object(), err);
    call->failure = call->answer == NULL ? NULL : document_new(json_object(), err);
    return call->failure != NULL && run_connected(call, run, response, err);
}

bool request_execute(struct dynamodb_store *store, const char *operation, const char *body,
                     size_t body_length, struct buffer *response, const struct job *job,
                     struct error *err)
{
    struct dynamodb_call call = {.local = (struct dynamodb_local *)store, .job = job};
    bool good = run_call(&call, operation, body, body_length, response, err);
    if (!good) {
        buffer_reset(response);
        describe_failure(&call, response, err);
    }
    json_decref(call.request);
    json_decref(call.answer);
    json_decref(call.failure);
    return good;
}
