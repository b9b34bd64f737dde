/*
 * prompt.c - the prompt's side of two Lua states, and Ctrl-C. See prompt.h; host/repl/NAME.lua call
 * it.
 */
#include "host/repl/prompt.h"

#include <lauxlib.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "host/console.h"
#include "host/loop.h"
#include "host/raise.h"
#include "host/vm.h"

static const char attached; /* its address is the registry key */

void prompt_attach(lua_State *L, struct prompt *prompt)
{
    lua_pushlightuserdata(L, prompt);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &attached);
}

struct prompt *prompt_of(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &attached);
    struct prompt *prompt = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return prompt;
}

/* ---- Ctrl-C ---------------------------------------------------------------------------------- */

static _Atomic(struct loop *) guarded; /* what the signal stops; NULL: it is ignored */
static atomic_bool interrupted;

/* loop_hurry() stores an integer and writes to a descriptor, which a signal handler may. */
static void on_interrupt(int number)
{
    (void)number;
    struct loop *loop = atomic_load(&guarded);
    if (loop != NULL) {
        atomic_store(&interrupted, true);
        loop_hurry(loop, 0);
    }
}

/* Arguments: the function, its own. A guard within a guard is the one that counts. */
static int guard(lua_State *L, struct loop *loop)
{
    luaL_checkany(L, 1);
    struct loop *outer = atomic_exchange(&guarded, loop);
    atomic_store(&interrupted, false);
    lua_pushcfunction(L, raise_message_handler);
    lua_insert(L, 1);
    int status = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 1);
    atomic_store(&guarded, outer);
    if (atomic_load(&interrupted)) {
        loop_calm(loop);
    }
    lua_pushboolean(L, status == LUA_OK);
    lua_replace(L, 1);
    return lua_gettop(L);
}

static int prompt_guard(lua_State *L)
{
    return guard(L, prompt_of(L)->loop);
}

static int prompt_guard_handler(lua_State *L)
{
    return guard(L, prompt_of(L)->handler_loop);
}

static int prompt_was_interrupted(lua_State *L)
{
    lua_pushboolean(L, atomic_load(&interrupted));
    return 1;
}

/* ---- the handler's state --------------------------------------------------------------------- */

static int push_failure(lua_State *L, const struct error *err)
{
    lua_pushnil(L);
    raise_push(L, err);
    return 2;
}

struct question {
    const char *chunk, *text;
    size_t chunk_length, text_length;
    lua_State *stopped;
};

/* In the handler's state. Argument: the question. */
static int answer(lua_State *L)
{
    const struct question *question = lua_touserdata(L, 1);
    if (luaL_loadbufferx(L, question->chunk, question->chunk_length, "=lunette/repl", "t") !=
        LUA_OK) {
        return lua_error(L);
    }
    lua_pushlstring(L, question->text, question->text_length);
    lua_pushnil(L);
    if (question->stopped != NULL && lua_checkstack(question->stopped, 1)) {
        (void)lua_pushthread(question->stopped);
        lua_xmove(question->stopped, L, 1);
        lua_replace(L, -2);
    }
    lua_call(L, 2, 1);
    (void)luaL_checkstring(L, -1);
    return 1;
}

/* What was answered stays on the handler's stack while it is copied: the copy may raise here. */
int prompt_ask_beside(lua_State *L, lua_State *stopped)
{
    struct vm *vm = prompt_of(L)->console->vm;
    struct question question = {.stopped = stopped};
    struct error err;
    question.chunk = luaL_checklstring(L, 1, &question.chunk_length);
    question.text = luaL_optlstring(L, 2, "", &question.text_length);
    if (vm == NULL) {
        return luaL_error(L, "there is no state for the handler");
    }
    lua_State *inner = vm_state(vm);
    int top = lua_gettop(inner);
    lua_pushcfunction(inner, answer);
    lua_pushlightuserdata(inner, &question);
    if (!vm_call(vm, 1, 1, NULL, &err)) {
        return push_failure(L, &err);
    }
    size_t length;
    const char *text = lua_tolstring(inner, -1, &length);
    lua_pushlstring(L, text, length);
    lua_settop(inner, top);
    return 1;
}

static int prompt_ask(lua_State *L)
{
    return prompt_ask_beside(L, NULL);
}

static int prompt_renew(lua_State *L)
{
    struct prompt *prompt = prompt_of(L);
    struct error err;
    if (!prompt->renew(prompt->context, &err)) {
        return push_failure(L, &err);
    }
    prompt->console->loaded = false;
    prompt->console->invocations = 0;
    lua_pushboolean(L, 1);
    return 1;
}

static void read_limit(lua_State *L, const char *name, int64_t *limit)
{
    if (lua_getfield(L, 1, name) != LUA_TNIL) {
        *limit = luaL_checkinteger(L, -1);
    }
    lua_pop(L, 1);
}

static int prompt_limits(lua_State *L)
{
    struct console *console = prompt_of(L)->console;
    if (!lua_isnoneornil(L, 1)) {
        luaL_checktype(L, 1, LUA_TTABLE);
        read_limit(L, "memory_mb", &console->memory_mb);
        read_limit(L, "timeout_ms", &console->timeout_ms);
    }
    lua_createtable(L, 0, 2);
    lua_pushinteger(L, console->memory_mb);
    lua_setfield(L, -2, "memory_mb");
    lua_pushinteger(L, console->timeout_ms);
    lua_setfield(L, -2, "timeout_ms");
    return 1;
}

static const luaL_Reg functions[] = {
    {"guard", prompt_guard},
    {"guard_handler", prompt_guard_handler},
    {"was_interrupted", prompt_was_interrupted},
    {"ask", prompt_ask},
    {"renew", prompt_renew},
    {"limits", prompt_limits},
    {NULL, NULL},
};

int luaopen_prompt(lua_State *L)
{
    struct sigaction action = {.sa_handler = on_interrupt};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    luaL_newlib(L, functions);
    return 1;
}
