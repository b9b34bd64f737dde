/*
 * debugger.h - the module `debugger`: stops the handler at a line, and lets the prompt's Lua look
 * around meanwhile. Only while something is watched does the handler's state count lines.
 *
 *     debugger.on_pause(f)           f(file, line) is called where the handler stops; it goes on
 *                                    when f returns, until the next line when it returns true
 *     debugger.watch(breaks, step)   breaks = {{file=, line=}, ...}: where to stop; step: at the
 *                                    next line, too. Nothing of both: no line is looked at.
 *     debugger.ask(chunk, text)      as prompt.ask(), while it is stopped: the chunk gets the
 *                                    coroutine that was stopped as a second argument
 *
 * A file matches when the path that was run ends in it. While it is stopped, the deadline waits,
 * and so do the timeouts of what is in flight.
 */
#ifndef LUNETTE_HOST_REPL_DEBUGGER_H
#define LUNETTE_HOST_REPL_DEBUGGER_H

#include <lua.h>

int luaopen_debugger(lua_State *L);

#endif
