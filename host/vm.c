/*
 * vm.c - makes the Lua state that scripts live in. main makes one; see vm.h.
 */
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

#include "host/embedded.h"
#include "host/log.h"
#include "host/loop.h"
#include "host/raise.h"
#include "host/vm_internal.h"

/* Instructions between two looks at the clock: about 0.1 ms of Lua. */
#define HOOK_INSTRUCTIONS 10000

/* ---- memory ---------------------------------------------------------------------------------- */

static void *allocate(void *context, void *block, size_t old_size, size_t new_size)
{
    struct vm *vm = context;
    size_t held = block == NULL ? 0 : old_size;
    if (new_size == 0) {
        free(block);
        vm->memory -= held;
        return NULL;
    }
    if (new_size > held && new_size - held > vm->memory_max - vm->memory) {
        return NULL; /* Lua collects everything and asks again, then raises */
    }
    void *moved = realloc(block, new_size);
    if (moved == NULL && new_size <= held) {
        moved = block; /* Lua counts on it that shrinking does not fail */
    }
    if (moved != NULL) {
        vm->memory = vm->memory - held + new_size;
        if (vm->memory > vm->memory_peak) {
            vm->memory_peak = vm->memory;
        }
    }
    return moved;
}

size_t vm_memory(const struct vm *vm)
{
    return vm->memory;
}

size_t vm_memory_peak(const struct vm *vm)
{
    return vm->memory_peak;
}

void vm_memory_reset_peak(struct vm *vm)
{
    vm->memory_peak = vm->memory;
}

/* ---- the deadline ---------------------------------------------------------------------------- */

/* The allocator's context: as near as anything of ours. */
static struct vm *vm_of(lua_State *L)
{
    void *vm;
    (void)lua_getallocf(L, &vm);
    return vm;
}

/*
 * After the hard deadline the hook runs at every instruction, so that a pcall can catch what it
 * raises only until the next one. A coroutine that outlives its invocation calms down again.
 */
static void interrupt(lua_State *L, lua_Debug *frame)
{
    struct error err;
    struct loop *loop = loop_of(L);
    if (frame->event == LUA_HOOKLINE) {
        lua_Hook on_line = vm_of(L)->on_line;
        if (on_line != NULL) {
            on_line(L, frame);
        }
        return;
    }
    if (loop_deadline_due(loop, &err)) {
        if (loop_deadline_is_hard(loop)) {
            lua_sethook(L, interrupt, LUA_MASKCOUNT, 1);
        }
        raise_error(L, &err);
    }
    if (lua_gethookcount(L) != HOOK_INSTRUCTIONS) {
        vm_arm_hook(L);
    }
}

void vm_arm_hook(lua_State *L)
{
    int lines = vm_of(L)->on_line == NULL ? 0 : LUA_MASKLINE;
    lua_sethook(L, interrupt, LUA_MASKCOUNT | lines, HOOK_INSTRUCTIONS);
}

void vm_watch_lines(struct vm *vm, lua_Hook on_line)
{
    vm->on_line = on_line;
    vm_arm_hook(vm->L);
}

/* ---- strict globals -------------------------------------------------------------------------- */

static int refuse_read(lua_State *L)
{
    struct error err;
    (void)error_set(&err, "usage",
                    "undeclared global '%s' was read (a typing error, or 'local' is missing)",
                    luaL_tolstring(L, 2, NULL));
    raise_error(L, &err);
}

static int refuse_write(lua_State *L)
{
    struct error err;
    (void)error_set(&err, "usage", "undeclared global '%s' was assigned; write 'local' before it",
                    luaL_tolstring(L, 2, NULL));
    raise_error(L, &err);
}

static void make_globals_strict(lua_State *L)
{
    lua_pushglobaltable(L);
    lua_createtable(L, 0, 3);
    lua_pushcfunction(L, refuse_read);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_write);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

/* ---- modules --------------------------------------------------------------------------------- */

