/*
 * attribute_push.c - Lua values of AttributeValues that an answer brought. Part of the module
 * `dynamodb`.
 */
#include <errno.h>
#include <inttypes.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/attribute.h"
#include "bindings/base64.h"
#include "bindings/json.h"
#include "host/raise.h"

static _Noreturn void bad_answer(lua_State *L, const char *what)
{
    struct error err;
    (void)error_set(&err, "bad_answer", "the store's answer has %s", what);
    raise_error(L, &err);
}

static bool is_whole(const struct decimal *number)
{
    return number->length <= number->exponent + 1;
}

static bool to_integer(const struct decimal *number, const char *text, lua_Integer *integer)
{
    if (!is_whole(number)) {
        return false;
    }
    errno = 0;
    intmax_t value = strtoimax(text, NULL, 10);
    *integer = (lua_Integer)value;
    return errno == 0 && value >= LUA_MININTEGER && value <= LUA_MAXINTEGER;
}

/* A float stands for the number when its shortest text is the number. */
static bool to_float(const struct decimal *number, const char *text, double *value)
{
    char shortest[40];
    struct decimal back;
    struct error unused;
    *value = strtod(text, NULL);
    for (int digits = 15; digits <= 17; digits++) {
        int length = snprintf(shortest, sizeof shortest, "%.*g", digits, *value);
        if (strtod(shortest, NULL) == *value) {
            return decimal_parse(shortest, (size_t)length, &back, &unused) &&
                   decimal_compare(number, &back) == 0;
        }
    }
    return false;
}

static void push_number(lua_State *L, json_t *content)
{
    struct decimal number;
    struct error err;
    char text[DECIMAL_TEXT_MAX];
    lua_Integer integer;
    double value;
    if (!json_is_string(content) ||
        !decimal_parse(json_string_value(content), json_string_length(content), &number, &err)) {
        bad_answer(L, "an N that is no number");
    }
    (void)decimal_print(&number, text);
    if (to_integer(&number, text, &integer)) {
        lua_pushinteger(L, integer);
    } else if (to_float(&number, text, &value)) {
        lua_pushnumber(L, value);
    } else {
        attribute_push_number(L, &number);
    }
}

static void push_text(lua_State *L, json_t *content)
{
    if (!json_is_string(content)) {
        bad_answer(L, "an S that is no string");
    }
    lua_pushlstring(L, json_string_value(content), json_string_length(content));
}

static void push_binary(lua_State *L, json_t *content)
{
    size_t length = json_string_length(content), decoded;
    const char *text = json_is_string(content) ? json_string_value(content) : "?";
    /* A userdata has one size, so the bytes go through one that is large enough. */
    unsigned char *bytes = lua_newuserdatauv(L, length + 1, 0);
    if (!base64_decode(text, text[0] == '?' ? 1 : length, bytes, &decoded)) {
        bad_answer(L, "a B that is no base64");
    }
    memcpy(attribute_push_binary(L, decoded), bytes, decoded);
    lua_remove(L, -2);
}

static void push_elements(lua_State *L, json_t *content, void (*push)(lua_State *, json_t *))
{
    size_t count = json_array_size(content);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        push(L, json_array_get(content, i));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_set(lua_State *L, json_t *content, void (*push)(lua_State *, json_t *))
{
    push_elements(L, content, push);
    attribute_mark_set(L);
}

static void push_list(lua_State *L, json_t *content)
{
    push_elements(L, content, attribute_push);
    json_mark_array(L, -1);
}

static void push_string_set(lua_State *L, json_t *content)
{
    push_set(L, content, push_text);
}

static void push_number_set(lua_State *L, json_t *content)
{
    push_set(L, content, push_number);
}

static void push_binary_set(lua_State *L, json_t *content)
{
    push_set(L, content, push_binary);
}

static void push_boolean(lua_State *L, json_t *content)
{
    lua_pushboolean(L, json_is_true(content));
}

static void push_null(lua_State *L, json_t *content)
{
    (void)content;
    lua_pushlightuserdata(L, NULL);
}

void attribute_push(lua_State *L, json_t *value)
{
    static const struct {
        const char *type;
        void (*push)(lua_State *L, json_t *content);
    } types[] = {
        {"S", push_text},           {"N", push_number},      {"BOOL", push_boolean},
        {"M", attribute_push_item}, {"L", push_list},        {"NULL", push_null},
        {"SS", push_string_set},    {"NS", push_number_set}, {"B", push_binary},
        {"BS", push_binary_set},
    };
    void *entry = json_object_iter(value);
    const char *type = entry == NULL ? "" : json_object_iter_key(entry);
    luaL_checkstack(L, 8, "reading an attribute");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].type, type) == 0) {
            types[i].push(L, json_object_iter_value(entry));
            return;
        }
    }
    bad_answer(L, "an attribute of an unknown type");
}

void attribute_push_item(lua_State *L, json_t *item)
{
    lua_createtable(L, 0, (int)json_object_size(item));
    for (void *at = json_object_iter(item); at != NULL; at = json_object_iter_next(item, at)) {
        lua_pushlstring(L, json_object_iter_key(at), json_object_iter_key_len(at));
        attribute_push(L, json_object_iter_value(at));
        lua_rawset(L, -3);
    }
}
