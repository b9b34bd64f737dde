/*
 * budget.c - admission to memory for pixels. Called by the engine around every render, from any
 * number of threads.
 */
#include "bindings/image/budget.h"

#include <inttypes.h>
#include <pthread.h>
#include <time.h>

#define POLL_MS 20 /* how often one who waits asks whether it still should */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int64_t total, used;

/* Who waits, in the order of arrival: only the first may take, so that a large render is not
 * overtaken for ever by small ones. */
struct waiter {
    struct waiter *next;
};
static struct waiter *first, **last = &first;

static void queue_join(struct waiter *waiter)
{
    waiter->next = NULL;
    *last = waiter;
    last = &waiter->next;
}

static void queue_leave(struct waiter *waiter)
{
    struct waiter **at = &first;
    while (*at != waiter) {
        at = &(*at)->next;
    }
    *at = waiter->next;
    if (*at == NULL) {
        last = at;
    }
    (void)pthread_cond_broadcast(&changed);
}

static void wait_a_little(void)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += POLL_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    (void)pthread_cond_timedwait(&changed, &mutex, &until);
}

void budget_set(int64_t bytes)
{
    (void)pthread_mutex_lock(&mutex);
    total = bytes;
    (void)pthread_cond_broadcast(&changed);
    (void)pthread_mutex_unlock(&mutex);
}

static bool refuse(int64_t bytes, struct error *err)
{
    return error_set(err, "limit",
                     "image memory: %" PRId64 " MB needed, %" PRId64
                     " MB allowed; give the function more memory (--memory), or ask for less: "
                     "a smaller picture, fewer frames",
                     (bytes + (1 << 20) - 1) >> 20, total >> 20);
}

static bool asked_to_stop(const struct image_control *control, struct error *err)
{
    return control != NULL && control->stopped != NULL && control->stopped(control->context, err);
}

/* With the mutex held. */
static bool wait_for_turn(int64_t bytes, struct waiter *waiter, const struct image_control *control,
                          struct error *err)
{
    for (;;) {
        if (bytes > total) {
            return refuse(bytes, err);
        }
        if (first == waiter && bytes <= total - used) {
            return true;
        }
        if (asked_to_stop(control, err)) {
            return false;
        }
        wait_a_little();
    }
}

bool budget_take(int64_t bytes, const struct image_control *control, struct error *err)
{
    struct waiter waiter;
    (void)pthread_mutex_lock(&mutex);
    queue_join(&waiter);
    bool ok = wait_for_turn(bytes, &waiter, control, err);
    if (ok) {
        used += bytes;
    }
    queue_leave(&waiter);
    (void)pthread_mutex_unlock(&mutex);
    return ok;
}

void budget_give_back(int64_t bytes)
{
    (void)pthread_mutex_lock(&mutex);
    used -= bytes;
    (void)pthread_cond_broadcast(&changed);
    (void)pthread_mutex_unlock(&mutex);
}

int64_t budget_in_use(void)
{
    (void)pthread_mutex_lock(&mutex);
    int64_t bytes = used;
    (void)pthread_mutex_unlock(&mutex);
    return bytes;
}

int64_t budget_total(void)
{
    (void)pthread_mutex_lock(&mutex);
    int64_t bytes = total;
    (void)pthread_mutex_unlock(&mutex);
    return bytes;
}
