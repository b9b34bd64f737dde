/*
 * s3_row.c - objects as rows of the database: everything about them but the bytes. Called by the
 * operations of the embedded S3.
 */
#include <stdlib.h>
#include <string.h>

#include "bindings/local/s3_local.h"
#include "host/buffer.h"

#define PAIRS_MAX 65536

void s3_row_release(struct s3_row *row)
{
    s3_object_release(&row->object);
    free(row->file);
    *row = (struct s3_row){0};
}

bool s3_no_such_key(struct s3_text key, struct error *err)
{
    return s3_fail(err, "NoSuchKey", 404, "there is no object '%.*s'", (int)key.length, key.data);
}

bool s3_row_check_bucket(struct database_connection *connection, struct s3_text bucket,
                         struct error *err)
{
    struct database_query *query =
        database_prepare(connection, "SELECT 1 FROM buckets WHERE name = ?1");
    database_bind_text(query, 1, bucket.data, bucket.length);
    enum database_result result = database_step(query, err);
    database_finish(query);
    if (result == DATABASE_DONE) {
        return s3_fail(err, "NoSuchBucket", 404,
                       "there is no bucket '%.*s' in the local store; --bucket %.*s makes it",
                       (int)bucket.length, bucket.data, (int)bucket.length, bucket.data);
    }
    return result == DATABASE_ROW;
}

static bool copy_bytes(const char *bytes, size_t length, char **copy, struct error *err)
{
    char *made = malloc(length + 1);
    if (made == NULL) {
        return error_set_memory(err, "reading an object's row");
    }
    memcpy(made, bytes, length);
    made[length] = '\0';
    *copy = made;
    return true;
}

static bool read_text(struct database_query *query, int column, char **copy, struct error *err)
{
    size_t length;
    const char *text = database_text(query, column, &length);
    return text == NULL || copy_bytes(text, length, copy, err);
}

static size_t count_pairs(const char *bytes, size_t length)
{
    size_t zeros = 0;
    for (size_t i = 0; i < length; i++) {
        zeros += bytes[i] == '\0';
    }
    return zeros / 2;
}

/* A blob of name, zero, value, zero, ...: neither can have a zero in it. */
static bool read_pairs(struct database_query *query, int column, struct s3_owned_pair **pairs,
                       size_t *count, struct error *err)
{
    size_t length;
    const char *at = database_blob(query, column, &length);
    size_t wanted = count_pairs(at, length);
    if (wanted == 0) {
        return true;
    }
    *pairs = calloc(wanted, sizeof **pairs);
    if (*pairs == NULL) {
        return error_set_memory(err, "reading an object's row");
    }
    *count = wanted;
    for (size_t i = 0; i < wanted; i++) {
        size_t name = strlen(at), value = strlen(at + name + 1);
        if (!copy_bytes(at, name, &(*pairs)[i].name, err) ||
            !copy_bytes(at + name + 1, value, &(*pairs)[i].value, err)) {
            return false;
        }
        at += name + 1 + value + 1;
    }
    return true;
}

static bool read_row(struct database_query *query, struct s3_row *row, struct error *err)
{
    struct s3_object *object = &row->object;
    object->size = database_integer(query, 2);
    object->last_modified_ms = database_integer(query, 3);
    return read_text(query, 0, &row->file, err) && read_text(query, 1, &object->etag, err) &&
           read_text(query, 4, &object->content_type, err) &&
           read_text(query, 5, &object->cache_control, err) &&
           read_text(query, 6, &object->content_disposition, err) &&
           read_text(query, 7, &object->content_encoding, err) &&
           read_text(query, 8, &object->storage_class, err) &&
           read_pairs(query, 9, &object->metadata, &object->metadata_count, err) &&
           read_pairs(query, 10, &object->tags, &object->tag_count, err);
}

bool s3_row_find(struct database_connection *connection, struct s3_text bucket, struct s3_text key,
                 struct s3_row *row, struct error *err)
{
    struct database_query *query = database_prepare(
        connection, "SELECT file, etag, size, last_modified_ms, content_type, cache_control,"
                    " content_disposition, content_encoding, storage_class, metadata, tags"
                    " FROM objects WHERE bucket = ?1 AND key = ?2");
    database_bind_text(query, 1, bucket.data, bucket.length);
    database_bind_text(query, 2, key.data, key.length);
    *row = (struct s3_row){0};
    enum database_result result = database_step(query, err);
    bool ok = result != DATABASE_FAILED;
    if (result == DATABASE_ROW && !read_row(query, row, err)) {
        s3_row_release(row);
        ok = false;
    }
    database_finish(query);
    return ok;
}

static void append_pairs(struct buffer *bytes, const struct s3_owned_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)buffer_append(bytes, pairs[i].name, strlen(pairs[i].name) + 1);
        (void)buffer_append(bytes, pairs[i].value, strlen(pairs[i].value) + 1);
    }
}

static void bind_string(struct database_query *query, int index, const char *text)
{
    database_bind_text(query, index, text, text == NULL ? 0 : strlen(text));
}

