/*
 * s3_list.c - list of the embedded S3: keys in the order of their bytes, a page at a time.
 *
 * A page ends with the smallest string that may still come: a key and a zero byte, or a common
 * prefix with its last byte one higher. The continuation token is that string in hex, so it means
 * the same however the bucket has changed since.
 */
#include <stdlib.h>
#include <string.h>

#include "bindings/digest.h"
#include "bindings/local/s3_local.h"
#include "host/buffer.h"

#define BOUND_MAX (S3_KEY_MAX + 1)

struct bound {
    char bytes[BOUND_MAX];
    size_t length;
};

struct listing {
    struct s3_call *call;
    struct bound next;  /* the smallest key that may still come */
    struct bound above; /* the smallest beyond the prefix */
    size_t count;       /* objects and common prefixes so far */
};

static int compare(const struct bound *a, const struct bound *b)
{
    size_t shorter = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->bytes, b->bytes, shorter);
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

static struct bound make_bound(const char *bytes, size_t length)
{
    struct bound bound = {.length = length};
    if (length > 0) {
        memcpy(bound.bytes, bytes, length);
    }
    return bound;
}

static struct bound after_key(const char *key, size_t length)
{
    struct bound bound = make_bound(key, length);
    bound.bytes[bound.length++] = '\0';
    return bound;
}

/* UTF-8 has no byte 0xFF: the last one can always be raised, and 0xFF is above every key. */
static struct bound after_prefix(const char *prefix, size_t length)
{
    if (length == 0) {
        return make_bound("\xFF", 1);
    }
    struct bound bound = make_bound(prefix, length);
    bound.bytes[length - 1] = (char)((unsigned char)bound.bytes[length - 1] + 1);
    return bound;
}

static int hex_value(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = digit == '\0' ? NULL : strchr(digits, digit);
    return at == NULL ? -1 : (int)(at - digits);
}

static bool read_token(struct s3_text token, struct bound *bound, struct error *err)
{
    bool ok = token.length % 2 == 0 && token.length / 2 <= BOUND_MAX && token.length > 0;
    for (size_t i = 0; ok && i < token.length / 2; i++) {
        int high = hex_value(token.data[2 * i]), low = hex_value(token.data[2 * i + 1]);
        ok = high >= 0 && low >= 0;
        bound->bytes[i] = (char)(high * 16 + low);
    }
    if (!ok) {
        return s3_fail(err, "InvalidArgument", 400, "the continuation token is not one of ours");
    }
    bound->length = token.length / 2;
    return true;
}

static bool begin(struct listing *listing, struct error *err)
{
    const struct s3_request *request = listing->call->request;
    struct bound start = {.length = 0};
    listing->next = make_bound(request->prefix.data, request->prefix.length);
    listing->above = after_prefix(request->prefix.data, request->prefix.length);
    if (request->continuation_token.data != NULL) {
        if (!read_token(request->continuation_token, &start, err)) {
            return false;
        }
    } else if (request->start_after.data != NULL) {
        start = after_key(request->start_after.data, request->start_after.length);
    }
    if (compare(&start, &listing->next) > 0) {
        listing->next = start;
    }
    return true;
}

/* Length of the common prefix that stands for this key, or 0: the key stands for itself. */
static size_t find_common_prefix(const struct s3_request *request, const char *key, size_t length)
{
    struct s3_text delimiter = request->delimiter;
    if (delimiter.data == NULL || delimiter.length == 0) {
        return 0;
    }
    for (size_t i = request->prefix.length; i + delimiter.length <= length; i++) {
        if (memcmp(key + i, delimiter.data, delimiter.length) == 0) {
            return i + delimiter.length;
        }
    }
    return 0;
}

static bool add_prefix(struct listing *listing, const char *key, size_t length, struct error *err)
{
    struct s3_response *response = listing->call->response;
    char *prefix = strndup(key, length);
    if (prefix == NULL) {
        return error_set_memory(err, "listing a bucket");
    }
    response->prefixes[response->prefix_count++] = prefix;
    listing->next = after_prefix(key, length);
    listing->count++;
    return true;
}

