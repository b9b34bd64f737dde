/*
 * loop_internal.h - what loop.c, job.c and task.c of the host share. For nobody else.
 */
#ifndef LUNETTE_HOST_LOOP_INTERNAL_H
#define LUNETTE_HOST_LOOP_INTERNAL_H

#include <pthread.h>

#include "host/loop.h"

#define UNDONE_MAX 512

enum loop_stop { LOOP_GO_ON, LOOP_STOP_CANCELLED, LOOP_STOP_DEADLINE };

struct loop {
    lua_State *L;    /* the main one */
    lua_State *from; /* the one that is running the loop: resumes come from here */
    struct http *http;
    struct worker_pool *pool;

    pthread_mutex_t notes_lock;
    struct loop_note *notes_first, *notes_last; /* not yet told; under notes_lock */

    struct job *jobs;          /* in flight */
    uint64_t jobs_finished;    /* ever */
    int holds;                 /* see loop_hold() */
    struct loop_timer *timers; /* soonest first */

    struct task *tasks; /* all that have not ended */
    struct task *ready_first, *ready_last;
    uint64_t tasks_spawned; /* ever; a task's number */
    uint64_t resume_after;  /* only tasks with a greater number may run; see wait_in_place() */
    int waits_in_place;     /* how many are on the C stack */
    struct task *current;   /* the one that runs right now, or NULL */
    int64_t polled_us;      /* when the network was last looked at */
    int64_t lua_us;         /* see loop_lua_us(); before the run that began at: */
    int64_t lua_since_us;   /* 0: none */

    int64_t soft_ms, hard_ms;
    bool soft_passed;        /* `deadline` has been raised once */
    atomic_llong hurried_ms; /* the hard deadline that loop_hurry() has set; 0: none */
    bool hurries;            /* and it has been heeded, but by the jobs in flight: */
    bool stops_jobs;
    char undone[UNDONE_MAX]; /* the jobs in flight when the soft deadline passed */
};

enum task_state { TASK_READY, TASK_RUNNING, TASK_WAITING };

/* User values of a task: what must live as long as it may touch them. */
enum { TASK_THREAD = 1, TASK_JOB };

struct task {
    struct loop *loop;
    lua_State *co;
    uint64_t number;
    enum task_state state;
    bool cancelled;
    int arguments;   /* for the first resume */
    struct job *job; /* what it waits for, whether it has yielded or waits in place */
    task_done *done;
    void *context;
    struct task *previous, *next;
    struct task *next_ready;
    char subject[LOOP_SUBJECT_MAX + 1];
};

/* job.c */
void job_open(lua_State *L);
void job_stop(struct job *job, enum loop_stop why);
void job_release(struct job *job);

/* loop.c */
void loop_pass_deadline(struct loop *loop);
void loop_tell_undone(const struct loop *loop, struct error *err);
MUST_CHECK bool loop_step(struct loop *loop, bool resume_tasks, struct error *err);

/* task.c */
void task_wake(struct task *task);
bool task_run_ready(struct loop *loop);

#endif
