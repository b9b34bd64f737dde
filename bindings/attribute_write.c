/*
 * attribute_write.c - AttributeValues of Lua values. Part of the module `dynamodb`.
 *
 * Tables are looked at raw, so nothing of the script runs, and nothing can change, meanwhile. Keys
 * are written in the order of their bytes: equal items make equal requests.
 */
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/attribute.h"
#include "bindings/base64.h"
#include "bindings/json.h"
#include "bindings/scratch.h"
#include "host/utf8.h"

#define PATH_SIZE 300

struct writer {
    lua_State *L;
    struct buffer *out;
    const char *root;
    struct error *err;
};

/* Where we are: one link for each table that is open, innermost first. */
struct place {
    const struct place *outer;
    const char *key; /* NULL: an element, `element` is its index */
    lua_Integer element;
    int depth;
};

static bool write_value(struct writer *writer, const struct place *place);

/* ---- complaints ------------------------------------------------------------------------------ */

static void append_place(struct buffer *path, const struct place *place)
{
    if (place->outer == NULL) {
        return;
    }
    append_place(path, place->outer);
    if (place->key == NULL) {
        (void)buffer_printf(path, "[%lld]", (long long)place->element);
    } else {
        (void)buffer_printf(path, ".%.64s", place->key);
    }
}

static bool complain(const struct writer *writer, const struct place *place, const char *what)
{
    char text[PATH_SIZE];
    struct buffer path = {.data = text, .capacity = sizeof text, .max = sizeof text - 1};
    text[0] = '\0';
    append_place(&path, place);
    return error_set(writer->err, "usage", "%s%s %s", writer->root, text, what);
}

/* ---- scalars --------------------------------------------------------------------------------- */

/* Always true: the buffer remembers when it is full, and write_root() asks once. */
static bool append_quoted(struct writer *writer, const char *text, size_t length)
{
    (void)buffer_append_json(writer->out, text, length);
    return true;
}

static bool append_constant(struct writer *writer, const char *json)
{
    (void)buffer_append_text(writer->out, json);
    return true;
}

static bool append_content(struct writer *writer, const char *type, const char *text, size_t length)
{
    (void)buffer_printf(writer->out, "{\"%s\":", type);
    (void)buffer_append_json(writer->out, text, length);
    (void)buffer_append_byte(writer->out, '}');
    return true;
}

/* The text alone, of the integer or float on top; false when DynamoDB has no such number. */
static bool number_text(const struct writer *writer, const struct place *place, char text[40])
{
    lua_State *L = writer->L;
    if (lua_isinteger(L, -1)) {
        (void)snprintf(text, 40, "%lld", (long long)lua_tointeger(L, -1));
        return true;
    }
    double value = lua_tonumber(L, -1);
    if (!isfinite(value)) {
        return complain(writer, place, isnan(value) ? "is NaN" : "is infinite");
    }
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, 40, "%.*g", digits, value == 0 ? 0.0 : value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    struct decimal number;
    struct error range;
    return decimal_parse(text, strlen(text), &number, &range) ||
           complain(writer, place, "is beyond DynamoDB's numbers (1E-130 to 9.99E+125)");
}

static bool check_text(const struct writer *writer, const struct place *place, const char *text,
                       size_t length)
{
    return utf8_valid(text, length) ||
           complain(writer, place,
                    "holds bytes that are not UTF-8: a string has to be text, bytes go into "
                    "dynamodb.binary(s)");
}

static bool write_string(struct writer *writer, const struct place *place)
{
    size_t length;
    const char *text = lua_tolstring(writer->L, -1, &length);
    return check_text(writer, place, text, length) && append_content(writer, "S", text, length);
}

static bool write_number(struct writer *writer, const struct place *place)
{
    char text[40];
    return number_text(writer, place, text) && append_content(writer, "N", text, strlen(text));
}

/* Base64 as a JSON string: no character of it needs an escape. */
static void append_binary(struct writer *writer, const char *bytes, size_t length)
{
    struct buffer *out = writer->out;
    size_t encoded = BASE64_LENGTH(length);
    (void)buffer_append_byte(out, '"');
    if (buffer_reserve(out, encoded)) {
        base64_encode(bytes, length, out->data + out->length);
        out->length += encoded;
    }
    (void)buffer_append_byte(out, '"');
}

