/*
 * raise.h - struct error on the Lua side: an object with the same fields and a __tostring.
 *
 * In a script: `local ok, err = pcall(...)`; `err.code`, `err.message`, `err.status`,
 * `err.retryable`, `err.request_id`, `err.operation`, `err.attempts`, `err.where`
 * ("handler.lua:31", the line that made the call), `err.traceback` once a task has died of it.
 */
#ifndef LUNETTE_HOST_RAISE_H
#define LUNETTE_HOST_RAISE_H

#include <lua.h>

#include "host/error.h"

#define RAISE_METATABLE "lunette.error"

/* Pushes the error as an object. May raise (memory). */
void raise_push(lua_State *L, const struct error *err);

/* Pushes it with `where` set to the calling line and raises it. */
_Noreturn void raise_error(lua_State *L, const struct error *err);

/*
 * Reads any Lua error value at `index` (an object of ours, a string, anything) into *err; a plain
 * string gets the code `lua`. Never raises.
 */
void raise_read(lua_State *L, int index, struct error *err);

/*
 * A message handler for lua_pcall: makes an object of a string and puts the script's lines into
 * `traceback`; where another task's lines are there already, it adds "waited for by" its own.
 */
int raise_message_handler(lua_State *L);

/* The object's `traceback`, borrowed as long as the value at `index`; NULL when it has none. */
const char *raise_traceback(lua_State *L, int index);

/* Opens the error object's metatable. Called once, by vm. */
void raise_open(lua_State *L);

#endif
