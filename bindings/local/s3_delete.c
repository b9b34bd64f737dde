/*
 * s3_delete.c - delete and delete_all of the embedded S3.
 */
#include <stdlib.h>

#include "bindings/local/s3_local.h"

/* Under the write lock. *file is the body's, owned by the caller, or NULL: nothing was there,
 * which S3 calls success unless a condition was given. */
static bool delete_row(struct s3_call *call, struct s3_text key, char **file, struct error *err)
{
    const struct s3_request *request = call->request;
    struct s3_row row;
    if (!s3_row_find(call->connection, request->bucket, key, &row, err)) {
        return false;
    }
    bool conditional = request->if_match.data != NULL, ok = true;
    if (row.file == NULL) {
        ok = !conditional || s3_no_such_key(key, err);
    } else if (conditional && !s3_etag_matches(request->if_match, row.object.etag)) {
        ok = s3_fail(err, "PreconditionFailed", 412, "'%.*s' has the ETag %s by now",
                     (int)key.length, key.data, row.object.etag);
    } else {
        ok = s3_row_delete(call->connection, request->bucket, key, err);
    }
    if (ok) {
        *file = row.file;
        row.file = NULL;
    }
    s3_row_release(&row);
    return ok;
}

static bool delete_rows(struct s3_call *call, const struct s3_text *keys, size_t count,
                        char **files, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!delete_row(call, keys[i], &files[i], err)) {
            return false;
        }
    }
    return true;
}

static bool delete_keys(struct s3_call *call, const struct s3_text *keys, size_t count,
                        struct error *err)
{
    char **files = calloc(count, sizeof *files);
    if (files == NULL) {
        return error_set_memory(err, "deleting objects");
    }
    bool ok = database_begin(call->connection, err) && delete_rows(call, keys, count, files, err) &&
              database_commit(call->connection, err);
    for (size_t i = 0; i < count; i++) {
        if (ok && files[i] != NULL) {
            s3_file_remove(call->s3, call->request->bucket, files[i]);
        }
        free(files[i]);
    }
    free(files);
    return ok;
}

bool s3_delete_run(struct s3_call *call, struct error *err)
{
    return delete_keys(call, &call->request->key, 1, err);
}

bool s3_delete_all_run(struct s3_call *call, struct error *err)
{
    return delete_keys(call, call->request->keys, call->request->key_count, err);
}
