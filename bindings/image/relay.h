/*
 * relay.h - work that comes in groups, from the thread that makes them to the one that uses them, a
 * few of them ahead.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_RELAY_H
#define LUNETTE_BINDINGS_IMAGE_RELAY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct relay {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int64_t made, used, ahead; /* groups */
    bool ended;
};

/* `ahead`: how many groups that are not used yet may be there when another one is begun. */
void relay_open(struct relay *relay, int64_t ahead);
void relay_close(struct relay *relay); /* when neither side calls it any more */

/* The maker: waits until the next group may be begun; it is there; there will be no more. */
void relay_begin(struct relay *relay);
void relay_add(struct relay *relay);
void relay_end(struct relay *relay);

/* The user: waits for the next group and says which it is, or returns false when there is none any
 * more; is done with it. */
bool relay_next(struct relay *relay, int64_t *group);
void relay_done(struct relay *relay);

#endif
