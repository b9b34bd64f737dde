/*
 * main.c - argv to command, or to Lambda's runtime. The one place where the host and the bindings
 * meet: it opens the store, makes the loop and the Lua state, and hands the modules over.
 */
#include <errno.h>
#include <lualib.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bindings/aws/store.h"
#include "bindings/bindings.h"
#include "bindings/image/engine.h"
#include "bindings/local/store.h"
#include "host/commands.h"
#include "host/console.h"
#include "host/crash.h"
#include "host/env.h"
#include "host/http.h"
#include "host/log.h"
#include "host/loop.h"
#include "host/runtime.h"
#include "host/runtime_workers.h"
#include "host/vm.h"
#include "host/worker.h"
#ifdef LUNETTE_LAYER
#include "layer/layer.h"
#endif
#if LUNETTE_REPL
#include "host/repl/debugger.h"
#include "host/repl/editor.h"
#include "host/repl/prompt.h"
#include "host/repl/system.h"
#include "host/repl/terminal.h"
#endif

#define STORE_DEFAULT     "lunette-store"
#define TIMEOUT_DEFAULT_S 60
#define MEMORY_DEFAULT_MB 512
#define WARM_MS_MAX       1000 /* for connections that LUNETTE_WARM asks for */
#define MEGABYTE          ((int64_t)1024 * 1024)
#define LIBRARY_DEFAULT   "/opt/lua" /* where layers put modules */

/* Of the function's memory: a half for Lua (bodies pass through it), a half for pixels. */
#define LUA_SHARE   2
#define IMAGE_SHARE 2

/* Freed memory that is kept for the next use, at most. */
#define KEPT_SHARE  16
#define KEPT_MAX_MB 64

