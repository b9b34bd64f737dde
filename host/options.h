/*
 * options.h - argv by a table: the same rules, help and complaints for every command.
 *
 * `--name VALUE` or `--name=VALUE`; `--` ends the options; options and operands may be mixed.
 */
#ifndef LUNETTE_HOST_OPTIONS_H
#define LUNETTE_HOST_OPTIONS_H

#include <stdint.h>

#include "host/error.h"

#define OPTIONS_MAX 64 /* options given on one command line */

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_INTEGER, OPTION_LIST /* a text, repeatable */ };

struct option {
    const char *name; /* without dashes; NULL ends a table */
    enum option_kind kind;
    const char *value_name; /* "FILE" */
    const char *help;
    int64_t minimum, maximum; /* INTEGER */
};

struct command_syntax {
    const char *name;     /* "process" */
    const char *operands; /* "PHOTO..." */
    const char *summary;  /* one line for the list of commands */
    const char *help;     /* what --help says besides the options */
    const struct option *options;
    int operands_min, operands_max; /* max -1: any number */
    bool operands_verbatim;         /* everything after the first operand is an operand */
};

struct option_value {
    const struct option *option;
    const char *text; /* borrowed from argv; NULL for a flag */
    int64_t integer;
};

struct parsed_options {
    struct option_value values[OPTIONS_MAX];
    int value_count;
    const char **operands; /* owned: free() */
    int operand_count;
    bool help; /* --help or -h was there; then nothing else was checked */
};

/* `argv` without the program's and the command's name. Errors have code `usage`. */
MUST_CHECK bool options_parse(const struct command_syntax *syntax, int argc,
                              const char *const *argv, struct parsed_options *parsed,
                              struct error *err);
void options_release(struct parsed_options *parsed);

/* The value of a single option; NULL or the fallback when not given. */
const char *options_text(const struct parsed_options *parsed, const char *name);
int64_t options_integer(const struct parsed_options *parsed, const char *name, int64_t fallback);
bool options_flag(const struct parsed_options *parsed, const char *name);

/* Prints the command's help to standard output. */
void options_print_help(const struct command_syntax *syntax);

#endif
