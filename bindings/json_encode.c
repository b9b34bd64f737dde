/*
 * json_encode.c - Lua values to JSON. Called by the modules `json` and `log`.
 *
 * Ours and not lua-cjson's, which prints 14 digits, rounds 64-bit integers and can't order keys. It
 * looks at tables raw: no metamethod runs, so nothing can change while it is being written.
 */
#include "bindings/json.h"

#include <float.h>
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/json_scan.h"
#include "bindings/scratch.h"
#include "host/log.h"
#include "host/utf8.h"

#define EXACT_MAX 9007199254740992.0 /* 2^53 */
#define PATH_SIZE 256

struct encoder {
    lua_State *L;
    struct buffer *out;
    const struct json_style *style;
    struct error *err;
};

/* Where we are: one link for each table that is open, innermost first. */
struct place {
    const struct place *outer;
    const void *table; /* identity of the value that stands here, if it is a table */
    const char *key;   /* NULL: an element, `element` is its index */
    lua_Integer element;
    int depth;
};

static bool encode_value(struct encoder *encoder, struct place *place);

/* ---- complaints ---- */

static bool is_identifier(const char *text)
{
    return text[0] != '\0' && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                           "0123456789_") == strlen(text);
}

static void append_place(struct buffer *path, const struct place *place)
{
    if (place->outer == NULL) {
        return;
    }
    append_place(path, place->outer);
    if (place->key == NULL) {
        (void)buffer_printf(path, "[%lld]", (long long)place->element);
    } else if (is_identifier(place->key)) {
        (void)buffer_printf(path, "%s%s", path->length == 0 ? "" : ".", place->key);
    } else {
        (void)buffer_printf(path, "[\"%.40s\"]", place->key);
    }
}

static bool complain(const struct encoder *encoder, const struct place *place, const char *what)
{
    char text[PATH_SIZE];
    struct buffer path = {.data = text, .capacity = sizeof text, .max = sizeof text - 1};
    text[0] = '\0';
    append_place(&path, place);
    return error_set(encoder->err, "usage", "%s %s", path.length == 0 ? "the value" : text, what);
}

static bool complain_type(const struct encoder *encoder, const struct place *place, int type)
{
    char what[64];
    (void)snprintf(what, sizeof what, "is a %s, which JSON can't say",
                   lua_typename(encoder->L, type));
    return complain(encoder, place, what);
}

/* ---- scalars ---- */

static bool append_float(struct buffer *out, double value)
{
    char text[40];
    if (value >= -EXACT_MAX && value <= EXACT_MAX && value == floor(value)) {
        return buffer_printf(out, "%lld", (long long)value);
    }
    /* 15 digits without trailing zeros are the shortest there are, but near zero. */
    for (int digits = fabs(value) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    return buffer_append_text(out, text);
}

static bool encode_number(struct encoder *encoder, const struct place *place)
{
    lua_State *L = encoder->L;
    if (lua_isinteger(L, -1)) {
        (void)buffer_printf(encoder->out, "%lld", (long long)lua_tointeger(L, -1));
        return true;
    }
    double value = lua_tonumber(L, -1);
    if (!isfinite(value)) {
        return complain(encoder, place,
                        isnan(value) ? "is NaN, which JSON can't say"
                                     : "is infinite, which JSON can't say");
    }
    (void)append_float(encoder->out, value);
    return true;
}

static bool encode_text(struct encoder *encoder, const struct place *place, const char *text,
                        size_t length)
{
    if (!utf8_valid(text, length)) {
        return complain(encoder, place,
                        "holds bytes that are not UTF-8; JSON carries text only, so encode binary "
                        "data (as base64, say)");
    }
    (void)buffer_append_json(encoder->out, text, length);
    return true;
}

/* ---- tables ---- */

static void append_line_break(struct encoder *encoder, int depth)
{
    if (encoder->style->indent > 0) {
        (void)buffer_append_byte(encoder->out, '\n');
        for (int i = 0; i < depth * encoder->style->indent; i++) {
            (void)buffer_append_byte(encoder->out, ' ');
        }
    }
}

static bool encode_array(struct encoder *encoder, const struct place *place, lua_Integer count)
{
    (void)buffer_append_byte(encoder->out, '[');
    for (lua_Integer i = 1; i <= count; i++) {
        (void)buffer_append_text(encoder->out, i == 1 ? "" : ",");
        append_line_break(encoder, place->depth + 1);
        struct place element = {.outer = place, .element = i, .depth = place->depth + 1};
        lua_rawgeti(encoder->L, -1, i);
        bool ok = encode_value(encoder, &element);
        lua_pop(encoder->L, 1);
        if (!ok) {
            return false;
        }
    }
    if (count > 0) {
        append_line_break(encoder, place->depth);
    }
    (void)buffer_append_byte(encoder->out, ']');
    return true;
}

/* The value on top of the stack, under this key. */
static bool encode_member(struct encoder *encoder, const struct place *outer,
                          const struct scratch_key *key)
{
    struct place place = {.outer = outer, .key = key->text, .depth = outer->depth + 1};
    append_line_break(encoder, place.depth);
    if (!encode_text(encoder, &place, key->text, key->length)) {
        return false;
    }
    (void)buffer_append_text(encoder->out, encoder->style->indent > 0 ? ": " : ":");
    if (encoder->style->mask_secrets && log_is_secret(key->text, key->length)) {
        (void)buffer_append_text(encoder->out, "\"***\"");
        return true;
    }
    return encode_value(encoder, &place);
}

/* Stack: table, keys. */
static bool encode_members(struct encoder *encoder, const struct place *place,
                           const struct scratch_key *keys, size_t count)
{
    lua_State *L = encoder->L;
    (void)buffer_append_byte(encoder->out, '{');
    for (size_t i = 0; i < count; i++) {
        (void)buffer_append_text(encoder->out, i == 0 ? "" : ",");
        lua_pushlstring(L, keys[i].text, keys[i].length);
        lua_rawget(L, -3);
        bool ok = encode_member(encoder, place, &keys[i]);
        lua_pop(L, 1);
        if (!ok) {
            return false;
        }
    }
    if (count > 0) {
        append_line_break(encoder, place->depth);
    }
    (void)buffer_append_byte(encoder->out, '}');
    return true;
}

static bool encode_object(struct encoder *encoder, const struct place *place)
{
    size_t count;
    struct scratch_key *keys = scratch_push_keys(encoder->L, -1, &count);
    if (keys == NULL) {
        return complain(encoder, place,
                        "has keys that are neither all strings nor 1 to n without a hole");
    }
    bool ok = encode_members(encoder, place, keys, count);
    lua_pop(encoder->L, 1);
    return ok;
}

static bool has_only_elements(lua_State *L, lua_Unsigned count)
{
    lua_Unsigned found = 0;
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        lua_pop(L, 1);
        found++;
        if (found > count || !lua_isinteger(L, -1)) {
            lua_pop(L, 1);
            return false;
        }
    }
    return found == count;
}