static const struct embedded_file *find_file(const char *folder, const char *module)
{
    size_t folder_length = strlen(folder);
    size_t module_length = strlen(module);
    for (const struct embedded_file *file = embedded_files; file->name != NULL; file++) {
        const char *rest = file->name + folder_length;
        if (strncmp(file->name, folder, folder_length) == 0 &&
            strncmp(rest, module, module_length) == 0 &&
            strcmp(rest + module_length, ".lua") == 0) {
            return file;
        }
    }
    return NULL;
}

static const struct embedded_file *find_module(const struct vm_folder *folders, const char *module)
{
    for (const struct vm_folder *folder = folders; folder->prefix != NULL; folder++) {
        size_t prefix_length = strlen(folder->prefix);
        if (strncmp(module, folder->prefix, prefix_length) == 0) {
            return find_file(folder->folder, module + prefix_length);
        }
    }
    return NULL;
}

/* package.searchers' third: a module that was compiled in. Upvalue: the folders. */
static int search_embedded(lua_State *L)
{
    const char *module = luaL_checkstring(L, 1);
    const struct embedded_file *file = find_module(lua_touserdata(L, lua_upvalueindex(1)), module);
    if (file == NULL) {
        lua_pushfstring(L, "no module '%s' comes with lunette", module);
        return 1;
    }
    const char *name = lua_pushfstring(L, "@lunette/%s.lua", module);
    if (luaL_loadbufferx(L, file->begin, (size_t)(file->end - file->begin), name, "t") != LUA_OK) {
        return lua_error(L);
    }
    lua_pushstring(L, name + 1);
    return 2;
}

static void preload(lua_State *L, const luaL_Reg *const *modules)
{
    lua_getfield(L, -1, "preload");
    for (; *modules != NULL; modules++) {
        for (const luaL_Reg *module = *modules; module->name != NULL; module++) {
            lua_pushcfunction(L, module->func);
            lua_setfield(L, -2, module->name);
        }
    }
    lua_pop(L, 1);
}

/* Searchers: preloaded, files beside the handler, compiled in. Native libraries are not looked for:
 * the program is static where it ships. */
static void open_package(lua_State *L, const struct vm_options *options)
{
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "searchers");
    lua_pushlightuserdata(L, (void *)(uintptr_t)options->folders);
    lua_pushcclosure(L, search_embedded, 1);
    lua_rawseti(L, -2, 3);
    lua_pushnil(L);
    lua_rawseti(L, -2, 4);
    lua_pop(L, 1);
    lua_pushliteral(L, "");
    lua_setfield(L, -2, "cpath");
    lua_pushliteral(L, "");
    lua_setfield(L, -2, "path");
    preload(L, options->modules);
    lua_pop(L, 1);
}

static int refuse_exit(lua_State *L)
{
    struct error err;
    (void)error_set(&err, "usage", "os.exit is not available: return from the handler, or raise");
    raise_error(L, &err);
}

/* One hook a coroutine is all that Lua has, and the deadline's is it. */
static int refuse_hook(lua_State *L)
{
    struct error err;
    (void)error_set(&err, "usage",
                    "debug.sethook is not available: the deadline is held by a hook of its own");
    raise_error(L, &err);
}

/* A script's print() goes to the log: standard output is for results. */
static int print_to_log(lua_State *L)
{
    luaL_Buffer line;
    int count = lua_gettop(L);
    luaL_buffinit(L, &line);
    for (int i = 1; i <= count; i++) {
        if (i > 1) {
            luaL_addchar(&line, '\t');
        }
        (void)luaL_tolstring(L, i, NULL);
        luaL_addvalue(&line);
    }
    luaL_pushresult(&line);
    size_t length;
    const char *text = lua_tolstring(L, -1, &length);
    log_print(text, length);
    return 0;
}

static int end_coroutine(lua_State *L, int status, lua_KContext context)
{
    (void)context;
    if (status != LUA_OK && status != LUA_YIELD) {
        return lua_error(L);
    }
    return lua_gettop(L);
}

