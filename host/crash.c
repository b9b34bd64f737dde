/*
 * crash.c - logs one line when SIGSEGV and its kin end the process, then lets them end it. main
 * installs it; job.c and task.c say what their threads do.
 *
 * What runs in the handler allocates nothing and waits for nobody for long: an alarm ends a process
 * that hangs in its last words.
 */
#include "host/crash.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/log.h"

#define STACK_SIZE       65536
#define LAST_WORDS_MAX_S 2

static const struct {
    int number;
    const char *name;
} signals[] = {
    {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},
    {SIGILL, "SIGILL"},   {SIGABRT, "SIGABRT"},
};

#define SIGNALS (sizeof signals / sizeof *signals)

static _Thread_local struct {
    const char *operation, *object;
    void *stack;
} thread;

void crash_set_activity(const char *operation, const char *object)
{
    thread.operation = operation;
    thread.object = object;
}

void crash_spare_signals(sigset_t *set)
{
    for (size_t i = 0; i < SIGNALS; i++) {
        (void)sigdelset(set, signals[i].number);
    }
}

static const char *name_of(int number)
{
    for (size_t i = 0; i < SIGNALS; i++) {
        if (signals[i].number == number) {
            return signals[i].name;
        }
    }
    return "another signal";
}

static void say_last_words(int number)
{
    struct log_field fields[3] = {log_text("signal", name_of(number))};
    size_t count = 1;
    if (thread.operation != NULL) {
        fields[count++] = log_text("operation", thread.operation);
    }
    if (thread.object != NULL && thread.object[0] != '\0') {
        fields[count++] = log_text("object", thread.object);
    }
    log_write_last("the process crashed", fields, count);
}

/* Several threads may crash at once: the first one speaks. */
static void crashed(int number)
{
    static atomic_flag speaking = ATOMIC_FLAG_INIT;
    if (atomic_flag_test_and_set(&speaking)) {
        (void)pause();
    }
    (void)signal(SIGALRM, SIG_DFL);
    (void)alarm(LAST_WORDS_MAX_S);
    say_last_words(number);
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

void crash_begin_thread(void)
{
    thread.stack = malloc(STACK_SIZE);
    if (thread.stack != NULL) {
        stack_t stack = {.ss_sp = thread.stack, .ss_size = STACK_SIZE};
        (void)sigaltstack(&stack, NULL);
    }
}

void crash_end_thread(void)
{
    stack_t none = {.ss_flags = SS_DISABLE};
    (void)sigaltstack(&none, NULL);
    free(thread.stack);
    thread.stack = NULL;
}

void crash_install(void)
{
    struct sigaction action = {.sa_handler = crashed, .sa_flags = SA_ONSTACK | SA_NODEFER};
    (void)sigemptyset(&action.sa_mask);
    crash_begin_thread();
    for (size_t i = 0; i < SIGNALS; i++) {
        struct sigaction before;
        if (sigaction(signals[i].number, NULL, &before) == 0 && before.sa_handler == SIG_DFL) {
            (void)sigaction(signals[i].number, &action, NULL);
        }
    }
}
