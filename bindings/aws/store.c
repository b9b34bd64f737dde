/*
 * store.c - both services together, as host/main opens them for --aws.
 */
#include "bindings/aws/store.h"

#include <stdlib.h>
#include <string.h>

#include "bindings/aws/dynamodb.h"
#include "bindings/aws/s3.h"
#include "host/env.h"
#include "host/http.h"

#define WARM_NAME_MAX 255

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

/* One name of LUNETTE_WARM: begins at `name`, `length` bytes. */
static bool warm_one(struct aws_store *store, struct http *http, const char *name, size_t length,
                     int connections, struct error *err)
{
    char bucket[WARM_NAME_MAX + 1];
    if (length == 0 || length > WARM_NAME_MAX) {
        return error_set(err, "usage",
                         "LUNETTE_WARM is '%.200s', expected dynamodb and names of buckets, with "
                         "commas between them",
                         env_text("LUNETTE_WARM", ""));
    }
    memcpy(bucket, name, length);
    bucket[length] = '\0';
    bool is_dynamodb = strcmp(bucket, "dynamodb") == 0;
    return aws_client_warm(is_dynamodb ? &store->dynamodb.client : &store->s3.client, http,
                           is_dynamodb ? NULL : bucket, connections, err);
}

bool aws_store_warm(struct aws_store *store, struct http *http, struct error *err)
{
    const char *name = env_text("LUNETTE_WARM", NULL);
    int64_t connections;
    bool ok =
        env_integer("LUNETTE_WARM_CONNECTIONS", 1, 1, HTTP_CONNECTIONS_KEPT, &connections, err);
    while (ok && name != NULL) {
        size_t length = strcspn(name, ",");
        ok = warm_one(store, http, name, length, (int)connections, err);
        name = name[length] == ',' ? name + length + 1 : NULL;
    }
    return ok;
}

struct s3_store *aws_store_s3(struct aws_store *store)
{
    return &store->s3.store;
}

struct dynamodb_store *aws_store_dynamodb(struct aws_store *store)
{
    return &store->dynamodb.store;
}
