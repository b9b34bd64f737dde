/*
 * store.h - S3 and DynamoDB of AWS, or of a compatible server, behind the same two interfaces as
 * the embedded store. What the environment has to say is in client.h, credentials.h, endpoint.h.
 */
#ifndef LUNETTE_BINDINGS_AWS_STORE_H
#define LUNETTE_BINDINGS_AWS_STORE_H

#include "bindings/dynamodb_store.h"
#include "bindings/s3_store.h"
#include "host/error.h"

struct aws_store;
struct http;

/* NULL on failure: `usage` or `credentials`, naming what has to be set. Opens no connection. Free
 * with aws_store_close(), after the loop whose jobs use it. */
struct aws_store *aws_store_open(struct error *err);
void aws_store_close(struct aws_store *store); /* NULL is allowed */

/*
 * Begins to open the connections that LUNETTE_WARM asks for, on this client; waits for nothing, and
 * what can't be opened is left to the first request to complain about. Errors: `usage`.
 *
 *     LUNETTE_WARM                 "dynamodb" and buckets' names, with commas between them: which
 *                                  hosts. Each gets one request that is not signed, HEAD of the
 *                                  bucket or DynamoDB's greeting, whatever the answer.
 *     LUNETTE_WARM_CONNECTIONS     to each, 1 to 64; else 1
 */
MUST_CHECK bool aws_store_warm(struct aws_store *store, struct http *http, struct error *err);

/* Borrowed until the store is closed. For jobs of one loop: they run on its thread. */
struct s3_store *aws_store_s3(struct aws_store *store);
struct dynamodb_store *aws_store_dynamodb(struct aws_store *store);

#endif
