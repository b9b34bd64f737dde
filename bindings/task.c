/*
 * task.c - the module `task`: pieces of a script side by side.
 *
 * task.map and task.all are one job that starts coroutines, a bounded number at a time, and ends
 * when the last one has. The first error cancels the rest, and is the one that is raised.
 */
#include <lauxlib.h>
#include <string.h>

#include "bindings/arguments.h"
#include "bindings/bindings.h"
#include "bindings/task.h"
#include "host/loop.h"
#include "host/raise.h"

#define TASK_LIST_MAX            1000000
#define TASK_CONCURRENCY_MAX     1024
#define TASK_CONCURRENCY_DEFAULT 16
#define TASK_SLEEP_MAX_MS        900000 /* the longest a Lambda function may run */

/* ---- sleep ----------------------------------------------------------------------------------- */

struct sleep_job {
    struct job job;
    struct loop_timer timer;
    int64_t duration_ms;
};

static void wake_up(struct loop_timer *timer)
{
    struct sleep_job *sleep =
        (struct sleep_job *)((char *)timer - offsetof(struct sleep_job, timer));
    job_finish(&sleep->job, NULL);
}

static bool start_sleep(struct job *job, struct error *err)
{
    (void)err;
    struct sleep_job *sleep = (struct sleep_job *)job;
    sleep->timer.fire = wake_up;
    loop_timer_start(job->loop, &sleep->timer, loop_now_us() + sleep->duration_ms * 1000);
    return true;
}

static void cancel_sleep(struct job *job)
{
    loop_timer_stop(job->loop, &((struct sleep_job *)job)->timer);
}

static const struct job_type sleep_type = {
    .name = "task.sleep", .start = start_sleep, .cancel = cancel_sleep};

static int task_sleep(lua_State *L)
{
    lua_Integer duration_ms = luaL_checkinteger(L, 1);
    luaL_argcheck(L, duration_ms >= 0 && duration_ms <= TASK_SLEEP_MAX_MS, 1,
                  "milliseconds from 0 to 900000 expected");
    struct sleep_job *sleep = job_new(L, &sleep_type, sizeof *sleep);
    sleep->duration_ms = duration_ms;
    return job_run(L);
}

/* ---- map and all ----------------------------------------------------------------------------- */

/*
 * The job's anchor table holds what the tasks need: [1] a copy of the list, [2] the function or
 * nil, [3] the results, [4] the error once there is one.
 */
enum { ANCHOR_LIST = 1, ANCHOR_FUNCTION, ANCHOR_RESULTS, ANCHOR_ERROR };

struct member {
    struct group_job *group;
    struct task *task; /* NULL when the slot is free */
    lua_Integer index;
};

struct group_job {
    struct job job;
    lua_State *L; /* the main state's stack is borrowed for moments */
    int self;     /* registry reference to this job until it has ended */
    lua_Integer count, started, running;
    lua_Integer concurrency;
    bool failed, incomplete; /* a piece raised; was cancelled */
    struct member members[];
};

static void member_done(void *context, enum task_status status, lua_State *co, int results);

/* A table's first size, which may turn out not to be its last. */
static int table_size(lua_Integer count)
{
    return (int)(count > 65536 ? 65536 : count);
}

/* Pushes the anchor table. */
static void push_anchor(lua_State *L, const struct group_job *group)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, group->self);
    (void)lua_getiuservalue(L, -1, 1);
    lua_remove(L, -2);
}

static struct member *free_member(struct group_job *group)
{
    struct member *member = group->members;
    while (member->task != NULL) {
        member++;
    }
    return member;
}

/* Argument 1: the group. Starts the next piece. May raise: runs protected. */
static int start_next(lua_State *L)
{
    struct group_job *group = lua_touserdata(L, 1);
    lua_Integer index = group->started + 1;
    push_anchor(L, group);
    (void)lua_rawgeti(L, -1, ANCHOR_LIST);
    int arguments = 0;
    if (lua_rawgeti(L, -2, ANCHOR_FUNCTION) == LUA_TFUNCTION) {
        lua_rawgeti(L, -2, index);
        lua_pushinteger(L, index);
        arguments = 2;
    } else {
        lua_pop(L, 1);
        lua_rawgeti(L, -1, index);
    }
    struct member *member = free_member(group);
    struct task *task = loop_spawn(L, arguments, member_done, member);
    *member = (struct member){group, task, index};
    group->started = index;
    group->running++;
    return 0;
}

