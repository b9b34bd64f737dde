/*
 * commands.h - what a person can run: names, options and help. The commands themselves are Lua,
 * host/commands/NAME.lua: a function (options, operands) that returns the exit status.
 */
#ifndef LUNETTE_HOST_COMMANDS_H
#define LUNETTE_HOST_COMMANDS_H

#include <lua.h>

#include "host/buffer.h"
#include "host/error.h"
#include "host/log.h"
#include "host/options.h"

struct vm;

struct command {
    struct command_syntax syntax;
    bool needs_store;         /* opens the embedded store (--store), or AWS (--aws) */
    bool two_states;          /* the handler lives in a Lua state apart from the command's */
    enum log_level log_level; /* what is logged unless the environment says otherwise: the less,
                                 the more the command itself shows */
};

extern const struct command commands[]; /* ended by a NULL name */

/* NULL when there is none. */
const struct command *command_find(const char *name);

/* The one that was probably meant; NULL when none is like it. */
const char *command_nearest(const char *name);

void command_print_list(void);

/* Runs the command's Lua; true when it ran to its end. Options become fields named as on the
 * command line, with - as _; a list option an array. */
MUST_CHECK bool command_run(struct vm *vm, const struct command *command,
                            const struct parsed_options *parsed, int *exit_status,
                            struct buffer *traceback, struct error *err);

#endif
