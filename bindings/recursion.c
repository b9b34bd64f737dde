/*
 * recursion.c - asks recursion.lua, once an invocation, what started it, and refuses writes there.
 * s3.c calls it for whatever creates an object.
 */
#include "bindings/recursion.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

#include "host/invocation.h"
#include "host/raise.h"

#define SHOWN_MAX 150 /* bytes of a key in the message */

static const char finder_key; /* in the invocation's notes; its address is the key */

/* An event that does not even say "s3" is not looked at: a large request's body, say. */
static bool may_be_of_s3(const char *event, size_t length)
{
    return memmem(event, length, "s3", strlen("s3")) != NULL;
}

/* require("lunette.recursion")(event) */
static void push_new_finder(lua_State *L, const char *event, size_t length)
{
    lua_getglobal(L, "require");
    lua_pushliteral(L, "lunette.recursion");
    lua_call(L, 1, 1);
    lua_pushlstring(L, event, length);
    lua_call(L, 1, 1);
}

/* Pushes a function (bucket, key) -> the upload's key and its folder, or nil; false, with nothing
 * pushed, where there is nothing to find. */
static bool push_finder(lua_State *L)
{
    size_t length;
    const char *event = invocation_event(L, &length);
    if (event == NULL) {
        return false;
    }
    invocation_push_notes(L);
    if (lua_rawgetp(L, -1, &finder_key) == LUA_TNIL) {
        lua_pop(L, 1);
        if (may_be_of_s3(event, length)) {
            push_new_finder(L, event, length);
        } else {
            lua_pushboolean(L, false);
        }
        lua_pushvalue(L, -1);
        lua_rawsetp(L, -3, &finder_key);
    }
    lua_remove(L, -2);
    if (!lua_isfunction(L, -1)) {
        lua_pop(L, 1);
        return false;
    }
    return true;
}

static int shown(size_t length)
{
    return length > SHOWN_MAX ? SHOWN_MAX : (int)length;
}

static _Noreturn void refuse(lua_State *L, const struct s3_request *request, const char *upload,
                             const char *folder)
{
    struct error err;
    struct s3_text bucket = request->bucket, key = request->key;
    (void)error_set(
        &err, "recursion",
        "%.*s/%.*s would be written where this invocation's event came from "
        "(%.*s/%.*s), and what is written below %.*s/%.*s may start the function again, "
        "without end: write to another bucket or folder, or give allow_recursion = true",
        shown(bucket.length), bucket.data, shown(key.length), key.data, shown(bucket.length),
        bucket.data, SHOWN_MAX, upload, shown(bucket.length), bucket.data, SHOWN_MAX, folder);
    raise_error(L, &err);
}

void recursion_check(lua_State *L, const struct s3_request *request)
{
    luaL_checkstack(L, 8, "looking for what started the invocation");
    if (!push_finder(L)) {
        return;
    }
    lua_pushlstring(L, request->bucket.data, request->bucket.length);
    lua_pushlstring(L, request->key.data, request->key.length);
    lua_call(L, 2, 2);
    if (!lua_isnil(L, -2)) {
        refuse(L, request, lua_tostring(L, -2), lua_tostring(L, -1));
    }
    lua_pop(L, 2);
}
