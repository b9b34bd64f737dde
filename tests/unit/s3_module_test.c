/*
 * s3_module_test.c - the module `s3` on a store that starts and finishes later, as the one that
 * talks to AWS will; and answers that the embedded store never gives.
 */
#include <stdlib.h>
#include <string.h>

#include "bindings/bindings.h"
#include "bindings/s3_store.h"
#include "host/buffer.h"
#include "host/loop.h"
#include "host/vm.h"
#include "tests/unit/check.h"

struct fake_store {
    struct s3_store store; /* first */
    struct loop_timer timer;
    struct job *job; /* the one in flight */
    struct s3_response *response;
    enum s3_operation operation;
    bool conflict, refuse, never; /* how to behave */
    int started, cancelled;
};

static char *copy(const char *text)
{
    char *made = strdup(text);
    return made == NULL ? (abort(), NULL) : made;
}

static void answer(struct fake_store *fake)
{
    struct s3_response *response = fake->response;
    if (fake->operation == S3_GET) {
        response->body = copy("later");
        response->body_length = 5;
        response->object.etag = copy("\"e\"");
        response->object.version_id = copy("v1");
        response->object.storage_class = copy("GLACIER_IR");
    }
    if (fake->operation == S3_DELETE_ALL) {
        response->key_errors = calloc(1, sizeof *response->key_errors);
        response->key_error_count = 1;
        response->key_errors[0].key = copy("b");
        response->key_errors[0].code = copy("AccessDenied");
        response->key_errors[0].message = copy("no");
    }
}

static void fire(struct loop_timer *timer)
{
    struct fake_store *fake =
        (struct fake_store *)((char *)timer - offsetof(struct fake_store, timer));
    struct error err;
    if (fake->conflict) {
        (void)s3_fail(&err, "ConditionalRequestConflict", 409, "another write is on its way");
        job_finish(fake->job, &err);
        return;
    }
    answer(fake);
    job_finish(fake->job, NULL);
}

static bool fake_start(struct s3_store *store, const struct s3_request *request,
                       struct s3_response *response, struct job *job, struct error *err)
{
    struct fake_store *fake = (struct fake_store *)store;
    fake->started++;
    if (fake->refuse) {
        return s3_fail(err, "SlowDown", 503, "not now");
    }
    fake->job = job;
    fake->response = response;
    fake->operation = request->operation;
    fake->timer.fire = fire;
    if (!fake->never) {
        loop_timer_start(job->loop, &fake->timer, loop_now_us() + 1000);
    }
    return true;
}

static void fake_cancel(struct s3_store *store, struct job *job)
{
    struct fake_store *fake = (struct fake_store *)store;
    fake->cancelled++;
    loop_timer_stop(job->loop, &fake->timer);
}

/* Runs a handler's text and compares its result, or its error's text, with `wanted`. `fake` NULL:
 * without any store. */
static void run(struct fake_store *fake, const char *script, const char *wanted, int64_t time_ms)
{
    const luaL_Reg *const modules[] = {bindings_modules, NULL};
    struct loop_options loop_options = {.worker_threads = 1};
    struct bindings bindings = {.s3 = fake == NULL ? NULL : &fake->store};
    struct error err = {.code = ""};
    struct buffer result, traceback;
    buffer_init(&result, 65536);
    buffer_init(&traceback, 65536);
    if (fake != NULL) {
        fake->store = (struct s3_store){.name = "fake", .start = fake_start, .cancel = fake_cancel};
    }
    struct loop *loop = loop_new(&loop_options, &err);
    struct vm_options options = {.loop = loop, .modules = modules, .memory_max = 64 << 20};
    struct vm *vm = vm_new(&options, &err);
    if (CHECK(vm != NULL)) {
        bindings_attach(vm_state(vm), &bindings);
        struct vm_invocation invocation = {.event = "{}", .event_length = 2};
        invocation.deadline_ms = loop_wall_ms() + time_ms;
        bool ok = vm_load_handler_text(vm, script, strlen(script), "handler.lua", NULL, &traceback,
                                       &err) &&
                  vm_invoke(vm, &invocation, &result, &traceback, &err);
        CHECK_TEXT(ok ? buffer_text(&result) : err.code, wanted);
    }
    vm_free(vm);
    loop_free(loop);
    buffer_release(&result);
    buffer_release(&traceback);
}

#define HANDLER(body) "local s3 = require 's3'\nreturn function()\n" body "\nend\n"

TEST(s3_module_waits_for_a_store_that_answers_later)
{
    struct fake_store fake = {.started = 0};
    run(&fake,
        HANDLER("local o = s3.get { bucket = 'bbb', key = 'k' }\n"
                "return { o.body, o.etag, o.version_id, o.storage_class, o.size }"),
        "[\"later\",\"\\\"e\\\"\",\"v1\",\"GLACIER_IR\",0]", 60000);
    CHECK_INTEGER(fake.started, 1);
}

TEST(s3_module_tells_a_409_as_a_conflict_and_only_with_a_condition)
{
    struct fake_store fake = {.conflict = true};
    run(&fake,
        HANDLER("return { select(2, s3.put { bucket = 'bbb', key = 'k', body = '', "
                "if_none_match = '*' }) }"),
        "[\"conflict\"]", 60000);
    run(&fake, HANDLER("s3.put { bucket = 'bbb', key = 'k', body = '' }"),
        "ConditionalRequestConflict", 60000);
}

TEST(s3_module_hands_on_the_keys_that_were_not_deleted)
{
    struct fake_store fake = {.started = 0};
    run(&fake, HANDLER("return s3.delete_all { bucket = 'bbb', keys = { 'a', 'b', 'c' } }"),
        "{\"deleted\":2,\"errors\":[{\"code\":\"AccessDenied\",\"key\":\"b\",\"message\":\"no\"}]}",
        60000);
}

TEST(s3_module_raises_what_could_not_be_started)
{
    struct fake_store fake = {.refuse = true};
    run(&fake, HANDLER("s3.head { bucket = 'bbb', key = 'k' }"), "SlowDown", 60000);
}

TEST(s3_module_cancels_at_the_deadline)
{
    struct fake_store fake = {.never = true};
    run(&fake, HANDLER("s3.head { bucket = 'bbb', key = 'k' }"), "deadline", 2000);
    CHECK_INTEGER(fake.cancelled, 1);
}

TEST(s3_module_says_when_there_is_no_store)
{
    run(NULL, HANDLER("s3.head { bucket = 'bbb', key = 'k' }"), "usage", 60000);
}
