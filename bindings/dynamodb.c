/*
 * dynamodb.c - the module `dynamodb_core`: what dynamodb.lua can't do itself. It turns Lua values
 * into pieces of request documents, runs a request on the store that the program was started with,
 * and makes Lua values of the answer. Not for scripts: their contract is bindings/api/dynamodb.lua.
 *
 *     core.item(table, path, function)     '{"id":{"S":"a"}}'; complains as `function`
 *     core.value(value, path, function)    '{"S":"a"}'
 *     core.quote(text)                     '"a"'
 *     core.call(name, table, key, body)    runs dynamodb.NAME; table and key are for the records
 *     core.complain(function, text)        raises "bad argument #1 to 'function' (text)"
 *     core.types                           {number=, binary=, set=, list=, null=}
 */
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "bindings/arguments.h"
#include "bindings/attribute.h"
#include "bindings/bindings.h"
#include "bindings/dynamodb_job.h"
#include "bindings/effects.h"
#include "bindings/scratch.h"
#include "host/raise.h"

#define REQUEST_MAX ((size_t)64 * 1024 * 1024)

/* ---- pieces of requests ---------------------------------------------------------------------- */

typedef bool attribute_writer(lua_State *L, int index, const char *path, struct buffer *out,
                              struct error *err);

static int push_piece(lua_State *L, attribute_writer *write)
{
    const char *path = luaL_checkstring(L, 2), *function = luaL_checkstring(L, 3);
    struct buffer *out = scratch_push_buffer(L, REQUEST_MAX);
    struct error err;
    bool good = write(L, 1, path, out, &err);
    if (good) {
        lua_pushlstring(L, buffer_text(out), out->length);
    }
    buffer_release(out);
    if (!good && error_is(&err, "usage")) {
        arguments_complain(L, 1, function, "%s", err.message);
    }
    if (!good) {
        raise_error(L, &err);
    }
    return 1;
}

static int core_value(lua_State *L)
{
    return push_piece(L, attribute_write);
}

static int core_item(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TTABLE) {
        arguments_complain(L, 1, luaL_checkstring(L, 3), "field '%s' is a %s, expected a table",
                           luaL_checkstring(L, 2), luaL_typename(L, 1));
    }
    return push_piece(L, attribute_write_item);
}

static int core_quote(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    struct buffer *out = scratch_push_buffer(L, REQUEST_MAX);
    struct error err;
    (void)buffer_append_json(out, text, length);
    if (!buffer_check(out, "a text", &err)) {
        raise_error(L, &err);
    }
    lua_pushlstring(L, buffer_text(out), out->length);
    buffer_release(out);
    return 1;
}

static int core_complain(lua_State *L)
{
    arguments_complain(L, 1, luaL_checkstring(L, 1), "%s", luaL_checkstring(L, 2));
}

/* ---- the job --------------------------------------------------------------------------------- */

static bool work(struct job *job, struct error *err)
{
    struct dynamodb_job *call = (struct dynamodb_job *)job;
    return call->store->execute(call->store, call->kind->operation, call->body, call->body_length,
                                &call->response, job, err);
}

static bool start(struct job *job, struct error *err)
{
    struct dynamodb_job *call = (struct dynamodb_job *)job;
    return call->store->start(call->store, call->kind->operation, call->body, call->body_length,
                              &call->response, job, err);
}

static void cancel(struct job *job)
{
    struct dynamodb_job *call = (struct dynamodb_job *)job;
    call->store->cancel(call->store, job);
}

static void record(lua_State *L, const struct dynamodb_job *call, const struct error *err)
{
    size_t bytes = call->kind->write ? call->body_length : call->response.length;
    struct effect effect = {.operation = call->job.type->name,
                            .place = call->table,
                            .place_length = call->table_length,
                            .key = call->key,
                            .key_length = call->key_length,
                            .bytes = (int64_t)bytes,
                            .write = call->kind->write};
    effects_record(L, &effect, &call->job, err);
}

/* What is no JSON is the answer, not what the script sent. */
static _Noreturn void raise_unreadable(lua_State *L, const struct dynamodb_job *call,
                                       const struct error *why)
{
    struct error err = *why;
    if (!error_is(why, "memory")) {
        (void)error_set(&err, "bad_response", "DynamoDB's answer can't be read: %.900s",
                        why->message);
    }
    (void)snprintf(err.operation, sizeof err.operation, "%s", call->job.type->name);
    raise_error(L, &err);
}

static int push(lua_State *L, struct job *job)
{
    struct dynamodb_job *call = (struct dynamodb_job *)job;
    struct error err;
    record(L, call, NULL);
    call->document = document_parse(buffer_text(&call->response), call->response.length, &err);
    if (call->document == NULL) {
        raise_unreadable(L, call, &err);
    }
    return call->kind->push(L, call->document);
}

