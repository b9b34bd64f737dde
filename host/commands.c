/*
 * commands.c - the table of commands, and the way from a command line into the command's Lua.
 */
#include "host/commands.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "host/nearest.h"
#include "host/vm.h"

#define OPTION_JSON                                                                                \
    {                                                                                              \
        "json", OPTION_FLAG, NULL, "machine-readable output", 0, 0                                 \
    }
#define OPTION_STORE                                                                               \
    {                                                                                              \
        "store", OPTION_TEXT, "DIR", "the local store's folder (default: lunette-store)", 0, 0     \
    }
#define OPTION_AWS                                                                                 \
    {                                                                                              \
        "aws", OPTION_FLAG, NULL, "use S3 and DynamoDB of AWS (or AWS_ENDPOINT_URL)", 0, 0         \
    }
#define OPTION_HANDLER                                                                             \
    {                                                                                              \
        "handler", OPTION_TEXT, "FILE[:NAME]",                                                     \
            "the rules (default: handler.lua, scripts/handler.lua, or the built-in ones)", 0, 0    \
    }
#define OPTIONS_OF_A_FUNCTION                                                                      \
    OPTION_HANDLER,                                                                                \
        {"timeout", OPTION_INTEGER, "S", "seconds an invocation may take (default: 60)", 1, 900},  \
    {                                                                                              \
        "memory", OPTION_INTEGER, "MB", "memory of the function (default: 512)", 128, 10240        \
    }
#define OPTIONS_OF_A_STORE                                                                         \
    OPTION_STORE, {"table",     OPTION_LIST,                                                       \
                   "NAME=KEYS", "have this table, e.g. photos=id or photos=album:S,taken:N",       \
                   0,           0},                                                                \
    {                                                                                              \
        "bucket", OPTION_LIST, "NAME", "have this bucket", 0, 0                                    \
    }
#define OPTIONS_OF_A_RUN OPTIONS_OF_A_FUNCTION, OPTIONS_OF_A_STORE, OPTION_AWS

static const struct option process_options[] = {OPTIONS_OF_A_RUN, OPTION_JSON, {NULL}};
static const struct option remove_options[] = {
    OPTIONS_OF_A_FUNCTION, OPTIONS_OF_A_STORE, OPTION_JSON, {NULL}};
static const struct option run_options[] = {OPTIONS_OF_A_RUN, {NULL}};
#if LUNETTE_REPL
static const struct option test_options[] = {OPTIONS_OF_A_FUNCTION, {NULL}};
#endif
static const struct option check_options[] = {OPTION_HANDLER, {NULL}};
static const struct option no_options[] = {{NULL}};

const struct command commands[] = {
    {{"process", "PHOTO|FOLDER...", "upload photos into the store and run the handler on each",
      "Puts each file into the bucket 'uploads' (or UPLOAD_BUCKET) under its own name, builds the\n"
      "event that S3 would send, runs the handler on it, and shows what came out. Of a folder all\n"
      "pictures, by their content; of folders in it none. Exit status 1 when the function failed\n"
      "on one of them; one that the rules reject is no failure.",
      process_options, 1, -1, false},
     true,
     false,
     LOG_LEVEL_ERROR},
    {{"remove", "KEY...", "delete uploads from the store and run the handler on each",
      "Takes each object out of the bucket 'uploads' (or UPLOAD_BUCKET) of the local store, builds\n"
      "the event that S3 would send, runs the handler on it, and shows what came of it.",
      remove_options, 1, -1, false},
     true,
     false,
     LOG_LEVEL_ERROR},
    {{"invoke", "[EVENT.json | -]", "run the handler on one event and print its result",
      "Reads the event from the file or, with - or nothing, from standard input. Exit status 1\n"
      "when the function fails; the error and its Lua traceback go to standard error.",
      run_options, 0, 1, false},
     true,
     false,
     LOG_LEVEL_INFO},
#if LUNETTE_REPL
    {{"repl", "[SCRIPT]", "try events, change the rules, see everything that was done",
      "A Lua prompt with all the modules, and commands that begin with a dot: .help lists them.\n"
      "Without a terminal it reads the script, or standard input, shows no prompt, and ends with\n"
      "exit status 1 at the first error.",
      run_options, 0, 1, false},
     true,
     true,
     LOG_LEVEL_INFO},
    {{"test", "FILE_test.lua...", "run a handler's tests",
      "Each case of a file has an empty store of its own: given objects and items, when an event\n"
      "comes, expect what is there then. Exit status 1 when a case fails, or when there is none.",
      test_options, 1, -1, false},
     false,
     true,
     LOG_LEVEL_OFF},
#endif
    {{"check", "[MODULE.lua...]", "load the rules, and say what is wrong with them",
      "Loads the handler as a start of the function would, without a store, and reads the modules\n"
      "given. Exit status 1, and one line with file and line, when that fails.",
      check_options, 0, -1, false},
     false,
     false,
     LOG_LEVEL_ERROR},
    {{"event", "[NAME [FIELD=VALUE...]]", "print a sample event", "Without a name, lists them.",
      no_options, 0, -1, false},
     false,
     false,
     LOG_LEVEL_WARN},
    {{"doc", "[NAME]", "print the API: all, a module, or one function",
      "For example: lunette doc, lunette doc s3, lunette doc s3.put", no_options, 0, 1, false},
     false,
     false,
     LOG_LEVEL_WARN},
    {{"run", "SCRIPT [ARGUMENT...]", "run a Lua script with the modules and a store",
      "The script finds its arguments in the table 'arg'.", run_options, 1, -1, true},
     true,
     false,
     LOG_LEVEL_WARN},
    {{NULL}, false, false, LOG_LEVEL_OFF},
};