static bool encode_table(struct encoder *encoder, struct place *place)
{
    lua_State *L = encoder->L;
    place->table = lua_topointer(L, -1);
    for (const struct place *open = place->outer; open != NULL; open = open->outer) {
        if (open->table == place->table) {
            return complain(encoder, place, "is a table that contains itself");
        }
    }
    if (place->depth >= JSON_DEPTH_MAX) {
        return complain(encoder, place, "is nested deeper than 128 levels");
    }
    lua_Unsigned count = lua_rawlen(L, -1);
    if (count == 0 && !json_has_array_mark(L, -1)) {
        return encode_object(encoder, place);
    }
    if (!has_only_elements(L, count)) {
        return complain(encoder, place,
                        "is an array with a hole or with named fields; use json.null for what is "
                        "not there");
    }
    return encode_array(encoder, place, (lua_Integer)count);
}

static bool encode_value(struct encoder *encoder, struct place *place)
{
    lua_State *L = encoder->L;
    if (encoder->out->state != BUFFER_OK) {
        return buffer_check(encoder->out, "JSON text", encoder->err);
    }
    luaL_checkstack(L, 8, "encoding JSON");
    int type = lua_type(L, -1);
    switch (type) {
    case LUA_TNIL:
        (void)buffer_append_text(encoder->out, "null");
        return true;
    case LUA_TBOOLEAN:
        (void)buffer_append_text(encoder->out, lua_toboolean(L, -1) ? "true" : "false");
        return true;
    case LUA_TNUMBER:
        return encode_number(encoder, place);
    case LUA_TSTRING: {
        size_t length;
        const char *text = lua_tolstring(L, -1, &length);
        return encode_text(encoder, place, text, length);
    }
    case LUA_TTABLE:
        return encode_table(encoder, place);
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L, -1) == NULL) {
            (void)buffer_append_text(encoder->out, "null");
            return true;
        }
        return complain_type(encoder, place, type);
    default:
        return complain_type(encoder, place, type);
    }
}

bool json_encode(lua_State *L, int index, const struct json_style *style, struct buffer *out,
                 struct error *err)
{
    struct encoder encoder = {L, out, style, err};
    struct place root = {.outer = NULL};
    int top = lua_gettop(L);
    luaL_checkstack(L, 1, "encoding JSON");
    lua_pushvalue(L, index);
    bool ok = encode_value(&encoder, &root) && buffer_check(out, "JSON text", err);
    lua_settop(L, top);
    return ok;
}
