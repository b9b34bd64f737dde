/*
 * dynamodb_results.c - Lua values of what a DynamoDB answered; the other half of dynamodb.c.
 */
#include <lauxlib.h>
#include <string.h>

#include "bindings/attribute.h"
#include "bindings/dynamodb_job.h"
#include "bindings/json.h"
#include "bindings/scratch.h"
#include "host/raise.h"

static void push_items(lua_State *L, json_t *items)
{
    size_t count = json_array_size(items);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        attribute_push_item(L, json_array_get(items, i));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    json_mark_array(L, -1);
}

/* The item of that name, or nil. */
static void push_optional_item(lua_State *L, json_t *object, const char *name)
{
    json_t *item = json_object_get(object, name);
    if (json_is_object(item)) {
        attribute_push_item(L, item);
    } else {
        lua_pushnil(L);
    }
}

int dynamodb_results_item(lua_State *L, json_t *answer)
{
    push_optional_item(L, answer, "Item");
    return 1;
}

int dynamodb_results_written(lua_State *L, json_t *answer)
{
    lua_pushboolean(L, true);
    push_optional_item(L, answer, "Attributes");
    return 2;
}

static void set_count(lua_State *L, const char *field, json_t *count)
{
    lua_pushinteger(L, (lua_Integer)json_integer_value(count));
    lua_setfield(L, -2, field);
}

int dynamodb_results_page(lua_State *L, json_t *answer)
{
    lua_createtable(L, 0, 4);
    push_items(L, json_object_get(answer, "Items"));
    lua_setfield(L, -2, "items");
    set_count(L, "count", json_object_get(answer, "Count"));
    set_count(L, "scanned", json_object_get(answer, "ScannedCount"));
    push_optional_item(L, answer, "LastEvaluatedKey");
    lua_setfield(L, -2, "next_key");
    return 1;
}

/* What has to be sent again, as the JSON text of it; nil when nothing has. */
static void push_unprocessed(lua_State *L, json_t *unprocessed)
{
    struct error err;
    if (json_object_size(unprocessed) == 0) {
        lua_pushnil(L);
        return;
    }
    struct buffer *text = scratch_push_buffer(L, DYNAMODB_RESPONSE_MAX);
    if (!document_print(unprocessed, text, &err)) {
        raise_error(L, &err);
    }
    lua_pushlstring(L, buffer_text(text), text->length);
    buffer_release(text);
    lua_remove(L, -2);
}

int dynamodb_results_batch(lua_State *L, json_t *answer)
{
    json_t *responses = json_object_get(answer, "Responses");
    lua_createtable(L, 0, (int)json_object_size(responses));
    const char *table;
    json_t *items;
    json_object_foreach(responses, table, items)
    {
        push_items(L, items);
        lua_setfield(L, -2, table);
    }
    push_unprocessed(L, json_object_get(answer, "UnprocessedKeys"));
    return 2;
}

int dynamodb_results_unprocessed(lua_State *L, json_t *answer)
{
    push_unprocessed(L, json_object_get(answer, "UnprocessedItems"));
    return 1;
}

static void set_text(lua_State *L, const char *field, json_t *text)
{
    if (json_is_string(text)) {
        lua_pushlstring(L, json_string_value(text), json_string_length(text));
        lua_setfield(L, -2, field);
    }
}

/* The type that AttributeDefinitions gives the attribute: "S", "N" or "B"; "" where it does not. */
static const char *type_of(json_t *definitions, const char *attribute)
{
    size_t index;
    json_t *definition;
    json_array_foreach(definitions, index, definition)
    {
        const char *name = json_string_value(json_object_get(definition, "AttributeName"));
        const char *type = json_string_value(json_object_get(definition, "AttributeType"));
        if (name != NULL && type != NULL && strcmp(name, attribute) == 0) {
            return type;
        }
    }
    return "";
}

int dynamodb_results_keys(lua_State *L, json_t *answer)
{
    json_t *table = json_object_get(answer, "Table");
    json_t *schema = json_object_get(table, "KeySchema");
    size_t index;
    json_t *element;
    lua_createtable(L, (int)json_array_size(schema), 0);
    json_array_foreach(schema, index, element)
    {
        json_t *name = json_object_get(element, "AttributeName");
        lua_createtable(L, 0, 2);
        set_text(L, "name", name);
        lua_pushstring(L, type_of(json_object_get(table, "AttributeDefinitions"),
                                  json_is_string(name) ? json_string_value(name) : ""));
        lua_setfield(L, -2, "type");
        lua_rawseti(L, -2, (lua_Integer)index + 1);
    }
    return 1;
}

static void push_reasons(lua_State *L, json_t *reasons)
{
    size_t count = json_array_size(reasons);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        json_t *reason = json_array_get(reasons, i);
        lua_createtable(L, 0, 3);
        set_text(L, "code", json_object_get(reason, "Code"));
        set_text(L, "message", json_object_get(reason, "Message"));
        push_optional_item(L, reason, "Item");
        lua_setfield(L, -2, "item");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static bool lost_condition(json_t *reasons)
{
    size_t index;
    json_t *reason;
    json_array_foreach(reasons, index, reason)
    {
        const char *code = json_string_value(json_object_get(reason, "Code"));
        if (code != NULL && strcmp(code, "ConditionalCheckFailed") == 0) {
            return true;
        }
    }
    return false;
}

int dynamodb_results_conflict(lua_State *L, json_t *failure)
{
    json_t *reasons = json_object_get(failure, "CancellationReasons");
    if (reasons != NULL && !lost_condition(reasons)) {
        return -1;
    }
    lua_pushnil(L);
    lua_pushliteral(L, "conflict");
    if (reasons != NULL) {
        push_reasons(L, reasons);
    } else {
        push_optional_item(L, failure, "Item");
    }
    return 3;
}
