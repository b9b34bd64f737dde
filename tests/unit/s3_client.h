/*
 * s3_client.h - what the tests of the embedded S3 share: a fresh store with a bucket, and short
 * ways to call it.
 */
#ifndef LUNETTE_TESTS_S3_CLIENT_H
#define LUNETTE_TESTS_S3_CLIENT_H

#include <stdbool.h>

#include "bindings/local/store.h"

#define TEXT(literal) ((struct s3_text){(literal), sizeof(literal) - 1})
#define CLIENT_BUCKET "uploads"

struct s3_client {
    char folder[256];
    struct local_store *store;
    struct s3_response response; /* of the last call, released by the next */
    struct error error;          /* of the last call that failed */
};

struct s3_text client_text(const char *text);

/* A store in a new folder; client_open_at: in one that may be there. */
void client_open(struct s3_client *client);
bool client_open_at(struct s3_client *client, const char *folder);
void client_close(struct s3_client *client);

/* A request for CLIENT_BUCKET with the limits set wide. */
struct s3_request client_request(enum s3_operation operation, const char *key);

bool client_run(struct s3_client *client, const struct s3_request *request);
bool client_get(struct s3_client *client, const char *key);
bool client_put(struct s3_client *client, const char *key, const char *body);
bool client_delete(struct s3_client *client, const char *key);

/* The call fails with this code and status. */
bool client_refuses(struct s3_client *client, const struct s3_request *request, const char *code,
                    int status);

/* How many bodies lie below the store's folder. */
int client_count_files(const struct s3_client *client);

#endif
