/*
 * console.h - the internal module `host`, for the commands that are written in Lua and for tests:
 * loading the handler, invoking it, the terminal, the embedded files.
 *
 *     host.version                          "0.1.0"
 *     host.load_handler([path [, entry]])   true; or nil, error object, and the handler that was
 *                                           loaded before stays
 *     host.handler_name()                   the path in use, for messages
 *     host.invoke(event_json [, {request_id=, timeout_ms=}])
 *                                           result JSON; or nil, error object (with .traceback)
 *     host.is_terminal(fd)                  0, 1 or 2
 *     host.file_problem(path)               why it can't be read as a file, or nil
 *     host.list(folder)                     the names in it, sorted, folders with a / at the end;
 *                                           nil when it can't be read as a folder
 *     host.columns()                        of the terminal, 80 when unknown
 *     host.source(name)                     an embedded file's text, or nil
 *     host.sources()                        list of their names
 *     host.memory()                         {lua_bytes=, lua_peak_bytes=, process_peak_bytes=}
 *     host.now_ms()                         monotonic milliseconds, a float
 */
#ifndef LUNETTE_HOST_CONSOLE_H
#define LUNETTE_HOST_CONSOLE_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

struct vm;

struct console {
    struct vm *vm;
    const char *handler_path; /* NULL: found by itself; see console.c */
    const char *entry;        /* NULL: none was named, see vm_load_handler() */
    int64_t timeout_ms;
    int64_t memory_mb;
    int64_t invocations; /* so far */
    bool loaded;
};

/* `console` is borrowed as long as the state lives. */
void console_attach(lua_State *L, struct console *console);

int luaopen_host(lua_State *L);

#endif
