/*
 * script.c - for the tests that let allocations fail in a whole module. See script.h.
 */
#include "tests/unit/script.h"

#include <string.h>

#include "host/buffer.h"
#include "host/loop.h"
#include "host/vm.h"
#include "tests/unit/allocation.h"
#include "tests/unit/check.h"

#define MEMORY_MAX (64 << 20)
#define RESULT_MAX 65536

struct handler {
    struct vm *vm;
    const struct script_case *script;
};

static bool invoke(void *context, struct error *err)
{
    const struct handler *handler = context;
    const char *event = handler->script->event == NULL ? "{}" : handler->script->event;
    struct vm_invocation invocation = {.event = event, .event_length = strlen(event)};
    struct buffer result, traceback;
    buffer_init(&result, RESULT_MAX);
    buffer_init(&traceback, RESULT_MAX);
    invocation.deadline_ms = LOOP_NO_DEADLINE;
    bool ok = vm_invoke(handler->vm, &invocation, &result, &traceback, err);
    if (ok) {
        CHECK_TEXT(buffer_text(&result), handler->script->wanted);
    }
    buffer_release(&result);
    buffer_release(&traceback);
    return ok;
}

void script_check_allocations(const struct script_case *script, struct bindings *bindings)
{
    static const struct vm_folder folders[] = {
        {"lunette.", "bindings/"}, {"", "bindings/"}, {NULL, NULL}};
    const luaL_Reg *const modules[] = {bindings_modules, NULL};
    struct error err = {.code = ""};
    struct buffer traceback;
    buffer_init(&traceback, RESULT_MAX);
    struct loop_options loop_options = {.worker_threads = 1};
    struct loop *loop = loop_new(&loop_options, &err);
    struct vm_options options = {
        .loop = loop, .modules = modules, .memory_max = MEMORY_MAX, .folders = folders};
    struct vm *vm = vm_new(&options, &err);
    if (CHECK(vm != NULL)) {
        bindings_attach(vm_state(vm), bindings);
        CHECK(vm_load_handler_text(vm, script->script, strlen(script->script), "handler.lua", NULL,
                                   &traceback, &err));
        allocation_check(script->name, invoke, &(struct handler){vm, script});
    }
    vm_free(vm);
    loop_free(loop);
    buffer_release(&traceback);
}