/* DynamoDB doesn't say which table it means, and a handler may use several. */
static void raise_naming_table(lua_State *L, const struct dynamodb_job *call,
                               const struct error *err)
{
    bool missing = error_is(err, "ResourceNotFoundException");
    if (!(missing || error_is(err, "ValidationException")) || call->table_length == 0 ||
        strstr(err->message, call->table) != NULL) {
        return;
    }
    struct error named = *err;
    (void)snprintf(named.message, sizeof named.message, "%.700s (%s '%.255s'%s)", err->message,
                   missing ? "there is no table" : "table", call->table,
                   missing ? " in this account and region" : "");
    (void)snprintf(named.operation, sizeof named.operation, "%s", call->job.type->name);
    raise_error(L, &named);
}

static int failed(lua_State *L, struct job *job, const struct error *err)
{
    struct dynamodb_job *call = (struct dynamodb_job *)job;
    struct error second;
    record(L, call, err);
    bool conflict = error_is(err, "ConditionalCheckFailedException") ||
                    error_is(err, "TransactionCanceledException");
    if (!conflict) {
        raise_naming_table(L, call, err);
        return -1;
    }
    call->document = document_parse(buffer_text(&call->response), call->response.length, &second);
    if (call->document == NULL) {
        raise_unreadable(L, call, &second);
    }
    return dynamodb_results_conflict(L, call->document);
}

static void release(struct job *job)
{
    struct dynamodb_job *call = (struct dynamodb_job *)job;
    buffer_release(&call->response);
    json_decref(call->document);
    call->document = NULL;
}

/* For every function one type for a store that blocks and one for a store that starts. */
/* clang-format off */
#define TYPES(function)                                                                            \
    {                                                                                              \
        {.name = "dynamodb." function, .work = work, .push = push, .failed = failed,               \
         .release = release},                                                                      \
        {.name = "dynamodb." function, .start = start, .cancel = cancel, .push = push,             \
         .failed = failed, .release = release},                                                    \
    }
#define KIND(function, operation, write, push) {function, operation, write, push, TYPES(function)}

static const struct dynamodb_kind kinds[] = {
    KIND("get", "GetItem", false, dynamodb_results_item),
    KIND("put", "PutItem", true, dynamodb_results_written),
    KIND("update", "UpdateItem", true, dynamodb_results_written),
    KIND("delete", "DeleteItem", true, dynamodb_results_written),
    KIND("query", "Query", false, dynamodb_results_page),
    KIND("scan", "Scan", false, dynamodb_results_page),
    KIND("batch_get", "BatchGetItem", false, dynamodb_results_batch),
    KIND("batch_write", "BatchWriteItem", true, dynamodb_results_unprocessed),
    KIND("transact", "TransactWriteItems", true, dynamodb_results_written),
    KIND("describe", "DescribeTable", false, dynamodb_results_keys),
};
/* clang-format on */

static const struct dynamodb_kind *check_kind(lua_State *L, int index)
{
    const char *name = luaL_checkstring(L, index);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].function, name) == 0) {
            return &kinds[i];
        }
    }
    luaL_error(L, "dynamodb_core has no call '%s'", name);
    return NULL;
}

static struct dynamodb_store *check_store(lua_State *L, const struct dynamodb_kind *kind)
{
    struct dynamodb_store *store = bindings_of(L)->dynamodb;
    if (store == NULL) {
        struct error err;
        (void)error_set(&err, "usage", "dynamodb.%s: no store was opened for this command",
                        kind->function);
        raise_error(L, &err);
    }
    return store;
}

/* core.call(name, table, key or nil, body) */
static int core_call(lua_State *L)
{
    enum { NAME = 1, TABLE, KEY, BODY, JOB };
    lua_settop(L, BODY);
    const struct dynamodb_kind *kind = check_kind(L, NAME);
    struct dynamodb_store *store = check_store(L, kind);
    luaL_checktype(L, BODY, LUA_TSTRING);
    struct dynamodb_job *call = job_new(L, &kind->types[store->execute == NULL], sizeof *call);
    buffer_init(&call->response, DYNAMODB_RESPONSE_MAX);
    call->kind = kind;
    call->store = store;
    call->table = luaL_checklstring(L, TABLE, &call->table_length);
    call->key = luaL_optlstring(L, KEY, NULL, &call->key_length);
    call->body = lua_tolstring(L, BODY, &call->body_length);
    for (int i = TABLE; i <= BODY; i++) {
        job_anchor(L, JOB, i);
    }
    return job_run(L);
}

static const luaL_Reg functions[] = {
    {"item", core_item}, {"value", core_value},       {"quote", core_quote},
    {"call", core_call}, {"complain", core_complain}, {NULL, NULL},
};

int luaopen_dynamodb_core(lua_State *L)
{
    luaL_newlib(L, functions);
    lua_createtable(L, 0, 5);
    attribute_open(L);
    lua_setfield(L, -2, "types");
    return 1;
}
