/*
 * dynamodb_threads_test.c - many threads on one embedded DynamoDB: no update is lost, and a
 * transaction is seen whole or not at all.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/check.h"
#include "tests/unit/dynamodb_ask.h"

#define THREADS 8
#define ROUNDS  15

static const char add_both[] =
    "{\"TransactItems\":[{\"Update\":{\"TableName\":\"things\",\"Key\":{\"id\":{\"S\":\"a\"}},"
    "\"UpdateExpression\":\"ADD n :n\",\"ExpressionAttributeValues\":{\":n\":{\"N\":\"1\"}}}},"
    "{\"Update\":{\"TableName\":\"things\",\"Key\":{\"id\":{\"S\":\"b\"}},"
    "\"UpdateExpression\":\"ADD n :n\",\"ExpressionAttributeValues\":{\":n\":{\"N\":\"1\"}}}}]}";

static const char read_both[] =
    "{\"TransactItems\":[{\"Get\":{\"TableName\":\"things\",\"Key\":{\"id\":{\"S\":\"a\"}},"
    "\"ProjectionExpression\":\"n\"}},{\"Get\":{\"TableName\":\"things\",\"Key\":{\"id\":{\"S\":"
    "\"b\"}},\"ProjectionExpression\":\"n\"}}]}";

struct threads {
    struct dynamodb_store *store;
    atomic_int failures, torn;
};

static bool request(struct threads *threads, const char *operation, const char *body,
                    struct buffer *response)
{
    struct error err;
    buffer_reset(response);
    bool good = threads->store->execute(threads->store, operation, body, strlen(body), response,
                                        NULL, &err);
    if (!good) {
        (void)fprintf(stderr, "%s: %s: %s\n", operation, err.code, err.message);
        atomic_fetch_add(&threads->failures, 1);
    }
    return good;
}

static const char *number_of(json_t *responses, size_t index)
{
    json_t *item = json_object_get(json_array_get(responses, index), "Item");
    const char *number = json_string_value(json_object_get(json_object_get(item, "n"), "N"));
    return number == NULL ? "" : number;
}

static void *run(void *context)
{
    struct threads *threads = context;
    struct buffer response;
    buffer_init(&response, DYNAMODB_RESPONSE_MAX);
    for (int i = 0; i < ROUNDS; i++) {
        (void)request(threads, "TransactWriteItems", add_both, &response);
        if (request(threads, "TransactGetItems", read_both, &response)) {
            struct error err;
            json_t *answer = document_parse(buffer_text(&response), response.length, &err);
            json_t *responses = json_object_get(answer, "Responses");
            bool same = strcmp(number_of(responses, 0), number_of(responses, 1)) == 0;
            atomic_fetch_add(&threads->torn, same ? 0 : 1);
            json_decref(answer);
        }
    }
    buffer_release(&response);
    return NULL;
}

TEST(dynamodb_threads_lose_nothing)
{
    struct ask ask = ask_open();
    struct threads threads = {.store = dynamodb_local_store(ask.local)};
    pthread_t started[THREADS];
    for (int i = 0; i < THREADS; i++) {
        CHECK_INTEGER(pthread_create(&started[i], NULL, run, &threads), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK_INTEGER(pthread_join(started[i], NULL), 0);
    }
    CHECK_INTEGER(threads.failures, 0);
    CHECK_INTEGER(threads.torn, 0);
    char wanted[100];
    (void)snprintf(wanted, sizeof wanted, "{'Item':{'id':{'S':'b'},'n':{'N':'%d'}}}",
                   THREADS * ROUNDS);
    struct ask_step step = {"GetItem", "{'TableName':'things','Key':{'id':{'S':'b'}}}", wanted};
    ask_steps(&ask, &step, 1);
    ask_close(&ask);
}
