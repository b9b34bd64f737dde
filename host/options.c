/*
 * options.c - reads a command's options by its table; main calls it.
 */
#include "host/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/env.h"
#include "host/nearest.h"

static const struct option *find_option(const struct option *options, const char *name,
                                        size_t length)
{
    for (const struct option *option = options; option->name != NULL; option++) {
        if (strlen(option->name) == length && memcmp(option->name, name, length) == 0) {
            return option;
        }
    }
    return NULL;
}

/* `given` begins with dashes, and may go on behind "=". */
static bool complain_unknown(const struct option *options, const char *given, struct error *err)
{
    const char *name = given + strspn(given, "-");
    struct nearest nearest = nearest_to_part(name, strcspn(name, "="));
    for (const struct option *option = options; option->name != NULL; option++) {
        nearest_try(&nearest, option->name);
    }
    nearest_try(&nearest, "help");
    return error_set(err, "usage", "unknown option '%.80s'%s%s%s", given,
                     nearest.name != NULL ? ", did you mean --" : "",
                     nearest.name != NULL ? nearest.name : "", nearest.name != NULL ? "?" : "");
}

static bool read_value(const struct option *option, struct option_value *value, struct error *err)
{
    if (option->kind != OPTION_INTEGER) {
        return true;
    }
    if (!env_parse_integer(value->text, &value->integer) || value->integer < option->minimum ||
        value->integer > option->maximum) {
        return error_set(err, "usage", "--%s is '%s', expected %lld to %lld", option->name,
                         value->text, (long long)option->minimum, (long long)option->maximum);
    }
    return true;
}

/* argv[*at] begins with "--"; moves *at past the option's value. */
static bool parse_option(const struct command_syntax *syntax, int argc, const char *const *argv,
                         int *at, struct parsed_options *parsed, struct error *err)
{
    const char *name = argv[*at] + 2;
    size_t length = strcspn(name, "=");
    const struct option *option = find_option(syntax->options, name, length);
    if (option == NULL) {
        return complain_unknown(syntax->options, argv[*at], err);
    }
    if (parsed->value_count == OPTIONS_MAX) {
        return error_set(err, "usage", "more than %d options", OPTIONS_MAX);
    }
    struct option_value value = {.option = option};
    if (option->kind == OPTION_FLAG) {
        if (name[length] == '=') {
            return error_set(err, "usage", "--%s takes no value", option->name);
        }
    } else if (name[length] == '=') {
        value.text = name + length + 1;
    } else if (*at + 1 < argc) {
        value.text = argv[++*at];
    } else {
        return error_set(err, "usage", "--%s needs a value: --%s %s", option->name, option->name,
                         option->value_name);
    }
    if (!read_value(option, &value, err)) {
        return false;
    }
    parsed->values[parsed->value_count++] = value;
    return true;
}

static bool check_operands(const struct command_syntax *syntax, const struct parsed_options *parsed,
                           struct error *err)
{
    if (parsed->operand_count < syntax->operands_min) {
        return error_set(err, "usage", "%s is missing", syntax->operands);
    }
    if (syntax->operands_max >= 0 && parsed->operand_count > syntax->operands_max) {
        return error_set(err, "usage", "one operand too many: '%.200s'",
                         parsed->operands[syntax->operands_max]);
    }
    return true;
}

/* Is `text` an option whose value is the next argument? */
static bool takes_next(const struct command_syntax *syntax, const char *text)
{
    const char *name = text + 2;
    const struct option *option = NULL;
    if (strncmp(text, "--", 2) == 0) {
        option = find_option(syntax->options, name, strlen(name));
    }
    return option != NULL && option->kind != OPTION_FLAG;
}

static bool wants_help(const struct command_syntax *syntax, int argc, const char *const *argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
        if (takes_next(syntax, argv[i])) {
            i++;
        } else if (syntax->operands_verbatim && argv[i][0] != '-') {
            return false;
        }
    }
    return false;
}

static bool parse_all(const struct command_syntax *syntax, int argc, const char *const *argv,
                      struct parsed_options *parsed, struct error *err)
{
    bool only_operands = false;
    for (int i = 0; i < argc; i++) {
        if (!only_operands && strcmp(argv[i], "--") == 0) {
            only_operands = true;
        } else if (!only_operands && strncmp(argv[i], "--", 2) == 0) {
            if (!parse_option(syntax, argc, argv, &i, parsed, err)) {
                return false;
            }
        } else if (!only_operands && argv[i][0] == '-' && argv[i][1] != '\0') {
            return complain_unknown(syntax->options, argv[i], err);
        } else {
            parsed->operands[parsed->operand_count++] = argv[i];
            only_operands = only_operands || syntax->operands_verbatim;
        }
    }
    return check_operands(syntax, parsed, err);
}

bool options_parse(const struct command_syntax *syntax, int argc, const char *const *argv,
                   struct parsed_options *parsed, struct error *err)
{
    memset(parsed, 0, sizeof *parsed);
    if (wants_help(syntax, argc, argv)) {
        parsed->help = true;
        return true;
    }
    parsed->operands = calloc((size_t)argc + 1, sizeof *parsed->operands);
    if (parsed->operands == NULL) {
        return error_set_memory(err, "reading the command line");
    }
    if (!parse_all(syntax, argc, argv, parsed, err)) {
        options_release(parsed);
        return false;
    }
    return true;
}

void options_release(struct parsed_options *parsed)
{
    free(parsed->operands);
    parsed->operands = NULL;
    parsed->operand_count = 0;
}

static const struct option_value *find_value(const struct parsed_options *parsed, const char *name)
{
    const struct option_value *found = NULL; /* the last one counts */
    for (int i = 0; i < parsed->value_count; i++) {
        if (strcmp(parsed->values[i].option->name, name) == 0) {
            found = &parsed->values[i];
        }
    }
    return found;
}

const char *options_text(const struct parsed_options *parsed, const char *name)
{
    const struct option_value *value = find_value(parsed, name);
    return value == NULL ? NULL : value->text;
}

int64_t options_integer(const struct parsed_options *parsed, const char *name, int64_t fallback)
{
    const struct option_value *value = find_value(parsed, name);
    return value == NULL ? fallback : value->integer;
}

bool options_flag(const struct parsed_options *parsed, const char *name)
{
    return find_value(parsed, name) != NULL;
}

void options_print_help(const struct command_syntax *syntax)
{
    printf("usage: lunette %s [options]%s%s\n\n%s\n\noptions:\n", syntax->name,
           syntax->operands[0] == '\0' ? "" : " ", syntax->operands, syntax->help);
    for (const struct option *option = syntax->options; option->name != NULL; option++) {
        char left[64];
        (void)snprintf(left, sizeof left, "--%s%s%s", option->name,
                       option->value_name == NULL ? "" : " ",
                       option->value_name == NULL ? "" : option->value_name);
        printf("  %-20s %s\n", left, option->help);
    }
    printf("  %-20s %s\n", "--help", "this text");
}
