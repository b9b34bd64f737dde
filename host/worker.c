/*
 * worker.c - a fixed set of threads with one queue. The loop submits to it.
 */
#include "host/worker.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "host/crash.h"

struct worker_pool {
    pthread_mutex_t lock;
    pthread_cond_t available;
    struct worker_item *first, *last;
    int threads_max, threads, queued;
    int idle; /* threads without an item, also those that are only just starting */
    bool stopping;
    pthread_t ids[WORKER_THREADS_MAX];
};

int worker_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return 1;
    }
    int count = CPU_COUNT(&set);
    return count < 1 ? 1 : count > WORKER_THREADS_MAX ? WORKER_THREADS_MAX : count;
}

struct worker_pool *worker_pool_new(int threads, struct error *err)
{
    struct worker_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) {
        (void)error_set_memory(err, "making the worker pool");
        return NULL;
    }
    pool->threads_max = threads < 1                    ? 1
                        : threads > WORKER_THREADS_MAX ? WORKER_THREADS_MAX
                                                       : threads;
    (void)pthread_mutex_init(&pool->lock, NULL);
    (void)pthread_cond_init(&pool->available, NULL);
    return pool;
}

int worker_pool_threads(const struct worker_pool *pool)
{
    return pool->threads_max;
}

/* The next item, waiting for one; NULL when the pool stops and the queue is empty. Locked. */
static struct worker_item *next_item(struct worker_pool *pool)
{
    while (pool->first == NULL && !pool->stopping) {
        (void)pthread_cond_wait(&pool->available, &pool->lock);
    }
    struct worker_item *item = pool->first;
    if (item != NULL) {
        pool->idle--;
        pool->queued--;
        pool->first = item->next;
        if (pool->first == NULL) {
            pool->last = NULL;
        }
    }
    return item;
}

static void *worker_main(void *argument)
{
    struct worker_pool *pool = argument;
    crash_begin_thread();
    (void)pthread_mutex_lock(&pool->lock);
    struct worker_item *item;
    while ((item = next_item(pool)) != NULL) {
        (void)pthread_mutex_unlock(&pool->lock);
        crash_set_activity(item->activity, item->subject);
        item->run(item);
        crash_set_activity(NULL, NULL);
        item->done(item); /* the item may be gone after this */
        (void)pthread_mutex_lock(&pool->lock);
        pool->idle++;
    }
    (void)pthread_mutex_unlock(&pool->lock);
    crash_end_thread();
    return NULL;
}

/* Signals belong to the main thread: a worker blocks them all, but for its own crashes. Locked. */
static bool start_thread(struct worker_pool *pool)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    crash_spare_signals(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&pool->ids[pool->threads], NULL, worker_main, pool);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure == 0) {
        pool->threads++;
        pool->idle++;
    }
    return failure == 0;
}

static void append(struct worker_pool *pool, struct worker_item *item)
{
    item->next = NULL;
    if (pool->last != NULL) {
        pool->last->next = item;
    } else {
        pool->first = item;
    }
    pool->last = item;
    pool->queued++;
    (void)pthread_cond_signal(&pool->available);
}

bool worker_submit(struct worker_pool *pool, struct worker_item *item, struct error *err)
{
    (void)pthread_mutex_lock(&pool->lock);
    bool wants_thread = pool->queued >= pool->idle && pool->threads < pool->threads_max;
    if (wants_thread && !start_thread(pool) && pool->threads == 0) {
        (void)pthread_mutex_unlock(&pool->lock);
        return error_set_memory(err, "starting a worker thread");
    }
    append(pool, item);
    (void)pthread_mutex_unlock(&pool->lock);
    return true;
}

/* When whatever is queued has an idle thread each, then one more of them, or a new one, is this
 * item's. */
bool worker_hand_over(struct worker_pool *pool, struct worker_item *item)
{
    (void)pthread_mutex_lock(&pool->lock);
    bool is_free = pool->queued < pool->idle;
    if (pool->queued == pool->idle && pool->threads < pool->threads_max && !pool->stopping) {
        is_free = start_thread(pool);
    }
    if (is_free) {
        append(pool, item);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return is_free;
}

void worker_pool_free(struct worker_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    (void)pthread_cond_broadcast(&pool->available);
    (void)pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->threads; i++) {
        (void)pthread_join(pool->ids[i], NULL);
    }
    (void)pthread_cond_destroy(&pool->available);
    (void)pthread_mutex_destroy(&pool->lock);
    free(pool);
}
