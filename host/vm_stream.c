/*
 * vm_stream.c - `context.stream`: checks what the script asks for, and hands what it writes to who
 * runs the handler. vm_invoke.c puts it into the context; see vm_stream.h.
 */
#include "host/vm_stream_internal.h"

#include <lauxlib.h>
#include <string.h>

#include "host/raise.h"

#define HTTP_TYPE "application/vnd.awslambda.http-integration-response"
#define RAW_TYPE  "application/octet-stream"

/* After the JSON that says status and headers. */
static const char delimiter[8];

/* What outlives an invocation is this, not the stream. */
struct box {
    const struct vm_stream *stream; /* NULL: the invocation is over */
    bool opened;
    size_t written;
};

static const char current; /* its address is the registry key of the box in use */

/* ---- writing --------------------------------------------------------------------------------- */

static bool start_write(struct job *job, struct error *err)
{
    struct vm_stream_piece *piece = (struct vm_stream_piece *)job;
    return piece->stream->write(piece->stream->context, piece, err);
}

static void cancel_write(struct job *job)
{
    struct vm_stream_piece *piece = (struct vm_stream_piece *)job;
    piece->stream->cancel(piece->stream->context, piece);
}

static struct box *check_box(lua_State *L)
{
    struct box *box = lua_touserdata(L, lua_upvalueindex(1));
    if (box->stream == NULL) {
        luaL_error(L, "the invocation that this stream belongs to is over");
    }
    return box;
}

/* Upvalue 1: the box. */
static int write_bytes(lua_State *L)
{
    static const struct job_type type = {
        .name = "stream.write", .start = start_write, .cancel = cancel_write};
    struct box *box = check_box(L);
    size_t length;
    const char *bytes = luaL_checklstring(L, 1, &length);
    if (length > VM_STREAM_MAX - box->written) {
        struct error err;
        (void)error_set(&err, "too_large",
                        "more than %zu bytes were written, the most that Lambda streams",
                        VM_STREAM_MAX);
        raise_error(L, &err);
    }
    if (length == 0) {
        return 0;
    }
    lua_settop(L, 1);
    struct vm_stream_piece *piece = job_new(L, &type, sizeof *piece);
    piece->bytes = bytes;
    piece->length = length;
    piece->stream = box->stream;
    job_anchor(L, 2, 1);
    box->written += length;
    return job_run(L);
}

/* ---- opening --------------------------------------------------------------------------------- */

static _Noreturn void refuse(lua_State *L, const char *why)
{
    luaL_error(L, "bad argument #1 to 'stream' (%s)", why);
    __builtin_unreachable();
}

static void check_names(lua_State *L)
{
    static const char *const known[] = {"status", "headers", "cookies", "content_type"};
    lua_pushnil(L);
    while (lua_next(L, 1) != 0) {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            found = found ||
                    (lua_type(L, -2) == LUA_TSTRING && strcmp(lua_tostring(L, -2), known[i]) == 0);
        }
        if (!found) {
            refuse(L, lua_pushfstring(L, "unknown field '%s'", luaL_tolstring(L, -2, NULL)));
        }
        lua_pop(L, 1);
    }
}

/* A table of texts with text names, or with 1, 2, 3 ... */
static void check_texts(lua_State *L, const char *field, int names)
{
    if (lua_getfield(L, 1, field) != LUA_TNIL && lua_type(L, -1) != LUA_TTABLE) {
        refuse(L, lua_pushfstring(L, "field '%s': table expected", field));
    }
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        return;
    }
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        if (lua_type(L, -1) != LUA_TSTRING || lua_type(L, -2) != names) {
            refuse(L, lua_pushfstring(L, "field '%s': a table of strings expected", field));
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/* An empty one is left out: it could be a list or an object. */
static void copy_table(lua_State *L, const char *field)
{
    if (lua_getfield(L, 1, field) == LUA_TTABLE) {
        lua_pushnil(L);
        if (lua_next(L, -2) != 0) {
            lua_pop(L, 2);
            lua_setfield(L, -2, field);
            return;
        }
    }
    lua_pop(L, 1);
}

/* Pushes {"statusCode":200,"headers":{...},"cookies":[...]} and the delimiter. */
static void push_prelude(lua_State *L, lua_Integer status)
{
    lua_getglobal(L, "require");
    lua_pushliteral(L, "json");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "encode");
    lua_remove(L, -2);
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, status);
    lua_setfield(L, -2, "statusCode");
    copy_table(L, "headers");
    copy_table(L, "cookies");
    lua_call(L, 1, 1);
    lua_pushlstring(L, delimiter, sizeof delimiter);
    lua_concat(L, 2);
}

/* Leaves type and head on the stack. Without a status it is no answer to a browser, but bytes. */
static void read_options(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    check_names(L);
    check_texts(L, "headers", LUA_TSTRING);
    check_texts(L, "cookies", LUA_TNUMBER);
    int type = lua_getfield(L, 1, "status");
    lua_Integer status = lua_tointeger(L, -1);
    if (type != LUA_TNIL && (!lua_isinteger(L, -1) || status < 100 || status > 599)) {
        refuse(L, "field 'status': an integer from 100 to 599 expected");
    }
    int named = lua_getfield(L, 1, "content_type");
    if (named != LUA_TNIL && (named != LUA_TSTRING || type != LUA_TNIL)) {
        refuse(L, "field 'content_type': a string expected, and no 'status' beside it, where "
                  "'headers' says the type");
    }
    if (type == LUA_TNIL) {
        lua_pushstring(L, named == LUA_TNIL ? RAW_TYPE : lua_tostring(L, -1));
        lua_pushliteral(L, "");
    } else {
        lua_pushliteral(L, HTTP_TYPE);
        push_prelude(L, status);
    }
}

/* context.stream{status=, headers=, cookies=} or {content_type=}: the function that writes. */
static int open_stream(lua_State *L)
{
    struct box *box = check_box(L);
    struct error err;
    lua_settop(L, 1);
    read_options(L);
    if (box->opened) {
        luaL_error(L, "an invocation has one answer: its stream is open already");
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushcclosure(L, write_bytes, 1);
    size_t length;
    const char *head = lua_tolstring(L, -2, &length);
    const char *content_type = lua_tostring(L, -3);
    if (!box->stream->open(box->stream->context, content_type, head, length, &err)) {
        raise_error(L, &err);
    }
    box->opened = true;
    return 1;
}

/* ---- for vm_invoke.c ------------------------------------------------------------------------- */

void vm_stream_push(lua_State *L, const struct vm_stream *stream)
{
    struct box *box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = (struct box){.stream = stream};
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &current);
    lua_pushcclosure(L, open_stream, 1);
}

static struct box *current_box(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &current);
    struct box *box = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return box;
}

bool vm_stream_is_open(lua_State *L)
{
    const struct box *box = current_box(L);
    return box != NULL && box->opened;
}

bool vm_stream_close(lua_State *L)
{
    struct box *box = current_box(L);
    bool opened = box != NULL && box->opened;
    if (box != NULL) {
        box->stream = NULL;
        box->opened = false;
    }
    return opened;
}
