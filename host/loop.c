/*
 * loop.c - waits for everything at once and hands out turns. See loop.h.
 *
 * One step: collect what workers have finished, fire timers, mind the deadline, let one task run
 * or, when none is ready, wait for the network, a worker or the next timer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/http.h"
#include "host/loop_internal.h"

#define POLL_INTERVAL_US 1000 /* transfers go on also while tasks are ready all the time */

int64_t loop_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t loop_wall_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct loop *loop_new(const struct loop_options *options, struct error *err)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) {
        (void)error_set_memory(err, "making the loop");
        return NULL;
    }
    (void)pthread_mutex_init(&loop->notes_lock, NULL);
    loop->soft_ms = loop->hard_ms = LOOP_NO_DEADLINE;
    loop->http = http_new(err);
    if (loop->http == NULL) {
        loop_free(loop);
        return NULL;
    }
    int threads = options->worker_threads > 0 ? options->worker_threads : worker_processors();
    loop->pool = worker_pool_new(threads, err);
    if (loop->pool == NULL) {
        loop_free(loop);
        return NULL;
    }
    return loop;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    worker_pool_free(loop->pool);
    http_free(loop->http);
    (void)pthread_mutex_destroy(&loop->notes_lock);
    free(loop);
}

void loop_attach(struct loop *loop, lua_State *L)
{
    loop->L = loop->from = L;
    *(struct loop **)lua_getextraspace(L) = loop;
    job_open(L);
}

struct loop *loop_of(lua_State *L)
{
    return *(struct loop **)lua_getextraspace(L);
}

struct http *loop_http(struct loop *loop)
{
    return loop->http;
}

/* ---- timers ---------------------------------------------------------------------------------- */

void loop_timer_start(struct loop *loop, struct loop_timer *timer, int64_t at_us)
{
    loop_timer_stop(loop, timer);
    timer->at_us = at_us;
    timer->running = true;
    struct loop_timer **at = &loop->timers;
    while (*at != NULL && (*at)->at_us <= at_us) {
        at = &(*at)->next;
    }
    timer->next = *at;
    *at = timer;
}

void loop_timer_stop(struct loop *loop, struct loop_timer *timer)
{
    if (!timer->running) {
        return;
    }
    struct loop_timer **at = &loop->timers;
    while (*at != timer) {
        at = &(*at)->next;
    }
    *at = timer->next;
    timer->running = false;
}

static void fire_timers(struct loop *loop, int64_t now_us)
{
    while (loop->timers != NULL && loop->timers->at_us <= now_us) {
        struct loop_timer *timer = loop->timers;
        loop_timer_stop(loop, timer);
        timer->fire(timer);
    }
}

/* ---- notes from other threads ---------------------------------------------------------------- */

void loop_post(struct loop *loop, struct loop_note *note)
{
    note->next = NULL;
    (void)pthread_mutex_lock(&loop->notes_lock);
    if (loop->notes_last != NULL) {
        loop->notes_last->next = note;
    } else {
        loop->notes_first = note;
    }
    loop->notes_last = note;
    (void)pthread_mutex_unlock(&loop->notes_lock);
    http_wakeup(loop->http);
}

static void tell_notes(struct loop *loop)
{
    (void)pthread_mutex_lock(&loop->notes_lock);
    struct loop_note *note = loop->notes_first;
    loop->notes_first = loop->notes_last = NULL;
    (void)pthread_mutex_unlock(&loop->notes_lock);
    while (note != NULL) {
        struct loop_note *next = note->next; /* its owner may be gone after this */
        note->fire(note);
        note = next;
    }
}

/* ---- the deadline ---------------------------------------------------------------------------- */

void loop_set_deadline(struct loop *loop, int64_t soft_ms, int64_t hard_ms)
{
    loop->soft_ms = soft_ms;
    loop->hard_ms = hard_ms;
    loop->soft_passed = false;
    loop->hurries = false; /* it counts for the next one, too */
    loop->undone[0] = '\0';
}

void loop_hurry(struct loop *loop, int64_t grace_ms)
{
    atomic_store(&loop->hurried_ms, loop_now_us() / 1000 + grace_ms);
    http_wakeup(loop->http);
}

