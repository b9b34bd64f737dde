/*
 * crew.c - who works on a render, and how that ends. Opened and closed by engine.c around every
 * render; the parts are the encodes of render_encode.c.
 */
#include "bindings/image/crew.h"

/* Asked on any thread of the crew: is it time to give up? */
static bool stopped(void *context, struct error *err)
{
    struct crew *crew = context;
    const struct image_control *caller = crew->caller;
    (void)pthread_mutex_lock(&crew->mutex);
    bool failed = crew->failed;
    if (failed) {
        *err = crew->failure;
    }
    (void)pthread_mutex_unlock(&crew->mutex);
    return failed || (caller->stopped != NULL && caller->stopped(caller->context, err));
}

void crew_open(struct crew *crew, const struct image_control *caller)
{
    static const struct image_control nobody = {.stopped = NULL};
    *crew = (struct crew){.control = {.stopped = stopped, .context = crew},
                          .caller = caller != NULL ? caller : &nobody};
    (void)pthread_mutex_init(&crew->mutex, NULL);
    (void)pthread_cond_init(&crew->all_back, NULL);
}

void crew_fail(struct crew *crew, const struct error *err)
{
    (void)pthread_mutex_lock(&crew->mutex);
    if (!crew->failed) {
        crew->failed = true;
        crew->failure = *err;
    }
    (void)pthread_mutex_unlock(&crew->mutex);
}

static void run(struct worker_item *item)
{
    struct crew_part *part = (struct crew_part *)item;
    struct error err;
    if (!part->work(part, &err)) {
        crew_fail(part->crew, &err);
    }
}

/* Who waits may free the crew as soon as the lock is open. */
static void come_back(struct crew *crew)
{
    (void)pthread_mutex_lock(&crew->mutex);
    if (--crew->out == 0) {
        (void)pthread_cond_signal(&crew->all_back);
    }
    (void)pthread_mutex_unlock(&crew->mutex);
}

static void done(struct worker_item *item)
{
    come_back(((struct crew_part *)item)->crew);
}

static bool go_out(struct crew *crew, size_t lent)
{
    (void)pthread_mutex_lock(&crew->mutex);
    bool may = crew->out < lent;
    crew->out += may;
    (void)pthread_mutex_unlock(&crew->mutex);
    return may;
}

bool crew_hand_over(struct crew *crew, struct crew_part *part, size_t lent)
{
    const struct image_control *caller = crew->caller;
    if (caller->hand_over == NULL || caller->hands < 2 || !go_out(crew, lent)) {
        return false;
    }
    part->crew = crew;
    part->item = (struct worker_item){.run = run, .done = done};
    if (!caller->hand_over(caller->context, &part->item)) {
        come_back(crew);
        return false;
    }
    return true;
}

void crew_wait(struct crew *crew)
{
    (void)pthread_mutex_lock(&crew->mutex);
    while (crew->out > 0) {
        (void)pthread_cond_wait(&crew->all_back, &crew->mutex);
    }
    (void)pthread_mutex_unlock(&crew->mutex);
}

bool crew_close(struct crew *crew, struct error *err)
{
    (void)pthread_cond_destroy(&crew->all_back);
    (void)pthread_mutex_destroy(&crew->mutex);
    if (crew->failed) {
        *err = crew->failure;
    }
    return !crew->failed;
}
