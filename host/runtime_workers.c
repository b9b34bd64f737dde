/*
 * runtime_workers.c - forks the workers and watches over them. main calls it where
 * AWS_LAMBDA_MAX_CONCURRENCY asks for more than one; see runtime_workers.h.
 */
#include "host/runtime_workers.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/log.h"
#include "host/loop.h"
#include "host/runtime_environment.h"

#define SHORT_LIFE_MS 1000 /* who crashes sooner is replaced no more often than that */
#define END_MS        400  /* after SIGTERM; a worker takes no longer */

struct workers {
    int count;
    pid_t ids[RUNTIME_WORKERS_MAX]; /* 0: has ended */
    int64_t started_ms[RUNTIME_WORKERS_MAX];
    sigset_t watched, before;
};

static void block_signals(struct workers *workers)
{
    (void)sigemptyset(&workers->watched);
    (void)sigaddset(&workers->watched, SIGTERM);
    (void)sigaddset(&workers->watched, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &workers->watched, &workers->before);
}

/* True in the new process. */
static bool start(struct workers *workers, int worker)
{
    workers->started_ms[worker] = loop_now_us() / 1000;
    pid_t parent = getpid();
    pid_t id = fork();
    if (id == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)sigprocmask(SIG_SETMASK, &workers->before, NULL);
        if (getppid() != parent) {
            _exit(EXIT_FAILURE); /* it was gone before the kernel knew */
        }
        return true;
    }
    workers->ids[worker] = id < 0 ? 0 : id;
    return false;
}

/* The next signal; 0 when none came in time. Negative: waits for ever. */
static int wait_signal(const struct workers *workers, int64_t timeout_ms)
{
    if (timeout_ms < 0) {
        return sigwaitinfo(&workers->watched, NULL);
    }
    struct timespec timeout = {.tv_sec = timeout_ms / 1000,
                               .tv_nsec = (long)(timeout_ms % 1000) * 1000000};
    int number = sigtimedwait(&workers->watched, NULL, &timeout);
    return number < 0 ? 0 : number;
}

static int find(const struct workers *workers, pid_t id)
{
    for (int i = 0; i < workers->count; i++) {
        if (workers->ids[i] == id) {
            return i;
        }
    }
    return -1;
}

static int running(const struct workers *workers)
{
    int count = 0;
    for (int i = 0; i < workers->count; i++) {
        count += workers->ids[i] != 0;
    }
    return count;
}

static void signal_all(const struct workers *workers, int number)
{
    for (int i = 0; i < workers->count; i++) {
        if (workers->ids[i] != 0) {
            (void)kill(workers->ids[i], number);
        }
    }
}

/* The worker that has ended, and how; -1 when none has. */
static int collect(struct workers *workers, int *how)
{
    pid_t id = waitpid(-1, how, WNOHANG);
    int worker = id <= 0 ? -1 : find(workers, id);
    if (worker >= 0) {
        workers->ids[worker] = 0;
    }
    return worker;
}

static void end_all(struct workers *workers)
{
    int64_t until_ms = loop_now_us() / 1000 + END_MS;
    int how;
    signal_all(workers, SIGTERM);
    while (running(workers) > 0 && loop_now_us() / 1000 < until_ms) {
        while (collect(workers, &how) >= 0) {
        }
        if (running(workers) > 0) {
            (void)wait_signal(workers, 10);
        }
    }
    signal_all(workers, SIGKILL);
}

/* True in the new process; false with *stop when SIGTERM came first. */
static bool replace(struct workers *workers, int worker, int number, bool *stop)
{
    struct log_field fields[] = {log_integer("worker", worker), log_integer("signal", number)};
    log_write(LOG_LEVEL_ERROR, "a worker crashed; another takes its place", fields, 2);
    int64_t ready_ms = workers->started_ms[worker] + SHORT_LIFE_MS;
    int64_t now_ms;
    while ((now_ms = loop_now_us() / 1000) < ready_ms) {
        if (wait_signal(workers, ready_ms - now_ms) == SIGTERM) {
            *stop = true;
            return false;
        }
    }
    return start(workers, worker);
}

/* What has ended since the last look. True in a new process; *status is set when all is over. */
static bool look_after(struct workers *workers, int *worker, int *status)
{
    int how;
    while (*status < 0 && (*worker = collect(workers, &how)) >= 0) {
        bool stop = false;
        if (!WIFSIGNALED(how)) {
            *status = WEXITSTATUS(how);
        } else if (replace(workers, *worker, WTERMSIG(how), &stop)) {
            return true;
        }
        *status = stop ? EXIT_SUCCESS : *status;
        *status = running(workers) == 0 && *status < 0 ? EXIT_FAILURE : *status;
    }
    return false;
}

bool runtime_workers_start(int count, int *worker, int *status)
{
    static struct workers workers;
    workers.count = count < RUNTIME_WORKERS_MAX ? count : RUNTIME_WORKERS_MAX;
    block_signals(&workers);
    for (*worker = 0; *worker < workers.count; (*worker)++) {
        if (start(&workers, *worker)) {
            return true;
        }
    }
    *status = running(&workers) == 0 ? EXIT_FAILURE : -1;
    while (*status < 0) {
        int number = wait_signal(&workers, -1);
        if (number == SIGTERM) {
            *status = EXIT_SUCCESS;
        } else if (number == SIGCHLD && look_after(&workers, worker, status)) {
            return true;
        }
    }
    end_all(&workers);
    return false;
}
