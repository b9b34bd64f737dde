/*
 * fields.c - reads the plain fields of requests. Called by every operation.
 */
#include <stdarg.h>
#include <string.h>

#include "bindings/local/dynamodb/dynamodb_local.h"

bool dynamodb_invalid(struct error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)error_set_v(err, "ValidationException", format, arguments);
    va_end(arguments);
    return false;
}

static bool wrong_type(const char *name, const char *wanted, struct error *err)
{
    return error_set(err, "SerializationException", "%s has to be %s", name, wanted);
}

bool dynamodb_field_text(json_t *request, const char *name, const char **value, struct error *err)
{
    json_t *field = json_object_get(request, name);
    if (field == NULL) {
        return true;
    }
    if (!json_is_string(field) || strlen(json_string_value(field)) != json_string_length(field)) {
        return wrong_type(name, "a string without NUL", err);
    }
    *value = json_string_value(field);
    return true;
}

bool dynamodb_field_boolean(json_t *request, const char *name, bool *value, struct error *err)
{
    json_t *field = json_object_get(request, name);
    if (field == NULL) {
        return true;
    }
    if (!json_is_boolean(field)) {
        return wrong_type(name, "true or false", err);
    }
    *value = json_is_true(field);
    return true;
}

bool dynamodb_field_integer(json_t *request, const char *name, int64_t *value, struct error *err)
{
    json_t *field = json_object_get(request, name);
    if (field == NULL) {
        return true;
    }
    if (!json_is_integer(field)) {
        return wrong_type(name, "an integer", err);
    }
    *value = json_integer_value(field);
    return true;
}

bool dynamodb_field_choice(json_t *request, const char *name, const char *const *choices,
                           int *value, struct error *err)
{
    const char *text = NULL;
    if (!dynamodb_field_text(request, name, &text, err)) {
        return false;
    }
    if (text == NULL) {
        return true;
    }
    struct buffer known;
    buffer_init(&known, sizeof err->message);
    for (int i = 0; choices[i] != NULL; i++) {
        if (strcmp(choices[i], text) == 0) {
            *value = i;
            buffer_release(&known);
            return true;
        }
        (void)buffer_printf(&known, "%s%s", i == 0 ? "" : ", ", choices[i]);
    }
    (void)dynamodb_invalid(err,
                           "1 validation error detected: Value '%.64s' at '%s' failed to satisfy "
                           "constraint: Member must satisfy enum value set: [%s]",
                           text, name, buffer_text(&known));
    buffer_release(&known);
    return false;
}

bool dynamodb_field_container(json_t *request, const char *name, json_type type, json_t **value,
                              struct error *err)
{
    json_t *field = json_object_get(request, name);
    if (field == NULL) {
        return dynamodb_invalid(
            err, "The parameter '%s' is required but was not present in the request", name);
    }
    if (json_typeof(field) != type) {
        return wrong_type(name, type == JSON_ARRAY ? "an array" : "an object", err);
    }
    *value = field;
    return true;
}

bool dynamodb_refuse_legacy(json_t *request, struct error *err)
{
    static const char *const names[] = {"AttributesToGet",     "AttributeUpdates", "Expected",
                                        "ConditionalOperator", "KeyConditions",    "QueryFilter",
                                        "ScanFilter"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (json_object_get(request, names[i]) != NULL) {
            return dynamodb_invalid(err,
                                    "%s is a legacy parameter that the embedded store does not "
                                    "have: use an expression",
                                    names[i]);
        }
    }
    return true;
}
