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
void runtime_free(struct runtime *runtime); /* before the loop; NULL is allowed */

/* Keeps SIGTERM for runtime_serve() to handle. Before any thread is started. */
void runtime_keep_signals(void);

/* Logs why this process can't serve, and tells Lambda, which shows it to who invoked the function.
 * The process should end after it. */
void runtime_refuse(struct runtime *runtime, const struct error *why,
                    const struct buffer *traceback);

/*
 * Serves events, one after the other. What a handler raises ends its invocation only. True: it was
 * asked to end, by SIGTERM. False: the Runtime API can't be trusted any more, *err says why.
 *
 * On SIGTERM, which Lambda sends when a function has timed out and before it removes a sandbox, an
 * invocation gets its deadline's error with a moment to clean up in; a process that has not ended
 * within RUNTIME_END_MS then ends itself.
 *
 * While an event is worked on, _X_AMZN_TRACE_ID holds its trace id, which goes with every request
 * to AWS.
 */
MUST_CHECK bool runtime_serve(struct runtime *runtime, struct vm *vm,
                              const struct runtime_environment *environment, struct error *err);

#define RUNTIME_END_MS 300 /* Lambda kills after 500 */

#endif
