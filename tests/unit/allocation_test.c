/*
 * allocation_test.c - every allocation fails once, in the operations that everything is made of.
 */
#include "tests/unit/allocation.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/bindings.h"
#include "bindings/json_scan.h"
#include "bindings/local/store.h"
#include "host/buffer.h"
#include "host/loop.h"
#include "host/raise.h"
#include "host/vm.h"
#include "tests/unit/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool build_buffer(void *context, struct error *err)
{
    (void)context;
    struct buffer buffer;
    buffer_init(&buffer, 10000);
    for (int i = 0; i < 300; i++) {
        (void)buffer_printf(&buffer, "%d", i);
        (void)buffer_append_json(&buffer, "\"\n", 2);
    }
    bool ok = buffer_check(&buffer, "building", err);
    size_t length;
    char *bytes = ok ? buffer_take(&buffer, &length) : NULL;
    free(bytes);
    buffer_release(&buffer);
    return ok;
}

static bool scan_json(void *context, struct error *err)
{
    struct buffer rewritten;
    buffer_init(&rewritten, 10000);
    bool ok = json_scan(context, strlen(context), &rewritten, err);
    buffer_release(&rewritten);
    return ok;
}

TEST(allocation_failures_in_buffers_and_scans)
{
    allocation_check("buffer", build_buffer, NULL);
    static char json[] = "[[],9007199254740993,{\"a\":[]},[],[],[],[],[],[],[],[],[],[],[],[]]";
    allocation_check("json_scan", scan_json, json);
}

/* ---- Lua ---- */

static void *allocate(void *context, void *old, size_t old_size, size_t size)
{
    (void)context;
    (void)old_size;
    if (size == 0) {
        free(old);
        return NULL;
    }
    return realloc(old, size);
}