static bool write_userdata(struct writer *writer, const struct place *place)
{
    size_t length;
    const struct decimal *number = attribute_to_number(writer->L, -1);
    const char *bytes = attribute_to_binary(writer->L, -1, &length);
    if (number != NULL) {
        char text[DECIMAL_TEXT_MAX];
        return append_content(writer, "N", text, decimal_print(number, text));
    }
    if (bytes == NULL) {
        return complain(writer, place, "is a userdata, which DynamoDB can't hold");
    }
    (void)buffer_append_text(writer->out, "{\"B\":");
    append_binary(writer, bytes, length);
    (void)buffer_append_byte(writer->out, '}');
    return true;
}

/* ---- sets ------------------------------------------------------------------------------------ */

enum element_kind { ELEMENT_STRING, ELEMENT_NUMBER, ELEMENT_BINARY, ELEMENT_OTHER };

static enum element_kind element_kind(lua_State *L)
{
    size_t length;
    switch (lua_type(L, -1)) {
    case LUA_TSTRING:
        return ELEMENT_STRING;
    case LUA_TNUMBER:
        return ELEMENT_NUMBER;
    default:
        if (attribute_to_number(L, -1) != NULL) {
            return ELEMENT_NUMBER;
        }
        return attribute_to_binary(L, -1, &length) != NULL ? ELEMENT_BINARY : ELEMENT_OTHER;
    }
}

static bool write_element(struct writer *writer, const struct place *place)
{
    lua_State *L = writer->L;
    size_t length;
    const char *bytes = attribute_to_binary(L, -1, &length);
    const struct decimal *number = attribute_to_number(L, -1);
    if (bytes != NULL) {
        append_binary(writer, bytes, length);
        return true;
    }
    char text[DECIMAL_TEXT_MAX];
    if (number != NULL) {
        return append_quoted(writer, text, decimal_print(number, text));
    }
    if (lua_type(L, -1) == LUA_TNUMBER) {
        return number_text(writer, place, text) && append_quoted(writer, text, strlen(text));
    }
    const char *string = lua_tolstring(L, -1, &length);
    return check_text(writer, place, string, length) && append_quoted(writer, string, length);
}

static bool write_elements(struct writer *writer, const struct place *place, lua_Integer count)
{
    lua_State *L = writer->L;
    enum element_kind kind = ELEMENT_OTHER;
    for (lua_Integer i = 1; i <= count; i++) {
        struct place element = {.outer = place, .element = i};
        (void)lua_rawgeti(L, -1, i);
        enum element_kind found = element_kind(L);
        kind = i == 1 ? found : kind;
        if (found == ELEMENT_OTHER || found != kind) {
            return complain(writer, &element,
                            "doesn't belong in a set: all strings, all numbers or all "
                            "dynamodb.binary");
        }
        static const char *const types[] = {"SS", "NS", "BS"};
        if (i == 1) {
            (void)buffer_printf(writer->out, "{\"%s\":[", types[kind]);
        } else {
            (void)buffer_append_byte(writer->out, ',');
        }
        if (!write_element(writer, &element)) {
            return false;
        }
        lua_pop(L, 1);
    }
    (void)buffer_append_text(writer->out, "]}");
    return true;
}

static bool write_set(struct writer *writer, const struct place *place)
{
    lua_Integer count = (lua_Integer)lua_rawlen(writer->L, -1);
    if (count == 0) {
        return complain(writer, place, "is an empty set, which DynamoDB can't hold");
    }
    return write_elements(writer, place, count);
}

/* ---- lists and maps -------------------------------------------------------------------------- */

static bool write_list(struct writer *writer, const struct place *place)
{
    lua_State *L = writer->L;
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    (void)buffer_append_text(writer->out, "{\"L\":[");
    for (lua_Integer i = 1; i <= count; i++) {
        struct place element = {.outer = place, .element = i, .depth = place->depth + 1};
        (void)lua_rawgeti(L, -1, i);
        if (lua_isnil(L, -1)) {
            return complain(writer, &element, "is nil: a list has no holes, use dynamodb.null");
        }
        (void)(i > 1 && buffer_append_byte(writer->out, ','));
        if (!write_value(writer, &element)) {
            return false;
        }
        lua_pop(L, 1);
    }
    (void)buffer_append_text(writer->out, "]}");
    return true;
}

