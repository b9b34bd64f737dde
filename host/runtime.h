/*
 * runtime.h - Lunette as a Lambda runtime: takes events from the Runtime API one at a time, runs
 * the handler on each, and answers. Made by main, which also loads the handler.
 */
#ifndef LUNETTE_HOST_RUNTIME_H
#define LUNETTE_HOST_RUNTIME_H

#include "host/buffer.h"
#include "host/error.h"
#include "host/runtime_environment.h"

struct runtime;
struct loop;
struct vm;

/* `address` is AWS_LAMBDA_RUNTIME_API; `loop` is borrowed until runtime_free(). NULL on failure. */
struct runtime *runtime_new(const char *address, struct loop *loop, struct error *err);
void runtime_free(struct runtime *runtime); /* NULL is allowed */

/* Logs why this process can't serve, and tells Lambda, which shows it to who invoked the function.
 * The process should end after it. */
void runtime_refuse(struct runtime *runtime, const struct error *why,
                    const struct buffer *traceback);

/*
 * Serves events, one after the other, until the process is killed or the Runtime API can't be
 * trusted any more: then returns, with *err. What a handler raises ends its invocation only.
 *
 * While an event is worked on, _X_AMZN_TRACE_ID holds its trace id, which goes with every request
 * to AWS.
 */
void runtime_serve(struct runtime *runtime, struct vm *vm,
                   const struct runtime_environment *environment, struct error *err);

#endif
