/*
 * runtime_allocation_test.c - every allocation fails once while an event goes its way: taken from
 * the Runtime API, handled, answered at once or as a stream, reported as failed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/bindings.h"
#include "host/loop.h"
#include "host/runtime_api.h"
#include "host/runtime_stream.h"
#include "host/vm.h"
#include "tests/unit/allocation.h"
#include "tests/unit/aws_server.h"
#include "tests/unit/check.h"

#define MEMORY_MAX (64 << 20)
#define RESULT_MAX 65536
#define ANSWER     "POST /2018-06-01/runtime/invocation/r%201/response "
#define FAILURE    "POST /2018-06-01/runtime/invocation/r%201/error "

static const struct aws_server_answer answers[] = {
    {"GET /2018-06-01/runtime/invocation/next ",
     "200 OK\r\nLambda-Runtime-Aws-Request-Id: r 1\r\nLambda-Runtime-Deadline-Ms: 4102444800000\r\n"
     "Lambda-Runtime-Trace-Id: Root=1-a\r\nLambda-Runtime-Invocation-Id: i1\r\n",
     "{\"list\":[1,2]}"},
    {ANSWER, "202 Accepted\r\n", "{\"status\":\"OK\"}"},
    {FAILURE, "202 Accepted\r\n", "{\"status\":\"OK\"}"},
    {"POST /2018-06-01/runtime/init/error ", "202 Accepted\r\n", "{\"status\":\"OK\"}"},
    {"POST /2020-01-01/extension/register ", "200 OK\r\nLambda-Extension-Identifier: e1\r\n", "{}"},
    {NULL, NULL, NULL}};

static const struct runtime_report report = {
    .type = "Function.LuaError", .body = "{\"errorMessage\":\"as asked\"}", .cause = "{}"};

/* What one run stands on. */
struct served {
    const char *script;
    struct loop *loop;
    struct vm *vm;
    struct runtime_api api;
    struct runtime_event event;
    struct runtime_stream stream;
    struct buffer result, traceback;
};

static bool handle(struct served *served, struct error *err)
{
    enum runtime_outcome outcome;
    const struct runtime_event *event = &served->event;
    struct vm_invocation invocation = {.event = buffer_text(&event->body),
                                       .event_length = event->body.length,
                                       .request_id = event->request_id,
                                       .stream = &served->stream.taker,
                                       .deadline_ms = event->deadline_ms};
    bool ok = vm_invoke(served->vm, &invocation, &served->result, &served->traceback, err);
    if (!ok && !error_is(err, "as_asked")) {
        return false;
    }
    const struct runtime_report *why = ok ? NULL : &report;
    if (runtime_stream_answers(&served->stream, !ok)) {
        ok = runtime_stream_finish(&served->stream, why, &outcome, err);
    } else if (ok) {
        ok = runtime_api_respond(&served->api, event, buffer_text(&served->result),
                                 served->result.length, &outcome, err);
    } else {
        ok = runtime_api_fail(&served->api, event, why, &outcome, err);
    }
    return ok && CHECK_INTEGER(outcome, RUNTIME_ACCEPTED);
}

static bool take_event(struct served *served, struct error *err)
{
    if (!runtime_api_init(&served->api, getenv("AWS_ENDPOINT_URL") + strlen("http://"),
                          loop_http(served->loop), err)) {
        return false;
    }
    bool ok = runtime_api_register(&served->api, err) &&
              runtime_api_next(&served->api, &served->event, err);
    if (ok) {
        CHECK_TEXT(served->event.request_id, "r 1");
        runtime_stream_init(&served->stream, &served->api, &served->event);
        ok = handle(served, err);
        runtime_stream_release(&served->stream);
        runtime_event_release(&served->event);
    }
    runtime_api_release(&served->api);
    return ok;
}

static bool serve_event(void *context, struct error *err)
{
    static const struct vm_folder folders[] = {
        {"lunette.", "bindings/"}, {"", "bindings/"}, {NULL, NULL}};
    static const luaL_Reg *const modules[] = {bindings_modules, NULL};
    struct served served = {.script = context};
    struct loop_options loop_options = {.worker_threads = 1};
    served.loop = loop_new(&loop_options, err);
    if (served.loop == NULL) {
        return false;
    }
    buffer_init(&served.result, RESULT_MAX);
    buffer_init(&served.traceback, VM_TRACEBACK_MAX);
    struct vm_options options = {
        .loop = served.loop, .modules = modules, .memory_max = MEMORY_MAX, .folders = folders};
    served.vm = vm_new(&options, err);
    bool ok = served.vm != NULL &&
              vm_load_handler_text(served.vm, served.script, strlen(served.script), "handler.lua",
                                   NULL, &served.traceback, err) &&
              take_event(&served, err);
    vm_free(served.vm);
    loop_free(served.loop);
    buffer_release(&served.result);
    buffer_release(&served.traceback);
    return ok;
}

TEST(allocation_failures_in_an_event_of_lambda)
{
    static const struct {
        const char *name, *script;
    } cases[] = {
        {"an answer", "return function(event) return event.list end"},
        {"a failure", "return function() error{code = 'as_asked', message = 'no'} end"},
        {"a stream", "return function(_, context)\n"
                     "  local write = context.stream{status = 200, cookies = {'a=b'},\n"
                     "    headers = {['content-type'] = 'text/plain'}}\n"
                     "  write 'one'\n"
                     "  write(('two'):rep(100))\n"
                     "end"},
        {"a stream of nothing", "return function(_, context)\n"
                                "  context.stream{content_type = 'image/webp'}\n"
                                "end"},
        {"a stream that breaks off", "return function(_, context)\n"
                                     "  context.stream{} 'one'\n"
                                     "  error{code = 'as_asked', message = 'no'}\n"
                                     "end"},
    };
    struct aws_server server;
    if (!aws_server_start(&server, answers)) {
        return;
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        allocation_check(cases[i].name, serve_event, (void *)(uintptr_t)cases[i].script);
    }
    aws_server_stop(&server);
}

static bool refuse(void *context, struct error *err)
{
    (void)context;
    struct runtime_api api;
    struct http *http = http_new(err);
    bool ok = http != NULL &&
              runtime_api_init(&api, getenv("AWS_ENDPOINT_URL") + strlen("http://"), http, err) &&
              runtime_api_fail_init(&api, &report, err);
    http_free(http);
    return ok;
}

TEST(allocation_failures_in_a_start_that_fails)
{
    struct aws_server server;
    if (aws_server_start(&server, answers)) {
        allocation_check("init error", refuse, NULL);
        aws_server_stop(&server);
    }
}
