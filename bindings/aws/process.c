/*
 * process.c - runs a credential_process. Called by credentials.c, outside Lambda.
 */
#include "bindings/aws/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bindings/digest.h"
#include "host/loop.h"

extern char **environ;

/* ---- words ----------------------------------------------------------------------------------- */

/* Copies one word to *out and returns where it ended; NULL when a quote is open. */
static const char *copy_word(const char *at, char **out)
{
    char quote = '\0';
    for (; *at != '\0' && (quote != '\0' || strchr(" \t", *at) == NULL); at++) {
        if (quote == '\0' && (*at == '"' || *at == '\'')) {
            quote = *at;
        } else if (*at == quote) {
            quote = '\0';
        } else {
            bool escapes = quote == '"' ? at[1] == '"' || at[1] == '\\' : quote == '\0';
            if (*at == '\\' && escapes && at[1] != '\0') {
                at++;
            }
            *(*out)++ = *at;
        }
    }
    *(*out)++ = '\0';
    return quote == '\0' ? at : NULL;
}

bool process_split(const char *command, char *text, char *arguments[PROCESS_ARGUMENTS_MAX + 1],
                   struct error *err)
{
    size_t count = 0;
    const char *at = command + strspn(command, " \t");
    while (*at != '\0') {
        if (count == PROCESS_ARGUMENTS_MAX) {
            return error_set(err, "credentials",
                             "the credential_process has more than %d arguments",
                             PROCESS_ARGUMENTS_MAX);
        }
        arguments[count++] = text;
        at = copy_word(at, &text);
        if (at == NULL) {
            return error_set(err, "credentials", "the credential_process has an open quote");
        }
        at += strspn(at, " \t");
    }
    arguments[count] = NULL;
    if (count == 0) {
        return error_set(err, "credentials", "the credential_process is empty");
    }
    return true;
}

/* ---- the child ------------------------------------------------------------------------------- */

struct child {
    pid_t pid;
    int out; /* what it prints */
    const char *name;
};

static bool spawn(char **arguments, int writing, pid_t *pid, struct error *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return error_set_memory(err, "starting the credential_process");
    }
    if (posix_spawnattr_init(&attributes) != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return error_set_memory(err, "starting the credential_process");
    }
    /* A group of its own, so that what it has started ends with it. */
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    int failed = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (failed == 0) {
        failed = posix_spawn_file_actions_adddup2(&actions, writing, 1);
    }
    if (failed == 0) {
        failed = posix_spawnp(pid, arguments[0], &actions, &attributes, arguments, environ);
    }
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
        return error_set(err, "credentials", "the credential_process '%.200s' can't be run: %s",
                         arguments[0], strerror(failed));
    }
    return true;
}

static bool start(char **arguments, struct child *child, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return error_set_system(err, errno, "starting the credential_process");
    }
    bool ok = spawn(arguments, ends[1], &child->pid, err);
    (void)close(ends[1]);
    if (!ok) {
        (void)close(ends[0]);
        return false;
    }
    child->out = ends[0];
    child->name = arguments[0];
    return true;
}

/* Waits for more until `deadline_ms`; false when there is none then. */
static bool wait_readable(int descriptor, int64_t deadline_ms)
{
    for (;;) {
        int64_t left_ms = deadline_ms - loop_now_us() / 1000;
        struct pollfd poll_one = {.fd = descriptor, .events = POLLIN};
        int ready = left_ms <= 0 ? 0 : poll(&poll_one, 1, (int)left_ms);
        if (ready >= 0 || errno != EINTR) {
            return ready > 0;
        }
    }
}

/* Until its end; `output` has room for PROCESS_OUTPUT_MAX + 1 bytes. */
static bool read_all(const struct child *child, int64_t deadline_ms, int timeout_ms, char *output,
                     size_t *length, struct error *err)
{
    *length = 0;
    while (*length <= PROCESS_OUTPUT_MAX) {
        if (!wait_readable(child->out, deadline_ms)) {
            return error_set(err, "credentials",
                             "the credential_process '%.200s' did not end within %d ms",
                             child->name, timeout_ms);
        }
        ssize_t count = read(child->out, output + *length, PROCESS_OUTPUT_MAX + 1 - *length);
        if (count == 0) {
            output[*length] = '\0';
            return true;
        }
        if (count < 0 && errno != EINTR) {
            return error_set_system(err, errno, "the credential_process '%.200s'", child->name);
        }
        *length += count > 0 ? (size_t)count : 0;
    }
    return error_set(err, "credentials",
                     "the credential_process '%.200s' printed more than %d bytes", child->name,
                     PROCESS_OUTPUT_MAX);
}

/* Its status, or a kill at the deadline: it may have closed its output and go on. */
static int reap(const struct child *child, int64_t deadline_ms)
{
    int status = 0;
    const struct timespec pause = {.tv_nsec = 2000000};
    pid_t done;
    while ((done = waitpid(child->pid, &status, WNOHANG)) == 0 || (done < 0 && errno == EINTR)) {
        if (loop_now_us() / 1000 >= deadline_ms) {
            (void)kill(-child->pid, SIGKILL);
        }
        (void)nanosleep(&pause, NULL);
    }
    return status;
}

static bool check_status(const struct child *child, int status, struct error *err)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return true;
    }
    return error_set(err, "credentials", "the credential_process '%.200s' ended with %s %d",
                     child->name, WIFEXITED(status) ? "status" : "signal",
                     WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

static bool run(char **arguments, int timeout_ms, char *output, size_t *length, struct error *err)
{
    struct child child;
    if (!start(arguments, &child, err)) {
        return false;
    }
    int64_t deadline_ms = loop_now_us() / 1000 + timeout_ms;
    bool ok = read_all(&child, deadline_ms, timeout_ms, output, length, err);
    (void)close(child.out);
    int status = reap(&child, ok ? deadline_ms : 0);
    return ok && check_status(&child, status, err);
}

bool process_run(const char *command, int timeout_ms, char **output, size_t *length,
                 struct error *err)
{
    char *arguments[PROCESS_ARGUMENTS_MAX + 1];
    char *text = malloc(strlen(command) + 1);
    char *printed = malloc(PROCESS_OUTPUT_MAX + 1);
    size_t count = 0;
    bool ok = text != NULL && printed != NULL
                  ? process_split(command, text, arguments, err) &&
                        run(arguments, timeout_ms, printed, &count, err)
                  : error_set_memory(err, "running the credential_process");
    free(text);
    if (!ok) {
        if (printed != NULL) {
            digest_cleanse(printed, PROCESS_OUTPUT_MAX + 1);
        }
        free(printed);
        return false;
    }
    *output = printed;
    *length = count;
    return true;
}
