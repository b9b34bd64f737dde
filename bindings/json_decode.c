/*
 * json_decode.c - JSON to Lua values. The only file that includes lua-cjson.
 *
 * lua-cjson builds the values; json_scan.c decides before what is JSON and marks what lua-cjson
 * would get wrong; here the marks become values again, whole doubles become integers, and arrays
 * get their metatable.
 *
 * Known of lua-cjson: when Lua runs out of memory in the middle of a decode, it leaks a buffer of
 * the text's size (it holds it while it calls functions that raise), and when malloc fails for that
 * buffer it ends the process.
 */
#include "bindings/json.h"

#include <lauxlib.h>
#include <lua5.4/lua-cjson.h>
#include <math.h>

#include "bindings/json_scan.h"
#include "bindings/scratch.h"
#include "host/raise.h"

#define EXACT_MAX 9007199254740992.0 /* 2^53 */

/* For repair(): where the arrays' metatable is on the stack. */
struct repair {
    lua_State *L;
    int array_mark;
};

static bool repair_value(const struct repair *repair);

static bool repair_number(lua_State *L)
{
    double value = lua_tonumber(L, -1);
    if (value < -EXACT_MAX || value > EXACT_MAX || value != floor(value)) {
        return false;
    }
    lua_pop(L, 1);
    lua_pushinteger(L, (lua_Integer)value);
    return true;
}

static bool repair_text(const struct repair *repair)
{
    lua_State *L = repair->L;
    size_t length;
    const char *text = lua_tolstring(L, -1, &length);
    if (length < 2 || text[0] != JSON_MARK) {
        return false;
    }
    if (text[1] == JSON_MARK_ARRAY) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, repair->array_mark);
        lua_setmetatable(L, -2);
        return true;
    }
    int64_t value = 0;
    (void)json_parse_integer(text + 2, length - 2, &value); /* the scan has seen that it fits */
    lua_pop(L, 1);
    lua_pushinteger(L, value);
    return true;
}

static void repair_array(const struct repair *repair, lua_Unsigned count)
{
    lua_State *L = repair->L;
    lua_pushvalue(L, repair->array_mark);
    lua_setmetatable(L, -2);
    for (lua_Unsigned i = 1; i <= count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i);
        if (repair_value(repair)) {
            lua_rawseti(L, -2, (lua_Integer)i);
        } else {
            lua_pop(L, 1);
        }
    }
}

static void repair_object(const struct repair *repair)
{
    lua_State *L = repair->L;
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) { /* table key value */
        if (repair_value(repair)) {
            lua_pushvalue(L, -2);
            lua_insert(L, -2); /* table key key value */
            lua_rawset(L, -4); /* an existing field: allowed while traversing */
        } else {
            lua_pop(L, 1);
        }
    }
}

/* Repairs the value on top of the stack; true when another value now stands in its place. */
static bool repair_value(const struct repair *repair)
{
    lua_State *L = repair->L;
    switch (lua_type(L, -1)) {
    case LUA_TNUMBER:
        return repair_number(L);
    case LUA_TSTRING:
        return repair_text(repair);
    case LUA_TTABLE: {
        luaL_checkstack(L, 8, "decoding JSON");
        lua_Unsigned count = lua_rawlen(L, -1);
        if (count > 0) {
            repair_array(repair, count);
        } else {
            repair_object(repair);
        }
        return false;
    }
    default:
        return false;
    }
}

/* json.decode(text). Upvalue: lua-cjson's decode. */
static int decode(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TSTRING) {
        return luaL_typeerror(L, 1, "string");
    }
    lua_settop(L, 1);
    size_t length;
    const char *text = lua_tolstring(L, 1, &length);
    struct buffer *rewritten = scratch_push_buffer(L, 2 * (size_t)JSON_TEXT_MAX);
    struct error err;
    bool ok = length <= JSON_TEXT_MAX
                  ? json_scan(text, length, rewritten, &err)
                  : error_set(&err, "too_large", "the JSON text has %zu bytes, the limit is %d",
                              length, JSON_TEXT_MAX);
    if (!ok) {
        buffer_release(rewritten);
        raise_error(L, &err);
    }
    json_push_array_mark(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    if (rewritten->length > 0) {
        lua_pushlstring(L, rewritten->data, rewritten->length);
        buffer_release(rewritten);
    } else {
        lua_pushvalue(L, 1);
    }
    lua_call(L, 1, 1); /* text scratch mark value */
    struct repair repair = {.L = L, .array_mark = lua_gettop(L) - 1};
    (void)repair_value(&repair);
    return 1;
}

void json_push_decoder(lua_State *L)
{
    lua_pushcfunction(L, luaopen_cjson);
    lua_call(L, 0, 1);
    lua_getfield(L, -1, "decode");
    lua_pushcclosure(L, decode, 1);
    lua_remove(L, -2);
}