static char *copy_column(struct database_query *query, int column, bool *ok)
{
    const char *text = database_text(query, column, NULL);
    char *copy = text == NULL ? NULL : strdup(text);
    *ok = *ok && (text == NULL || copy != NULL);
    return copy;
}

static bool add_object(struct listing *listing, struct database_query *query, struct error *err)
{
    struct s3_response *response = listing->call->response;
    struct s3_object *object = &response->objects[response->object_count++];
    bool ok = true;
    object->key = copy_column(query, 0, &ok);
    object->etag = copy_column(query, 1, &ok);
    object->size = database_integer(query, 2);
    object->last_modified_ms = database_integer(query, 3);
    object->storage_class = copy_column(query, 4, &ok);
    if (!ok) {
        return error_set_memory(err, "listing a bucket");
    }
    listing->next = after_key(object->key, strlen(object->key));
    listing->count++;
    return true;
}

static bool make_token(struct listing *listing, struct error *err)
{
    char *token = malloc(2 * listing->next.length + 1);
    if (token == NULL) {
        return error_set_memory(err, "listing a bucket");
    }
    digest_hex(listing->next.bytes, listing->next.length, token);
    listing->call->response->next_token = token;
    return true;
}

enum stride { STRIDE_DONE, STRIDE_SKIPPED, STRIDE_FAILED };

/* Goes through the rows until the page is full or the keys end (DONE), or a common prefix makes it
 * worth while to jump over all that it stands for (SKIPPED). */
static enum stride walk(struct listing *listing, struct database_query *query, struct error *err)
{
    const struct s3_request *request = listing->call->request;
    enum database_result result;
    while ((result = database_step(query, err)) == DATABASE_ROW) {
        if (listing->count == (size_t)request->max_keys) {
            return make_token(listing, err) ? STRIDE_DONE : STRIDE_FAILED;
        }
        size_t length;
        const char *key = database_text(query, 0, &length);
        size_t prefix = find_common_prefix(request, key, length);
        if (prefix > 0) {
            return add_prefix(listing, key, prefix, err) ? STRIDE_SKIPPED : STRIDE_FAILED;
        }
        if (!add_object(listing, query, err)) {
            return STRIDE_FAILED;
        }
    }
    return result == DATABASE_DONE ? STRIDE_DONE : STRIDE_FAILED;
}

static enum stride stride(struct listing *listing, struct error *err)
{
    const struct s3_request *request = listing->call->request;
    struct bound from = listing->next; /* bound to the query while `next` moves on */
    struct database_query *query = database_prepare(
        listing->call->connection, "SELECT key, etag, size, last_modified_ms, storage_class"
                                   " FROM objects WHERE bucket = ?1 AND key >= ?2 AND key < ?3"
                                   " ORDER BY key");
    database_bind_text(query, 1, request->bucket.data, request->bucket.length);
    database_bind_text(query, 2, from.bytes, from.length);
    database_bind_text(query, 3, listing->above.bytes, listing->above.length);
    enum stride end = walk(listing, query, err);
    database_finish(query);
    return end;
}

bool s3_list_run(struct s3_call *call, struct error *err)
{
    struct s3_response *response = call->response;
    struct listing listing = {.call = call};
    size_t room = (size_t)call->request->max_keys;
    response->objects = calloc(room, sizeof *response->objects);
    response->prefixes = calloc(room, sizeof *response->prefixes);
    if (response->objects == NULL || response->prefixes == NULL) {
        return error_set_memory(err, "listing a bucket");
    }
    if (!begin(&listing, err)) {
        return false;
    }
    enum stride end = STRIDE_SKIPPED;
    while (end == STRIDE_SKIPPED) {
        end = stride(&listing, err);
    }
    return end == STRIDE_DONE;
}