/* Argument 1: the group, 2: the error. */
static int keep_error(lua_State *L)
{
    struct group_job *group = lua_touserdata(L, 1);
    push_anchor(L, group);
    lua_pushvalue(L, 2);
    lua_rawseti(L, -2, ANCHOR_ERROR);
    return 0;
}

/* Argument 1: the member, 2: its result. */
static int keep_result(lua_State *L)
{
    struct member *member = lua_touserdata(L, 1);
    push_anchor(L, member->group);
    (void)lua_rawgeti(L, -1, ANCHOR_RESULTS);
    lua_pushvalue(L, 2);
    lua_rawseti(L, -2, member->index);
    return 0;
}

static void cancel_members(struct group_job *group)
{
    for (lua_Integer i = 0; i < group->concurrency; i++) {
        if (group->members[i].task != NULL) {
            loop_cancel(group->members[i].task);
        }
    }
}

/* The value on top of `from` (popped) is the group's failure, if it is the first. */
static void fail(struct group_job *group, lua_State *from)
{
    lua_State *L = group->L;
    if (group->failed) {
        lua_pop(from, 1);
        return;
    }
    group->failed = true;
    if (from != L) {
        lua_xmove(from, L, 1);
    }
    lua_pushcfunction(L, keep_error);
    lua_pushlightuserdata(L, group);
    lua_rotate(L, -3, -1);
    if (lua_pcall(L, 2, 0, 0) != LUA_OK) {
        lua_pop(L, 1); /* no memory for the error: push_group says so */
    }
    cancel_members(group);
}

static void drop_self(struct group_job *group)
{
    luaL_unref(group->L, LUA_REGISTRYINDEX, group->self);
    group->self = LUA_NOREF;
}

static void finish(struct group_job *group)
{
    struct error err;
    drop_self(group);
    bool ok = group->failed || (group->started == group->count && !group->incomplete);
    if (!ok && !job_stopped(&group->job, &err)) {
        (void)error_set(&err, "cancelled", "cancelled, because the run ended");
    }
    job_finish(&group->job, ok ? NULL : &err);
}

static bool may_start(struct group_job *group)
{
    struct error err;
    return !group->failed && group->started < group->count && group->running < group->concurrency &&
           !job_stopped(&group->job, &err);
}

static void start_more(struct group_job *group)
{
    lua_State *L = group->L;
    while (may_start(group)) {
        lua_pushcfunction(L, start_next);
        lua_pushlightuserdata(L, group);
        if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
            fail(group, L);
        }
    }
}

static void member_done(void *context, enum task_status status, lua_State *co, int results)
{
    struct member *member = context;
    struct group_job *group = member->group;
    lua_State *L = group->L;
    member->task = NULL;
    group->running--;
    if (status == TASK_FAILED) {
        fail(group, co);
    } else if (status == TASK_CANCELLED) {
        group->incomplete = true;
    } else if (results > 0) {
        lua_pushcfunction(L, keep_result);
        lua_pushlightuserdata(L, member);
        lua_settop(co, -results); /* the first one counts */
        lua_xmove(co, L, 1);
        if (lua_pcall(L, 2, 0, 0) != LUA_OK) {
            fail(group, L);
        }
    }
    start_more(group);
    if (group->running == 0) {
        finish(group);
    }
}

static bool start_group(struct job *job, struct error *err)
{
    (void)err;
    struct group_job *group = (struct group_job *)job;
    start_more(group);
    if (group->running == 0) {
        finish(group);
    }
    return true;
}

static void cancel_group(struct job *job)
{
    cancel_members((struct group_job *)job);
}

static int push_group(lua_State *L, struct job *job)
{
    struct group_job *group = (struct group_job *)job;
    int self = lua_gettop(L);
    (void)lua_getiuservalue(L, self, 1);
    if (group->failed) {
        if (lua_rawgeti(L, -1, ANCHOR_ERROR) == LUA_TNIL) {
            lua_pushliteral(L, "not enough memory");
        }
        return lua_error(L);
    }
    lua_rawgeti(L, -1, ANCHOR_RESULTS);
    return 1;
}

