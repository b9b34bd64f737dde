/*
 * relay.c - two threads in step. Called by lane.c, where one decodes and the other resizes.
 */
#include "bindings/image/relay.h"

void relay_open(struct relay *relay, int64_t ahead)
{
    *relay = (struct relay){.ahead = ahead};
    (void)pthread_mutex_init(&relay->mutex, NULL);
    (void)pthread_cond_init(&relay->changed, NULL);
}

void relay_close(struct relay *relay)
{
    (void)pthread_cond_destroy(&relay->changed);
    (void)pthread_mutex_destroy(&relay->mutex);
}

void relay_begin(struct relay *relay)
{
    (void)pthread_mutex_lock(&relay->mutex);
    while (relay->made - relay->used > relay->ahead) {
        (void)pthread_cond_wait(&relay->changed, &relay->mutex);
    }
    (void)pthread_mutex_unlock(&relay->mutex);
}

bool relay_next(struct relay *relay, int64_t *group)
{
    (void)pthread_mutex_lock(&relay->mutex);
    while (relay->made == relay->used && !relay->ended) {
        (void)pthread_cond_wait(&relay->changed, &relay->mutex);
    }
    bool any = relay->made > relay->used;
    *group = relay->used;
    (void)pthread_mutex_unlock(&relay->mutex);
    return any;
}

static void change(struct relay *relay, int64_t made, int64_t used, bool ended)
{
    (void)pthread_mutex_lock(&relay->mutex);
    relay->made += made;
    relay->used += used;
    relay->ended |= ended;
    (void)pthread_cond_signal(&relay->changed); /* of the two only one ever waits */
    (void)pthread_mutex_unlock(&relay->mutex);
}

void relay_add(struct relay *relay)
{
    change(relay, 1, 0, false);
}

void relay_end(struct relay *relay)
{
    change(relay, 0, 0, true);
}

void relay_done(struct relay *relay)
{
    change(relay, 0, 1, false);
}
