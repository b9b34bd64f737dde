/*
 * editor.c - libedit behind a Lua object. See editor.h; host/repl/input.lua uses it.
 */
#include "host/repl/editor.h"

#include <errno.h>
#include <histedit.h>
#include <langinfo.h>
#include <lauxlib.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define EDITOR_METATABLE "lunette.editor"
#define HISTORY_LINES    1000
#define PROMPT_MAX       64

/* User value 1: the function that completes. */
struct editor {
    EditLine *line; /* NULL: closed */
    History *history;
    lua_State *L; /* that runs editor:read(), whose index 1 is the editor */
    bool cancelled;
    char prompt[PROMPT_MAX];
};

static struct editor *check_open(lua_State *L)
{
    struct editor *editor = luaL_checkudata(L, 1, EDITOR_METATABLE);
    luaL_argcheck(L, editor->line != NULL, 1, "the editor is closed");
    return editor;
}

static struct editor *editor_of(EditLine *line)
{
    void *editor = NULL;
    (void)el_get(line, EL_CLIENTDATA, &editor);
    return editor;
}

static char *prompt_of(EditLine *line)
{
    return editor_of(line)->prompt;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static unsigned char cancel_line(EditLine *line, int key)
{
    (void)key;
    editor_of(line)->cancelled = true;
    (void)fputs("^C\r\n", stdout);
    return CC_NEWLINE;
}

/* Arguments: the editor, the completing function, the text before the cursor. Returns whether
 * something was shown. Runs protected, for nothing may jump over libedit. */
static int call_completer(lua_State *L)
{
    struct editor *editor = lua_touserdata(L, 1);
    lua_call(L, 1, 2);
    const char *inserted = lua_tostring(L, -2);
    const char *shown = lua_tostring(L, -1);
    if (inserted != NULL) {
        (void)el_insertstr(editor->line, inserted);
    }
    if (shown != NULL) {
        (void)printf("\r\n%s\r\n", shown);
    }
    lua_pushboolean(L, shown != NULL);
    return 1;
}

static unsigned char complete(EditLine *line, int key)
{
    (void)key;
    struct editor *editor = editor_of(line);
    lua_State *L = editor->L;
    const LineInfo *info = el_line(line);
    int top = lua_gettop(L);
    unsigned char result = CC_REFRESH;
    if (!lua_checkstack(L, 8)) {
        return CC_REFRESH_BEEP;
    }
    lua_pushcfunction(L, call_completer);
    lua_pushvalue(L, 1);
    if (lua_getiuservalue(L, 1, 1) != LUA_TFUNCTION) {
        result = CC_REFRESH_BEEP;
    } else {
        lua_pushlstring(L, info->buffer, (size_t)(info->cursor - info->buffer));
        if (lua_pcall(L, 3, 1, 0) != LUA_OK) {
            result = CC_REFRESH_BEEP;
        } else if (lua_toboolean(L, -1)) {
            result = CC_REDISPLAY;
        }
    }
    lua_settop(L, top);
    return result;
}

static void bind_keys(EditLine *line)
{
    (void)el_set(line, EL_ADDFN, "lunette-cancel", "gives the line up", cancel_line);
    (void)el_set(line, EL_ADDFN, "lunette-complete", "completes the word", complete);
    (void)el_set(line, EL_BIND, "^C", "lunette-cancel", NULL);
    (void)el_set(line, EL_BIND, "^I", "lunette-complete", NULL);
    (void)el_set(line, EL_BIND, "^R", "em-inc-search-prev", NULL);
    /* Ctrl-C is a key while a line is edited, and a signal while something runs. */
    (void)el_set(line, EL_SETTY, "-d", "-isig", NULL);
}

/* ---- life ------------------------------------------------------------------------------------ */

static int close_editor(lua_State *L)
{
    struct editor *editor = luaL_checkudata(L, 1, EDITOR_METATABLE);
    if (editor->line != NULL) {
        el_end(editor->line);
        history_end(editor->history);
        editor->line = NULL;
    }
    return 0;
}

/* Which bytes make a character: the terminal's own word for it, else UTF-8. */
static void choose_characters(void)
{
    (void)setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) {
        (void)setlocale(LC_CTYPE, "C.UTF-8");
    }
}

static int open_editor(lua_State *L)
{
    struct editor *editor = lua_newuserdatauv(L, sizeof *editor, 1);
    memset(editor, 0, sizeof *editor);
    luaL_setmetatable(L, EDITOR_METATABLE);
    choose_characters();
    editor->history = history_init();
    editor->line = editor->history == NULL ? NULL : el_init("lunette", stdin, stdout, stderr);
    if (editor->line == NULL) {
        if (editor->history != NULL) {
            history_end(editor->history);
        }
        return luaL_error(L, "no line can be edited on this terminal: %s", strerror(errno));
    }
    HistEvent event;
    (void)history(editor->history, &event, H_SETSIZE, HISTORY_LINES);
    (void)history(editor->history, &event, H_SETUNIQUE, 1);
    (void)el_set(editor->line, EL_CLIENTDATA, editor);
    (void)el_set(editor->line, EL_PROMPT, prompt_of);
    (void)el_set(editor->line, EL_HIST, history, editor->history);
    (void)el_set(editor->line, EL_EDITOR, "emacs");
    (void)el_set(editor->line, EL_SIGNAL, 1);
    bind_keys(editor->line);
    (void)el_source(editor->line, NULL); /* the person's own ~/.editrc, if there is one */
    return 1;
}

/* ---- methods --------------------------------------------------------------------------------- */

static int push_reason(lua_State *L, const char *reason)
{
    lua_pushnil(L);
    lua_pushstring(L, reason);
    return 2;
}

static int read_line(lua_State *L)
{
    struct editor *editor = check_open(L);
    int length = 0;
    (void)snprintf(editor->prompt, sizeof editor->prompt, "%s", luaL_checkstring(L, 2));
    editor->L = L;
    editor->cancelled = false;
    const char *text = el_gets(editor->line, &length);
    editor->L = NULL;
    if (editor->cancelled) {
        return push_reason(L, "cancelled");
    }
    if (text == NULL || length <= 0) {
        return push_reason(L, "end");
    }
    bool ended = text[length - 1] == '\n';
    lua_pushlstring(L, text, (size_t)length - (ended ? 1 : 0));
    return 1;
}

static int remember(lua_State *L)
{
    struct editor *editor = check_open(L);
    HistEvent event;
    (void)history(editor->history, &event, H_ENTER, luaL_checkstring(L, 2));
    return 0;
}

static int push_text(lua_State *L)
{
    struct editor *editor = check_open(L);
    el_push(editor->line, luaL_checkstring(L, 2));
    return 0;
}

static int on_complete(lua_State *L)
{
    (void)check_open(L);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    (void)lua_setiuservalue(L, 1, 1);
    return 0;
}

static const luaL_Reg functions[] = {{"open", open_editor}, {NULL, NULL}};

static const luaL_Reg methods[] = {
    {"read", read_line}, {"remember", remember},  {"on_complete", on_complete},
    {"push", push_text}, {"close", close_editor}, {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__gc", close_editor},
    {"__close", close_editor},
    {NULL, NULL},
};

int luaopen_editor(lua_State *L)
{
    if (luaL_newmetatable(L, EDITOR_METATABLE) != 0) {
        luaL_setfuncs(L, metamethods, 0);
        luaL_newlib(L, methods);
        lua_setfield(L, -2, "__index");
    }
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
