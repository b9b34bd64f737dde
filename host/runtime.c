/*
 * runtime.c - the loop of a Lambda runtime: next, invoke, answer. main starts it; see runtime.h.
 */
#include "host/runtime.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/log.h"
#include "host/loop.h"
#include "host/runtime_api.h"
#include "host/runtime_failure.h"
#include "host/runtime_stream.h"
#include "host/vm.h"

#define NEXT_ATTEMPTS      3
#define NEXT_PAUSE_MS      100 /* before the second attempt, twice that before the third */
#define HURRY_GRACE_MS     150 /* for what a script does about its deadline */
#define TRACE_VARIABLE     "_X_AMZN_TRACE_ID="
#define TRACE_VARIABLE_MAX (sizeof TRACE_VARIABLE + sizeof((struct runtime_event *)0)->trace_id)

struct runtime {
    struct runtime_api api;
    struct loop *loop;
    pthread_t watcher; /* waits for SIGTERM */
    bool is_watched;
    int64_t invocations; /* so far */
    struct runtime_event event;
};

struct runtime *runtime_new(const char *address, struct loop *loop, struct error *err)
{
    struct runtime *runtime = calloc(1, sizeof *runtime);
    if (runtime == NULL) {
        (void)error_set_memory(err, "making the runtime");
        return NULL;
    }
    runtime->loop = loop;
    if (!runtime_api_init(&runtime->api, address, loop_http(loop), err)) {
        free(runtime);
        return NULL;
    }
    return runtime;
}

/* ---- the end --------------------------------------------------------------------------------- */

static void pause_ms(long ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&pause, NULL);
}

static void term_set(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGTERM);
}

