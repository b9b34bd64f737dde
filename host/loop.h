/*
 * loop.h - the one thread that owns Lua: it waits for HTTP transfers, worker threads and timers,
 * and resumes the coroutines that wait for them.
 *
 * What a script calls (s3.put, photo:render, task.sleep) is a JOB:
 *
 *     static int l_put(lua_State *L)
 *     {
 *         struct put_job *job = job_new(L, &put_type, sizeof *job);   // 1. pushes a closed box
 *         read_arguments(L, 1, job);                                  // 2. may raise: job owns
 *         return job_run(L);                                          // 3. yields; then results
 *     }
 *
 * A job is a full userdata. Between job_new and the end it is reachable from Lua or held by the
 * loop, and `release` runs exactly once, from its __gc or when its results have been pushed.
 *
 * In a task (a coroutine that the loop started) job_run yields. Anywhere else (a module's top
 * level, a table.sort comparator, a coroutine of the script's own) it waits right there.
 */
#ifndef LUNETTE_HOST_LOOP_H
#define LUNETTE_HOST_LOOP_H

#include <lua.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "host/error.h"
#include "host/worker.h"

struct loop;
struct http;
struct job;

#define LOOP_NO_DEADLINE INT64_MAX

struct job_type {
    const char *name; /* "s3.put": becomes the error's `operation` */

    /* Exactly one of the two. `work` runs on a worker thread, touches no Lua, and should ask
     * job_stopped() now and then. `start` runs on the loop's thread, sets something going and
     * returns; job_finish() ends it. A false return is the job's failure. */
    bool (*work)(struct job *job, struct error *err);
    bool (*start)(struct job *job, struct error *err);

    /* For `start` jobs: on the loop's thread, stop it now. The loop finishes the job itself; only
     * a job with runs_tasks does that, when its last task has ended. What was tried how often goes
     * along when it is put into the job's error.attempts. */
    void (*cancel)(struct job *job);

    /* Pushes the results and returns their number. May raise: the job still owns everything.
     * NULL: no results. */
    int (*push)(lua_State *L, struct job *job);

    /* Called instead of raising when the job failed: push a result and return its number, or
     * return -1 to let *err be raised. NULL: always raise. For what a caller expects to happen:
     * "not there", "lost the condition". */
    int (*failed)(lua_State *L, struct job *job, const struct error *err);

    /* Frees what the job owns (not the job). Called once; must take a half-built job. */
    void (*release)(struct job *job);

    /* A group of tasks: they go on while it is waited for in place, and it ends when they do. */
    bool runs_tasks;

    /* A `start` job that only waits for what another one does, which is named when time is up. */
    bool only_waits;
};

enum job_state { JOB_NEW, JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_RELEASED };

/*
 * What another thread has to tell: `fire` is called on the loop's thread, soon. The owner embeds
 * the note and keeps it until then; loop_post() may be called from any thread. What a job's worker
 * has posted is told before the job ends.
 */
struct loop_note {
    void (*fire)(struct loop_note *note);
    struct loop_note *next;
};
void loop_post(struct loop *loop, struct loop_note *note);

/* First member of every job. Fields are the loop's but for what is said. */
struct job {
    const struct job_type *type;
    struct loop *loop;
    enum job_state state;
    struct error error; /* valid in JOB_FAILED; read by `failed`. Its attempts also in JOB_DONE. */
    int64_t started_us; /* loop_now_us() at job_run; readable in push, failed and release */
    int64_t finished_us;
    atomic_llong deadline_ms; /* what job_remaining_ms() counts down to; a worker reads it */
    int64_t stopped_ms;       /* the deadline that waits while the clock is stopped; else 0 */
    atomic_int stop;          /* why to give up, enum loop_stop; see job_stopped() */
    bool worked;              /* what `work` returned */
    struct worker_item item;
    const char *subject;         /* its task's, see loop_set_subject(); or NULL */
    struct loop_note ended;      /* posted when `work` has returned */
    struct job *previous, *next; /* list of jobs in flight */
    struct task *waiter;
};

/*
 * Pushes a new job of `size` bytes (at least sizeof(struct job)), zeroed, with one user value: a
 * table that job_anchor() fills. Raises on memory, and in a __gc metamethod.
 */
void *job_new(lua_State *L, const struct job_type *type, size_t size);

/* Keeps the value at `value_index` alive as long as the job at `job_index`, so that pointers into
 * a Lua string stay valid while a worker reads it. */
void job_anchor(lua_State *L, int job_index, int value_index);

/* Runs the job on top of the stack. To be called as `return job_run(L)`, and nothing else. In a
 * task that has been cancelled it starts nothing, and where it can yield it does not return. */
int job_run(lua_State *L);

/* Ends a `start` job, on the loop's thread. `err` NULL: it succeeded. */
void job_finish(struct job *job, const struct error *err);

/* For `work` functions: true, with *err set to `cancelled` or `deadline`, when it is time to give
 * up. Cheap: an atomic load and a clock read. */
bool job_stopped(const struct job *job, struct error *err);

/*
 * For `work` functions: a part of the work for another worker, when one is free to begin with it
 * now; else false, and nothing happens. The job must not end before item->done has been called:
 * `work` waits for it, which can't take longer than the part itself.
 */
MUST_CHECK bool job_hand_over(const struct job *job, struct worker_item *item);

/* How many parts of a job can be worked on at once, `work` itself included: at least 1. */
int job_hands(const struct job *job);

