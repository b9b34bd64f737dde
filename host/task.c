/*
 * task.c - coroutines that the loop resumes. loop.c runs them; bindings/task.c and vm start them.
 */
#include <lauxlib.h>
#include <string.h>

#include "host/crash.h"
#include "host/loop_internal.h"
#include "host/raise.h"

static void link_task(struct task *task)
{
    struct loop *loop = task->loop;
    task->next = loop->tasks;
    if (loop->tasks != NULL) {
        loop->tasks->previous = task;
    }
    loop->tasks = task;
}

static void unlink_task(struct task *task)
{
    if (task->previous != NULL) {
        task->previous->next = task->next;
    } else {
        task->loop->tasks = task->next;
    }
    if (task->next != NULL) {
        task->next->previous = task->previous;
    }
}

void task_wake(struct task *task)
{
    struct loop *loop = task->loop;
    task->state = TASK_READY;
    task->job = NULL;
    task->next_ready = NULL;
    if (loop->ready_last != NULL) {
        loop->ready_last->next_ready = task;
    } else {
        loop->ready_first = task;
    }
    loop->ready_last = task;
}

static struct task *take_ready(struct loop *loop)
{
    struct task *before = NULL;
    struct task *task = loop->ready_first;
    while (task != NULL && task->number <= loop->resume_after) {
        before = task;
        task = task->next_ready;
    }
    if (task == NULL) {
        return NULL;
    }
    *(before == NULL ? &loop->ready_first : &before->next_ready) = task->next_ready;
    if (loop->ready_last == task) {
        loop->ready_last = before;
    }
    return task;
}

/* The results are all that is above the message handler, at 1. */
static int finish_body(lua_State *L, int status, lua_KContext context)
{
    (void)context;
    if (status != LUA_OK && status != LUA_YIELD) {
        return lua_error(L);
    }
    return lua_gettop(L) - 1;
}

/*
 * What every task really runs: its function, protected, inside the coroutine. An error that kills
 * a coroutine outright would leave its hooks off (it may have come from one), and then nothing
 * could interrupt its to-be-closed variables; a pcall turns them on again before it closes them.
 */
static int run_body(lua_State *L)
{
    lua_pushcfunction(L, raise_message_handler);
    lua_insert(L, 1);
    int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 1, 0, finish_body);
    return finish_body(L, status, 0);
}

struct task *loop_spawn(lua_State *L, int arguments, task_done *done, void *context)
{
    struct task *task = lua_newuserdatauv(L, sizeof *task, 2);
    memset(task, 0, sizeof *task);
    lua_State *co = lua_newthread(L);
    if (lua_checkstack(co, arguments + LUA_MINSTACK) == 0) {
        luaL_error(L, "not enough memory"); /* raised in co, it would unwind the wrong thread */
    }
    (void)lua_setiuservalue(L, -2, TASK_THREAD);
    lua_rawsetp(L, LUA_REGISTRYINDEX, task); /* the last call here that can raise */
    struct loop *loop = loop_of(L);
    *task = (struct task){.loop = loop,
                          .co = co,
                          .number = ++loop->tasks_spawned,
                          .arguments = arguments + 1,
                          .done = done,
                          .context = context};
    if (loop->current != NULL) {
        memcpy(task->subject, loop->current->subject, sizeof task->subject);
    }
    lua_pushcfunction(co, run_body);
    lua_xmove(L, co, arguments + 1);
    link_task(task);
    task_wake(task);
    return task;
}

void loop_set_subject(struct loop *loop, const char *text, size_t length)
{
    struct task *task = loop->current;
    if (task != NULL) {
        length = length < LOOP_SUBJECT_MAX ? length : LOOP_SUBJECT_MAX;
        memcpy(task->subject, text, length);
        task->subject[length] = '\0';
    }
}

/* Closes its to-be-closed variables. They may wait for jobs of their own: in place, and as part of
 * no task, so that a cancelled one can still clean up. */
static void unwind(struct task *task)
{
    struct loop *loop = task->loop;
    struct task *outer = loop->current;
    loop->current = NULL;
    (void)lua_resetthread(task->co);
    loop->current = outer;
}

/* The one way out. `co` holds `results` values; a cancelled coroutine is unwound first. */
static void end_task(struct task *task, enum task_status status, int results)
{
    struct loop *loop = task->loop;
    lua_State *co = task->co;
    if (status == TASK_CANCELLED) {
        unwind(task);
        results = 0;
    }
    unlink_task(task);
    task->done(task->context, status, co, results);
    lua_pushnil(loop->L);
    lua_rawsetp(loop->L, LUA_REGISTRYINDEX, task); /* the task may be collected from here on */
}

static int make_yield_error(lua_State *L)
{
    struct error err;
    (void)error_set(&err, "usage", "yield outside a coroutine of the script's own");
    raise_push(L, &err);
    return 1;
}

/* The script yielded to nobody: nothing would ever resume it. */
static void end_yielded(struct task *task)
{
    lua_State *from = task->loop->from;
    unwind(task);
    lua_settop(task->co, 0);
    lua_pushcfunction(from, make_yield_error);
    (void)lua_pcall(from, 0, 1, 0); /* without memory, the error is that */
    lua_xmove(from, task->co, 1);
    end_task(task, TASK_FAILED, 1);
}

static void resume(struct task *task)
{
    struct loop *loop = task->loop;
    struct task *outer = loop->current;
    int arguments = task->arguments;
    int results = 0;
    task->arguments = 0;
    task->state = TASK_RUNNING;
    loop->current = task;
    crash_set_activity("the script", task->subject);
    bool outermost = loop->lua_since_us == 0;
    loop->lua_since_us = outermost ? loop_now_us() : loop->lua_since_us;
    int status = lua_resume(task->co, loop->from, arguments, &results);
    if (outermost) {
        loop->lua_us += loop_now_us() - loop->lua_since_us;
        loop->lua_since_us = 0;
    }
    loop->current = outer;
    crash_set_activity(outer == NULL ? NULL : "the script", outer == NULL ? NULL : outer->subject);
    if (status == LUA_YIELD && task->job != NULL) {
        task->state = TASK_WAITING;
        if (task->cancelled) {
            job_stop(task->job, LOOP_STOP_CANCELLED);
        }
    } else if (task->cancelled) {
        end_task(task, TASK_CANCELLED, 0);
    } else if (status == LUA_YIELD) {
        end_yielded(task);
    } else if (status == LUA_OK) {
        end_task(task, TASK_RETURNED, results);
    } else {
        end_task(task, TASK_FAILED, 1);
    }
}

int64_t loop_lua_us(const struct loop *loop)
{
    return loop->lua_us + (loop->lua_since_us != 0 ? loop_now_us() - loop->lua_since_us : 0);
}

bool task_run_ready(struct loop *loop)
{
    struct task *task = take_ready(loop);
    if (task == NULL) {
        return false;
    }
    if (task->cancelled) {
        end_task(task, TASK_CANCELLED, 0);
    } else {
        resume(task);
    }
    return true;
}

void loop_cancel(struct task *task)
{
    if (task->cancelled) {
        return;
    }
    task->cancelled = true;
    if (task->job != NULL) {
        job_stop(task->job, LOOP_STOP_CANCELLED);
    }
}