void loop_stop_clock(struct loop *loop, struct loop_clock *clock)
{
    *clock = (struct loop_clock){loop->soft_ms, loop->hard_ms, loop_now_us()};
    loop->soft_ms = loop->hard_ms = LOOP_NO_DEADLINE;
    for (struct job *job = loop->jobs; job != NULL; job = job->next) {
        job->stopped_ms = atomic_exchange(&job->deadline_ms, LOOP_NO_DEADLINE);
    }
    http_stop_clock(loop->http);
}

static int64_t later(int64_t deadline_ms, int64_t by_ms)
{
    return deadline_ms < LOOP_NO_DEADLINE - by_ms ? deadline_ms + by_ms : LOOP_NO_DEADLINE;
}

void loop_start_clock(struct loop *loop, const struct loop_clock *clock)
{
    int64_t stood_ms = (loop_now_us() - clock->stopped_us) / 1000;
    loop->soft_ms = later(clock->soft_ms, stood_ms);
    loop->hard_ms = later(clock->hard_ms, stood_ms);
    for (struct job *job = loop->jobs; job != NULL; job = job->next) {
        if (job->stopped_ms != 0) { /* else it has begun meanwhile */
            atomic_store(&job->deadline_ms, later(job->stopped_ms, stood_ms));
            job->stopped_ms = 0;
        }
    }
    http_start_clock(loop->http, stood_ms);
}

void loop_calm(struct loop *loop)
{
    atomic_store(&loop->hurried_ms, 0);
    loop->stops_jobs = false;
    loop_set_deadline(loop, LOOP_NO_DEADLINE, LOOP_NO_DEADLINE);
}

static void heed_hurry(struct loop *loop, int64_t now_ms)
{
    int64_t hard_ms = atomic_load(&loop->hurried_ms);
    if (hard_ms == 0 || loop->hurries) {
        return;
    }
    loop->hurries = loop->stops_jobs = true;
    loop->soft_ms = loop->soft_ms < now_ms ? loop->soft_ms : now_ms;
    loop->hard_ms = loop->hard_ms < hard_ms ? loop->hard_ms : hard_ms;
}

/* "s3.get of uploads/a.jpg, image.render of uploads/b.jpg" */
static void note_undone(struct loop *loop)
{
    static const char more[] = ", ...";
    size_t length = 0;
    for (const struct job *job = loop->jobs; job != NULL; job = job->next) {
        const char *subject = job->subject == NULL ? "" : job->subject;
        char text[256];
        int size = snprintf(text, sizeof text, "%s%s%s%.160s", length == 0 ? "" : ", ",
                            job->type->name, subject[0] == '\0' ? "" : " of ", subject);
        if (job->type->runs_tasks || job->type->only_waits || size < 0) {
            continue;
        }
        if (length + (size_t)size + sizeof more > sizeof loop->undone) {
            memcpy(loop->undone + length, more, sizeof more);
            return;
        }
        memcpy(loop->undone + length, text, (size_t)size + 1);
        length += (size_t)size;
    }
}

void loop_pass_deadline(struct loop *loop)
{
    if (!loop->soft_passed) {
        note_undone(loop);
    }
    loop->soft_passed = true;
}

void loop_tell_undone(const struct loop *loop, struct error *err)
{
    static const char words[] = "; in flight then: ";
    size_t length = strlen(err->message);
    if (loop->undone[0] != '\0' && strstr(err->message, words) == NULL) {
        (void)snprintf(err->message + length, sizeof err->message - length, "%s%s", words,
                       loop->undone);
    }
}

static int64_t remaining_until(int64_t deadline_ms)
{
    if (deadline_ms == LOOP_NO_DEADLINE) {
        return INT64_MAX;
    }
    int64_t remaining_ms = deadline_ms - loop_now_us() / 1000;
    return remaining_ms < 0 ? 0 : remaining_ms;
}

int64_t loop_remaining_ms(const struct loop *loop)
{
    return remaining_until(loop->soft_ms);
}

int64_t loop_hard_remaining_ms(const struct loop *loop)
{
    return remaining_until(loop->hard_ms);
}

bool loop_deadline_due(struct loop *loop, struct error *err)
{
    int64_t now_ms = loop_now_us() / 1000;
    heed_hurry(loop, now_ms);
    bool due = now_ms >= loop->hard_ms || (now_ms >= loop->soft_ms && !loop->soft_passed);
    if (due) {
        loop_pass_deadline(loop);
        (void)error_set(err, "deadline", "the script was still running when its time was up");
        loop_tell_undone(loop, err);
        err->retryable = true;
    }
    return due;
}