enum exit_status { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Everything that a command needs, in the order in which it is made. */
struct process {
    struct local_store *store; /* one of the two, or none */
    struct aws_store *aws;
    struct loop *loop;
    struct vm *vm;
    struct bindings bindings;
    struct console console;
    char handler[4096]; /* --handler without its :NAME */
    struct pair *pair;  /* NULL: commands and handler live in one Lua state */
};

static const struct vm_folder module_folders[] = {
    {"commands.", "host/commands/"},
    {"repl.", "host/repl/"},
    {"lunette.", "bindings/"}, /* what no file beside the handler should replace by accident */
    {"", "bindings/"},
    {NULL, NULL},
};

static const luaL_Reg host_modules[] = {{"host", luaopen_host}, {NULL, NULL}};

/* "rules.lua:thumbnails" names the function in the table that the script returns. */
static bool read_handler_option(struct process *process, const char *text, struct error *err)
{
    if (text == NULL) {
        return true;
    }
    size_t length = strlen(text);
    const char *colon = strrchr(text, ':');
    if (colon != NULL && strchr(colon, '/') == NULL && colon != text) {
        length = (size_t)(colon - text);
        process->console.entry = colon + 1;
    }
    if (length >= sizeof process->handler) {
        return error_set(err, "usage", "the path after --handler is too long");
    }
    memcpy(process->handler, text, length);
    process->handler[length] = '\0';
    if (access(process->handler, R_OK) != 0) {
        return error_set(err, "usage", "--handler is '%s': %s", process->handler, strerror(errno));
    }
    process->console.handler_path = process->handler;
    return true;
}

static bool declare_buckets_and_tables(struct process *process, const struct parsed_options *parsed,
                                       struct error *err)
{
    for (int i = 0; i < parsed->value_count; i++) {
        const struct option_value *value = &parsed->values[i];
        bool is_table = strcmp(value->option->name, "table") == 0;
        if (strcmp(value->option->name, "bucket") == 0) {
            if (!local_store_declare_bucket(process->store, value->text, err)) {
                return false;
            }
        } else if (is_table) {
            char name[256];
            size_t length = strcspn(value->text, "=");
            if (value->text[length] == '\0' || length >= sizeof name) {
                return error_set(err, "usage",
                                 "--table is '%.200s', expected NAME=KEYS, e.g. "
                                 "photos=id or photos=album:S,taken:N",
                                 value->text);
            }
            memcpy(name, value->text, length);
            name[length] = '\0';
            if (!local_store_declare_table(process->store, name, value->text + length + 1, err)) {
                return false;
            }
        }
    }
    return true;
}

/* What would be declared exists in AWS, or has to be made there with its own tools. */
static bool refuse_local_options(const struct parsed_options *parsed, struct error *err)
{
    static const char *const local_only[] = {"store", "bucket", "table"};
    for (size_t i = 0; i < sizeof local_only / sizeof *local_only; i++) {
        if (options_text(parsed, local_only[i]) != NULL) {
            return error_set(err, "usage",
                             "--aws and --%s exclude each other: the latter is about "
                             "the local store",
                             local_only[i]);
        }
    }
    return true;
}

static bool open_aws(struct process *process, struct error *err)
{
    process->aws = aws_store_open(err);
    if (process->aws == NULL) {
        return false;
    }
    process->bindings.s3 = aws_store_s3(process->aws);
    process->bindings.dynamodb = aws_store_dynamodb(process->aws);
    return true;
}

static bool open_store(struct process *process, const struct parsed_options *parsed,
                       struct error *err)
{
    if (options_flag(parsed, "aws")) {
        return refuse_local_options(parsed, err) && open_aws(process, err);
    }
    const char *directory = options_text(parsed, "store");
    process->store = local_store_open(directory == NULL ? STORE_DEFAULT : directory, err);
    if (process->store == NULL) {
        return false;
    }
    process->bindings.local = process->store;
    process->bindings.s3 = local_store_s3(process->store);
    process->bindings.dynamodb = local_store_dynamodb(process->store);
    return declare_buckets_and_tables(process, parsed, err);
}

static bool open_loop(struct process *process, int worker_threads, struct error *err)
{
    struct loop_options options = {.worker_threads = worker_threads};
    process->loop = loop_new(&options, err);
    return process->loop != NULL;
}

/* By default glibc gives what objects and strings of some megabytes took back to the kernel each
 * time, which then has to hand it out anew, page by page: half of what an s3.get of 2 MB costs. */
static void keep_freed_memory(int64_t memory_mb)
{
    int64_t kept_mb = memory_mb / KEPT_SHARE < KEPT_MAX_MB ? memory_mb / KEPT_SHARE : KEPT_MAX_MB;
    (void)mallopt(M_TRIM_THRESHOLD, (int)(kept_mb * MEGABYTE));
    (void)mallopt(M_MMAP_THRESHOLD, (int)(kept_mb * MEGABYTE / 2));
}

static bool open_vm(struct process *process, const luaL_Reg *const *modules,
                    const char *library_folder, struct error *err)
{
    int64_t memory = process->console.memory_mb * MEGABYTE;
    if (process->aws != NULL && !aws_store_warm(process->aws, loop_http(process->loop), err)) {
        return false;
    }
    struct vm_options options = {
        .loop = process->loop,
        .modules = modules,
        .memory_max = (size_t)(memory / LUA_SHARE),
        .folders = module_folders,
        .library_folder = library_folder,
        .any_entry = library_folder != NULL, /* in Lambda */
    };
    keep_freed_memory(process->console.memory_mb);
    process->vm = vm_new(&options, err);
    if (process->vm == NULL) {
        return false;
    }
    process->bindings.image_memory = memory / IMAGE_SHARE;
    bindings_attach(vm_state(process->vm), &process->bindings);
    return true;
}

static bool open_console(struct process *process, struct error *err)
{
    const luaL_Reg *const modules[] = {bindings_modules, host_modules, NULL};
    if (!open_loop(process, 0, err) || !open_vm(process, modules, NULL, err)) {
        return false;
    }
    process->console.vm = process->vm;
    console_attach(vm_state(process->vm), &process->console);
    return true;
}

#if LUNETTE_REPL

static const luaL_Reg repl_modules[] = {
    {"host", luaopen_host},         {"editor", luaopen_editor},
    {"prompt", luaopen_prompt},     {"system", luaopen_system},
    {"terminal", luaopen_terminal}, {"debugger", luaopen_debugger},
    {"overlay", luaopen_overlay},   {NULL, NULL},
};

/* A person's own state, and the handler's: with a loop and a client of AWS of its own, and the same
 * local store. */
struct pair {
    struct process *outer, handler;
    struct prompt prompt;
};

static const luaL_Reg handler_modules[] = {{"overlay", luaopen_overlay}, {NULL, NULL}};

static bool renew_handler(void *context, struct error *err)
{
    static const luaL_Reg *const modules[] = {bindings_modules, handler_modules, NULL};
    struct pair *pair = context;
    vm_free(pair->handler.vm);
    pair->handler.vm = NULL;
    pair->handler.console.memory_mb = pair->outer->console.memory_mb;
    bool ok = open_vm(&pair->handler, modules, NULL, err);
    pair->outer->console.vm = pair->handler.vm;
    return ok;
}

static bool open_pair(struct pair *pair, struct process *process, struct error *err)
{
    const luaL_Reg *const modules[] = {bindings_modules, repl_modules, NULL};
    struct process *handler = &pair->handler;
    pair->outer = process;
    handler->bindings = process->bindings;
    if ((process->aws != NULL && !open_aws(handler, err)) || !open_loop(handler, 0, err) ||
        !renew_handler(pair, err) || !open_loop(process, 1, err) ||
        !open_vm(process, modules, NULL, err)) {
        return false;
    }
    pair->prompt =
        (struct prompt){&process->console, process->loop, handler->loop, renew_handler, pair};
    console_attach(vm_state(process->vm), &process->console);
    prompt_attach(vm_state(process->vm), &pair->prompt);
    return true;
}

#endif

static bool open_states(struct process *process, const struct command *command, struct error *err)
{
#if LUNETTE_REPL
    static struct pair pair;
    if (command->two_states) {
        process->pair = &pair;
        return open_pair(&pair, process, err);
    }
#endif
    (void)command;
    return open_console(process, err);
}

static bool open_process(struct process *process, const struct command *command,
                         const struct parsed_options *parsed, struct error *err)
{
    struct log_options log_options;
    memset(process, 0, sizeof *process);
    process->console.memory_mb = options_integer(parsed, "memory", MEMORY_DEFAULT_MB);
    process->console.timeout_ms = options_integer(parsed, "timeout", TIMEOUT_DEFAULT_S) * 1000;
    if (!log_options_from_environment(command->log_level, &log_options, err)) {
        return false;
    }
    log_configure(&log_options);
    return read_handler_option(process, options_text(parsed, "handler"), err) &&
           (!command->needs_store || open_store(process, parsed, err)) &&
           open_states(process, command, err);
}

/* What open_vm() began to warm; it was under way while Lua and the handler were made ready. */
static void settle(struct process *process)
{
    if (process->aws != NULL) {
        loop_settle(process->loop, WARM_MS_MAX);
    }
}

static void close_state(struct process *process)
{
    vm_free(process->vm);
    loop_free(process->loop);
    aws_store_close(process->aws);
}

static void close_process(struct process *process)
{
#if LUNETTE_REPL
    if (process->pair != NULL) {
        close_state(&process->pair->handler);
    }
#endif
    close_state(process);
    local_store_close(process->store);
}

/* A wrong command line is one line and says where help is; a script's mistake names its line. */
static enum exit_status complain(const char *command, const struct error *err,
                                 const struct buffer *traceback)
{
    if (strcmp(err->code, "usage") == 0 && err->where[0] == '\0') {
        fprintf(stderr, "lunette %s: %s; see lunette %s --help\n", command, err->message, command);
        return EXIT_USAGE;
    }
    bool plain = error_is(err, "usage") || error_is(err, "lua") || err->operation[0] == '\0';
    const char *parts[] = {err->where, err->operation, plain ? "" : err->code};
    fprintf(stderr, "lunette %s: ", command);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        fprintf(stderr, "%s%s", parts[i], parts[i][0] == '\0' ? "" : ": ");
    }
    fprintf(stderr, "%s\n", err->message);
    if (traceback->length > 0) {
        fprintf(stderr, "%s\n", buffer_text(traceback));
    }
    return EXIT_FAILED;
}