/* One that never began has not dropped itself. */
static void release_group(struct job *job)
{
    drop_self((struct group_job *)job);
}

static const struct job_type group_type = {.name = "task.map",
                                           .start = start_group,
                                           .cancel = cancel_group,
                                           .push = push_group,
                                           .release = release_group,
                                           .runs_tasks = true};

/* The list at 1 becomes a plain copy: what the pieces do to it does not matter, and its
 * metamethods are the caller's to run. Returns its length. */
static lua_Integer copy_list(lua_State *L)
{
    lua_Integer count = luaL_len(L, 1);
    luaL_argcheck(L, count >= 0 && count <= TASK_LIST_MAX, 1,
                  "a list of 0 to 1000000 items expected");
    lua_createtable(L, table_size(count), 0);
    for (lua_Integer i = 1; i <= count; i++) {
        (void)lua_geti(L, 1, i);
        lua_rawseti(L, -2, i);
    }
    lua_replace(L, 1);
    return count;
}

static void push_new_anchor(lua_State *L, lua_Integer count)
{
    lua_createtable(L, ANCHOR_ERROR, 0);
    lua_pushvalue(L, 1);
    lua_rawseti(L, -2, ANCHOR_LIST);
    lua_pushvalue(L, 2);
    lua_rawseti(L, -2, ANCHOR_FUNCTION);
    lua_createtable(L, table_size(count), 0);
    lua_rawseti(L, -2, ANCHOR_RESULTS);
}

/* The copied list is at 1, the function (or nil) at 2. */
static int run_group(lua_State *L, lua_Integer count, lua_Integer concurrency)
{
    if (concurrency > count) {
        concurrency = count;
    }
    size_t size = sizeof(struct group_job) + (size_t)concurrency * sizeof(struct member);
    struct group_job *group = job_new(L, &group_type, size);
    int self = lua_gettop(L);
    group->self = LUA_NOREF;
    group->count = count;
    group->concurrency = concurrency;
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
    group->L = lua_tothread(L, -1);
    lua_pop(L, 1);
    push_new_anchor(L, count);
    (void)lua_setiuservalue(L, self, 1);
    luaL_checkstack(L, LUA_MINSTACK, "too many tasks");
    if (lua_checkstack(group->L, LUA_MINSTACK) == 0) {
        luaL_error(L, "not enough memory"); /* raised there, it would unwind the wrong thread */
    }
    lua_pushvalue(L, self);
    group->self = luaL_ref(L, LUA_REGISTRYINDEX);
    return job_run(L);
}

static const struct argument map_fields[] = {
    {"concurrency", ARGUMENT_INTEGER, 0, .min = 1, .max = TASK_CONCURRENCY_MAX},
    {NULL},
};

static int task_map(lua_State *L)
{
    int64_t concurrency = TASK_CONCURRENCY_DEFAULT;
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    if (!lua_isnoneornil(L, 3)) {
        arguments_read(L, 3, "map", map_fields, &concurrency, 0);
    }
    lua_settop(L, 2);
    lua_Integer count = copy_list(L);
    return run_group(L, count, concurrency);
}

int task_all(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_Integer count = copy_list(L);
    luaL_argcheck(L, count <= TASK_CONCURRENCY_MAX, 1, "at most 1024 functions; use task.map");
    for (lua_Integer i = 1; i <= count; i++) {
        if (lua_rawgeti(L, 1, i) != LUA_TFUNCTION) {
            arguments_complain(L, 1, "all", "item %lld is a %s, expected a function", (long long)i,
                               luaL_typename(L, -1));
        }
        lua_pop(L, 1);
    }
    lua_pushnil(L);
    return run_group(L, count, count);
}

/* Milliseconds; math.maxinteger when there is no deadline. */
static int task_remaining_ms(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)loop_remaining_ms(loop_of(L)));
    return 1;
}

static const luaL_Reg functions[] = {
    {"all", task_all},     {"map", task_map}, {"remaining_ms", task_remaining_ms},
    {"sleep", task_sleep}, {NULL, NULL},
};

int luaopen_task(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
