/*
 * runtime_environment.h - what Lambda says in environment variables before the first event.
 */
#ifndef LUNETTE_HOST_RUNTIME_ENVIRONMENT_H
#define LUNETTE_HOST_RUNTIME_ENVIRONMENT_H

#include <stdint.h>

#include "host/error.h"

#define RUNTIME_WORKERS_MAX 64

/* Texts from the environment are borrowed until it changes. */
struct runtime_environment {
    const char *task_root; /* LAMBDA_TASK_ROOT: the function's folder; NULL: the current one */
    char handler[512];     /* from _HANDLER: the file, beneath the task root */
    char entry[128];       /* the function in the table that the file returns */
    const char *function_name;
    const char *function_version;
    int64_t memory_mb;
    bool extension;  /* LUNETTE_EXTENSION: ask Lambda for a SIGTERM before the end; default true */
    int64_t workers; /* AWS_LAMBDA_MAX_CONCURRENCY: how many events at a time */
};

/* Errors: `usage` for a variable that can't be used, `bad_handler_name` for _HANDLER. */
MUST_CHECK bool runtime_environment_read(struct runtime_environment *environment,
                                         struct error *err);

/*
 * Takes a handler's name apart:
 *
 *     handler              handler.lua, function main
 *     handler.thumbnails   handler.lua, function thumbnails
 *     rules/images.main    rules/images.lua, function main
 *     rules.images.main    the same, as `require` would write it
 *     handler.lua          the file itself, function main
 *     handler.lua:main     as after --handler
 *
 * Only *environment's `handler` and `entry` are written. Error: `bad_handler_name`.
 */
MUST_CHECK bool runtime_environment_split(const char *name, struct runtime_environment *environment,
                                          struct error *err);

#endif
