/*
 * env.c - the module `env`: environment variables, checked. See bindings/api/env.lua.
 */
#include "host/env.h"

#include <lauxlib.h>

#include "bindings/arguments.h"
#include "bindings/bindings.h"
#include "host/raise.h"

struct text {
    const char *data;
    size_t length;
};

static const char *check_name(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TSTRING) {
        (void)luaL_typeerror(L, 1, "string");
    }
    return lua_tostring(L, 1);
}

/* env.get(name [, default]): the default may be anything. */
static int get(lua_State *L)
{
    const char *value = env_text(check_name(L), NULL);
    lua_settop(L, 2);
    if (value != NULL) {
        lua_pushstring(L, value);
    }
    return 1;
}

/* env.require(name) */
static int require(lua_State *L)
{
    const char *name = check_name(L);
    const char *value = env_text(name, NULL);
    if (value == NULL) {
        struct error err;
        (void)error_set(&err, "usage", "environment variable %.200s is not set", name);
        raise_error(L, &err);
    }
    lua_pushstring(L, value);
    return 1;
}

struct integer_options {
    struct text name;
    int64_t fallback, minimum, maximum;
};

static const struct argument integer_fields[] = {
    {"name", ARGUMENT_TEXT, offsetof(struct integer_options, name), .required = true},
    {"default", ARGUMENT_INTEGER, offsetof(struct integer_options, fallback), .required = false},
    {"min", ARGUMENT_INTEGER, offsetof(struct integer_options, minimum), .required = false},
    {"max", ARGUMENT_INTEGER, offsetof(struct integer_options, maximum), .required = false},
    {.name = NULL},
};

/* env.integer{name=, default=, min=, max=}: nil when not set and without a default. */
static int integer(lua_State *L)
{
    struct integer_options options = {.minimum = INT64_MIN, .maximum = INT64_MAX};
    arguments_read(L, 1, "integer", integer_fields, &options, 0);
    struct error err;
    int64_t value;
    if (!env_integer(options.name.data, options.fallback, options.minimum, options.maximum, &value,
                     &err)) {
        raise_error(L, &err);
    }
    lua_getfield(L, 1, "default");
    if (!lua_isnil(L, -1) || env_text(options.name.data, NULL) != NULL) {
        lua_pushinteger(L, value);
    }
    return 1;
}

struct flag_options {
    struct text name;
    bool fallback;
};

static const struct argument flag_fields[] = {
    {"name", ARGUMENT_TEXT, offsetof(struct flag_options, name), .required = true},
    {"default", ARGUMENT_BOOLEAN, offsetof(struct flag_options, fallback), .required = false},
    {.name = NULL},
};

/* env.flag{name=, default=} */
static int flag(lua_State *L)
{
    struct flag_options options = {.fallback = false};
    arguments_read(L, 1, "flag", flag_fields, &options, 0);
    struct error err;
    bool value;
    if (!env_flag(options.name.data, options.fallback, &value, &err)) {
        raise_error(L, &err);
    }
    lua_pushboolean(L, value);
    return 1;
}

static const luaL_Reg functions[] = {
    {"get", get}, {"require", require}, {"integer", integer}, {"flag", flag}, {NULL, NULL},
};

int luaopen_env(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
