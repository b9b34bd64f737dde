/*
 * arguments.c - reads named arguments; every C module's functions call it first.
 */
#include "bindings/arguments.h"

#include <lauxlib.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "bindings/bytes.h"
#include "host/loop.h"
#include "host/nearest.h"
#include "host/raise.h"

struct reader {
    lua_State *L;
    int index;
    int argument; /* which one complaints name */
    const char *function;
    const struct argument *fields;
    char *out;
    int job_index;
};

static _Noreturn PRINTF_LIKE(4, 0) void complain_v(lua_State *L, int index, const char *function,
                                                   const char *format, va_list arguments)
{
    struct error err;
    char text[sizeof err.message];
    (void)vsnprintf(text, sizeof text, format, arguments);
    (void)error_set(&err, "usage", "bad argument #%d to '%s' (%s)", index, function, text);
    raise_error(L, &err);
}

void arguments_complain(lua_State *L, int index, const char *function, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain_v(L, index, function, format, arguments);
}

static _Noreturn PRINTF_LIKE(2, 3) void complain(const struct reader *reader, const char *format,
                                                 ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain_v(reader->L, reader->argument, reader->function, format, arguments);
}

static const char *nearest_field(const struct argument *fields, const char *name)
{
    struct nearest nearest = nearest_to(name);
    for (const struct argument *field = fields; field->name != NULL; field++) {
        nearest_try(&nearest, field->name);
    }
    return nearest.name;
}

static _Noreturn void complain_unknown(const struct reader *reader, const char *name)
{
    char known[700];
    size_t used = 0;
    known[0] = '\0';
    for (const struct argument *field = reader->fields; field->name != NULL; field++) {
        int added =
            snprintf(known + used, sizeof known - used, "%s%s", used == 0 ? "" : ", ", field->name);
        used = used + (size_t)added < sizeof known ? used + (size_t)added : sizeof known - 1;
    }
    const char *nearest = nearest_field(reader->fields, name);
    if (nearest == NULL) {
        complain(reader, "unknown field '%.64s', fields: %s", name, known);
    }
    complain(reader, "unknown field '%.64s', did you mean '%s'? fields: %s", name, nearest, known);
}

static const struct argument *find_field(const struct argument *fields, const char *name)
{
    for (const struct argument *field = fields; field->name != NULL; field++) {
        if (strcmp(field->name, name) == 0) {
            return field;
        }
    }
    return NULL;
}

static void check_known(const struct reader *reader)
{
    lua_State *L = reader->L;
    lua_pushnil(L);
    while (lua_next(L, reader->index) != 0) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING) {
            complain(reader, "fields have names, found a key that is a %s", luaL_typename(L, -1));
        }
        const char *name = lua_tostring(L, -1);
        if (find_field(reader->fields, name) == NULL) {
            complain_unknown(reader, name);
        }
    }
}

static _Noreturn void complain_type(const struct reader *reader, const struct argument *field,
                                    const char *expected)
{
    const char *found = luaL_typename(reader->L, -1);
    complain(reader, "field '%s' is %s %s, expected %s", field->name,
             strchr("aeiou", found[0]) == NULL ? "a" : "an", found, expected);
}

/* Keeps the value on top of the stack alive for the job. */
static void store_text(const struct reader *reader, const struct argument *field, const char *data,
                       size_t length)
{
    if (reader->job_index != 0) {
        job_anchor(reader->L, reader->job_index, lua_gettop(reader->L));
    }
    memcpy(reader->out + field->offset, &data, sizeof data);
    memcpy(reader->out + field->offset + sizeof data, &length, sizeof length);
}

static void read_text(const struct reader *reader, const struct argument *field)
{
    lua_State *L = reader->L;
    if (lua_type(L, -1) != LUA_TSTRING) {
        complain_type(reader, field, "a string");
    }
    size_t length;
    const char *data = lua_tolstring(L, -1, &length);
    if (field->max != 0 && (length < (size_t)field->min || length > (size_t)field->max)) {
        complain(reader, "field '%s' has %zu bytes, expected %lld to %lld", field->name, length,
                 (long long)field->min, (long long)field->max);
    }
    store_text(reader, field, data, length);
}

static void read_bytes(const struct reader *reader, const struct argument *field)
{
    const char *data;
    size_t length;
    if (!bytes_read(reader->L, -1, &data, &length)) {
        complain_type(reader, field, "a string or bytes");
    }
    store_text(reader, field, data, length);
}