static bool check_key(const struct writer *writer, const struct place *place,
                      const struct scratch_key *key)
{
    if (!utf8_valid(key->text, key->length) || memchr(key->text, '\0', key->length) != NULL) {
        return complain(writer, place, "has a name that is not UTF-8 without NUL");
    }
    return key->length > 0 || complain(writer, place, "has an empty name");
}

/* The table on top as {"name":VALUE,...}. */
static bool write_entries(struct writer *writer, const struct place *place)
{
    lua_State *L = writer->L;
    int table = lua_gettop(L);
    size_t count;
    struct scratch_key *keys = scratch_push_keys(L, table, &count);
    if (keys == NULL) {
        return complain(writer, place,
                        "is a table with both names and other keys, or a list with holes");
    }
    (void)buffer_append_byte(writer->out, '{');
    for (size_t i = 0; i < count; i++) {
        struct place entry = {.outer = place, .key = keys[i].text, .depth = place->depth + 1};
        if (!check_key(writer, place, &keys[i])) {
            return false;
        }
        (void)(i > 0 && buffer_append_byte(writer->out, ','));
        (void)buffer_append_json(writer->out, keys[i].text, keys[i].length);
        (void)buffer_append_byte(writer->out, ':');
        lua_pushlstring(L, keys[i].text, keys[i].length);
        (void)lua_rawget(L, table);
        if (!write_value(writer, &entry)) {
            return false;
        }
        lua_pop(L, 1);
    }
    lua_settop(L, table);
    (void)buffer_append_byte(writer->out, '}');
    return true;
}

/* Keys are exactly 1..n, n > 0. */
static bool is_sequence(lua_State *L)
{
    lua_Unsigned length = lua_rawlen(L, -1), count = 0;
    if (length == 0) {
        return false;
    }
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        lua_pop(L, 1);
        count++;
    }
    return count == length;
}

static bool write_table(struct writer *writer, const struct place *place)
{
    lua_State *L = writer->L;
    if (attribute_is_set(L, -1)) {
        return write_set(writer, place);
    }
    if (place->depth >= ATTRIBUTE_DEPTH_MAX) {
        return complain(writer, place, "is nested deeper than 32 levels, or holds itself");
    }
    if (json_has_array_mark(L, -1) || is_sequence(L)) {
        return write_list(writer, place);
    }
    (void)buffer_append_text(writer->out, "{\"M\":");
    bool good = write_entries(writer, place);
    (void)buffer_append_byte(writer->out, '}');
    return good;
}

/* The value on top of the stack; leaves the stack as it was when it succeeds. */
static bool write_value(struct writer *writer, const struct place *place)
{
    lua_State *L = writer->L;
    char what[64];
    luaL_checkstack(L, 8, "writing an attribute");
    switch (lua_type(L, -1)) {
    case LUA_TSTRING:
        return write_string(writer, place);
    case LUA_TNUMBER:
        return write_number(writer, place);
    case LUA_TBOOLEAN:
        return append_constant(writer,
                               lua_toboolean(L, -1) ? "{\"BOOL\":true}" : "{\"BOOL\":false}");
    case LUA_TTABLE:
        return write_table(writer, place);
    case LUA_TUSERDATA:
        return write_userdata(writer, place);
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L, -1) == NULL) {
            return append_constant(writer, "{\"NULL\":true}");
        }
        break;
    default:
        break;
    }
    (void)snprintf(what, sizeof what, "is a %s, which DynamoDB can't hold", luaL_typename(L, -1));
    return complain(writer, place, what);
}

static bool write_root(lua_State *L, int index, const char *path, struct buffer *out,
                       bool (*write)(struct writer *, const struct place *), struct error *err)
{
    struct writer writer = {.L = L, .out = out, .root = path, .err = err};
    /* An item's own table is no level of nesting. */
    struct place place = {.outer = NULL, .depth = write == write_entries ? -1 : 0};
    int top = lua_gettop(L);
    lua_pushvalue(L, index);
    bool good = write(&writer, &place);
    lua_settop(L, top);
    return good && buffer_check(out, path, err);
}

bool attribute_write(lua_State *L, int index, const char *path, struct buffer *out,
                     struct error *err)
{
    return write_root(L, index, path, out, write_value, err);
}

bool attribute_write_item(lua_State *L, int index, const char *path, struct buffer *out,
                          struct error *err)
{
    return write_root(L, index, path, out, write_entries, err);
}
