/*
 * dynamodb_allocation_test.c - every allocation of the embedded DynamoDB and of the module fails
 * once, jansson's too. A request that failed has changed nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/document.h"
#include "tests/unit/allocation.h"
#include "tests/unit/check.h"
#include "tests/unit/dynamodb_ask.h"
#include "tests/unit/script.h"

static void *allocate(size_t size)
{
    return malloc(size);
}

/* jansson's own calls of malloc are out of reach: it gets ours. */
static void watch_jansson(bool watch)
{
    json_set_alloc_funcs(watch ? allocate : malloc, free);
}

struct requests {
    struct dynamodb_store *store;
    const char *operation, *body;
    const char *wanted_code; /* NULL: it succeeds */
};

static bool ask(void *context, struct error *err)
{
    const struct requests *request = context;
    struct buffer response;
    buffer_init(&response, DYNAMODB_RESPONSE_MAX);
    struct dynamodb_store *store = request->store;
    bool good = store->execute(store, request->operation, request->body, strlen(request->body),
                               &response, NULL, err);
    buffer_release(&response);
    return good || (request->wanted_code != NULL && error_is(err, request->wanted_code));
}

static const struct requests requests[] = {
    {NULL, "PutItem",
     "{\"TableName\":\"things\",\"Item\":{\"id\":{\"S\":\"a\"},\"l\":{\"L\":[{\"N\":\"1.50\"},"
     "{\"M\":{\"x\":{\"NS\":[\"3\",\"1\",\"2\"]}}}]},\"s\":{\"SS\":[\"b\",\"a\"]},"
     "\"b\":{\"B\":\"AAEC\"},\"n\":{\"N\":\"0\"}},\"ConditionExpression\":"
     "\"attribute_not_exists(gone"
     ") OR #n IN (:a, :b)\",\"ExpressionAttributeNames\":{\"#n\":\"n\"},"
     "\"ExpressionAttributeValues\":{\":a\":{\"N\":\"1\"},\":b\":{\"N\":\"2\"}},"
     "\"ReturnValues\":\"ALL_OLD\"}",
     NULL},
    {NULL, "PutItem",
     "{\"TableName\":\"things\",\"Item\":{\"id\":{\"S\":\"a\"}},\"ConditionExpression\":"
     "\"size(l) > n AND contains(s, id)\",\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\"}",
     "ConditionalCheckFailedException"},
    {NULL, "UpdateItem",
     "{\"TableName\":\"things\",\"Key\":{\"id\":{\"S\":\"u\"}},\"ReturnValues\":\"UPDATED_NEW\","
     "\"UpdateExpression\":\"SET a = if_not_exists(zz, :n) - :n, l = list_append(:l, :l) ADD s :s "
     "REMOVE gone DELETE t :s\",\"ExpressionAttributeValues\":{\":n\":{\"N\":\"1\"},"
     "\":l\":{\"L\":[{\"S\":\"x\"}]},\":s\":{\"SS\":[\"q\",\"p\"]}}}",
     NULL},
    {NULL, "Query",
     "{\"TableName\":\"things\",\"KeyConditionExpression\":\"id = :a\",\"Limit\":1,"
     "\"FilterExpression\":\"begins_with(b, :b) AND size(s) BETWEEN :n AND :m\","
     "\"ProjectionExpression\":\"l[1].x, n, s\",\"ExpressionAttributeValues"
     "\":{\":a\":{\"S\":\"a\"},"
     "\":b\":{\"B\":\"AA==\"},\":n\":{\"N\":\"1\"},\":m\":{\"N\":\"3\"}}}",
     NULL},
    {NULL, "Scan", "{\"TableName\":\"things\",\"Segment\":0,\"TotalSegments\":2}", NULL},
    {NULL, "BatchGetItem",
     "{\"RequestItems\":{\"things\":{\"Keys\":[{\"id\":{\"S\":\"a\"}},{\"id\":{\"S\":\"z\"}}]}}}",
     NULL},
    {NULL, "BatchWriteItem",
     "{\"RequestItems\":{\"things\":[{\"PutRequest\":{\"Item\":{\"id\":{\"S\":\"p\"}}}},"
     "{\"DeleteRequest\":{\"Key\":{\"id\":{\"S\":\"q\"}}}}]}}",
     NULL},
    {NULL, "TransactGetItems",
     "{\"TransactItems\":[{\"Get\":{\"TableName\":\"things\",\"Key\":{\"id\":{\"S\":\"a\"}}}}]}",
     NULL},
    {NULL, "TransactWriteItems",
     "{\"ClientRequestToken\":\"t\",\"TransactItems\":[{\"Put\":{\"TableName\":\"things\","
     "\"Item\":{\"id\":{\"S\":\"t\"}}}},{\"Delete\":{\"TableName\":\"things\",\"Key\":"
     "{\"id\":{\"S\":\"v\"}}}}]}",
     NULL},
    {NULL, "TransactWriteItems",
     "{\"TransactItems\":[{\"ConditionCheck\":{\"TableName\":\"things\",\"Key"
     "\":{\"id\":{\"S\":\"a\""
     "}},\"ConditionExpression\":\"attribute_not_exists(id)\"}}]}",
     "TransactionCanceledException"},
    {NULL, "DescribeTable", "{\"TableName\":\"lines\"}", NULL},
    {NULL, "PutItem", "{\"TableName\":\"things\",\"Item\":{\"id\":{\"N\":\"1\"}}}",
     "ValidationException"},
};

