/*
 * system.h - the module `system`: what the REPL's Lua asks of the operating system, and plain Lua
 * can't.
 *
 *     system.stamp(path)           a text that differs when the file has changed; nil when it can't
 *                                  be looked at
 *     system.make_folder(path)     it and those above it, for nobody else to read; is it there?
 *     system.remove_folder(path)   with all that is in it; is it gone?
 *     system.temporary_folder()    the path of a new one
 *     system.set_environment(name [, value])    without a value it is taken out
 *     system.forget_peak()         system.peak_bytes() begins anew; false where it can't
 *     system.peak_bytes()          the most memory that the process has had
 *     system.program()             the path of this very program
 */
#ifndef LUNETTE_HOST_REPL_SYSTEM_H
#define LUNETTE_HOST_REPL_SYSTEM_H

#include <lua.h>

int luaopen_system(lua_State *L);

#endif
