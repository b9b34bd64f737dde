/*
 * events.c - module `events_core`, the part of events.lua that is too slow in Lua: base64, in which
 * requests and answers over HTTP carry bytes. Not for scripts.
 *
 *     events_core.base64_encode(bytes)   the text
 *     events_core.base64_decode(text)    the bytes, or nil when it is no base64
 */
#include <lauxlib.h>

#include "bindings/base64.h"
#include "bindings/bindings.h"

static int l_base64_encode(lua_State *L)
{
    size_t length;
    const char *bytes = luaL_checklstring(L, 1, &length);
    luaL_Buffer buffer;
    /* One more for the NUL. */
    char *text = luaL_buffinitsize(L, &buffer, BASE64_LENGTH(length) + 1);
    base64_encode(bytes, length, text);
    luaL_pushresultsize(&buffer, BASE64_LENGTH(length));
    return 1;
}

static int l_base64_decode(lua_State *L)
{
    size_t length;
    size_t decoded = 0;
    const char *text = luaL_checklstring(L, 1, &length);
    luaL_Buffer buffer;
    char *bytes = luaL_buffinitsize(L, &buffer, length / 4 * 3);
    if (!base64_decode(text, length, (unsigned char *)bytes, &decoded)) {
        lua_pushnil(L);
        return 1;
    }
    luaL_pushresultsize(&buffer, decoded);
    return 1;
}

int luaopen_events_core(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"base64_encode", l_base64_encode},
        {"base64_decode", l_base64_decode},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