static int run_chunk(lua_State *L)
{
    luaL_openlibs(L);
    raise_open(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    for (const luaL_Reg *module = bindings_modules; module->name != NULL; module++) {
        lua_pushcfunction(L, module->func);
        lua_setfield(L, -2, module->name);
    }
    const char *chunk = lua_touserdata(L, 1);
    if (luaL_loadbufferx(L, chunk, strlen(chunk), "=chunk", "t") != LUA_OK) {
        return lua_error(L);
    }
    lua_call(L, 0, 0);
    return 0;
}

/* Lua says "not enough memory" and no more. */
static void name_memory_error(struct error *err)
{
    if (strcmp(err->message, "not enough memory") == 0) {
        (void)error_set_memory(err, "running Lua");
    }
}

static bool run_lua(void *context, struct error *err)
{
    lua_State *L = lua_newstate(allocate, NULL);
    if (L == NULL) {
        return error_set_memory(err, "making a Lua state");
    }
    lua_pushcfunction(L, run_chunk);
    lua_pushlightuserdata(L, context);
    bool ok = lua_pcall(L, 1, 0, 0) == LUA_OK;
    if (!ok) {
        raise_read(L, -1, err);
        name_memory_error(err);
    }
    lua_close(L);
    return ok;
}

TEST(allocation_failures_in_lua_modules)
{
    static const struct {
        const char *name;
        const char *chunk;
    } cases[] = {
        {"json.encode",
         "local json = require 'json'\n"
         "assert(json.encode({b={1,{x=json.null}},a=json.array{},c=0.1,d='\\n'},{indent=2}))"},
        {"json.decode", "local v = require 'json'.decode '{\"a\":[1,[],9007199254740993,{\"b\":"
                        "\"text\"}]}'\n"
                        "assert(v.a[3] == 9007199254740993)"},
        {"json refuses", "local json = require 'json'\n"
                         "local ok, err = pcall(json.encode, {a={print}})\n"
                         "if type(err) ~= 'table' then error(err, 0) end\n"
                         "local ok, err = pcall(json.decode, '[[],x]')\n"
                         "if type(err) ~= 'table' then error(err, 0) end"},
        {"log", "require 'log'.append{a={1},b='x'}; require 'log'.debug('m', {c={d=1}})"},
        {"hash", "assert(#require 'hash'.hmac_sha256{key='k', text='t', encoding='base64'} == 44)"},
        {"uuid", "local uuid = require 'uuid'; uuid.v4(); uuid.v7(); "
                 "uuid.v5{namespace='url', name='n'}"},
        {"env", "local env = require 'env'; env.get 'PATH'; env.integer{name='LUNETTE_NONE'}"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        allocation_check(cases[i].name, run_lua, (void *)(uintptr_t)cases[i].chunk);
    }
}

/* ---- the host: a loop, a state, a handler, one event ---- */

static bool invoke(struct vm *vm, struct error *err)
{
    static const char handler[] =
        "local task, json = require 'task', require 'json'\n"
        "local function nap(n) task.sleep(0) return n end\n"
        "return function(event, context)\n"
        "  local ok, err = pcall(task.map, {1, 2}, function(n)\n"
        "    local guard <close> = setmetatable({}, {__close = nap})\n"
        "    task.sleep(n * 20 - 20)\n"
        "    error {mine = n}\n"
        "  end)\n"
        "  if type(err) ~= 'table' or not err.mine then error(err, 0) end\n"
        "  local in_place = coroutine.wrap(task.map)\n"
        "  if in_place({7}, nap)[1] ~= 7 then return 'wrong' end\n"
        "  return task.map(event.list, function(n) return n + 1 end)\n"
        "end\n";
    struct buffer traceback;
    struct buffer result;
    buffer_init(&traceback, VM_TRACEBACK_MAX);
    buffer_init(&result, 10000);
    struct vm_invocation invocation = {.event = "{\"list\":[1,2,3]}",
                                       .event_length = 16,
                                       .request_id = "1",
                                       .deadline_ms = LOOP_NO_DEADLINE};
    bool ok =
        vm_load_handler_text(vm, handler, strlen(handler), "handler.lua", NULL, &traceback, err) &&
        vm_invoke(vm, &invocation, &result, &traceback, err);
    if (ok) {
        CHECK_TEXT(buffer_text(&result), "[2,3,4]");
    }
    name_memory_error(err);
    buffer_release(&result);
    buffer_release(&traceback);
    return ok;
}

/* `context` is the limit of Lua's memory. */
static bool run_handler(void *context, struct error *err)
{
    static const luaL_Reg *const modules[] = {bindings_modules, NULL};
    static const struct vm_folder folders[] = {
        {"lunette.", "bindings/"}, {"", "bindings/"}, {NULL, NULL}};
    struct loop_options loop_options = {.worker_threads = 1};
    struct loop *loop = loop_new(&loop_options, err);
    if (loop == NULL) {
        return false;
    }
    struct vm_options options = {
        .loop = loop, .modules = modules, .folders = folders, .memory_max = *(size_t *)context};
    struct vm *vm = vm_new(&options, err);
    bool ok = vm != NULL && invoke(vm, err);
    name_memory_error(err);
    vm_free(vm);
    loop_free(loop);
    return ok;
}

TEST(allocation_failures_in_an_invocation)
{
    size_t memory_max = 64 * 1024 * 1024;
    allocation_check("invocation", run_handler, &memory_max);
}

/* One failed allocation makes Lua collect and ask again; a limit goes on refusing. */
TEST(allocation_limits_of_every_size_for_lua)
{
    struct error err;
    size_t memory_max = 1000;
    bool ok = false;
    for (; !ok && memory_max < 10000000; memory_max += 509) {
        check_case("limit of %zu bytes", memory_max);
        err.code[0] = '\0';
        ok = run_handler(&memory_max, &err);
        if (!ok && !CHECK_TEXT(err.code, "memory")) {
            CHECK_TEXT(err.message, "");
            return;
        }
    }
    CHECK(ok);
}

/* ---- the embedded store ---- */

static bool s3(struct local_store *store, const struct s3_request *request, struct error *err)
{
    struct s3_store *s3 = local_store_s3(store);
    struct s3_response response = {.body = NULL};
    bool ok = s3->execute(s3, request, &response, NULL, err);
    s3_response_release(&response);
    return ok;
}

#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static bool use_s3(void *context, struct error *err)
{
    static const struct s3_pair metadata[] = {{TEXT("source"), TEXT("camera")}};
    struct local_store *store = local_store_open(context, err);
    if (store == NULL) {
        return false;
    }
    struct s3_request put = {.operation = S3_PUT,
                             .bucket = TEXT("photos"),
                             .key = TEXT("a/b.jpg"),
                             .body = TEXT("body"),
                             .content_type = TEXT("image/jpeg"),
                             .metadata = metadata,
                             .metadata_count = 1};
    struct s3_request get = {
        .operation = S3_GET, .bucket = TEXT("photos"), .key = TEXT("a/b.jpg"), .max_bytes = 100};
    struct s3_request list = {
        .operation = S3_LIST, .bucket = TEXT("photos"), .delimiter = TEXT("/"), .max_keys = 10};
    struct s3_request delete = {
        .operation = S3_DELETE, .bucket = TEXT("photos"), .key = TEXT("a/b.jpg")};
    bool ok = local_store_declare_bucket(store, "photos", err) && s3(store, &put, err) &&
              s3(store, &get, err) && s3(store, &list, err) && s3(store, &delete, err);
    local_store_close(store);
    return ok;
}

TEST(allocation_failures_in_the_embedded_s3)
{
    allocation_check("s3", use_s3, (void *)(uintptr_t)check_folder());
}