TEST(dynamodb_allocation_failures_in_requests)
{
    struct ask store = ask_open();
    watch_jansson(true);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct requests request = requests[i];
        request.store = dynamodb_local_store(store.local);
        allocation_check(request.operation, ask, &request);
    }
    watch_jansson(false);
    ask_close(&store);
}

struct counter {
    struct dynamodb_store *store;
    int successes;
};

static bool count_up(void *context, struct error *err)
{
    struct counter *counter = context;
    struct requests request = {
        .store = counter->store,
        .operation = "UpdateItem",
        .body = "{\"TableName\":\"things\",\"Key\":{\"id\":{\"S\":\"n\"}},\"ReturnValues\":"
                "\"ALL_NEW\",\"UpdateExpression\":\"ADD n :n\",\"ExpressionAttributeValues\":"
                "{\":n\":{\"N\":\"1\"}}}",
    };
    bool good = ask(&request, err);
    counter->successes += good;
    return good;
}

TEST(dynamodb_a_failed_write_changes_nothing)
{
    struct ask store = ask_open();
    watch_jansson(true);
    struct counter counter = {dynamodb_local_store(store.local), 0};
    allocation_check("ADD", count_up, &counter);
    watch_jansson(false);
    char wanted[200];
    (void)snprintf(wanted, sizeof wanted, "{'Item':{'id':{'S':'n'},'n':{'N':'%d'}}}",
                   counter.successes);
    struct ask_step step = {"GetItem", "{'TableName':'things','Key':{'id':{'S':'n'}}}", wanted};
    ask_steps(&store, &step, 1);
    ask_close(&store);
}

static const char script[] =
    "local d = require 'dynamodb'\n"
    "return function()\n"
    "  d.put { table = 'things', item = { id = 'm', n = 1, f = 0.5, l = { 1, { x = true } },\n"
    "    s = d.set { 'a', 'b' }, b = d.binary '\\0', big = d.number '1e40', e = d.list {} } }\n"
    "  d.update { table = 'things', key = { id = 'm' }, set = { ['l[1].y'] = d.null },\n"
    "    add = { n = 1 }, remove = { 'f' }, condition = 'id = :m', values = { m = 'm' } }\n"
    "  d.put { table = 'things', item = { id = 'm' }, condition = 'attribute_not_exists(id)' }\n"
    "  local page = d.query { table = 'things', hash = { id = 'm' }, project = { 'n', 's' } }\n"
    "  d.transact { { delete = { table = 'things', key = { id = 'm' } } } }\n"
    "  return { page.count, #page.items[1].s }\n"
    "end\n";

TEST(dynamodb_allocation_failures_in_the_module)
{
    static const struct script_case module = {
        .name = "module", .script = script, .wanted = "[1,2]"};
    struct ask store = ask_open();
    struct bindings bindings = {.dynamodb = dynamodb_local_store(store.local)};
    watch_jansson(true);
    script_check_allocations(&module, &bindings);
    watch_jansson(false);
    ask_close(&store);
}
