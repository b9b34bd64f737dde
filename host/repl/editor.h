/*
 * editor.h - the module `editor`: lines that a person edits, with history and completion. The one
 * place that knows libedit. For the REPL's Lua; not part of the layer.
 *
 *     editor.open()             an editor on the terminal that is standard input and output
 *     editor:read(prompt)       the line without its end; or nil, "end" (Ctrl-D on an empty line,
 *                               or the terminal is gone) or nil, "cancelled" (Ctrl-C)
 *     editor:remember(line)     into the history
 *     editor:on_complete(f)     Tab calls f(text before the cursor), which returns what to insert
 *                               there, and a text to show below the line; either may be nil
 *     editor:push(text)         what the next read finds as if it had been typed
 *     editor:close()            also by <close>
 */
#ifndef LUNETTE_HOST_REPL_EDITOR_H
#define LUNETTE_HOST_REPL_EDITOR_H

#include <lua.h>

int luaopen_editor(lua_State *L);

#endif