static void read_integer(const struct reader *reader, const struct argument *field)
{
    lua_State *L = reader->L;
    int is_integer;
    lua_Integer value = lua_tointegerx(L, -1, &is_integer);
    if (lua_type(L, -1) != LUA_TNUMBER) {
        complain_type(reader, field, "an integer");
    }
    if (!is_integer) {
        complain(reader, "field '%s' is %g, expected an integer", field->name, lua_tonumber(L, -1));
    }
    if ((field->min != 0 || field->max != 0) && (value < field->min || value > field->max)) {
        complain(reader, "field '%s' is %lld, expected %lld to %lld", field->name, (long long)value,
                 (long long)field->min, (long long)field->max);
    }
    int64_t stored = value;
    memcpy(reader->out + field->offset, &stored, sizeof stored);
}

static void read_number(const struct reader *reader, const struct argument *field)
{
    lua_State *L = reader->L;
    if (lua_type(L, -1) != LUA_TNUMBER) {
        complain_type(reader, field, "a number");
    }
    double value = lua_tonumber(L, -1);
    if (!isfinite(value)) {
        complain(reader, "field '%s' is %g, expected a finite number", field->name, value);
    }
    if ((field->min != 0 || field->max != 0) &&
        (value < (double)field->min || value > (double)field->max)) {
        complain(reader, "field '%s' is %g, expected %lld to %lld", field->name, value,
                 (long long)field->min, (long long)field->max);
    }
    memcpy(reader->out + field->offset, &value, sizeof value);
}

static void read_choice(const struct reader *reader, const struct argument *field)
{
    lua_State *L = reader->L;
    if (lua_type(L, -1) != LUA_TSTRING) {
        complain_type(reader, field, "a string");
    }
    const char *value = lua_tostring(L, -1);
    char known[400] = "";
    size_t used = 0;
    for (int i = 0; field->choices[i] != NULL; i++) {
        if (strcmp(field->choices[i], value) == 0) {
            memcpy(reader->out + field->offset, &i, sizeof i);
            return;
        }
        int added = snprintf(known + used, sizeof known - used, "%s%s", i == 0 ? "" : ", ",
                             field->choices[i]);
        used = used + (size_t)added < sizeof known ? used + (size_t)added : sizeof known - 1;
    }
    complain(reader, "field '%s' is '%.64s', expected one of %s", field->name, value, known);
}

static void read_field(const struct reader *reader, const struct argument *field)
{
    lua_State *L = reader->L;
    switch (field->type) {
    case ARGUMENT_TEXT:
        read_text(reader, field);
        break;
    case ARGUMENT_BYTES:
        read_bytes(reader, field);
        break;
    case ARGUMENT_INTEGER:
        read_integer(reader, field);
        break;
    case ARGUMENT_NUMBER:
        read_number(reader, field);
        break;
    case ARGUMENT_BOOLEAN: {
        if (lua_type(L, -1) != LUA_TBOOLEAN) {
            complain_type(reader, field, "a boolean");
        }
        bool value = lua_toboolean(L, -1) != 0;
        memcpy(reader->out + field->offset, &value, sizeof value);
        break;
    }
    case ARGUMENT_CHOICE:
        read_choice(reader, field);
        break;
    case ARGUMENT_TABLE:
        if (lua_type(L, -1) != LUA_TTABLE) {
            complain_type(reader, field, "a table");
        }
        break;
    case ARGUMENT_FUNCTION:
        if (lua_type(L, -1) != LUA_TFUNCTION) {
            complain_type(reader, field, "a function");
        }
        break;
    case ARGUMENT_ANY:
        break;
    }
}

void arguments_read(lua_State *L, int index, const char *function, const struct argument *fields,
                    void *out, int job_index)
{
    index = lua_absindex(L, index);
    arguments_read_part(L, index, index, function, fields, out, job_index);
}

void arguments_read_part(lua_State *L, int index, int argument, const char *function,
                         const struct argument *fields, void *out, int job_index)
{
    index = lua_absindex(L, index);
    struct reader reader = {
        L, index, argument, function, fields, out, job_index == 0 ? 0 : lua_absindex(L, job_index)};
    if (lua_type(L, index) != LUA_TTABLE) {
        complain(&reader, "a table of named fields expected, got %s", luaL_typename(L, index));
    }
    luaL_checkstack(L, 4, "reading arguments");
    check_known(&reader);
    for (const struct argument *field = fields; field->name != NULL; field++) {
        lua_pushstring(L, field->name);
        int type = lua_rawget(L, index);
        if (type != LUA_TNIL) {
            read_field(&reader, field);
        } else if (field->required) {
            complain(&reader, "field '%s' is missing", field->name);
        }
        lua_pop(L, 1);
    }
}
