/*
 * json_fuzz.c - any bytes into json.decode: refused with a reason, or a value that json.encode
 * writes and that reads back as the same text.
 */
#include <lauxlib.h>
#include <lualib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/bindings.h"
#include "host/raise.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static lua_State *open_state(void)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    raise_open(L);
    luaL_requiref(L, "json", luaopen_json, 0);
    return L;
}

/* Text on top in; what decode and encode make of it out; false when it was refused. */
static bool round_trip(lua_State *L, int json)
{
    lua_getfield(L, json, "encode");
    lua_getfield(L, json, "decode");
    lua_pushvalue(L, -3);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
        return false;
    }
    if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
        (void)fprintf(stderr, "decoded but not encoded: %s\n", luaL_tolstring(L, -1, NULL));
        abort();
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static lua_State *L;
    if (L == NULL) {
        L = open_state();
    }
    lua_settop(L, 1);
    lua_pushlstring(L, (const char *)bytes, length);
    if (round_trip(L, 1)) {
        if (!round_trip(L, 1) || lua_rawequal(L, -1, -2) == 0) {
            (void)fprintf(stderr, "not stable: %s\n", lua_tostring(L, -1));
            abort();
        }
    }
    lua_settop(L, 1);
    return 0;
}
