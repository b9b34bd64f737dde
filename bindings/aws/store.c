/*
 * store.c - both services together, as host/main opens them for --aws.
 */
#include "bindings/aws/store.h"

#include <stdlib.h>

#include "bindings/aws/dynamodb.h"
#include "bindings/aws/s3.h"

struct aws_store {
    struct s3_aws s3;
    struct dynamodb_aws dynamodb;
    struct credentials credentials; /* one for both: finding them may ask a person */
};

struct aws_store *aws_store_open(struct error *err)
{
    struct aws_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        (void)error_set_memory(err, "opening AWS");
        return NULL;
    }
    if (!s3_aws_open(&store->s3, &store->credentials, err) ||
        !dynamodb_aws_open(&store->dynamodb, &store->credentials, err) ||
        !credentials_load(&store->credentials, err)) {
        aws_store_close(store);
        return NULL;
    }
    return store;
}

void aws_store_close(struct aws_store *store)
{
    if (store == NULL) {
        return;
    }
    s3_aws_close(&store->s3);
    dynamodb_aws_close(&store->dynamodb);
    credentials_cleanse(&store->credentials);
    free(store);
}

struct s3_store *aws_store_s3(struct aws_store *store)
{
    return &store->s3.store;
}

struct dynamodb_store *aws_store_dynamodb(struct aws_store *store)
{
    return &store->dynamodb.store;
}
