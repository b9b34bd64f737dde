/*
 * s3_put.c - put and copy of the embedded S3: a new file, then one transaction that judges the
 * condition and points the row at it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bindings/digest.h"
#include "bindings/local/s3_local.h"

#define COPY_ATTEMPTS 16

static bool check_condition(const struct s3_request *request, const struct s3_row *old,
                            struct error *err)
{
    bool exists = old->file != NULL;
    if (request->if_none_match.data != NULL && exists) {
        return s3_fail(err, "PreconditionFailed", 412, "'%.*s' exists, with the ETag %s",
                       (int)request->key.length, request->key.data, old->object.etag);
    }
    if (request->if_match.data != NULL && !exists) {
        return s3_no_such_key(request->key, err); /* AWS's answer, where one may expect 412 */
    }
    if (request->if_match.data != NULL && !s3_etag_matches(request->if_match, old->object.etag)) {
        return s3_fail(err, "PreconditionFailed", 412, "'%.*s' has the ETag %s by now",
                       (int)request->key.length, request->key.data, old->object.etag);
    }
    return true;
}

/* Before the body is written: who has lost already need not wait for the disk. */
static bool check_early(struct s3_call *call, struct error *err)
{
    const struct s3_request *request = call->request;
    if (request->if_match.data == NULL && request->if_none_match.data == NULL) {
        return true;
    }
    struct s3_row old;
    if (!s3_row_find(call->connection, request->bucket, request->key, &old, err)) {
        return false;
    }
    bool ok = check_condition(request, &old, err);
    s3_row_release(&old);
    return ok;
}

/* Under the write lock. The sweep removes files under the same lock, so a file that is there now
 * stays. */
static bool replace_row(struct s3_call *call, const struct s3_row *made, struct s3_row *old,
                        struct error *err)
{
    const struct s3_request *request = call->request;
    if (!s3_row_find(call->connection, request->bucket, request->key, old, err) ||
        !check_condition(request, old, err)) {
        return false;
    }
    if (!s3_file_exists(call->s3, request->bucket, made->file)) {
        return error_set(err, "io", "%s was removed while it was being put", made->file);
    }
    return s3_row_save(call->connection, request->bucket, request->key, made, err);
}

/* When the commit itself fails, nobody knows whether it will be found done after a crash: then
 * both files stay, and the sweep removes the one that turns out to be nobody's. */
static bool commit(struct s3_call *call, const struct s3_row *made, struct error *err)
{
    struct s3_row old = {0};
    bool ok = database_begin(call->connection, err) && replace_row(call, made, &old, err);
    const char *superfluous = ok ? old.file : made->file;
    if (ok) {
        ok = database_commit(call->connection, err);
        superfluous = ok ? superfluous : NULL;
    } else {
        database_rollback(call->connection);
    }
    if (superfluous != NULL) {
        s3_file_remove(call->s3, call->request->bucket, superfluous);
    }
    s3_row_release(&old);
    return ok;
}

/* Writes the body, commits the row, and makes the object the response. */
static bool publish(struct s3_call *call, struct s3_row *row, const struct s3_body *body,
                    struct error *err)
{
    row->object.size = (int64_t)body->length;
    row->object.last_modified_ms = call->s3->now_ms();
    if (!s3_file_write(call, body, &row->file, err) || !commit(call, row, err)) {
        return false;
    }
    call->response->object = row->object;
    row->object = (struct s3_object){0};
    return true;
}

static bool make_etag(const struct s3_body *body, char **etag, struct error *err)
{
    unsigned char digest[DIGEST_MAX];
    size_t length;
    if (!digest_compute(DIGEST_MD5, body->bytes, body->length, digest, &length, err)) {
        return false;
    }
    char *made = malloc(2 * length + sizeof "\"\"");
    if (made == NULL) {
        return error_set_memory(err, "computing an ETag");
    }
    made[0] = '"';
    digest_hex(digest, length, made + 1);
    made[2 * length + 1] = '"';
    made[2 * length + 2] = '\0';
    *etag = made;
    return true;
}

bool s3_put_run(struct s3_call *call, struct error *err)
{
    const struct s3_request *request = call->request;
    struct s3_body body = {.bytes = request->body.data == NULL ? "" : request->body.data,
                           .descriptor = -1,
                           .length = request->body.length};
    struct s3_row row = {0};
    bool ok = check_early(call, err) && make_etag(&body, &row.object.etag, err) &&
              s3_row_describe(&row.object, request, err) && publish(call, &row, &body, err);
    s3_row_release(&row);
    return ok;
}

static bool check_source(const struct s3_request *request, const struct s3_row *source,
                         struct error *err)
{
    if (source->file == NULL) {
        return s3_no_such_key(request->source_key, err);
    }
    if (request->source_if_match.data != NULL &&
        !s3_etag_matches(request->source_if_match, source->object.etag)) {
        return s3_fail(err, "PreconditionFailed", 412, "the source '%.*s' has the ETag %s by now",
                       (int)request->source_key.length, request->source_key.data,
                       source->object.etag);
    }
    return true;
}

/* The source's row and its open file. The file may go between the two: then the row has changed,
 * and is read again. */
static bool open_source(struct s3_call *call, struct s3_row *source, int *descriptor,
                        struct error *err)
{
    const struct s3_request *request = call->request;
    for (int i = 0; i < COPY_ATTEMPTS; i++) {
        if (!s3_row_find(call->connection, request->source_bucket, request->source_key, source,
                         err)) {
            return false;
        }
        if (!check_source(request, source, err) ||
            !s3_file_open(call->s3, request->source_bucket, source->file, descriptor, err)) {
            s3_row_release(source);
            return false;
        }
        if (*descriptor >= 0) {
            return true;
        }
        s3_row_release(source);
    }
    return error_set(err, "io", "the file that holds '%.*s' is missing from the local store",
                     (int)request->source_key.length, request->source_key.data);
}

static bool set_storage_class(struct s3_object *object, struct s3_text given, struct error *err)
{
    free(object->storage_class);
    object->storage_class = given.data == NULL ? NULL : strndup(given.data, given.length);
    if (given.data != NULL && object->storage_class == NULL) {
        return error_set_memory(err, "copying an object");
    }
    return true;
}

/* A copy takes what is known of the source, or its ETag alone; but its storage class is always the
 * request's, as S3 has it. */
static bool describe_copy(struct s3_object *copy, struct s3_object *source,
                          const struct s3_request *request, struct error *err)
{
    if (request->replace_metadata) {
        copy->etag = source->etag;
        source->etag = NULL;
        return s3_row_describe(copy, request, err);
    }
    *copy = *source;
    *source = (struct s3_object){0};
    return set_storage_class(copy, request->storage_class, err);
}

bool s3_copy_run(struct s3_call *call, struct error *err)
{
    struct s3_row source, row = {0};
    int descriptor = -1;
    if (!s3_row_check_bucket(call->connection, call->request->source_bucket, err) ||
        !check_early(call, err) || !open_source(call, &source, &descriptor, err)) {
        return false;
    }
    struct s3_body body = {.descriptor = descriptor, .length = (size_t)source.object.size};
    bool ok = describe_copy(&row.object, &source.object, call->request, err) &&
              publish(call, &row, &body, err);
    (void)close(descriptor);
    s3_row_release(&source);
    s3_row_release(&row);
    return ok;
}
