/*
 * image_budget_test.c - memory for renders: never more than there is, nobody starves, who gives up
 * lets the others pass.
 */
#include "bindings/image/budget.h"
#include "tests/unit/check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define MEGABYTE ((int64_t)1 << 20)

static void pause_ms(long milliseconds)
{
    const struct timespec duration = {0, milliseconds * 1000000};
    (void)nanosleep(&duration, NULL);
}

TEST(image_budget_refuses_what_will_never_fit)
{
    struct error err;
    budget_set(10 * MEGABYTE);
    CHECK(!budget_take(10 * MEGABYTE + 1, NULL, &err));
    CHECK_TEXT(err.code, "limit");
    CHECK_TEXT(err.message,
               "image memory: 11 MB needed, 10 MB allowed; give the function more memory "
               "(--memory), or ask for less: a smaller picture, fewer frames");
    CHECK(budget_take(10 * MEGABYTE, NULL, &err));
    CHECK_INTEGER(budget_in_use(), 10 * MEGABYTE);
    budget_give_back(10 * MEGABYTE);
    CHECK_INTEGER(budget_in_use(), 0);
}

struct taker {
    int64_t bytes;
    atomic_int *most_in_use; /* megabytes */
    atomic_int *finished;
};

static void *take_some(void *context)
{
    struct taker *taker = context;
    struct error err;
    for (int i = 0; i < 20; i++) {
        if (!budget_take(taker->bytes, NULL, &err)) {
            return NULL;
        }
        int in_use = (int)(budget_in_use() / MEGABYTE);
        int most = atomic_load(taker->most_in_use);
        while (in_use > most && !atomic_compare_exchange_weak(taker->most_in_use, &most, in_use)) {
            continue;
        }
        budget_give_back(taker->bytes);
    }
    atomic_fetch_add(taker->finished, 1);
    return NULL;
}

TEST(image_budget_is_never_exceeded_and_starves_nobody)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    struct taker takers[THREADS];
    atomic_int most_in_use = 0, finished = 0;
    budget_set(10 * MEGABYTE);
    for (int i = 0; i < THREADS; i++) {
        takers[i] = (struct taker){(1 + i * 9 / (THREADS - 1)) * MEGABYTE, &most_in_use, &finished};
        CHECK(pthread_create(&threads[i], NULL, take_some, &takers[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    CHECK_INTEGER(atomic_load(&finished), THREADS);
    CHECK(atomic_load(&most_in_use) <= 10);
    CHECK_INTEGER(budget_in_use(), 0);
}

static bool stop_after(void *context, struct error *err)
{
    int *asks = context;
    return --*asks < 0 ? !error_set(err, "cancelled", "no longer wanted") : false;
}

struct waiter {
    int asks;
    struct error err;
    bool taken;
};

static void *wait_in_vain(void *context)
{
    struct waiter *waiter = context;
    struct image_control control = {.stopped = stop_after, .context = &waiter->asks};
    waiter->taken = budget_take(10 * MEGABYTE, &control, &waiter->err);
    return NULL;
}

TEST(image_budget_lets_the_others_pass_when_one_gives_up)
{
    pthread_t thread;
    struct waiter waiter = {.asks = 3};
    struct error err;
    budget_set(10 * MEGABYTE);
    CHECK(budget_take(5 * MEGABYTE, NULL, &err));
    CHECK(pthread_create(&thread, NULL, wait_in_vain, &waiter) == 0);
    pause_ms(10);
    CHECK(budget_take(5 * MEGABYTE, NULL, &err)); /* behind the one that waits, then gives up */
    (void)pthread_join(thread, NULL);
    CHECK(!waiter.taken);
    CHECK_TEXT(waiter.err.code, "cancelled");
    budget_give_back(10 * MEGABYTE);
    CHECK_INTEGER(budget_in_use(), 0);
    budget_set((int64_t)1 << 30);
}
