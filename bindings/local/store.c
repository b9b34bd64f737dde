/*
 * store.c - opens the embedded store: a folder, its database, and the two services in it. Called
 * by the commands; everything else reaches the stores through s3_store and dynamodb_store.
 */
#include "bindings/local/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bindings/local/database.h"
#include "bindings/local/dynamodb/dynamodb.h"
#include "bindings/local/folder.h"
#include "bindings/local/s3_local.h"
#include "host/buffer.h"

struct local_store {
    char *directory;
    int descriptor;
    struct database *database;
    struct s3_local s3;
    struct dynamodb_local *dynamodb;
};

/* `directory/name`, owned by the caller. */
static bool join(const char *directory, const char *name, char **path, struct error *err)
{
    struct buffer text;
    buffer_init(&text, 65536);
    (void)buffer_printf(&text, "%s/%s", directory, name);
    if (!buffer_check(&text, "a path", err)) {
        buffer_release(&text);
        return false;
    }
    *path = buffer_take(&text, NULL);
    return true;
}

static bool open_directory(struct local_store *store, struct error *err)
{
    if (!folder_make_all(store->directory)) {
        return error_set_system(err, errno, "making the local store's folder %s", store->directory);
    }
    store->descriptor = open(store->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->descriptor < 0) {
        return error_set_system(err, errno, "opening the local store's folder %s",
                                store->directory);
    }
    return true;
}

static bool open_database(struct local_store *store, struct error *err)
{
    char *path;
    if (!join(store->directory, "lunette.db", &path, err)) {
        return false;
    }
    store->database = database_open(path, err);
    free(path);
    return store->database != NULL;
}

static bool open_services(struct local_store *store, struct error *err)
{
    if (!s3_local_open(&store->s3, store->database, store->descriptor, err)) {
        return false;
    }
    store->dynamodb = dynamodb_local_new(store->database, err);
    return store->dynamodb != NULL;
}

struct local_store *local_store_open(const char *directory, struct error *err)
{
    struct local_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        (void)error_set_memory(err, "opening the local store");
        return NULL;
    }
    store->descriptor = -1;
    store->directory = strdup(directory);
    bool ok = store->directory != NULL || error_set_memory(err, "opening the local store");
    if (!ok || !open_directory(store, err) || !open_database(store, err) ||
        !open_services(store, err)) {
        local_store_close(store);
        return NULL;
    }
    return store;
}

void local_store_close(struct local_store *store)
{
    if (store == NULL) {
        return;
    }
    dynamodb_local_free(store->dynamodb);
    s3_local_close(&store->s3);
    database_close(store->database);
    if (store->descriptor >= 0) {
        (void)close(store->descriptor);
    }
    free(store->directory);
    free(store);
}

struct s3_store *local_store_s3(struct local_store *store)
{
    return &store->s3.store;
}

struct dynamodb_store *local_store_dynamodb(struct local_store *store)
{
    return dynamodb_local_store(store->dynamodb);
}

const char *local_store_directory(const struct local_store *store)
{
    return store->directory;
}

bool local_store_declare_bucket(struct local_store *store, const char *bucket, struct error *err)
{
    return s3_local_declare_bucket(&store->s3, bucket, err);
}

bool local_store_path(struct local_store *store, const char *bucket, const char *key,
                      size_t key_length, char **path, struct error *err)
{
    char *relative;
    if (!s3_local_path(&store->s3, bucket, key, key_length, &relative, err)) {
        return false;
    }
    bool ok = join(store->directory, relative, path, err);
    free(relative);
    return ok;
}

bool local_store_declare_table(struct local_store *store, const char *table, const char *key_spec,
                               struct error *err)
{
    return dynamodb_local_declare_table(store->dynamodb, table, key_spec, err);
}