/* What could not be written was not said: a full disk is no success. */
static enum exit_status flush_output(const char *command, enum exit_status status)
{
    bool failed = ferror(stdout) != 0;
    if (fflush(stdout) == 0 && !failed) {
        return status;
    }
    fprintf(stderr, "lunette %s: standard output can't be written: %s\n", command,
            errno != 0 ? strerror(errno) : "it failed before");
    return EXIT_FAILED;
}

static enum exit_status run_command(const struct command *command,
                                    const struct parsed_options *parsed)
{
    static struct process process;
    struct error err;
    struct buffer traceback;
    int status = EXIT_DONE;
    buffer_init(&traceback, VM_TRACEBACK_MAX);
    bool ok = open_process(&process, command, parsed, &err);
    if (ok) {
        settle(&process);
        ok = command_run(process.vm, command, parsed, &status, &traceback, &err);
    }
    if (!ok) {
        status = complain(command->syntax.name, &err, &traceback);
    }
    close_process(&process);
    buffer_release(&traceback);
    return flush_output(command->syntax.name, (enum exit_status)status);
}

static enum exit_status parse_and_run(const struct command *command, int argc,
                                      const char *const *argv)
{
    struct parsed_options parsed;
    struct error err;
    if (!options_parse(&command->syntax, argc, argv, &parsed, &err)) {
        fprintf(stderr, "lunette %s: %s; see lunette %s --help\n", command->syntax.name,
                err.message, command->syntax.name);
        return EXIT_USAGE;
    }
    if (parsed.help) {
        options_print_help(&command->syntax);
        return EXIT_DONE;
    }
    enum exit_status status = run_command(command, &parsed);
    options_release(&parsed);
    return status;
}

