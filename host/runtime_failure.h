/*
 * runtime_failure.h - an error as Lambda wants to hear of it: a type that the service accepts, the
 * document that the caller gets, and the cause for X-Ray. Knows no network.
 *
 *     type   Function.NoSuchKey
 *     body   {"errorMessage":"handler.lua:12: s3.get: NoSuchKey: there is no such key",
 *             "errorType":"Function.NoSuchKey","stackTrace":["handler.lua:12: in upvalue 'load'",
 *             "handler.lua:31: in function 'main'"],"requestId":"8f5..."}
 *     cause  {"working_directory":"/var/task","exceptions":[{"type":...,"message":...,
 *             "stack":[{"path":"handler.lua","line":12,"label":"upvalue 'load'"}]}],
 *             "paths":["handler.lua"]}
 */
#ifndef LUNETTE_HOST_RUNTIME_FAILURE_H
#define LUNETTE_HOST_RUNTIME_FAILURE_H

#include "host/buffer.h"
#include "host/error.h"

#define RUNTIME_TYPE_MAX 80 /* bytes, the NUL included */

struct runtime_failure {
    char type[RUNTIME_TYPE_MAX];
    struct buffer message; /* what a person reads first */
    struct buffer stack;   /* a JSON array of the script's own lines */
    struct buffer body;
    struct buffer cause;
};

/*
 * `traceback` is Lua's, as vm_invoke() gives it, or empty; `request_id` NULL outside an invocation.
 * Never fails: what memory or a limit leaves no room for is left out, and the body is then the
 * shortest that says the type. Released by the caller.
 */
void runtime_failure_make(struct runtime_failure *failure, const struct error *err,
                          const struct buffer *traceback, const char *request_id);
void runtime_failure_release(struct runtime_failure *failure);

/* Of that document, text borrowed until the failure is released. */
const char *runtime_failure_body(const struct runtime_failure *failure);
const char *runtime_failure_cause(const struct runtime_failure *failure); /* NULL: none */

/* The error's code as the service accepts it, (Runtime|Function)\.[A-Z][a-zA-Z]+; anything else it
 * would record as Runtime.Unknown. */
void runtime_failure_type(const char *code, char type[RUNTIME_TYPE_MAX]);

#endif
