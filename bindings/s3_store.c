/*
 * s3_store.c - what every s3_store has in common: releasing responses, failing with a status,
 * comparing ETags. Called by the stores and by the `s3` module.
 */
#include "bindings/s3_store.h"

#include <stdlib.h>
#include <string.h>

static void release_pairs(struct s3_owned_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(pairs[i].name);
        free(pairs[i].value);
    }
    free(pairs);
}

void s3_object_release(struct s3_object *object)
{
    free(object->key);
    free(object->etag);
    free(object->content_type);
    free(object->cache_control);
    free(object->content_disposition);
    free(object->content_encoding);
    free(object->storage_class);
    free(object->version_id);
    release_pairs(object->metadata, object->metadata_count);
    release_pairs(object->tags, object->tag_count);
    *object = (struct s3_object){0};
}

static void release_key_errors(struct s3_key_error *errors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(errors[i].key);
        free(errors[i].code);
        free(errors[i].message);
    }
    free(errors);
}

void s3_response_release(struct s3_response *response)
{
    s3_object_release(&response->object);
    free(response->body);
    for (size_t i = 0; i < response->object_count; i++) {
        s3_object_release(&response->objects[i]);
    }
    free(response->objects);
    for (size_t i = 0; i < response->prefix_count; i++) {
        free(response->prefixes[i]);
    }
    free(response->prefixes);
    free(response->next_token);
    release_key_errors(response->key_errors, response->key_error_count);
    *response = (struct s3_response){0};
}

bool s3_fail(struct error *err, const char *code, int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)error_set_v(err, code, format, arguments);
    va_end(arguments);
    err->status = status;
    return false;
}

static struct s3_text without_quotes(const char *text, size_t length)
{
    if (length >= 2 && text[0] == '"' && text[length - 1] == '"') {
        return (struct s3_text){text + 1, length - 2};
    }
    return (struct s3_text){text, length};
}

bool s3_etag_matches(struct s3_text wanted, const char *etag)
{
    if (wanted.length == 1 && wanted.data[0] == '*') {
        return true;
    }
    struct s3_text left = without_quotes(wanted.data, wanted.length);
    struct s3_text right = without_quotes(etag, strlen(etag));
    return left.length == right.length && memcmp(left.data, right.data, left.length) == 0;
}