/* ---- in Lambda ------------------------------------------------------------------------------- */

static bool configure_log(struct error *err)
{
    struct log_options options = {LOG_LEVEL_INFO, LOG_FORMAT_JSON, STDERR_FILENO, NULL};
    log_configure(&options); /* to complain of what is set, if need be */
    if (!log_options_from_environment(LOG_LEVEL_INFO, &options, err)) {
        return false;
    }
    log_configure(&options);
    return true;
}

/* What the function's configuration says, before a store or a script is opened. */
static bool read_configuration(struct runtime_environment *environment, struct error *err)
{
    if (!configure_log(err) || !runtime_environment_read(environment, err)) {
        return false;
    }
    /* Where Lambda starts it already; elsewhere paths are to mean the same. */
    return environment->task_root == NULL || chdir(environment->task_root) == 0 ||
           error_set_system(err, errno, "going to LAMBDA_TASK_ROOT '%s'", environment->task_root);
}

static bool load_function(struct process *process, const struct runtime_environment *environment,
                          struct buffer *traceback, struct error *err)
{
    if (vm_load_handler(process->vm, environment->handler, environment->entry, traceback, err)) {
        return true;
    }
    if (error_is(err, "no_handler") && environment->task_root != NULL) {
        (void)error_prefix(err, "in %s", environment->task_root);
    }
    return false;
}

static bool open_function(struct process *process, struct runtime_environment *environment,
                          struct buffer *traceback, struct error *err)
{
    const luaL_Reg *const modules[] = {bindings_modules, NULL};
    if (!read_configuration(environment, err)) {
        return false;
    }
    /* The workers share what the function has. */
    process->console.memory_mb = environment->memory_mb / environment->workers;
    keep_freed_memory(process->console.memory_mb);
    return open_aws(process, err) &&
           open_vm(process, modules, env_text("LUNETTE_LIBRARY", LIBRARY_DEFAULT), err) &&
           load_function(process, environment, traceback, err);
}

