/*
 * dynamodb_store.h - the seam between the `dynamodb` module and where items live.
 *
 * The language on this seam is DynamoDB's own: JSON 1.0 documents with AttributeValues, as on
 * AWS's wire. The embedded store is therefore a small DynamoDB, and what the module marshals for
 * it is to the byte what AWS will get.
 */
#ifndef LUNETTE_BINDINGS_DYNAMODB_STORE_H
#define LUNETTE_BINDINGS_DYNAMODB_STORE_H

#include <stddef.h>

#include "host/buffer.h"
#include "host/error.h"

struct job;

/* Limits of DynamoDB itself. */
#define DYNAMODB_ITEM_MAX          409600 /* bytes, names and values */
#define DYNAMODB_PARTITION_KEY_MAX 2048   /* bytes */
#define DYNAMODB_SORT_KEY_MAX      1024   /* bytes */
#define DYNAMODB_BATCH_WRITE_MAX   25
#define DYNAMODB_BATCH_GET_MAX     100
#define DYNAMODB_TRANSACT_MAX      100
#define DYNAMODB_PAGE_MAX          (1024 * 1024) /* bytes of items a query or scan page looks at */
#define DYNAMODB_RESPONSE_MAX      (32 * 1024 * 1024)

/*
 * `operation` is the API's name ("PutItem"); `body` its request document, borrowed until the call
 * has finished. On success `response` holds the answer's document. On a service error the result
 * is false, err->code the short name ("ConditionalCheckFailedException"), err->status 400 or 500,
 * and `response` the error's document ({"__type","message","Item"?,"CancellationReasons"?}).
 */
struct dynamodb_store {
    const char *name; /* "local", "aws" */

    /* One of the two, as in s3_store.h. */
    bool (*execute)(struct dynamodb_store *store, const char *operation, const char *body,
                    size_t body_length, struct buffer *response, const struct job *job,
                    struct error *err);
    bool (*start)(struct dynamodb_store *store, const char *operation, const char *body,
                  size_t body_length, struct buffer *response, struct job *job, struct error *err);
    void (*cancel)(struct dynamodb_store *store, struct job *job);
};

#endif
