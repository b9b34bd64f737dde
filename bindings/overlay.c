/*
 * overlay.c - the module `overlay`: a local store in a folder of its own, in front of the store of
 * this Lua state. The REPL's dry runs keep their writes there (host/repl/overlay.lua). Not part of
 * the layer.
 *
 *     local over = overlay.open(folder)
 *     over:use(true)                    the next calls of `s3` and `dynamodb` go there,
 *     over:use(false)                   these to where they went before: a call keeps the store
 *                                       that it has begun with
 *     over:close()                      nothing uses it any more; also by the collector
 *     over:declare_bucket(name)
 *     over:declare_table(name, keys)    "id:S,at:N"
 */
#include <lauxlib.h>
#include <stdbool.h>

#include "bindings/bindings.h"
#include "bindings/local/store.h"
#include "host/raise.h"

#define OVERLAY_METATABLE "lunette.overlay"

struct overlay {
    struct local_store *store; /* NULL: closed */
    struct s3_store *s3;       /* what is behind it */
    struct dynamodb_store *dynamodb;
};

static struct overlay *check_open(lua_State *L)
{
    struct overlay *overlay = luaL_checkudata(L, 1, OVERLAY_METATABLE);
    luaL_argcheck(L, overlay->store != NULL, 1, "the overlay is closed");
    return overlay;
}

static int overlay_use(lua_State *L)
{
    struct overlay *overlay = check_open(L);
    struct bindings *bindings = bindings_of(L);
    bool use = lua_toboolean(L, 2) != 0;
    bindings->s3 = use ? local_store_s3(overlay->store) : overlay->s3;
    bindings->dynamodb = use ? local_store_dynamodb(overlay->store) : overlay->dynamodb;
    return 0;
}

static int overlay_declare_bucket(lua_State *L)
{
    struct overlay *overlay = check_open(L);
    struct error err;
    if (!local_store_declare_bucket(overlay->store, luaL_checkstring(L, 2), &err)) {
        raise_error(L, &err);
    }
    return 0;
}

static int overlay_declare_table(lua_State *L)
{
    struct overlay *overlay = check_open(L);
    struct error err;
    const char *name = luaL_checkstring(L, 2);
    if (!local_store_declare_table(overlay->store, name, luaL_checkstring(L, 3), &err)) {
        raise_error(L, &err);
    }
    return 0;
}

static int overlay_close(lua_State *L)
{
    struct overlay *overlay = luaL_checkudata(L, 1, OVERLAY_METATABLE);
    if (overlay->store != NULL) {
        struct bindings *bindings = bindings_of(L);
        bindings->s3 = overlay->s3;
        bindings->dynamodb = overlay->dynamodb;
        local_store_close(overlay->store);
        overlay->store = NULL;
    }
    return 0;
}

static int overlay_open(lua_State *L)
{
    const char *folder = luaL_checkstring(L, 1);
    struct overlay *overlay = lua_newuserdatauv(L, sizeof *overlay, 0);
    const struct bindings *bindings = bindings_of(L);
    struct error err;
    *overlay = (struct overlay){NULL, bindings->s3, bindings->dynamodb};
    luaL_setmetatable(L, OVERLAY_METATABLE);
    overlay->store = local_store_open(folder, &err);
    if (overlay->store == NULL) {
        raise_error(L, &err);
    }
    return 1;
}

static const luaL_Reg functions[] = {{"open", overlay_open}, {NULL, NULL}};

static const luaL_Reg methods[] = {
    {"use", overlay_use},
    {"declare_bucket", overlay_declare_bucket},
    {"declare_table", overlay_declare_table},
    {"close", overlay_close},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {{"__gc", overlay_close}, {NULL, NULL}};

int luaopen_overlay(lua_State *L)
{
    if (luaL_newmetatable(L, OVERLAY_METATABLE) != 0) {
        luaL_setfuncs(L, metamethods, 0);
        luaL_newlib(L, methods);
        lua_setfield(L, -2, "__index");
    }
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