const struct command *command_find(const char *name)
{
    for (const struct command *command = commands; command->syntax.name != NULL; command++) {
        if (strcmp(command->syntax.name, name) == 0) {
            return command;
        }
    }
    return NULL;
}

const char *command_nearest(const char *name)
{
    struct nearest nearest = nearest_to(name);
    for (const struct command *command = commands; command->syntax.name != NULL; command++) {
        nearest_try(&nearest, command->syntax.name);
    }
    return nearest.name;
}

void command_print_list(void)
{
    printf("usage: lunette COMMAND [options]\n\ncommands:\n");
    for (const struct command *command = commands; command->syntax.name != NULL; command++) {
        printf("  %-10s %s\n", command->syntax.name, command->syntax.summary);
    }
    printf("\n  lunette COMMAND --help   says more\n"
           "  lunette --version        this program's and its libraries' versions\n");
}

static void push_option_name(lua_State *L, const char *name)
{
    (void)luaL_gsub(L, name, "-", "_");
}

static void set_option(lua_State *L, int table, const struct option_value *value)
{
    push_option_name(L, value->option->name);
    switch (value->option->kind) {
    case OPTION_FLAG:
        lua_pushboolean(L, 1);
        break;
    case OPTION_INTEGER:
        lua_pushinteger(L, value->integer);
        break;
    case OPTION_TEXT:
        lua_pushstring(L, value->text);
        break;
    case OPTION_LIST:
        lua_pushvalue(L, -1);
        if (lua_rawget(L, table) == LUA_TNIL) {
            lua_pop(L, 1);
            lua_newtable(L);
        }
        lua_pushstring(L, value->text);
        lua_rawseti(L, -2, luaL_len(L, -2) + 1);
        break;
    }
    lua_rawset(L, table);
}

/* Arguments: the command, its parsed options. Returns the exit status. */
static int run_command(lua_State *L)
{
    const struct command *command = lua_touserdata(L, 1);
    const struct parsed_options *parsed = lua_touserdata(L, 2);
    lua_getglobal(L, "require");
    lua_pushfstring(L, "commands.%s", command->syntax.name);
    lua_call(L, 1, 1);
    lua_newtable(L);
    for (int i = 0; i < parsed->value_count; i++) {
        set_option(L, lua_gettop(L), &parsed->values[i]);
    }
    lua_createtable(L, parsed->operand_count, 0);
    for (int i = 0; i < parsed->operand_count; i++) {
        lua_pushstring(L, parsed->operands[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_call(L, 2, 1);
    return 1;
}

bool command_run(struct vm *vm, const struct command *command, const struct parsed_options *parsed,
                 int *exit_status, struct buffer *traceback, struct error *err)
{
    lua_State *L = vm_state(vm);
    lua_pushcfunction(L, run_command);
    lua_pushlightuserdata(L, (void *)(uintptr_t)command);
    lua_pushlightuserdata(L, (void *)(uintptr_t)parsed);
    if (!vm_call(vm, 2, 1, traceback, err)) {
        return false;
    }
    *exit_status = (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
    return true;
}
