/*
 * runtime_environment.c - reads Lambda's environment variables, _HANDLER above all. main calls it
 * when it serves. See runtime_environment.h.
 */
#include "host/runtime_environment.h"

#include <stdio.h>
#include <string.h>

#include "host/env.h"

#define HANDLER_DEFAULT   "handler.main"
#define ENTRY_DEFAULT     "main"
#define MEMORY_DEFAULT_MB 128 /* the platform's own default */

static bool refuse(const char *name, struct error *err)
{
    return error_set(err, "bad_handler_name",
                     "the function's handler is '%.200s'; it must be FILE.FUNCTION, for example "
                     "handler.main for the function main of handler.lua",
                     name);
}

static bool ends_with_lua(const char *text, size_t length)
{
    return length > 4 && memcmp(text + length - 4, ".lua", 4) == 0;
}

/* The file as `length` bytes of `name`. Without a slash, dots separate folders. */
static bool set_file(const char *name, size_t length, struct runtime_environment *environment)
{
    bool has_suffix = ends_with_lua(name, length);
    bool has_slash = memchr(name, '/', length) != NULL;
    char *handler = environment->handler;
    int written = snprintf(handler, sizeof environment->handler, "%.*s%s", (int)length, name,
                           has_suffix ? "" : ".lua");
    if (length == 0 || name[length - 1] == '/' || written >= (int)sizeof environment->handler) {
        return false;
    }
    for (size_t i = 0; !has_slash && i < length - (has_suffix ? 4 : 0); i++) {
        handler[i] = handler[i] == '.' ? '/' : handler[i];
    }
    return handler[0] != '/' || has_slash;
}

bool runtime_environment_split(const char *name, struct runtime_environment *environment,
                               struct error *err)
{
    size_t length = strlen(name);
    const char *entry = ENTRY_DEFAULT;
    const char *colon = strrchr(name, ':');
    const char *dot = strrchr(name, '.');
    const char *slash = strrchr(name, '/');
    if (colon != NULL) {
        length = (size_t)(colon - name);
        entry = colon + 1;
    } else if (dot != NULL && (slash == NULL || dot > slash) && !ends_with_lua(name, length)) {
        length = (size_t)(dot - name);
        entry = dot + 1;
    }
    if (entry[0] == '\0' || strlen(entry) >= sizeof environment->entry) {
        return refuse(name, err);
    }
    memcpy(environment->entry, entry, strlen(entry) + 1);
    return set_file(name, length, environment) || refuse(name, err);
}

bool runtime_environment_read(struct runtime_environment *environment, struct error *err)
{
    struct runtime_environment read = {
        .task_root = env_text("LAMBDA_TASK_ROOT", NULL),
        .function_name = env_text("AWS_LAMBDA_FUNCTION_NAME", "unnamed"),
        .function_version = env_text("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    };
    if (!env_integer("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", MEMORY_DEFAULT_MB, 64, 1048576,
                     &read.memory_mb, err) ||
        !env_flag("LUNETTE_EXTENSION", true, &read.extension, err) ||
        !env_integer("AWS_LAMBDA_MAX_CONCURRENCY", 1, 1, RUNTIME_WORKERS_MAX, &read.workers, err) ||
        !runtime_environment_split(env_text("_HANDLER", HANDLER_DEFAULT), &read, err)) {
        return false;
    }
    *environment = read;
    return true;
}
