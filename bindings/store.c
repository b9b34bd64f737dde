/*
 * store.c - the internal module `store`: what commands and tests ask of the embedded store besides
 * what scripts can. Not for handlers: on AWS there is no such thing.
 *
 *     store.is_local()                   is it there at all?
 *     store.directory()                  its folder
 *     store.declare_bucket(name)         the bucket exists afterwards
 *     store.declare_table(name, keys)    "id", "album:S,taken:N"
 *     store.path(bucket, key)            the file that holds an object
 */
#include <lauxlib.h>
#include <stdlib.h>

#include "bindings/bindings.h"
#include "bindings/local/store.h"
#include "host/raise.h"

static struct local_store *local(lua_State *L)
{
    struct local_store *store = bindings_of(L)->local;
    if (store == NULL) {
        (void)luaL_error(L, "there is no local store here");
    }
    return store;
}

static int store_is_local(lua_State *L)
{
    lua_pushboolean(L, bindings_of(L)->local != NULL);
    return 1;
}

static int store_directory(lua_State *L)
{
    lua_pushstring(L, local_store_directory(local(L)));
    return 1;
}

static int store_declare_bucket(lua_State *L)
{
    struct error err;
    if (!local_store_declare_bucket(local(L), luaL_checkstring(L, 1), &err)) {
        raise_error(L, &err);
    }
    return 0;
}

static int store_declare_table(lua_State *L)
{
    struct error err;
    const char *name = luaL_checkstring(L, 1);
    if (!local_store_declare_table(local(L), name, luaL_checkstring(L, 2), &err)) {
        raise_error(L, &err);
    }
    return 0;
}

static int free_path(lua_State *L)
{
    char **path = lua_touserdata(L, 1);
    free(*path);
    *path = NULL;
    return 0;
}

static int store_path(lua_State *L)
{
    size_t length;
    const char *bucket = luaL_checkstring(L, 1);
    const char *key = luaL_checklstring(L, 2, &length);
    char **path = lua_newuserdatauv(L, sizeof *path, 0);
    *path = NULL;
    if (luaL_newmetatable(L, "lunette.store.path") != 0) {
        lua_pushcfunction(L, free_path);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    struct error err;
    if (!local_store_path(local(L), bucket, key, length, path, &err)) {
        raise_error(L, &err);
    }
    lua_pushstring(L, *path);
    return 1;
}

static const luaL_Reg functions[] = {
    {"is_local", store_is_local},
    {"directory", store_directory},
    {"declare_bucket", store_declare_bucket},
    {"declare_table", store_declare_table},
    {"path", store_path},
    {NULL, NULL},
};

int luaopen_store(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
