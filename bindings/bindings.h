/*
 * bindings.h - what Lua can `require`, and what stands beneath it.
 *
 * host/main fills a struct bindings (which stores, how much memory for pixels), attaches it to the
 * Lua state, and hands the module table to vm. A new module is one line in bindings.c.
 */
#ifndef LUNETTE_BINDINGS_BINDINGS_H
#define LUNETTE_BINDINGS_BINDINGS_H

#include <lauxlib.h>
#include <lua.h>
#include <stdint.h>

struct s3_store;
struct dynamodb_store;
struct local_store;

struct bindings {
    struct s3_store *s3;
    struct dynamodb_store *dynamodb;
    struct local_store *local; /* behind the two above, or NULL */
    int64_t image_memory;      /* bytes that renders may use for pixels, all together */
};

/* The modules written in C, ended by {NULL, NULL}. The ones written in Lua are found among the
 * embedded files (bindings/NAME.lua). */
extern const luaL_Reg bindings_modules[];

int luaopen_dynamodb_core(lua_State *L);
int luaopen_effects(lua_State *L);
int luaopen_env(lua_State *L);
int luaopen_events_core(lua_State *L);
int luaopen_failure(lua_State *L);
int luaopen_hash(lua_State *L);
int luaopen_image(lua_State *L);
int luaopen_json(lua_State *L);
int luaopen_log(lua_State *L);
int luaopen_s3(lua_State *L);
int luaopen_stages(lua_State *L);
int luaopen_store(lua_State *L);
int luaopen_task(lua_State *L);
int luaopen_uuid(lua_State *L);

/* Of the REPL only, and not in the table above. */
int luaopen_overlay(lua_State *L);

/* `bindings` is borrowed as long as the state lives. */
void bindings_attach(lua_State *L, struct bindings *bindings);
struct bindings *bindings_of(lua_State *L);

#endif
