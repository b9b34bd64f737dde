/*
 * worker_test.c - threads with a queue: who is busy takes over nothing, and what is taken over
 * begins at once.
 */
#include "host/worker.h"
#include "tests/unit/check.h"

#include <pthread.h>

/* Blocks its thread until it is let go. */
struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int begun, done;
    bool open;
};

struct visit {
    struct worker_item item;
    struct gate *gate;
};

static void gate_new(struct gate *gate)
{
    *gate = (struct gate){.open = false};
    (void)pthread_mutex_init(&gate->mutex, NULL);
    (void)pthread_cond_init(&gate->changed, NULL);
}

static void gate_free(struct gate *gate)
{
    (void)pthread_cond_destroy(&gate->changed);
    (void)pthread_mutex_destroy(&gate->mutex);
}

static void gate_open(struct gate *gate)
{
    (void)pthread_mutex_lock(&gate->mutex);
    gate->open = true;
    (void)pthread_cond_broadcast(&gate->changed);
    (void)pthread_mutex_unlock(&gate->mutex);
}

static void wait_for(struct gate *gate, const int *count, int wanted)
{
    (void)pthread_mutex_lock(&gate->mutex);
    while (*count < wanted) {
        (void)pthread_cond_wait(&gate->changed, &gate->mutex);
    }
    (void)pthread_mutex_unlock(&gate->mutex);
}

static void go_through(struct worker_item *item)
{
    struct gate *gate = ((struct visit *)item)->gate;
    (void)pthread_mutex_lock(&gate->mutex);
    gate->begun++;
    (void)pthread_cond_broadcast(&gate->changed);
    while (!gate->open) {
        (void)pthread_cond_wait(&gate->changed, &gate->mutex);
    }
    (void)pthread_mutex_unlock(&gate->mutex);
}

static void count_done(struct worker_item *item)
{
    struct gate *gate = ((struct visit *)item)->gate;
    (void)pthread_mutex_lock(&gate->mutex);
    gate->done++;
    (void)pthread_cond_broadcast(&gate->changed);
    (void)pthread_mutex_unlock(&gate->mutex);
}

static struct visit visit_of(struct gate *gate)
{
    return (struct visit){{.run = go_through, .done = count_done}, gate};
}

TEST(worker_hands_over_only_to_who_is_free)
{
    enum { MOST = 3 };
    struct error err;
    for (int threads = 1; threads <= MOST; threads++) {
        struct gate gate;
        struct visit visits[MOST], one_more, queued;
        struct worker_pool *pool = worker_pool_new(threads, &err);
        gate_new(&gate);
        one_more = queued = visit_of(&gate);
        check_case("%d threads", threads);
        for (int i = 0; i < threads; i++) {
            visits[i] = visit_of(&gate);
            CHECK(worker_hand_over(pool, &visits[i].item));
        }
        wait_for(&gate, &gate.begun, threads); /* all at the same time */
        CHECK(!worker_hand_over(pool, &one_more.item));
        CHECK(worker_submit(pool, &queued.item, &err));
        CHECK(!worker_hand_over(pool, &one_more.item));
        gate_open(&gate);
        worker_pool_free(pool);
        CHECK_INTEGER(gate.begun, threads + 1);
        CHECK_INTEGER(gate.done, threads + 1);
        gate_free(&gate);
    }
}

TEST(worker_hands_over_again_to_who_has_become_free)
{
    enum { TIMES = 100 };
    struct error err;
    struct gate gate;
    struct visit visits[TIMES];
    struct worker_pool *pool = worker_pool_new(1, &err);
    gate_new(&gate);
    gate_open(&gate);
    for (int i = 0; i < TIMES; i++) {
        visits[i] = visit_of(&gate);
        while (!worker_hand_over(pool, &visits[i].item)) {
            /* It has been done, but its thread is not back yet. */
        }
        wait_for(&gate, &gate.done, i + 1);
    }
    worker_pool_free(pool);
    CHECK_INTEGER(gate.begun, TIMES);
    gate_free(&gate);
}
