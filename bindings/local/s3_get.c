/*
 * s3_get.c - get and head of the embedded S3.
 */
#include <stdlib.h>
#include <unistd.h>

#include "bindings/local/s3_local.h"

#define READ_ATTEMPTS 16

struct span {
    int64_t first, length;
};

/* Which bytes are asked for, as RFC 9110 14.1.2 and S3 have it: an end beyond the object is cut,
 * a beginning beyond it, or any range of an empty object, is refused. */
static bool find_span(const struct s3_request *request, int64_t size, struct span *span,
                      struct error *err)
{
    int64_t first = 0, last = size - 1;
    if (request->ranged) {
        bool suffix = request->range_first < 0;
        first = suffix ? size + request->range_first : request->range_first;
        first = first < 0 ? 0 : first;
        if (!suffix && request->range_last != -1 && request->range_last < last) {
            last = request->range_last;
        }
        if (first >= size) {
            return s3_fail(err, "InvalidRange", 416,
                           "the range begins at byte %lld, the object has %lld bytes",
                           (long long)first, (long long)size);
        }
    }
    *span = (struct span){first, last - first + 1};
    return true;
}

static bool check_size(const struct s3_request *request, int64_t length, struct error *err)
{
    if ((uint64_t)length <= request->max_bytes) {
        return true;
    }
    return error_set(err, "too_large",
                     "'%.*s': %lld bytes are asked for, max_bytes allows %zu; give a larger "
                     "max_bytes or a range",
                     (int)request->key.length, request->key.data, (long long)length,
                     request->max_bytes);
}

static bool read_body(struct s3_call *call, int descriptor, struct span span, struct error *err)
{
    char *body = malloc((size_t)span.length + 1);
    if (body == NULL) {
        return error_set_memory(err, "reading an object");
    }
    if (!s3_file_read(call, descriptor, span.first, body, (size_t)span.length, err)) {
        free(body);
        return false;
    }
    body[span.length] = '\0';
    call->response->body = body;
    call->response->body_length = (size_t)span.length;
    call->response->range_first = span.first;
    return true;
}

/* *gone: the object was replaced or deleted between the row and the file. */
static bool load(struct s3_call *call, const struct s3_row *row, bool *gone, struct error *err)
{
    struct span span = {0, 0};
    int descriptor = -1;
    if (!find_span(call->request, row->object.size, &span, err) ||
        !check_size(call->request, span.length, err) ||
        !s3_file_open(call->s3, call->request->bucket, row->file, &descriptor, err)) {
        return false;
    }
    *gone = descriptor < 0;
    if (*gone) {
        return true;
    }
    bool ok = read_body(call, descriptor, span, err);
    (void)close(descriptor);
    return ok;
}

static bool check_conditions(struct s3_call *call, const struct s3_row *row, struct error *err)
{
    const struct s3_request *request = call->request;
    if (row->file == NULL) {
        return s3_no_such_key(request->key, err);
    }
    if (request->if_match.data != NULL && !s3_etag_matches(request->if_match, row->object.etag)) {
        return s3_fail(err, "PreconditionFailed", 412, "'%.*s' has the ETag %s by now",
                       (int)request->key.length, request->key.data, row->object.etag);
    }
    call->response->not_modified = request->if_none_match.data != NULL &&
                                   s3_etag_matches(request->if_none_match, row->object.etag);
    return true;
}

/* One try, with the row as it is now. */
static bool attempt(struct s3_call *call, bool *gone, struct error *err)
{
    struct s3_row row;
    if (!s3_row_find(call->connection, call->request->bucket, call->request->key, &row, err)) {
        return false;
    }
    *gone = false;
    bool ok = check_conditions(call, &row, err);
    if (ok && call->request->operation == S3_GET && !call->response->not_modified) {
        ok = load(call, &row, gone, err);
    }
    if (ok && !*gone) {
        call->response->object = row.object;
        row.object = (struct s3_object){0};
    }
    s3_row_release(&row);
    return ok;
}

bool s3_get_run(struct s3_call *call, struct error *err)
{
    for (int i = 0; i < READ_ATTEMPTS; i++) {
        bool gone = false;
        if (!attempt(call, &gone, err)) {
            return false;
        }
        if (!gone) {
            return true;
        }
    }
    return error_set(err, "io", "the file that holds '%.*s' is missing from the local store",
                     (int)call->request->key.length, call->request->key.data);
}