/* Time this job has left, at least 0; INT64_MAX when there is no deadline. Any thread. */
int64_t job_remaining_ms(const struct job *job);

/* The loop of this Lua state. */
struct loop *loop_of(lua_State *L);

struct loop_options {
    int worker_threads; /* 0: as many as processors */
};

struct loop *loop_new(const struct loop_options *options, struct error *err);
void loop_free(struct loop *loop); /* after lua_close(); NULL is allowed */

/* Ties the Lua state to the loop. Before any job. The state's extra space is the loop's. */
void loop_attach(struct loop *loop, lua_State *L);

/* Stops every task and job and waits until none is left, nor a hold. Before lua_close() and after
 * an invocation. */
void loop_stop_all(struct loop *loop);

/*
 * For what has to come to its end although no job waits for it any more (an upload is aborted): as
 * long as it holds the loop, the loop goes on waiting for the network on its behalf. Its owner
 * bounds it with a timer, within what loop_hard_remaining_ms() leaves.
 */
void loop_hold(struct loop *loop);
void loop_let_go(struct loop *loop);

struct http *loop_http(struct loop *loop);

/* Moves what was started outside of any job (connections that are opened in advance) until it has
 * ended, for `bound_ms` at most; what is left goes on beside the jobs. While no task runs. */
void loop_settle(struct loop *loop, int bound_ms);

/* Timers: `fire` is called on the loop's thread at or after `at_us`. The owner embeds the timer
 * and stops it before it goes away. Starting a running timer moves it. */
struct loop_timer {
    void (*fire)(struct loop_timer *timer);
    int64_t at_us;
    struct loop_timer *next;
    bool running;
};
void loop_timer_start(struct loop *loop, struct loop_timer *timer, int64_t at_us);
void loop_timer_stop(struct loop *loop, struct loop_timer *timer);

int64_t loop_now_us(void);  /* monotonic */
int64_t loop_wall_ms(void); /* since the epoch */

/*
 * The deadline of the current invocation, in loop_now_us()/1000 milliseconds. At `soft_ms` jobs in
 * flight fail with `deadline` and so does the running script, once; what it starts afterwards
 * (a batch answer, a log line) is bounded by `hard_ms`, after which everything fails at once. The
 * errors name the jobs that were in flight, and what for (loop_set_subject).
 */
void loop_set_deadline(struct loop *loop, int64_t soft_ms, int64_t hard_ms);
int64_t loop_remaining_ms(const struct loop *loop); /* to the soft deadline; INT64_MAX for none */
int64_t loop_hard_remaining_ms(const struct loop *loop); /* to the hard one, likewise */

/* For a debugger, while the script stands still: the deadline waits, too, those of the jobs in
 * flight, and the timeouts of transfers. On the loop's thread. */
struct loop_clock {
    int64_t soft_ms, hard_ms, stopped_us;
};
void loop_stop_clock(struct loop *loop, struct loop_clock *clock);
void loop_start_clock(struct loop *loop, const struct loop_clock *clock);

/* Is it time for the running script to give up? True once after the soft deadline, and always
 * after the hard one; *err says so. For the hook that interrupts scripts. */
bool loop_deadline_due(struct loop *loop, struct error *err);
bool loop_deadline_is_hard(const struct loop *loop); /* has the hard one passed? */

/* From any thread: whatever the deadlines are, the soft one is now and the
 * hard one `grace_ms` later. Until loop_calm(): mostly the process is about to end. */
void loop_hurry(struct loop *loop, int64_t grace_ms);

/* Takes that back, and any deadline with it: what was hurried has ended, the process goes on. On
 * the loop's thread, while no task runs. */
void loop_calm(struct loop *loop);

/*
 * Tasks. loop_spawn() pops a function and `arguments` arguments from L and makes a coroutine of
 * them, to run when the loop next runs. `done` is called once, when it has returned, failed or
 * been cancelled: `co` then holds `results` values on top of its stack (the results, or the one
 * error value), and may be read until `done` returns. On memory failure raises.
 */
struct task;
enum task_status { TASK_RETURNED, TASK_FAILED, TASK_CANCELLED };
typedef void task_done(void *context, enum task_status status, lua_State *co, int results);
struct task *loop_spawn(lua_State *L, int arguments, task_done *done, void *context);

/* Its job is stopped, its to-be-closed variables are closed (what they wait for themselves is not
 * stopped), `done` is called with TASK_CANCELLED; as soon as its job has let go. Cancelling a
 * finished task is not allowed: forget the pointer in `done`. */
void loop_cancel(struct task *task);

/*
 * What the running task works on from now on, e.g. "uploads/cat.jpg", for whoever has to say what
 * was being done: the deadline's error, the last words of a crash. The tasks it spawns inherit it.
 * Cut at LOOP_SUBJECT_MAX bytes; outside a task nothing happens.
 */
#define LOOP_SUBJECT_MAX 1100 /* a bucket and a key */
void loop_set_subject(struct loop *loop, const char *text, size_t length);

/* How long tasks have run so far, without what they waited for (but for waits in place). */
int64_t loop_lua_us(const struct loop *loop);

/* Is there a task that has not ended? Then the caller runs in one, or while one is waited for. */
bool loop_has_tasks(const struct loop *loop);

/* Runs everything until *finished is true. Returns false, *err set, only when the loop itself is
 * broken. Not to be called inside a task. */
MUST_CHECK bool loop_run_until(struct loop *loop, const bool *finished, struct error *err);

#endif
