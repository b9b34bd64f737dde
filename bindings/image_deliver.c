/*
 * image_deliver.c - photo:render(targets, receive): each picture goes to the script as soon as it
 * is ready, so that it is stored while others are still made. Called by image_render.c.
 *
 * The render and the receivers are one task.all: a task for each picture, which waits for it and
 * then calls the function, and one more that runs the render.
 */
#include <lauxlib.h>

#include "bindings/image_render.h"
#include "bindings/task.h"

/* ---- waiting for one picture ----------------------------------------------------------------- */

struct wait_job {
    struct job job;
    struct render_entry *entry; /* of an anchored render_job */
    struct image_output output; /* owned, once it is ready */
};

static bool start_wait(struct job *job, struct error *err)
{
    (void)err;
    ((struct wait_job *)job)->entry->waiter = job;
    return true;
}

static void cancel_wait(struct job *job)
{
    ((struct wait_job *)job)->entry->waiter = NULL;
}

/* Where nobody waits any more the render releases what it made. */
static void deliver(struct loop_note *note)
{
    struct render_entry *entry =
        (struct render_entry *)((char *)note - offsetof(struct render_entry, ready));
    struct wait_job *wait = (struct wait_job *)entry->waiter;
    if (wait != NULL) {
        wait->output = entry->output;
        entry->output = (struct image_output){.bytes = NULL};
        entry->waiter = NULL;
        job_finish(&wait->job, NULL);
    }
}

static int push_waited(lua_State *L, struct job *job)
{
    struct wait_job *wait = (struct wait_job *)job;
    render_push_picture(L, wait->entry, &wait->output);
    return 1;
}

static void release_wait(struct job *job)
{
    image_output_release(&((struct wait_job *)job)->output);
}

static const struct job_type wait_type = {.name = "image.render",
                                          .start = start_wait,
                                          .cancel = cancel_wait,
                                          .push = push_waited,
                                          .release = release_wait,
                                          .only_waits = true};

/* Arguments: the render, a picture's number. */
static int wait_for_picture(lua_State *L)
{
    struct render_job *render = lua_touserdata(L, 1);
    struct wait_job *wait = job_new(L, &wait_type, sizeof *wait);
    job_anchor(L, -1, 1);
    wait->entry = &render->entries[lua_tointeger(L, 2) - 1];
    return job_run(L);
}

/* ---- the tasks ------------------------------------------------------------------------------- */

/* Upvalues of a receiving task, and of the one that renders, which has only the first. */
enum { UPVALUE_RENDER = 1, UPVALUE_NUMBER, UPVALUE_RECEIVE };

static int run_render(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(UPVALUE_RENDER));
    return job_run(L);
}

static int received(lua_State *L, int status, lua_KContext context)
{
    (void)L;
    (void)status;
    (void)context;
    return 1;
}

/* The picture is on top of the stack. */
static int receive(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    lua_pushvalue(L, lua_upvalueindex(UPVALUE_RECEIVE));
    lua_insert(L, -2);
    lua_pushvalue(L, lua_upvalueindex(UPVALUE_NUMBER));
    lua_callk(L, 2, 1, context, received);
    return received(L, LUA_OK, context);
}

static int receive_picture(lua_State *L)
{
    lua_pushcfunction(L, wait_for_picture);
    lua_pushvalue(L, lua_upvalueindex(UPVALUE_RENDER));
    lua_pushvalue(L, lua_upvalueindex(UPVALUE_NUMBER));
    lua_callk(L, 2, 1, 0, receive);
    return receive(L, LUA_OK, 0);
}

/* Pushes the list of functions. The render comes last: by then every picture is waited for. */
static void push_tasks(lua_State *L, int render_index, int receive_index)
{
    const struct render_job *render = lua_touserdata(L, render_index);
    lua_Integer count = (lua_Integer)render->count;
    lua_createtable(L, (int)count + 1, 0);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_pushvalue(L, render_index);
        lua_pushinteger(L, i);
        lua_pushvalue(L, receive_index);
        lua_pushcclosure(L, receive_picture, UPVALUE_RECEIVE);
        lua_rawseti(L, -2, i);
    }
    lua_pushvalue(L, render_index);
    lua_pushcclosure(L, run_render, UPVALUE_RENDER);
    lua_rawseti(L, -2, count + 1);
}

/* The list of results is on top of the stack; `is_list`: it is what is wanted. */
static int delivered(lua_State *L, int status, lua_KContext is_list)
{
    (void)status;
    if (!is_list) {
        (void)lua_rawgeti(L, -1, 1);
    }
    return 1;
}

int render_deliver(lua_State *L, int receive_index)
{
    struct render_job *render = lua_touserdata(L, -1);
    int render_index = lua_gettop(L);
    lua_KContext is_list = render->list;
    render->deliver = deliver;
    lua_pushcfunction(L, task_all);
    push_tasks(L, render_index, receive_index);
    lua_callk(L, 1, 1, is_list, delivered);
    return delivered(L, LUA_OK, is_list);
}
