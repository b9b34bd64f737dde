/*
 * s3_local.c - the embedded S3: its schema, its buckets, and which function does which operation.
 * Opened by store.c; the `s3` module calls it through struct s3_store.
 */
#include "bindings/local/s3_local.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bindings/local/folder.h"
#include "host/buffer.h"
#include "host/loop.h"

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS objects ("
    " bucket TEXT NOT NULL,"
    " key TEXT NOT NULL,"
    " file TEXT NOT NULL," /* below the bucket's folder */
    " etag TEXT NOT NULL,"
    " size INTEGER NOT NULL,"
    " last_modified_ms INTEGER NOT NULL,"
    " content_type TEXT, cache_control TEXT, content_disposition TEXT, content_encoding TEXT,"
    " storage_class TEXT," /* NULL: STANDARD */
    " metadata BLOB, tags BLOB,"
    " PRIMARY KEY (bucket, key)) STRICT, WITHOUT ROWID;"
    "CREATE UNIQUE INDEX IF NOT EXISTS objects_by_file ON objects (bucket, file);";

/* Here an object has one version, the one that S3 calls "null" where no others are kept. */
static bool is_the_version(struct s3_text wanted)
{
    return wanted.data == NULL || (wanted.length == 4 && memcmp(wanted.data, "null", 4) == 0);
}

static bool run(struct s3_call *call, struct error *err)
{
    const struct s3_request *request = call->request;
    if (!is_the_version(request->version_id) || !is_the_version(request->source_version_id)) {
        return request->operation == S3_DELETE /* there is nothing to do, as in S3 */ ||
               s3_fail(err, "NoSuchVersion", 404,
                       "there is no such version: the embedded store keeps one, named \"null\"");
    }
    switch (request->operation) {
    case S3_GET:
    case S3_HEAD:
        return s3_get_run(call, err);
    case S3_PUT:
        return s3_put_run(call, err);
    case S3_COPY:
        return s3_copy_run(call, err);
    case S3_DELETE:
        return s3_delete_run(call, err);
    case S3_DELETE_ALL:
        return s3_delete_all_run(call, err);
    case S3_LIST:
        return s3_list_run(call, err);
    }
    return error_set(err, "usage", "S3 operation %d is not known", (int)request->operation);
}

static bool execute(struct s3_store *store, const struct s3_request *request,
                    struct s3_response *response, const struct job *job, struct error *err)
{
    struct s3_local *s3 = (struct s3_local *)store;
    struct s3_response built = {0};
    if (!s3_check_request(request, err)) {
        return false;
    }
    struct database_connection *connection = database_acquire(s3->database, job, err);
    if (connection == NULL) {
        return false;
    }
    struct s3_call call = {
        .s3 = s3, .connection = connection, .request = request, .response = &built, .job = job};
    bool ok = s3_row_check_bucket(connection, request->bucket, err) && run(&call, err);
    database_release(connection);
    if (ok) {
        *response = built;
    } else {
        s3_response_release(&built);
    }
    return ok;
}

static int open_temporary(int directory)
{
    if (mkdirat(directory, ".tmp", 0777) != 0 && errno != EEXIST) {
        return -1;
    }
    return openat(directory, ".tmp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

bool s3_local_open(struct s3_local *s3, struct database *database, int directory, struct error *err)
{
    *s3 = (struct s3_local){.store = {.name = "local", .execute = execute},
                            .database = database,
                            .directory = directory,
                            .now_ms = loop_wall_ms};
    s3->temporary = open_temporary(directory);
    if (s3->temporary < 0) {
        return error_set_system(err, errno, "opening the local store's folder .tmp");
    }
    if (!database_execute(database, schema, err)) {
        s3_local_close(s3);
        return false;
    }
    s3_sweep(s3);
    return true;
}

void s3_local_close(struct s3_local *s3)
{
    if (s3->database != NULL) {
        (void)close(s3->temporary);
    }
    *s3 = (struct s3_local){0};
}

/* These names are ours, side by side with the buckets' folders. */
static bool check_free_name(const char *bucket, struct error *err)
{
    if (strncmp(bucket, "lunette.db", strlen("lunette.db")) != 0) {
        return true;
    }
    return s3_fail(err, "InvalidBucketName", 400,
                   "'%.80s': the local store keeps names that begin with 'lunette.db' for its "
                   "database",
                   bucket);
}

static bool insert_bucket(struct database_connection *connection, struct s3_text name,
                          struct error *err)
{
    struct database_query *query =
        database_prepare(connection, "INSERT OR IGNORE INTO buckets (name) VALUES (?1)");
    database_bind_text(query, 1, name.data, name.length);
    return database_run(query, err);
}

bool s3_local_declare_bucket(struct s3_local *s3, const char *bucket, struct error *err)
{
    struct s3_text name = {bucket, strlen(bucket)};
    if (!s3_check_bucket(bucket, name.length, err) || !check_free_name(bucket, err)) {
        return false;
    }
    int folder = folder_open(s3->directory, bucket, name.length, true);
    if (folder < 0) {
        return error_set_system(err, errno, "making the folder of bucket %s", bucket);
    }
    (void)close(folder);
    struct database_connection *connection = database_acquire(s3->database, NULL, err);
    if (connection == NULL) {
        return false;
    }
    struct error absent;
    bool ok =
        s3_row_check_bucket(connection, name, &absent) || insert_bucket(connection, name, err);
    database_release(connection);
    return ok;
}

static bool make_path(const char *bucket, const char *file, char **path, struct error *err)
{
    struct buffer text;
    buffer_init(&text, 4096);
    (void)buffer_printf(&text, "%s/%s", bucket, file);
    if (!buffer_check(&text, "the path of a body", err)) {
        buffer_release(&text);
        return false;
    }
    *path = buffer_take(&text, NULL);
    return true;
}

bool s3_local_path(struct s3_local *s3, const char *bucket, const char *key, size_t key_length,
                   char **path, struct error *err)
{
    struct s3_text bucket_text = {bucket, strlen(bucket)}, key_text = {key, key_length};
    struct database_connection *connection = database_acquire(s3->database, NULL, err);
    if (connection == NULL) {
        return false;
    }
    struct s3_row row;
    bool ok = s3_row_find(connection, bucket_text, key_text, &row, err);
    database_release(connection);
    if (!ok) {
        return false;
    }
    ok = row.file == NULL ? s3_no_such_key(key_text, err) : make_path(bucket, row.file, path, err);
    s3_row_release(&row);
    return ok;
}
