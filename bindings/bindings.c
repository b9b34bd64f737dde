/*
 * bindings.c - the table of modules, and how a module finds its store.
 */
#include "bindings/bindings.h"

static const char attached; /* its address is the registry key */

/* clang-format off: one a line, so that a new one is one line */
const luaL_Reg bindings_modules[] = {
    {"dynamodb_core", luaopen_dynamodb_core},
    {"effects", luaopen_effects},
    {"env", luaopen_env},
    {"events_core", luaopen_events_core},
    {"failure", luaopen_failure},
    {"hash", luaopen_hash},
    {"image", luaopen_image},
    {"json", luaopen_json},
    {"log", luaopen_log},
    {"s3", luaopen_s3},
    {"stages", luaopen_stages},
    {"store", luaopen_store},
    {"task", luaopen_task},
    {"uuid", luaopen_uuid},
    {NULL, NULL},
};
/* clang-format on */

void bindings_attach(lua_State *L, struct bindings *bindings)
{
    lua_pushlightuserdata(L, bindings);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &attached);
}

struct bindings *bindings_of(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &attached);
    struct bindings *bindings = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return bindings;
}