static void log_fatal(const char *what, const struct error *err)
{
    struct log_field reason = log_text("reason", err->message);
    log_write(LOG_LEVEL_FATAL, what, &reason, 1);
}

/* Ends only when the process is of no more use: Lambda then starts another. One of several
 * registers for all, see runtime_api_register(). */
static enum exit_status serve_as(const char *address, int worker, int workers)
{
    static struct process process;
    static struct runtime_environment environment;
    struct error err;
    struct buffer traceback;
    struct runtime *runtime = NULL;
    enum exit_status status = EXIT_FAILED;
    buffer_init(&traceback, VM_TRACEBACK_MAX);
    runtime_keep_signals();
    int threads = worker_processors() / workers;
    if (open_loop(&process, threads < 1 ? 1 : threads, &err)) {
        runtime = runtime_new(address, process.loop, &err);
    }
    if (runtime == NULL) {
        log_fatal("the runtime can't start", &err);
    } else if (!open_function(&process, &environment, &traceback, &err)) {
        runtime_refuse(runtime, &err, &traceback);
    } else {
        environment.extension = environment.extension && worker == 0;
        settle(&process);
        if (runtime_serve(runtime, process.vm, &environment, &err)) {
            status = EXIT_DONE;
        } else {
            log_fatal("the runtime ends", &err);
        }
    }
    buffer_release(&traceback);
    runtime_free(runtime);
    close_process(&process);
    return status;
}

static enum exit_status serve(const char *address)
{
    struct error err;
    int64_t workers;
    int worker = 0, status;
    bool ok = configure_log(&err) &&
              env_integer("AWS_LAMBDA_MAX_CONCURRENCY", 1, 1, RUNTIME_WORKERS_MAX, &workers, &err);
    if (!ok) {
        workers = 1; /* which will find out, too, and can tell Lambda */
    }
    if (workers > 1 && !runtime_workers_start((int)workers, &worker, &status)) {
        return (enum exit_status)status;
    }
    return serve_as(address, worker, (int)workers);
}

/* Lambda gives no argument. Its emulators give the handler's name, which _HANDLER says, too. */
static bool is_runtime(int argc, char **argv)
{
    if (argc < 2) {
        return true;
    }
    const char *slash = strrchr(argv[0], '/');
    const char *name = slash == NULL ? argv[0] : slash + 1;
    return strcmp(name, "bootstrap") == 0 && argv[1][0] != '-' && strcmp(argv[1], "help") != 0 &&
           command_find(argv[1]) == NULL;
}

/* ---- argv ------------------------------------------------------------------------------------ */

static void print_versions(void)
{
    printf("lunette %s\n%s\n%s\n%s\n", LUNETTE_VERSION, LUA_RELEASE, http_versions(),
           image_engine_versions());
#ifdef LUNETTE_LAYER
    printf("\nlinked from Debian:\n%s", layer_packages);
#endif
}

int main(int argc, char **argv)
{
#ifdef LUNETTE_LAYER
    layer_start();
#endif
    (void)signal(SIGPIPE, SIG_IGN);
    crash_install();
    const char *runtime_api = env_text("AWS_LAMBDA_RUNTIME_API", NULL);
    if (runtime_api != NULL && is_runtime(argc, argv)) {
        return serve(runtime_api);
    }
    if (argc < 2) {
        command_print_list();
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        command_print_list();
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        print_versions();
        return EXIT_DONE;
    }
    const struct command *command = command_find(argv[1]);
    if (command == NULL) {
        const char *nearest = command_nearest(argv[1]);
        fprintf(stderr, "lunette: there is no command '%.80s'%s%s%s; see lunette --help\n", argv[1],
                nearest != NULL ? ", did you mean '" : "", nearest != NULL ? nearest : "",
                nearest != NULL ? "'?" : "");
        return EXIT_USAGE;
    }
    return parse_and_run(command, argc - 2, (const char *const *)argv + 2);
}
