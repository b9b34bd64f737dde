/*
 * raise.c - struct error on the Lua side. Bindings raise with it, vm and the runtime read with it.
 */
#include "host/raise.h"

#include <lauxlib.h>
#include <string.h>

/* A script may raise the same table again and again: then its lines begin anew at some point. */
#define TRACEBACK_MAX 8192

static void set_text(lua_State *L, const char *name, const char *text)
{
    if (text[0] != '\0') {
        lua_pushstring(L, text);
        lua_setfield(L, -2, name);
    }
}

void raise_push(lua_State *L, const struct error *err)
{
    lua_createtable(L, 0, 8);
    set_text(L, "code", err->code);
    set_text(L, "message", err->message);
    set_text(L, "operation", err->operation);
    set_text(L, "request_id", err->request_id);
    set_text(L, "where", err->where);
    if (err->status != 0) {
        lua_pushinteger(L, err->status);
        lua_setfield(L, -2, "status");
    }
    if (err->attempts != 0) {
        lua_pushinteger(L, err->attempts);
        lua_setfield(L, -2, "attempts");
    }
    lua_pushboolean(L, err->retryable);
    lua_setfield(L, -2, "retryable");
    luaL_setmetatable(L, RAISE_METATABLE);
}

/* vm names the modules compiled into the program like this; see vm.c. */
static bool is_built_in(const lua_Debug *frame)
{
    return strncmp(frame->short_src, "lunette/", strlen("lunette/")) == 0;
}

static bool find_line(lua_State *L, bool built_in_too, lua_Debug *frame)
{
    for (int level = 0; lua_getstack(L, level, frame) != 0; level++) {
        (void)lua_getinfo(L, "Sl", frame);
        if (frame->currentline > 0 && (built_in_too || !is_built_in(frame))) {
            return true;
        }
    }
    return false;
}

/* The nearest line up the stack that a script's author wrote; failing that, the nearest. */
static void push_where(lua_State *L)
{
    lua_Debug frame;
    if (find_line(L, false, &frame) || find_line(L, true, &frame)) {
        lua_pushfstring(L, "%s:%d", frame.short_src, frame.currentline);
    } else {
        lua_pushnil(L);
    }
}

void raise_error(lua_State *L, const struct error *err)
{
    raise_push(L, err);
    push_where(L);
    lua_setfield(L, -2, "where");
    (void)lua_error(L);
    __builtin_unreachable();
}

static void read_text(lua_State *L, int index, const char *name, char *to, size_t size)
{
    lua_pushstring(L, name);
    lua_rawget(L, index);
    if (lua_type(L, -1) == LUA_TSTRING) {
        size_t length = strnlen(lua_tostring(L, -1), size - 1);
        memcpy(to, lua_tostring(L, -1), length);
        to[length] = '\0';
    }
    lua_pop(L, 1);
}

static int read_object(lua_State *L)
{
    struct error *err = lua_touserdata(L, 2);
    read_text(L, 1, "code", err->code, sizeof err->code);
    read_text(L, 1, "message", err->message, sizeof err->message);
    read_text(L, 1, "operation", err->operation, sizeof err->operation);
    read_text(L, 1, "request_id", err->request_id, sizeof err->request_id);
    read_text(L, 1, "where", err->where, sizeof err->where);
    lua_getfield(L, 1, "status");
    err->status = (int)lua_tointeger(L, -1);
    lua_getfield(L, 1, "attempts");
    err->attempts = (int)lua_tointeger(L, -1);
    lua_getfield(L, 1, "retryable");
    err->retryable = lua_toboolean(L, -1) != 0;
    return 0;
}

/* error {code = "mine", message = "why"}: a script's own table with our fields in it. */
static bool looks_like_object(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TTABLE || lua_getmetatable(L, 1) != 0) {
        return false;
    }
    lua_getfield(L, 1, "message");
    bool has_message = lua_type(L, -1) == LUA_TSTRING;
    lua_pop(L, 1);
    return has_message;
}

