/*
 * placeholders.c - #names and :values. Called by the operations around their expressions, and by
 * the parsers for each token.
 */
#include "bindings/local/dynamodb/placeholders.h"

#include <string.h>

#include "bindings/local/dynamodb/value.h"

/* `sign` and letters, digits or _: what the lexer would take as one token. */
static bool is_placeholder(const char *key, char sign)
{
    struct lexer lexer = {key, key + strlen(key)};
    struct token token = lexer_next(&lexer);
    enum token_kind kind = sign == '#' ? TOKEN_NAME : TOKEN_VALUE;
    return token.kind == kind && token.text == key && lexer.at == lexer.end;
}

static bool check_keys(json_t *object, const char *field, char sign, struct error *err)
{
    if (!json_is_object(object)) {
        return error_set(err, "SerializationException", "%s has to be a map", field);
    }
    if (json_object_size(object) == 0) {
        return error_set(err, "ValidationException", "%s must not be empty", field);
    }
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        if (!is_placeholder(key, sign)) {
            return error_set(err, "ValidationException",
                             "%s contains invalid key: Syntax error; key: \"%.255s\"", field, key);
        }
    }
    return true;
}

static bool check_names(json_t *names, struct error *err)
{
    if (!check_keys(names, "ExpressionAttributeNames", '#', err)) {
        return false;
    }
    const char *key;
    json_t *name;
    json_object_foreach(names, key, name)
    {
        const char *text = json_string_value(name);
        if (text == NULL || text[0] == '\0' || strlen(text) != json_string_length(name)) {
            return error_set(err, "ValidationException",
                             "ExpressionAttributeNames contains invalid value for key %.255s: an "
                             "attribute name has to be a string, not empty, without NUL",
                             key);
        }
    }
    return true;
}

bool placeholders_read(struct placeholders *placeholders, json_t *request, struct error *err)
{
    json_t *names = json_object_get(request, "ExpressionAttributeNames");
    json_t *values = json_object_get(request, "ExpressionAttributeValues");
    placeholders->names_used = document_new(json_object(), err);
    if (placeholders->names_used == NULL) {
        return false;
    }
    placeholders->values_used = document_new(json_object(), err);
    if (placeholders->values_used == NULL) {
        return false;
    }
    if (names != NULL && !check_names(names, err)) {
        return false;
    }
    placeholders->names = json_incref(names);
    if (values == NULL) {
        return true;
    }
    if (!check_keys(values, "ExpressionAttributeValues", ':', err)) {
        return false;
    }
    placeholders->values = value_read_item(values, err);
    if (placeholders->values == NULL && error_is(err, "ValidationException")) {
        (void)error_prefix(err, "ExpressionAttributeValues contains invalid value");
    }
    return placeholders->values != NULL;
}

void placeholders_release(struct placeholders *placeholders)
{
    json_decref(placeholders->names);
    json_decref(placeholders->values);
    json_decref(placeholders->names_used);
    json_decref(placeholders->values_used);
    *placeholders = (struct placeholders){.names = NULL};
}

static json_t *look_up(json_t *defined, json_t *used, const struct token *token, const char *what,
                       struct error *err)
{
    json_t *found = json_object_getn(defined, token->text, token->length);
    if (found == NULL) {
        (void)error_set(err, "ValidationException",
                        "An expression attribute %s; attribute %s: %.*s",
                        strcmp(what, "name") == 0 ? "name used in the document path is not defined"
                                                  : "value used in expression is not defined",
                        what, (int)token->length, token->text);
        return NULL;
    }
    return document_set(used, token->text, token->length, json_true(), err) ? found : NULL;
}

json_t *placeholders_name(struct placeholders *placeholders, const struct token *token,
                          struct error *err)
{
    return look_up(placeholders->names, placeholders->names_used, token, "name", err);
}

json_t *placeholders_value(struct placeholders *placeholders, const struct token *token,
                           struct error *err)
{
    return look_up(placeholders->values, placeholders->values_used, token, "value", err);
}

static bool check_used(json_t *defined, json_t *used, const char *field, bool expressions,
                       struct error *err)
{
    if (defined != NULL && !expressions) {
        return error_set(err, "ValidationException",
                         "%s can only be specified when using expressions", field);
    }
    const char *key;
    json_t *value;
    json_object_foreach(defined, key, value)
    {
        if (json_object_get(used, key) == NULL) {
            return error_set(err, "ValidationException",
                             "Value provided in %s unused in expressions: keys: {%.255s}", field,
                             key);
        }
    }
    return true;
}

bool placeholders_check_used(const struct placeholders *placeholders, bool expressions,
                             struct error *err)
{
    return check_used(placeholders->names, placeholders->names_used, "ExpressionAttributeNames",
                      expressions, err) &&
           check_used(placeholders->values, placeholders->values_used, "ExpressionAttributeValues",
                      expressions, err);
}
