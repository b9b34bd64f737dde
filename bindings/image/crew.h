/*
 * crew.h - the threads that work on one render: parts of it are handed over to others, the first
 * failure stops them all, and nobody leaves before all are done.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_CREW_H
#define LUNETTE_BINDINGS_IMAGE_CREW_H

#include <pthread.h>

#include "bindings/image/engine.h"

/* A member must not be copied or moved between crew_open() and crew_close(). */
struct crew {
    struct image_control control; /* what those who work ask: the caller's, or has one failed? */
    const struct image_control *caller;
    pthread_mutex_t mutex;
    pthread_cond_t all_back;
    size_t out; /* parts that are with other threads */
    bool failed;
    struct error failure; /* the first one */
};

/* `caller` is borrowed until the close; NULL is allowed. */
void crew_open(struct crew *crew, const struct image_control *caller);

struct crew_part {
    struct worker_item item;
    struct crew *crew;
    bool (*work)(struct crew_part *part, struct error *err);
};

/* At most `lent` parts are out at once. True: part->work is called on another thread; a failure is
 * crew_fail()'s. False: nobody is free. The part is borrowed until crew_wait(). */
MUST_CHECK bool crew_hand_over(struct crew *crew, struct crew_part *part, size_t lent);

/* Keeps the failure if it is the first one. From any thread. */
void crew_fail(struct crew *crew, const struct error *err);

/* Until no part is out. Each is with a thread that works on it and waits for nobody. */
void crew_wait(struct crew *crew);

/* After crew_wait(): whether all went well, else *err is the first failure. */
MUST_CHECK bool crew_close(struct crew *crew, struct error *err);

#endif