/* Not INSERT OR REPLACE: that would also remove another object's row, were the file its. */
static const char save_sql[] =
    "INSERT INTO objects (bucket, key, file, etag, size, last_modified_ms, content_type,"
    " cache_control, content_disposition, content_encoding, storage_class, metadata, tags)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
    " ON CONFLICT (bucket, key) DO UPDATE SET file = excluded.file, etag = excluded.etag,"
    " size = excluded.size, last_modified_ms = excluded.last_modified_ms,"
    " content_type = excluded.content_type, cache_control = excluded.cache_control,"
    " content_disposition = excluded.content_disposition,"
    " content_encoding = excluded.content_encoding, storage_class = excluded.storage_class,"
    " metadata = excluded.metadata, tags = excluded.tags";

static struct database_query *bind_row(struct database_connection *connection,
                                       const struct s3_row *row, const struct buffer *metadata,
                                       const struct buffer *tags)
{
    const struct s3_object *object = &row->object;
    struct database_query *query = database_prepare(connection, save_sql);
    bind_string(query, 3, row->file);
    bind_string(query, 4, object->etag);
    database_bind_integer(query, 5, object->size);
    database_bind_integer(query, 6, object->last_modified_ms);
    bind_string(query, 7, object->content_type);
    bind_string(query, 8, object->cache_control);
    bind_string(query, 9, object->content_disposition);
    bind_string(query, 10, object->content_encoding);
    bind_string(query, 11, object->storage_class);
    database_bind_blob(query, 12, metadata->data, metadata->length);
    database_bind_blob(query, 13, tags->data, tags->length);
    return query;
}

bool s3_row_save(struct database_connection *connection, struct s3_text bucket, struct s3_text key,
                 const struct s3_row *row, struct error *err)
{
    struct buffer metadata, tags;
    buffer_init(&metadata, PAIRS_MAX);
    buffer_init(&tags, PAIRS_MAX);
    append_pairs(&metadata, row->object.metadata, row->object.metadata_count);
    append_pairs(&tags, row->object.tags, row->object.tag_count);
    bool ok = buffer_check(&metadata, "the metadata", err) && buffer_check(&tags, "the tags", err);
    if (ok) {
        struct database_query *query = bind_row(connection, row, &metadata, &tags);
        database_bind_text(query, 1, bucket.data, bucket.length);
        database_bind_text(query, 2, key.data, key.length);
        ok = database_run(query, err);
    }
    buffer_release(&metadata);
    buffer_release(&tags);
    return ok;
}

bool s3_row_delete(struct database_connection *connection, struct s3_text bucket,
                   struct s3_text key, struct error *err)
{
    struct database_query *query =
        database_prepare(connection, "DELETE FROM objects WHERE bucket = ?1 AND key = ?2");
    database_bind_text(query, 1, bucket.data, bucket.length);
    database_bind_text(query, 2, key.data, key.length);
    return database_run(query, err);
}

bool s3_row_owns_file(struct database_connection *connection, const char *bucket, const char *file,
                      bool *owned, struct error *err)
{
    struct database_query *query =
        database_prepare(connection, "SELECT 1 FROM objects WHERE bucket = ?1 AND file = ?2");
    bind_string(query, 1, bucket);
    bind_string(query, 2, file);
    enum database_result result = database_step(query, err);
    database_finish(query);
    if (result == DATABASE_FAILED) {
        return false;
    }
    *owned = result == DATABASE_ROW;
    return true;
}

static bool copy_text(struct s3_text text, char **copy, struct error *err)
{
    return text.data == NULL || copy_bytes(text.data, text.length, copy, err);
}

static bool copy_pairs(const struct s3_pair *pairs, size_t wanted, struct s3_owned_pair **copies,
                       size_t *count, struct error *err)
{
    if (wanted == 0) {
        return true;
    }
    *copies = calloc(wanted, sizeof **copies);
    if (*copies == NULL) {
        return error_set_memory(err, "keeping an object's metadata");
    }
    *count = wanted;
    for (size_t i = 0; i < wanted; i++) {
        if (!copy_bytes(pairs[i].name.data, pairs[i].name.length, &(*copies)[i].name, err) ||
            !copy_bytes(pairs[i].value.data, pairs[i].value.length, &(*copies)[i].value, err)) {
            return false;
        }
    }
    return true;
}

bool s3_row_describe(struct s3_object *object, const struct s3_request *request, struct error *err)
{
    struct s3_text type = request->content_type;
    if (type.data == NULL) {
        type = (struct s3_text){"binary/octet-stream", strlen("binary/octet-stream")};
    }
    return copy_text(type, &object->content_type, err) &&
           copy_text(request->cache_control, &object->cache_control, err) &&
           copy_text(request->content_disposition, &object->content_disposition, err) &&
           copy_text(request->content_encoding, &object->content_encoding, err) &&
           copy_text(request->storage_class, &object->storage_class, err) &&
           copy_pairs(request->metadata, request->metadata_count, &object->metadata,
                      &object->metadata_count, err) &&
           copy_pairs(request->tags, request->tag_count, &object->tags, &object->tag_count, err);
}
