/*
 * options_test.c - command lines, good and bad.
 */
#include "tests/unit/check.h"

#include "host/options.h"

static const struct option options[] = {
    {"json", OPTION_FLAG, NULL, "", 0, 0},
    {"store", OPTION_TEXT, "DIR", "", 0, 0},
    {"memory", OPTION_INTEGER, "MB", "", 128, 10240},
    {"table", OPTION_LIST, "NAME", "", 0, 0},
    {NULL},
};
static const struct command_syntax syntax = {"process", "PHOTO...", "", "", options, 1, 2, false};

#define ARGUMENTS_MAX 8

static int count(const char *const *arguments)
{
    int n = 0;
    while (arguments[n] != NULL) {
        n++;
    }
    return n;
}

TEST(options_are_read)
{
    const char *argv[] = {"a.jpg",  "--store",    "x",  "--memory=256", "--table", "t1",
                          "--json", "--table=t2", "--", "--b.jpg",      NULL};
    struct parsed_options parsed;
    struct error err;
    if (!CHECK(options_parse(&syntax, count(argv), argv, &parsed, &err))) {
        return;
    }
    CHECK_TEXT(options_text(&parsed, "store"), "x");
    CHECK_INTEGER(options_integer(&parsed, "memory", 1), 256);
    CHECK_INTEGER(options_integer(&parsed, "missing", 7), 7);
    CHECK(options_flag(&parsed, "json"));
    CHECK_INTEGER(parsed.operand_count, 2);
    CHECK_TEXT(parsed.operands[0], "a.jpg");
    CHECK_TEXT(parsed.operands[1], "--b.jpg");
    CHECK_INTEGER(parsed.value_count, 5);
    options_release(&parsed);
}

TEST(options_complain_in_one_line)
{
    static const struct {
        const char *argv[ARGUMENTS_MAX];
        const char *message;
    } cases[] = {
        {{"--nope", "a"}, "unknown option '--nope'"},
        {{"-x", "a"}, "unknown option '-x'"},
        {{"--memory", "64", "a"}, "--memory is '64', expected 128 to 10240"},
        {{"--memory", "1e3", "a"}, "--memory is '1e3', expected 128 to 10240"},
        {{"a", "--memory"}, "--memory needs a value: --memory MB"},
        {{"--json=1", "a"}, "--json takes no value"},
        {{NULL}, "PHOTO... is missing"},
        {{"a", "b", "c"}, "one operand too many: 'c'"},
        {{"--mem", "256", "a"}, "unknown option '--mem', did you mean --memory?"},
        {{"--memroy=256", "a"}, "unknown option '--memroy=256', did you mean --memory?"},
        {{"-json", "a"}, "unknown option '-json', did you mean --json?"},
        {{"--hepl"}, "unknown option '--hepl', did you mean --help?"},
        {{"--", "a", "b", "c"}, "one operand too many: 'c'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct parsed_options parsed;
        struct error err = {0};
        check_case("%zu", i);
        CHECK(!options_parse(&syntax, count(cases[i].argv), cases[i].argv, &parsed, &err));
        CHECK_TEXT(err.code, "usage");
        CHECK_TEXT(err.message, cases[i].message);
    }
}

TEST(options_help_wins_over_everything)
{
    const char *argv[] = {"--nope", "--help", NULL};
    struct parsed_options parsed;
    struct error err;
    CHECK(options_parse(&syntax, count(argv), argv, &parsed, &err));
    CHECK(parsed.help);
    const char *after[] = {"--", "--help", NULL};
    CHECK(options_parse(&syntax, count(after), after, &parsed, &err));
    CHECK(!parsed.help);
    options_release(&parsed);
}

TEST(options_help_is_the_script_s_after_its_name)
{
    static const struct command_syntax verbatim = {"run", "SCRIPT", "", "", options, 1, -1, true};
    static const struct {
        const char *argv[ARGUMENTS_MAX];
        bool help;
        int operands;
    } cases[] = {
        {{"--help", "a.lua"}, true, 0},
        {{"--json", "-h"}, true, 0},
        {{"a.lua", "--help"}, false, 2},
        {{"--store", "x", "a.lua", "-h", "--nope"}, false, 3},
        {{"--store", "--help", "a.lua"}, false, 1},
        {{"--store=x", "--help", "a.lua"}, true, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct parsed_options parsed;
        struct error err;
        check_case("%zu", i);
        const char *const *argv = cases[i].argv;
        if (CHECK(options_parse(&verbatim, count(argv), argv, &parsed, &err))) {
            CHECK_INTEGER(parsed.help, cases[i].help);
            CHECK_INTEGER(parsed.operand_count, cases[i].operands);
            options_release(&parsed);
        }
    }
}