/* Upvalue 1: the script's function. It runs protected for the same reason as a task's does: the
 * deadline must reach its to-be-closed variables, too (see run_body in task.c). */
static int run_coroutine(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    int status = lua_pcallk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, 0, end_coroutine);
    return end_coroutine(L, status, 0);
}

/* Upvalue 1: Lua's own coroutine.create or wrap. */
static int make_coroutine(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, run_coroutine, 1);
    lua_call(L, 1, 1);
    return 1;
}

static void replace_coroutine_makers(lua_State *L)
{
    static const char *const makers[] = {"create", "wrap"};
    lua_getglobal(L, "coroutine");
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
        lua_getfield(L, -1, makers[i]);
        lua_pushcclosure(L, make_coroutine, 1);
        lua_setfield(L, -2, makers[i]);
    }
    lua_pop(L, 1);
}

static void replace_functions(lua_State *L)
{
    replace_coroutine_makers(L);
    lua_getglobal(L, "os");
    lua_pushcfunction(L, refuse_exit);
    lua_setfield(L, -2, "exit");
    lua_getglobal(L, "debug");
    lua_pushcfunction(L, refuse_hook);
    lua_setfield(L, -2, "sethook");
    lua_pop(L, 2);
    lua_pushcfunction(L, print_to_log);
    lua_setglobal(L, "print");
}

static int open_state(lua_State *L)
{
    const struct vm_options *options = lua_touserdata(L, 1);
    luaL_openlibs(L);
    raise_open(L);
    loop_attach(options->loop, L);
    open_package(L, options);
    replace_functions(L);
    make_globals_strict(L);
    vm_arm_hook(L);
    return 0;
}

struct vm *vm_new(const struct vm_options *options, struct error *err)
{
    struct vm *vm = calloc(1, sizeof *vm);
    if (vm == NULL) {
        (void)error_set_memory(err, "making the Lua state");
        return NULL;
    }
    vm->memory_max = options->memory_max;
    vm->loop = options->loop;
    vm->library_folder = options->library_folder;
    vm->any_entry = options->any_entry;
    vm->handler = LUA_NOREF;
    vm->L = lua_newstate(allocate, vm);
    if (vm->L == NULL) {
        free(vm);
        (void)error_set_memory(err, "making the Lua state");
        return NULL;
    }
    lua_pushcfunction(vm->L, open_state);
    lua_pushlightuserdata(vm->L, (void *)(uintptr_t)options);
    if (lua_pcall(vm->L, 1, 0, 0) != LUA_OK) {
        raise_read(vm->L, -1, err);
        vm_free(vm);
        return NULL;
    }
    return vm;
}

void vm_free(struct vm *vm)
{
    if (vm == NULL) {
        return;
    }
    loop_stop_all(vm->loop);
    lua_close(vm->L);
    free(vm);
}

lua_State *vm_state(struct vm *vm)
{
    return vm->L;
}

/* Arguments: the script's folder, the library folder or NULL. */
static int set_script_folder(lua_State *L)
{
    const char *folder = lua_touserdata(L, 1);
    const char *library = lua_touserdata(L, 2);
    lua_getglobal(L, "package");
    lua_pushfstring(L, "%s/?.lua;%s/?/init.lua", folder, folder);
    if (library != NULL) {
        lua_pushfstring(L, ";%s/?.lua;%s/?/init.lua", library, library);
        lua_concat(L, 2);
    }
    lua_setfield(L, -2, "path");
    return 0;
}

bool vm_set_script_folder(struct vm *vm, const char *folder, struct error *err)
{
    if (strpbrk(folder, ";?") != NULL) {
        return error_set(err, "usage", "the handler's folder '%s' has a ';' or '?' in its name",
                         folder);
    }
    lua_pushcfunction(vm->L, set_script_folder);
    lua_pushlightuserdata(vm->L, (void *)(uintptr_t)folder);
    lua_pushlightuserdata(vm->L, (void *)(uintptr_t)vm->library_folder);
    return vm_call(vm, 2, 0, NULL, err);
}
