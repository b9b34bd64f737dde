/*
 * dynamodb.c - the DynamoDB that AWS, and every compatible server, runs: JSON 1.0 over HTTP. Opened
 * by store.c; the `dynamodb` module calls it through struct dynamodb_store.
 */
#include "bindings/aws/dynamodb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/crc.h"
#include "bindings/document.h"

#define TARGET_MAX 64

struct dynamodb_call {
    struct aws_operation operation; /* first */
    struct dynamodb_aws *dynamodb;
    struct buffer *response; /* the job's */
    char target[TARGET_MAX];
    struct buffer path;
    struct http_header headers[2];
    struct aws_request request;
    struct aws_call attempts;
};

static void free_call(struct dynamodb_call *call)
{
    aws_operation_end(&call->operation);
    buffer_release(&call->path);
    free(call);
}

/* ---- answers --------------------------------------------------------------------------------- */

/* The last answer's document is the response, also of a failure: it holds what beat a condition. */
static void on_done(void *context, struct http_response *answer, const struct error *err)
{
    struct dynamodb_call *call = context;
    struct job *job = call->operation.job;
    struct error copy;
    if (answer->body.length > 0) {
        buffer_release(call->response);
        *call->response = answer->body;
        buffer_init(&answer->body, 0);
    }
    if (err != NULL) {
        copy = *err;
    } else {
        job->error.attempts = call->attempts.retry.attempts; /* effects_record() tells it */
    }
    free_call(call);
    job_finish(job, err == NULL ? NULL : &copy);
}

static bool check_answer(void *context, const struct http_response *answer, struct error *err)
{
    char told[16], computed[16];
    (void)context;
    if (!http_header_value(answer, "x-amz-crc32", told, sizeof told)) {
        return true;
    }
    (void)snprintf(
        computed, sizeof computed, "%u",
        (unsigned)crc_update(CRC_32, 0, buffer_text(&answer->body), answer->body.length));
    if (strcmp(told, computed) == 0) {
        return true;
    }
    return error_set(err, "checksum", "the answer that came has the CRC-32 %s, DynamoDB told of %s",
                     computed, told);
}

/* ---- requests -------------------------------------------------------------------------------- */

static bool is_one_of(const char *operation, const char *const *names)
{
    while (*names != NULL && strcmp(*names, operation) != 0) {
        names++;
    }
    return *names != NULL;
}

bool dynamodb_is_repeatable(const char *operation, const char *body, size_t body_length)
{
    static const char *const always[] = {"GetItem",        "Query",         "Scan", "BatchGetItem",
                                         "BatchWriteItem", "DescribeTable", NULL};
    static const char *const unconditional[] = {"PutItem", "DeleteItem", NULL};
    struct error ignored;
    if (is_one_of(operation, always)) {
        return true;
    }
    bool transaction = strcmp(operation, "TransactWriteItems") == 0;
    if (!transaction && !is_one_of(operation, unconditional)) {
        return false;
    }
    json_t *document = document_parse(body, body_length, &ignored);
    const char *returned = json_string_value(json_object_get(document, "ReturnValues"));
    bool repeatable = transaction ? json_object_get(document, "ClientRequestToken") != NULL
                                  : document != NULL &&
                                        json_object_get(document, "ConditionExpression") == NULL &&
                                        (returned == NULL || strcmp(returned, "NONE") == 0);
    json_decref(document);
    return repeatable;
}

static bool begin(struct dynamodb_call *call, const char *operation, const char *body,
                  size_t body_length, struct error *err)
{
    struct dynamodb_aws *dynamodb = call->dynamodb;
    (void)snprintf(call->target, sizeof call->target, "DynamoDB_20120810.%s", operation);
    call->headers[0] = (struct http_header){"X-Amz-Target", call->target};
    call->headers[1] = (struct http_header){"Content-Type", "application/x-amz-json-1.0"};
    endpoint_append_path(&dynamodb->endpoint, "", 0, &call->path);
    if (!buffer_check(&call->path, "DynamoDB's address", err)) {
        return false;
    }
    call->request =
        (struct aws_request){.method = "POST",
                             .endpoint = &dynamodb->endpoint,
                             .path = buffer_text(&call->path),
                             .headers = call->headers,
                             .header_count = sizeof call->headers / sizeof *call->headers,
                             .body = body,
                             .body_length = body_length,
                             .response_max = DYNAMODB_RESPONSE_MAX,
                             .once = !dynamodb_is_repeatable(operation, body, body_length),
                             .check = check_answer};
    call->attempts = (struct aws_call){.client = &dynamodb->client,
                                       .loop = call->operation.job->loop,
                                       .job = call->operation.job,
                                       .request = &call->request,
                                       .done = on_done,
                                       .context = call};
    return aws_call_start(&call->attempts, err);
}

/* ---- the store ------------------------------------------------------------------------------- */

static bool start(struct dynamodb_store *store, const char *operation, const char *body,
                  size_t body_length, struct buffer *response, struct job *job, struct error *err)
{
    struct dynamodb_call *call = calloc(1, sizeof *call);
    if (call == NULL) {
        return error_set_memory(err, "starting a DynamoDB request");
    }
    call->dynamodb = (struct dynamodb_aws *)store;
    call->response = response;
    buffer_init(&call->path, ENDPOINT_URL_MAX);
    aws_operation_begin(&call->operation, &call->dynamodb->calls, job);
    if (!begin(call, operation, body, body_length, err)) {
        free_call(call);
        return false;
    }
    return true;
}

static void cancel(struct dynamodb_store *store, struct job *job)
{
    struct dynamodb_call *call =
        (struct dynamodb_call *)aws_operation_of(((struct dynamodb_aws *)store)->calls, job);
    if (call != NULL) {
        job->error.attempts = call->attempts.retry.attempts;
        aws_call_cancel(&call->attempts);
        free_call(call);
    }
}

bool dynamodb_aws_open(struct dynamodb_aws *dynamodb, struct credentials *credentials,
                       struct error *err)
{
    *dynamodb = (struct dynamodb_aws){.store = {.name = "aws", .start = start, .cancel = cancel}};
    return aws_client_init(&dynamodb->client, ENDPOINT_DYNAMODB, credentials, err) &&
           endpoint_resolve(&dynamodb->client.settings, NULL, 0, &dynamodb->endpoint, err);
}

void dynamodb_aws_close(struct dynamodb_aws *dynamodb)
{
    aws_client_release(&dynamodb->client);
}