void runtime_keep_signals(void)
{
    sigset_t set;
    term_set(&set);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* A thread, because the one that runs Lua may be deep in work when the signal comes. What it can't
 * wake in time it leaves where it is: the kill that follows would do no less. */
static void *watch(void *argument)
{
    struct runtime *runtime = argument;
    sigset_t set;
    int number;
    term_set(&set);
    if (sigwait(&set, &number) != 0) {
        return NULL;
    }
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    atomic_store(&runtime->api.stop, true);
    loop_hurry(runtime->loop, HURRY_GRACE_MS);
    (void)pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    pause_ms(RUNTIME_END_MS);
    log_write_last("the process ends in the middle of something that did not let go", NULL, 0);
    _exit(EXIT_SUCCESS);
}

static bool start_watching(struct runtime *runtime, struct error *err)
{
    int failure = pthread_create(&runtime->watcher, NULL, watch, runtime);
    runtime->is_watched = failure == 0;
    return failure == 0 || error_set_system(err, failure, "starting a thread");
}

static void stop_watching(struct runtime *runtime)
{
    if (runtime->is_watched) {
        (void)pthread_cancel(runtime->watcher);
        (void)pthread_join(runtime->watcher, NULL);
    }
}

/* ---- failures -------------------------------------------------------------------------------- */

static void log_failure(enum log_level level, const char *what,
                        const struct runtime_failure *failure)
{
    struct log_field fields[] = {
        log_text("errorType", failure->type),
        {"errorMessage", LOG_FIELD_TEXT, buffer_text(&failure->message), failure->message.length,
         0},
        {"stackTrace", LOG_FIELD_JSON, buffer_text(&failure->stack), failure->stack.length, 0},
    };
    size_t count = failure->stack.state == BUFFER_OK ? 3 : 2;
    log_write(level, what, fields, count);
}

static struct runtime_report report_of(const struct runtime_failure *failure)
{
    return (struct runtime_report){.type = failure->type,
                                   .body = runtime_failure_body(failure),
                                   .cause = runtime_failure_cause(failure)};
}

void runtime_refuse(struct runtime *runtime, const struct error *why,
                    const struct buffer *traceback)
{
    struct runtime_failure failure;
    struct error err;
    runtime_failure_make(&failure, why, traceback, NULL);
    log_failure(LOG_LEVEL_FATAL, "the function can't start", &failure);
    struct runtime_report report = report_of(&failure);
    if (!runtime_api_fail_init(&runtime->api, &report, &err)) {
        struct log_field fields[] = {log_text("reason", err.message)};
        log_write(LOG_LEVEL_ERROR, "Lambda could not be told", fields, 1);
    }
    runtime_failure_release(&failure);
}

/* ---- one event ------------------------------------------------------------------------------- */

/*
 * In a place of its own: setenv() keeps every value it was ever given. No other thread reads the
 * environment while the variable changes, for between two events the workers have nothing to do.
 */
static void set_trace_id(const char *trace_id)
{
    static char variable[TRACE_VARIABLE_MAX] = TRACE_VARIABLE;
    char *value = variable + strlen(TRACE_VARIABLE);
    (void)snprintf(value, sizeof variable - strlen(TRACE_VARIABLE), "%s", trace_id);
    if (trace_id[0] == '\0') {
        (void)unsetenv("_X_AMZN_TRACE_ID");
    } else {
        (void)putenv(variable);
    }
}

/* The trace that X-Ray knows the invocation by goes on every line of its log. */
static void log_trace_id(const char *trace_id)
{
    struct error err;
    const char *root = strstr(trace_id, "Root=");
    if (root != NULL) {
        root += strlen("Root=");
        struct log_field field = {"xray_trace_id", LOG_FIELD_TEXT, root, strcspn(root, ";"), 0};
        if (!log_append(&field, 1, &err)) {
            log_write(LOG_LEVEL_DEBUG, err.message, NULL, 0);
        }
    }
}

static const char *text_or_null(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

static struct vm_invocation invocation_of(const struct runtime *runtime,
                                          const struct runtime_environment *environment)
{
    const struct runtime_event *event = &runtime->event;
    return (struct vm_invocation){
        .event = buffer_text(&event->body),
        .event_length = event->body.length,
        .request_id = event->request_id,
        .function_name = environment->function_name,
        .function_version = environment->function_version,
        .function_arn = text_or_null(event->function_arn),
        .trace_id = text_or_null(event->trace_id),
        .tenant_id = text_or_null(event->tenant_id),
        .client_context = text_or_null(event->client_context),
        .identity = text_or_null(event->identity),
        .memory_mb = environment->memory_mb,
        .deadline_ms = event->deadline_ms,
        .cold_start = runtime->invocations == 0,
    };
}

/* What the service says to an answer it took late or not at all ends the event, not the process. */
static void log_outcome(enum runtime_outcome outcome)
{
    if (outcome == RUNTIME_STALE) {
        log_write(LOG_LEVEL_WARN, "the answer came too late: Lambda had given up on the event",
                  NULL, 0);
    } else if (outcome == RUNTIME_TOO_LARGE) {
        log_write(LOG_LEVEL_ERROR, "Lambda refused the answer as too large, and told the caller",
                  NULL, 0);
    }
}

static bool answer_failure(struct runtime *runtime, struct runtime_stream *stream,
                           const struct error *why, const struct buffer *traceback,
                           struct error *err)
{
    struct runtime_failure failure;
    enum runtime_outcome outcome = RUNTIME_ACCEPTED;
    runtime_failure_make(&failure, why, traceback, runtime->event.request_id);
    log_failure(LOG_LEVEL_ERROR, "the function failed", &failure);
    struct runtime_report report = report_of(&failure);
    bool ok = runtime_stream_answers(stream, true)
                  ? runtime_stream_finish(stream, &report, &outcome, err)
                  : runtime_api_fail(&runtime->api, &runtime->event, &report, &outcome, err);
    if (ok) {
        log_outcome(outcome);
    }
    runtime_failure_release(&failure);
    return ok;
}

static bool answer_result(struct runtime *runtime, struct runtime_stream *stream,
                          const struct buffer *result, struct error *err)
{
    enum runtime_outcome outcome = RUNTIME_ACCEPTED;
    bool ok = runtime_stream_answers(stream, false)
                  ? runtime_stream_finish(stream, NULL, &outcome, err)
                  : runtime_api_respond(&runtime->api, &runtime->event, buffer_text(result),
                                        result->length, &outcome, err);
    if (ok) {
        log_outcome(outcome);
    }
    return ok;
}

/* False when the Runtime API is in a state that can't be known. */
static bool handle(struct runtime *runtime, struct vm *vm,
                   const struct runtime_environment *environment, struct error *err)
{
    struct vm_invocation invocation = invocation_of(runtime, environment);
    struct runtime_stream stream;
    struct buffer result, traceback;
    struct error why;
    runtime_stream_init(&stream, &runtime->api, &runtime->event);
    invocation.stream = &stream.taker;
    buffer_init(&result, RUNTIME_RESPONSE_MAX);
    buffer_init(&traceback, VM_TRACEBACK_MAX);
    log_begin_invocation(runtime->event.request_id);
    set_trace_id(runtime->event.trace_id);
    log_trace_id(runtime->event.trace_id);
    bool ok = vm_invoke(vm, &invocation, &result, &traceback, &why)
                  ? answer_result(runtime, &stream, &result, err)
                  : answer_failure(runtime, &stream, &why, &traceback, err);
    runtime->invocations++;
    set_trace_id("");
    log_begin_invocation(NULL);
    buffer_release(&result);
    buffer_release(&traceback);
    runtime_stream_release(&stream);
    return ok;
}

/* ---- serving --------------------------------------------------------------------------------- */

/* A connection may break, and nothing is lost by asking again; an answer that should not be is
 * final. */
static bool next_event(struct runtime *runtime, struct error *err)
{
    for (int attempt = 1; !runtime_api_next(&runtime->api, &runtime->event, err); attempt++) {
        if (error_is(err, "runtime_api") || error_is(err, "stopped") || attempt == NEXT_ATTEMPTS) {
            return error_prefix(err, "no event can be had from the Runtime API");
        }
        pause_ms(NEXT_PAUSE_MS * attempt);
    }
    return true;
}

/* Pictures and bodies came and went; what is left of them goes back to the kernel. */
static void give_memory_back(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}

/* Without an extension there is no SIGTERM, and all else is the same. */
static void register_extension(struct runtime *runtime)
{
    struct error err;
    if (!runtime_api_register(&runtime->api, &err)) {
        struct log_field reason = log_text("reason", err.message);
        log_write(LOG_LEVEL_DEBUG, "Lambda will not say when the process has to end", &reason, 1);
    }
}

static bool serve(struct runtime *runtime, struct vm *vm,
                  const struct runtime_environment *environment, struct error *err)
{
    while (next_event(runtime, err)) {
        bool answered = handle(runtime, vm, environment, err);
        runtime_event_release(&runtime->event);
        if (!answered) {
            return error_prefix(err, "the event can't be answered");
        }
        give_memory_back();
    }
    return false;
}

bool runtime_serve(struct runtime *runtime, struct vm *vm,
                   const struct runtime_environment *environment, struct error *err)
{
    if (!start_watching(runtime, err)) {
        return false;
    }
    if (environment->extension) {
        register_extension(runtime);
    }
    return serve(runtime, vm, environment, err) || atomic_load(&runtime->api.stop);
}

/* Waits for the watcher, who touches the runtime and its loop. */
void runtime_free(struct runtime *runtime)
{
    if (runtime != NULL) {
        stop_watching(runtime);
        runtime_api_release(&runtime->api);
        free(runtime);
    }
}
