/*
 * job.c - the life of one asynchronous operation, from its arguments to its results. Bindings make
 * jobs; loop.c drives them. See loop.h for the contract.
 */
#include <lauxlib.h>
#include <string.h>

#include "host/loop_internal.h"
#include "host/raise.h"

#define JOB_METATABLE "lunette.job"

/* Lua allows 200 C calls within one another; a wait in place takes about five. */
#define WAITS_IN_PLACE_SHARED 10

static int job_gc(lua_State *L)
{
    job_release(lua_touserdata(L, 1));
    return 0;
}

void job_open(lua_State *L)
{
    luaL_newmetatable(L, JOB_METATABLE);
    lua_pushcfunction(L, job_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
}

/* A finalizer may run at any allocation, also in the middle of the loop's own work. */
static void refuse_in_finalizer(lua_State *L, const struct job_type *type)
{
    if (lua_gc(L, LUA_GCCOUNT) < 0) {
        luaL_error(L, "%s can't be called from a __gc metamethod; use <close>", type->name);
    }
}

void *job_new(lua_State *L, const struct job_type *type, size_t size)
{
    refuse_in_finalizer(L, type);
    struct job *job = lua_newuserdatauv(L, size, 1);
    memset(job, 0, size);
    job->type = type;
    job->loop = loop_of(L);
    luaL_setmetatable(L, JOB_METATABLE);
    return job;
}

void job_anchor(lua_State *L, int job_index, int value_index)
{
    job_index = lua_absindex(L, job_index);
    value_index = lua_absindex(L, value_index);
    if (lua_getiuservalue(L, job_index, 1) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        (void)lua_setiuservalue(L, job_index, 1);
    }
    lua_pushvalue(L, value_index);
    lua_rawseti(L, -2, luaL_len(L, -2) + 1);
    lua_pop(L, 1);
}

void job_release(struct job *job)
{
    if (job->state == JOB_RELEASED) {
        return;
    }
    job->state = JOB_RELEASED;
    if (job->type->release != NULL) {
        job->type->release(job);
    }
}

/* ---- on a worker thread ---------------------------------------------------------------------- */

static struct job *job_of_item(struct worker_item *item)
{
    return (struct job *)((char *)item - offsetof(struct job, item));
}

static void work_run(struct worker_item *item)
{
    struct job *job = job_of_item(item);
    job->worked = !job_stopped(job, &job->error) && job->type->work(job, &job->error);
}

static void work_done(struct worker_item *item)
{
    struct job *job = job_of_item(item);
    loop_post(job->loop, &job->ended);
}

bool job_hand_over(const struct job *job, struct worker_item *item)
{
    item->activity = job->type->name;
    item->subject = job->subject;
    return worker_hand_over(job->loop->pool, item);
}

int job_hands(const struct job *job)
{
    return worker_pool_threads(job->loop->pool);
}

bool job_stopped(const struct job *job, struct error *err)
{
    int why = atomic_load(&job->stop);
    if (why == LOOP_STOP_CANCELLED) {
        (void)error_set(err, "cancelled",
                        "cancelled, because another task failed or the run ended");
        return true;
    }
    if (why == LOOP_STOP_DEADLINE || job_remaining_ms(job) == 0) {
        (void)error_set(err, "deadline", "not finished when the time was up");
        err->retryable = true;
        return true;
    }
    return false;
}

int64_t job_remaining_ms(const struct job *job)
{
    int64_t deadline_ms = atomic_load(&job->deadline_ms);
    if (deadline_ms == LOOP_NO_DEADLINE) {
        return INT64_MAX;
    }
    int64_t remaining_ms = deadline_ms - loop_now_us() / 1000;
    return remaining_ms < 0 ? 0 : remaining_ms;
}

/* ---- on the loop's thread -------------------------------------------------------------------- */

static void link_job(struct job *job)
{
    struct loop *loop = job->loop;
    job->previous = NULL;
    job->next = loop->jobs;
    if (loop->jobs != NULL) {
        loop->jobs->previous = job;
    }
    loop->jobs = job;
}

static void unlink_job(struct job *job)
{
    if (job->previous != NULL) {
        job->previous->next = job->next;
    } else {
        job->loop->jobs = job->next;
    }
    if (job->next != NULL) {
        job->next->previous = job->previous;
    }
}

void job_finish(struct job *job, const struct error *err)
{
    struct loop *loop = job->loop;
    job->finished_us = loop_now_us();
    job->state = err == NULL ? JOB_DONE : JOB_FAILED;
    if (err != NULL) {
        job->error = *err;
    }
    if (err != NULL && error_is(err, "deadline")) {
        if (loop_remaining_ms(loop) == 0) { /* a job may see that before the loop does */
            loop_pass_deadline(loop);
        }
        loop_tell_undone(loop, &job->error);
    }
    unlink_job(job);
    loop->jobs_finished++;
    if (job->waiter != NULL) {
        task_wake(job->waiter);
    }
}

static void end_work(struct loop_note *note)
{
    struct job *job = (struct job *)((char *)note - offsetof(struct job, ended));
    struct error err = job->error;
    job_finish(job, job->worked ? NULL : &err);
}

/*
 * A worker's job gives up by itself, soon; a started one ends here and now. A group of tasks ends
 * when its last task has.
 */
void job_stop(struct job *job, enum loop_stop why)
{
    if (job->state != JOB_RUNNING) {
        return;
    }
    atomic_store(&job->stop, why);
    if (job->type->runs_tasks) {
        job->type->cancel(job);
    } else if (job->type->start != NULL) {
        struct error err;
        (void)job_stopped(job, &err);
        job->type->cancel(job);
        err.attempts = job->error.attempts;
        job_finish(job, &err);
    }
}

static bool begin(struct job *job, struct error *err)
{
    struct loop *loop = job->loop;
    job->started_us = loop_now_us();
    job->state = JOB_RUNNING;
    job->subject = loop->current == NULL ? NULL : loop->current->subject;
    link_job(job);
    if (loop->current != NULL && loop->current->cancelled) {
        atomic_store(&job->stop, LOOP_STOP_CANCELLED);
    }
    bool ok = !loop_deadline_due(loop, err); /* once it has been told, the hard one counts */
    atomic_store(&job->deadline_ms, loop->soft_passed ? loop->hard_ms : loop->soft_ms);
    ok = ok && !job_stopped(job, err);
    if (ok && job->type->start != NULL) {
        ok = job->type->start(job, err);
    } else if (ok) {
        job->item = (struct worker_item){.run = work_run,
                                         .done = work_done,
                                         .activity = job->type->name,
                                         .subject = job->subject};
        job->ended.fire = end_work;
        ok = worker_submit(loop->pool, &job->item, err);
    }
    return ok;
}

static _Noreturn void raise_failure(lua_State *L, struct job *job)
{
    struct error err = job->error;
    job_release(job);
    raise_error(L, &err);
}

/* Turns the ended job on top of the stack into results or an error. */
static int complete(lua_State *L)
{
    struct job *job = lua_touserdata(L, -1);
    int results = 0;
    if (job->state == JOB_FAILED) {
        if (job->error.operation[0] == '\0') {
            (void)strncpy(job->error.operation, job->type->name, sizeof job->error.operation - 1);
        }
        results = job->type->failed == NULL ? -1 : job->type->failed(L, job, &job->error);
        if (results < 0) {
            raise_failure(L, job);
        }
    } else if (job->type->push != NULL) {
        results = job->type->push(L, job);
    }
    job_release(job);
    return results;
}

/* The value on top (popped) lives as long as the task. A script that has got hold of the task's
 * coroutine can close it: then this is all that keeps a job in flight from being collected. */
static void hold_in_task(lua_State *L, const struct task *task)
{
    (void)lua_rawgetp(L, LUA_REGISTRYINDEX, task);
    lua_insert(L, -2);
    (void)lua_setiuservalue(L, -2, TASK_JOB);
    lua_pop(L, 1);
}

/* `context` is the job. A script can resume the coroutine, too, with arguments: it goes on waiting
 * for the loop. */
static int continue_job(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    struct job *job = (struct job *)context;
    struct task *task = job->loop->current;
    while (lua_touserdata(L, -1) != job) {
        lua_pop(L, 1);
    }
    if (task == NULL || task->co != L) {
        return lua_yieldk(L, 0, context, continue_job);
    }
    lua_pushnil(L);
    hold_in_task(L, task);
    return complete(L);
}

static int yield_until_done(lua_State *L, struct job *job, struct task *task)
{
    lua_pushvalue(L, -1);
    hold_in_task(L, task);
    task->job = job;
    job->waiter = task;
    return lua_yieldk(L, 0, (lua_KContext)job, continue_job);
}

/*
 * Other tasks run meanwhile on top of this one's C stack and may wait in place, too. So that they
 * can't pile up without end, a deep wait lets only its own group's tasks run, and theirs: the ones
 * that have been spawned since `spawned`.
 */
static void wait_in_place(lua_State *L, struct job *job, uint64_t spawned)
{
    struct loop *loop = job->loop;
    struct task *task = loop->current;
    lua_State *from = loop->from;
    uint64_t resume_after = loop->resume_after;
    loop->from = L;
    if (++loop->waits_in_place > WAITS_IN_PLACE_SHARED) {
        loop->resume_after = spawned;
    }
    if (task != NULL) {
        task->job = job;
    }
    while (job->state == JOB_RUNNING) {
        struct error err;
        if (!loop_step(loop, job->type->runs_tasks, &err)) {
            job_stop(job, LOOP_STOP_CANCELLED);
        }
    }
    if (task != NULL) {
        task->job = NULL;
    }
    loop->waits_in_place--;
    loop->resume_after = resume_after;
    loop->from = from;
}

int job_run(lua_State *L)
{
    struct job *job = lua_touserdata(L, -1);
    struct task *task = job->loop->current;
    uint64_t spawned = job->loop->tasks_spawned;
    struct error err;
    luaL_checkstack(L, LUA_MINSTACK, job->type->name);
    bool yields = task != NULL && task->co == L && lua_isyieldable(L);
    if (yields && task->cancelled) {
        return lua_yield(L, 0); /* for good: an error could be caught */
    }
    if (!begin(job, &err)) {
        job_finish(job, &err);
        return complete(L);
    }
    if (job->state != JOB_RUNNING) {
        return complete(L);
    }
    if (yields) {
        return yield_until_done(L, job, task);
    }
    wait_in_place(L, job, spawned);
    return complete(L);
}
