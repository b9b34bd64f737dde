/*
 * effects.c - the list of what store calls did, kept in the Lua registry; and the module `effects`
 * for the commands. See effects.h. Not for scripts.
 */
#include "bindings/effects.h"

#include <lauxlib.h>

#include "bindings/bindings.h"
#include "bindings/stages.h"
#include "bindings/xray.h"

#define FIELD_READS    "reads"
#define FIELD_WRITES   "writes"
#define FIELD_FAILURES "failures"

/* Its address is the key of the registry's table {list=, first=, reads=, ...}; the list is a ring
 * that begins at `first` once it is full. */
static const char registry_key;

static void push_new_state(lua_State *L)
{
    lua_createtable(L, 0, 5);
    lua_newtable(L);
    lua_setfield(L, -2, "list");
    static const char *const counters[] = {"first", FIELD_READS, FIELD_WRITES, FIELD_FAILURES};
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
        lua_pushinteger(L, 0);
        lua_setfield(L, -2, counters[i]);
    }
}

static void push_state(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &registry_key) != LUA_TTABLE) {
        lua_pop(L, 1);
        push_new_state(L);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &registry_key);
    }
}

static lua_Integer get_integer(lua_State *L, int index, const char *field)
{
    (void)lua_getfield(L, index, field);
    lua_Integer value = lua_tointeger(L, -1);
    lua_pop(L, 1);
    return value;
}

static void set_integer(lua_State *L, const char *field, lua_Integer value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, field);
}

static void push_effect(lua_State *L, const struct effect *effect, const struct job *job,
                        const struct error *err)
{
    lua_createtable(L, 0, 10);
    lua_pushstring(L, effect->operation);
    lua_setfield(L, -2, "operation");
    lua_pushlstring(L, effect->place, effect->place_length);
    lua_setfield(L, -2, "place");
    if (effect->key != NULL) {
        lua_pushlstring(L, effect->key, effect->key_length);
        lua_setfield(L, -2, "key");
    }
    set_integer(L, "bytes", effect->bytes);
    set_integer(L, "status", err == NULL ? 200 : err->status);
    if (err != NULL) {
        lua_pushstring(L, err->code);
        lua_setfield(L, -2, "code");
    }
    int attempts = err != NULL ? err->attempts : job->error.attempts;
    if (attempts > 0) {
        set_integer(L, "attempts", attempts);
    }
    lua_pushnumber(L, (lua_Number)(job->finished_us - job->started_us) / 1000);
    lua_setfield(L, -2, "milliseconds");
    lua_pushboolean(L, effect->write);
    lua_setfield(L, -2, "write");
}

void effects_record(lua_State *L, const struct effect *effect, const struct job *job,
                    const struct error *err)
{
    stages_record(effect, job->finished_us - job->started_us);
    xray_record(L, effect, job, err);
    luaL_checkstack(L, 8, "recording an effect");
    push_state(L);
    const char *counter = effect->write ? FIELD_WRITES : FIELD_READS;
    counter = err == NULL ? counter : FIELD_FAILURES;
    set_integer(L, counter, get_integer(L, -1, counter) + 1);
    (void)lua_getfield(L, -1, "list"); /* state list */
    lua_Integer place = luaL_len(L, -1) + 1;
    if (place > EFFECTS_MAX) {
        lua_Integer first = get_integer(L, -2, "first");
        place = first + 1;
        lua_insert(L, -2); /* list state */
        set_integer(L, "first", (first + 1) % EFFECTS_MAX);
        lua_insert(L, -2);
    }
    push_effect(L, effect, job, err);
    lua_rawseti(L, -2, place);
    lua_pop(L, 2);
}

/* effects.list() */
static int list(lua_State *L)
{
    push_state(L);
    lua_Integer first = get_integer(L, -1, "first");
    (void)lua_getfield(L, -1, "list");
    lua_Integer length = luaL_len(L, -1);
    lua_createtable(L, (int)length, 0); /* state list result */
    for (lua_Integer i = 0; i < length; i++) {
        (void)lua_rawgeti(L, -2, (first + i) % length + 1);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* effects.counts() */
static int counts(lua_State *L)
{
    static const char *const fields[] = {FIELD_READS, FIELD_WRITES, FIELD_FAILURES};
    push_state(L);
    lua_createtable(L, 0, 3);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        (void)lua_getfield(L, -2, fields[i]);
        lua_setfield(L, -2, fields[i]);
    }
    return 1;
}

/* effects.clear() */
static int clear(lua_State *L)
{
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &registry_key);
    return 0;
}

static const luaL_Reg functions[] = {
    {"list", list},
    {"counts", counts},
    {"clear", clear},
    {NULL, NULL},
};

int luaopen_effects(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
