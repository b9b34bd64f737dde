/*
 * store.h - the embedded store: a folder with the objects' bodies, so that a person can look at
 * the pictures, and one SQLite file beside them with everything else.
 *
 *     DIR/lunette.db                    objects' metadata, tables, items (WAL mode)
 *     DIR/BUCKET/photos/cat~4f1c.jpg    a body; never changed once it is there
 *
 * Several processes and threads may use one folder at once.
 */
#ifndef LUNETTE_BINDINGS_LOCAL_STORE_H
#define LUNETTE_BINDINGS_LOCAL_STORE_H

#include "bindings/dynamodb_store.h"
#include "bindings/s3_store.h"
#include "host/error.h"

struct local_store;

/* Opens or creates the store at `directory`. NULL on failure. Free with local_store_close(). */
struct local_store *local_store_open(const char *directory, struct error *err);
void local_store_close(struct local_store *store); /* NULL is allowed */

/* Borrowed until the store is closed. */
struct s3_store *local_store_s3(struct local_store *store);
struct dynamodb_store *local_store_dynamodb(struct local_store *store);

const char *local_store_directory(const struct local_store *store);

/* The bucket exists afterwards. Fails with InvalidBucketName. */
MUST_CHECK bool local_store_declare_bucket(struct local_store *store, const char *bucket,
                                           struct error *err);

/* The file that holds the object's body, for a person to open; owned by the caller (free()).
 * Fails with NoSuchKey. */
MUST_CHECK bool local_store_path(struct local_store *store, const char *bucket, const char *key,
                                 size_t key_length, char **path, struct error *err);

/*
 * The table exists afterwards. `key_spec` is "id" (a string partition key), "id:N", or with a sort
 * key "bucket,key" or "bucket:S,sequence:N"; types S, N, B. A table that is there with another
 * key schema is an error that says both (ResourceInUseException).
 */
MUST_CHECK bool local_store_declare_table(struct local_store *store, const char *table,
                                          const char *key_spec, struct error *err);

#endif
