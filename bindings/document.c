/*
 * document.c - writes and builds JSON documents. Called by the embedded DynamoDB and, for answers,
 * by the `dynamodb` module. document_parse.c reads them.
 */
#include "bindings/document.h"

#include <string.h>

static int append_piece(const char *piece, size_t length, void *context)
{
    return buffer_append(context, piece, length) ? 0 : -1;
}

bool document_print(const json_t *document, struct buffer *text, struct error *err)
{
    int failed = json_dump_callback(document, append_piece, text, JSON_COMPACT | JSON_ENCODE_ANY);
    if (!buffer_check(text, "a JSON document", err)) {
        return false;
    }
    return failed == 0 || error_set_memory(err, "writing a JSON document");
}

bool document_set(json_t *object, const char *name, size_t name_length, json_t *value,
                  struct error *err)
{
    if (json_object_setn_new_nocheck(object, name, name_length, value) == 0) {
        return true;
    }
    return error_set_memory(err, "building a JSON document");
}

bool document_set_field(json_t *object, const char *name, json_t *value, struct error *err)
{
    return document_set(object, name, strlen(name), value, err);
}

bool document_append(json_t *array, json_t *value, struct error *err)
{
    if (json_array_append_new(array, value) == 0) {
        return true;
    }
    return error_set_memory(err, "building a JSON document");
}

json_t *document_new(json_t *value, struct error *err)
{
    if (value == NULL) {
        (void)error_set_memory(err, "building a JSON document");
    }
    return value;
}
