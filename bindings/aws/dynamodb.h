/*
 * dynamodb.h - DynamoDB over HTTP behind struct dynamodb_store: what bindings/aws/store.c opens for
 * the `dynamodb` module.
 */
#ifndef LUNETTE_BINDINGS_AWS_DYNAMODB_H
#define LUNETTE_BINDINGS_AWS_DYNAMODB_H

#include "bindings/aws/client.h"
#include "bindings/aws/operation.h"
#include "bindings/dynamodb_store.h"

struct dynamodb_aws {
    struct dynamodb_store store; /* first */
    struct aws_client client;
    struct endpoint endpoint;
    struct aws_operation *calls; /* running */
};

/* As s3_aws_open(). */
MUST_CHECK bool dynamodb_aws_open(struct dynamodb_aws *dynamodb, struct credentials *credentials,
                                  struct error *err);
void dynamodb_aws_close(struct dynamodb_aws *dynamodb);

/*
 * May the request be sent again when nobody knows whether it has been done? Reads may; writes that
 * end in the same item however often they are done may. A condition would fail the second time, an
 * update may add twice.
 */
bool dynamodb_is_repeatable(const char *operation, const char *body, size_t body_length);

#endif