/* Any value's text, through its __tostring; may raise, so it runs protected. */
static int read_value(lua_State *L)
{
    struct error *err = lua_touserdata(L, 2);
    if (looks_like_object(L)) {
        return read_object(L);
    }
    lua_settop(L, 2);
    const char *text =
        lua_isnil(L, 1) ? "error() was called without a message" : luaL_tolstring(L, 1, NULL);
    (void)error_set(err, "lua", "%s", text);
    return 0;
}

void raise_read(lua_State *L, int index, struct error *err)
{
    index = lua_absindex(L, index);
    (void)error_set(err, "lua", "an error that could not be read");
    if (!lua_checkstack(L, 8)) {
        return;
    }
    if (lua_type(L, index) == LUA_TSTRING) {
        (void)error_set(err, "lua", "%s", lua_tostring(L, index));
        return;
    }
    bool is_object = lua_type(L, index) == LUA_TTABLE && lua_getmetatable(L, index) != 0;
    if (is_object) {
        luaL_getmetatable(L, RAISE_METATABLE);
        is_object = lua_rawequal(L, -1, -2) != 0;
        lua_pop(L, 2);
    }
    struct error read = *err;
    lua_pushcfunction(L, is_object ? read_object : read_value);
    lua_pushvalue(L, index);
    lua_pushlightuserdata(L, &read);
    if (lua_pcall(L, 2, 0, 0) == LUA_OK) {
        *err = read;
    } else {
        lua_pop(L, 1);
    }
}

/* A string has no room for its lines. */
static void make_object(lua_State *L)
{
    struct error err;
    raise_read(L, 1, &err);
    raise_push(L, &err);
    lua_replace(L, 1);
}

int raise_message_handler(lua_State *L)
{
    static const char title[] = "stack traceback:\n";
    int type = lua_type(L, 1);
    lua_settop(L, 1);
    if (type == LUA_TSTRING || type == LUA_TNUMBER || type == LUA_TNIL) {
        make_object(L);
    } else if (type != LUA_TTABLE) {
        return 1;
    }
    lua_pushliteral(L, "traceback");
    if (lua_rawget(L, 1) == LUA_TSTRING && lua_rawlen(L, -1) < TRACEBACK_MAX) {
        lua_pushliteral(L, "\nwaited for by:\n");
    } else {
        lua_settop(L, 1);
    }
    luaL_traceback(L, L, NULL, 1);
    const char *lines = lua_tostring(L, -1);
    if (strncmp(lines, title, sizeof title - 1) == 0) {
        lua_pushstring(L, lines + sizeof title - 1);
        lua_remove(L, -2);
    }
    lua_concat(L, lua_gettop(L) - 1);
    lua_pushliteral(L, "traceback");
    lua_insert(L, -2);
    lua_rawset(L, 1);
    return 1;
}

const char *raise_traceback(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    if (lua_type(L, index) != LUA_TTABLE || !lua_checkstack(L, 4)) {
        return NULL;
    }
    const char *text = NULL;
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        bool is_it = lua_type(L, -2) == LUA_TSTRING && lua_type(L, -1) == LUA_TSTRING &&
                     strcmp(lua_tostring(L, -2), "traceback") == 0;
        text = is_it ? lua_tostring(L, -1) : text;
        lua_pop(L, 1);
    }
    return text;
}

static const char *text_field(lua_State *L, const char *name)
{
    lua_getfield(L, 1, name);
    return lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
}

/* "handler.lua:31: s3.put: NoSuchBucket: the bucket 'x' does not exist". What is only a wrong call
 * says no more than its message. */
static int error_tostring(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    luaL_Buffer text;
    const char *where = text_field(L, "where");
    const char *operation = text_field(L, "operation");
    const char *code = text_field(L, "code");
    const char *message = text_field(L, "message");
    luaL_buffinit(L, &text);
    bool plain = strcmp(code, "usage") == 0 || strcmp(code, "lua") == 0;
    const char *parts[] = {where, operation, plain ? "" : code};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i][0] != '\0') {
            luaL_addstring(&text, parts[i]);
            luaL_addstring(&text, ": ");
        }
    }
    luaL_addstring(&text, message);
    luaL_pushresult(&text);
    return 1;
}

void raise_open(lua_State *L)
{
    luaL_newmetatable(L, RAISE_METATABLE);
    lua_pushcfunction(L, error_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pop(L, 1);
}
