/*
 * terminal.h - the module `terminal`: asks the terminal that is standard input and output.
 *
 *     terminal.ask(query, last, timeout_ms)   writes the query and returns what the terminal says,
 *                                             up to the byte `last`; what has come by then when it
 *                                             takes longer
 */
#ifndef LUNETTE_HOST_REPL_TERMINAL_H
#define LUNETTE_HOST_REPL_TERMINAL_H

#include <lua.h>

int luaopen_terminal(lua_State *L);

#endif
