/*
 * log.c - the module `log`: a script's log lines. See host/log.h for what a line looks like and
 * bindings/api/log.lua for the functions.
 *
 * A log call must not be what brings an invocation down: a value that JSON can't say (a function,
 * NaN, bytes) is logged as its text, and only a wrong call (no message, fields that aren't a table
 * with names) raises.
 */
#include "host/log.h"

#include <lauxlib.h>
#include <string.h>

#include "bindings/arguments.h"
#include "bindings/bindings.h"
#include "bindings/json.h"
#include "bindings/scratch.h"
#include "host/raise.h"

#define FIELDS_MAX 64

/* A value as text, whatever it is, left on the stack. */
static void set_text(lua_State *L, int index, struct log_field *field)
{
    field->kind = LOG_FIELD_TEXT;
    field->text = luaL_tolstring(L, index, &field->length);
}

static void set_json(lua_State *L, int index, struct log_field *field)
{
    static const struct json_style style = {.mask_secrets = true};
    struct error err;
    struct buffer *out = scratch_push_buffer(L, LOG_LINE_MAX);
    bool ok = json_encode(L, index, &style, out, &err);
    if (ok) {
        field->kind = LOG_FIELD_JSON;
        field->text = lua_pushlstring(L, out->data, out->length);
        field->length = out->length;
    }
    buffer_release(out);
    if (!ok) {
        set_text(L, index, field);
    }
}

/* Reads the value on top; what the field borrows stays on the stack. */
static void read_field(lua_State *L, struct log_field *field)
{
    int index = lua_gettop(L);
    if (lua_type(L, index) == LUA_TSTRING) {
        set_text(L, index, field);
    } else if (lua_isinteger(L, index)) {
        field->kind = LOG_FIELD_INTEGER;
        field->integer = lua_tointeger(L, index);
    } else {
        set_json(L, index, field);
    }
}

/* A wrong call raises whatever the level: it must not wait for the day somebody asks for debug. */
static void check_fields(lua_State *L, int index, const char *function)
{
    if (lua_type(L, index) != LUA_TTABLE) {
        arguments_complain(L, index, function, "a table of named fields expected, got %s",
                           luaL_typename(L, index));
    }
    int count = 0;
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        lua_pop(L, 1);
        count++;
        if (lua_type(L, -1) != LUA_TSTRING) {
            arguments_complain(L, index, function, "fields have names, found a key that is a %s",
                               luaL_typename(L, -1));
        }
    }
    if (count > FIELDS_MAX) {
        arguments_complain(L, index, function, "%d fields, a line has at most %d", count,
                           FIELDS_MAX);
    }
}

/* Pushes what the fields borrow, and the fields, sorted by name. They have been checked. */
static struct log_field *read_fields(lua_State *L, int index, size_t *count)
{
    struct scratch_key *keys = scratch_push_keys(L, index, count);
    luaL_checkstack(L, 4 * FIELDS_MAX + 8, "logging");
    struct log_field *fields = lua_newuserdatauv(L, (*count + 1) * sizeof *fields, 0);
    memset(fields, 0, (*count + 1) * sizeof *fields);
    for (size_t i = 0; i < *count; i++) {
        fields[i].name = keys[i].text;
        lua_pushlstring(L, keys[i].text, keys[i].length);
        lua_rawget(L, index);
        read_field(L, &fields[i]);
    }
    return fields;
}

static int write_log(lua_State *L, enum log_level level, const char *function)
{
    luaL_checkany(L, 1);
    lua_settop(L, 2);
    if (!lua_isnil(L, 2)) {
        check_fields(L, 2, function);
    }
    if (!log_enabled(level)) {
        return 0;
    }
    size_t count = 0;
    struct log_field *fields = lua_isnil(L, 2) ? NULL : read_fields(L, 2, &count);
    size_t length;
    luaL_checkstack(L, 4, "logging");
    const char *message = luaL_tolstring(L, 1, &length);
    log_write_bytes(level, message, length, fields, count);
    return 0;
}

static int trace(lua_State *L)
{
    return write_log(L, LOG_LEVEL_TRACE, "trace");
}

static int debug(lua_State *L)
{
    return write_log(L, LOG_LEVEL_DEBUG, "debug");
}

static int info(lua_State *L)
{
    return write_log(L, LOG_LEVEL_INFO, "info");
}

static int warn(lua_State *L)
{
    return write_log(L, LOG_LEVEL_WARN, "warn");
}

static int error(lua_State *L)
{
    return write_log(L, LOG_LEVEL_ERROR, "error");
}

/* log.append(fields) */
static int append(lua_State *L)
{
    lua_settop(L, 1);
    size_t count;
    struct error err;
    check_fields(L, 1, "append");
    struct log_field *fields = read_fields(L, 1, &count);
    if (!log_append(fields, count, &err)) {
        raise_error(L, &err);
    }
    return 0;
}

static const luaL_Reg functions[] = {
    {"trace", trace}, {"debug", debug},   {"info", info}, {"warn", warn},
    {"error", error}, {"append", append}, {NULL, NULL},
};

int luaopen_log(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
