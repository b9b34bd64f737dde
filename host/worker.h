/*
 * worker.h - a few threads that run blocking or heavy functions, so that the Lua thread does not.
 *
 * The pool knows nothing of jobs or Lua: it runs a function with an argument and then calls
 * another on the same thread to say that it is done.
 */
#ifndef LUNETTE_HOST_WORKER_H
#define LUNETTE_HOST_WORKER_H

#include "host/error.h"

struct worker_pool;

#define WORKER_THREADS_MAX 64

/* One piece of work. The owner embeds it and keeps it alive until `done` has been called. */
struct worker_item {
    void (*run)(struct worker_item *item);  /* on a worker thread */
    void (*done)(struct worker_item *item); /* on the same thread, right after; must not block */
    const char *activity, *subject;         /* what a crash meanwhile speaks of; NULL: nothing */
    struct worker_item *next;               /* the pool's */
};

/* Threads are started when first needed, at most `threads` (1 to WORKER_THREADS_MAX). NULL on
 * failure. Free with worker_pool_free(). */
struct worker_pool *worker_pool_new(int threads, struct error *err);

/* Waits for the running items, then stops; items that have not begun are run first. NULL is
 * allowed. */
void worker_pool_free(struct worker_pool *pool);

/* First in, first out. False (`memory`) when not a single thread can be started. */
MUST_CHECK bool worker_submit(struct worker_pool *pool, struct worker_item *item,
                              struct error *err);

/* Only when a thread is free to begin with it now, before anything else that waits; else false, and
 * nothing happens. So one item may wait for another that it has handed over like this. */
MUST_CHECK bool worker_hand_over(struct worker_pool *pool, struct worker_item *item);

int worker_pool_threads(const struct worker_pool *pool);

/* The number of processors this process may use, at least 1. */
int worker_processors(void);

#endif
