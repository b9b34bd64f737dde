/*
 * task.h - pieces of a script side by side, for bindings that start some.
 */
#ifndef LUNETTE_BINDINGS_TASK_H
#define LUNETTE_BINDINGS_TASK_H

#include <lua.h>

/* task.all: argument 1 is a list of at most 1024 functions, which begin in its order; returns the
 * list of their first results. To be called as lua_CFunctions are. */
int task_all(lua_State *L);

#endif