bool loop_deadline_is_hard(const struct loop *loop)
{
    return loop_now_us() / 1000 >= loop->hard_ms;
}

/* Stops the jobs in flight whose time is over; a group's end with it. job_stop() may unlink the
 * job it is given, and none other, so the next one is taken first. */
static void mind_deadline(struct loop *loop, int64_t now_ms)
{
    heed_hurry(loop, now_ms);
    if (now_ms < loop->soft_ms) {
        return;
    }
    bool all = loop->stops_jobs;
    loop->stops_jobs = false;
    struct job *next;
    for (struct job *job = loop->jobs; job != NULL; job = next) {
        next = job->next;
        if ((all || job->deadline_ms <= now_ms) && !job->type->runs_tasks &&
            atomic_load(&job->stop) == LOOP_GO_ON) {
            loop_pass_deadline(loop);
            job_stop(job, LOOP_STOP_DEADLINE);
        }
    }
}

/* ---- one step -------------------------------------------------------------------------------- */

/* From now_us until something is due: -1 for never. Rounded up, so that a wait does not end just
 * short. A deadline that had passed at now_us is no reason to wake up: mind_deadline() has seen to
 * it. */
static int wait_ms(const struct loop *loop, int64_t now_us)
{
    int64_t until_us = INT64_MAX;
    if (loop->timers != NULL) {
        until_us = loop->timers->at_us;
    }
    int64_t deadline_ms = now_us / 1000 < loop->soft_ms ? loop->soft_ms : loop->hard_ms;
    if (deadline_ms < until_us / 1000 && deadline_ms > now_us / 1000) {
        until_us = deadline_ms * 1000;
    }
    if (until_us == INT64_MAX) {
        return -1;
    }
    int64_t left_ms = (until_us - now_us + 999) / 1000;
    return left_ms < 0 ? 0 : left_ms > 60000 ? 60000 : (int)left_ms;
}

static bool look_at_network(struct loop *loop, int timeout_ms, struct error *err)
{
    bool ok = http_wait(loop->http, timeout_ms, err);
    loop->polled_us = loop_now_us();
    return ok;
}

/* All of a step sees the same time: a deadline can't pass between being minded and being waited
 * for. */
bool loop_step(struct loop *loop, bool resume_tasks, struct error *err)
{
    uint64_t finished = loop->jobs_finished;
    int64_t now_us = loop_now_us();
    tell_notes(loop);
    fire_timers(loop, now_us);
    mind_deadline(loop, now_us / 1000);
    if (resume_tasks && task_run_ready(loop)) {
        bool is_due = now_us - loop->polled_us >= POLL_INTERVAL_US;
        return !is_due || look_at_network(loop, 0, err);
    }
    /* What was waited for may just have ended: then there is nothing to wake up for. */
    if (loop->jobs_finished != finished || (loop->jobs == NULL && loop->holds == 0)) {
        return true;
    }
    return look_at_network(loop, wait_ms(loop, now_us), err);
}

bool loop_run_until(struct loop *loop, const bool *finished, struct error *err)
{
    while (!*finished) {
        if (loop->tasks == NULL) {
            return error_set(err, "internal", "the loop has nothing left to wait for");
        }
        if (!loop_step(loop, true, err)) {
            return false;
        }
    }
    return true;
}

void loop_hold(struct loop *loop)
{
    loop->holds++;
}

void loop_let_go(struct loop *loop)
{
    loop->holds--;
}

void loop_settle(struct loop *loop, int bound_ms)
{
    int64_t end_us = loop_now_us() + (int64_t)bound_ms * 1000;
    int64_t left_us = end_us - loop_now_us();
    struct error ignored;
    while (http_busy(loop->http) && left_us > 0 &&
           http_wait(loop->http, (int)(left_us / 1000) + 1, &ignored)) {
        left_us = end_us - loop_now_us();
    }
}

bool loop_has_tasks(const struct loop *loop)
{
    return loop->tasks != NULL;
}

/* A broken network keeps nobody: what is left to wait for then are the workers, which let go
 * soon. */
void loop_stop_all(struct loop *loop)
{
    static const struct timespec a_moment = {.tv_nsec = 1000000};
    struct error err;
    for (struct task *task = loop->tasks; task != NULL; task = task->next) {
        loop_cancel(task);
    }
    while (loop->tasks != NULL || loop->holds > 0) {
        if (!loop_step(loop, true, &err)) {
            (void)nanosleep(&a_moment, NULL);
        }
    }
}
