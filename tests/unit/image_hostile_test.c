/*
 * image_hostile_test.c - what must hold whatever the bytes are: no process, no socket, no file; and
 * whatever allocation fails: an error, not an end.
 */
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/allocation.h"
#include "tests/unit/check.h"
#include "tests/unit/image_sample.h"

/* ---- a cage ---------------------------------------------------------------------------------- */

/* Not _exit(): there the sanitizer looks for leaks, and a failed session loses memory. */
static _Noreturn void leave(int status)
{
    for (;;) {
        (void)syscall(SYS_exit_group, status);
    }
}

/* From now on any of these system calls ends this process by SIGSYS. */
static bool enter_cage(void)
{
#define KILL(name)                                                                                 \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1),                                         \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        KILL(execve),
        KILL(execveat),
        KILL(clone),
        KILL(clone3),
#ifdef SYS_fork
        KILL(fork),
        KILL(vfork),
        KILL(open),
        KILL(creat),
        KILL(unlink),
#endif
        KILL(openat),
        KILL(unlinkat),
        KILL(mkdirat),
        KILL(socket),
        KILL(connect),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
#undef KILL
    struct sock_fprog program = {.len = sizeof filter / sizeof filter[0], .filter = filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

/* How a child that runs this ended: its exit status, or 1000 + the signal. */
static int in_child(void (*run)(void *context), void *context)
{
    pid_t child = fork();
    if (child == 0) {
        run(context);
        leave(0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        return -1;
    }
    return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

enum { NO_CAGE = 77 };

static void open_a_file_in_the_cage(void *context)
{
    (void)context;
    if (!enter_cage()) {
        leave(NO_CAGE);
    }
    (void)open("/dev/null", O_RDONLY);
}

static void render_in_the_cage(void *context)
{
    const struct sample *sample = context;
    if (!enter_cage()) {
        leave(NO_CAGE);
    }
    static const enum image_format formats[] = {IMAGE_JPEG, IMAGE_PNG, IMAGE_WEBP, IMAGE_GIF};
    for (size_t i = 0; i < 4; i++) {
        struct image_target target = sample_target(50, 50, formats[i]);
        struct image_output output;
        struct error err;
        target.animated = formats[i] == IMAGE_GIF;
        if (sample_render(sample->bytes, sample->length, NULL, 0, &target, &output, &err)) {
            image_output_release(&output);
        }
    }
}

static bool cage_works(void)
{
    int ended = in_child(open_a_file_in_the_cage, NULL);
    if (ended == NO_CAGE) {
        check_skip("no seccomp here");
        return false;
    }
    return CHECK_INTEGER(ended, 1000 + SIGSYS);
}

static void render_caged(const char *name, struct sample sample)
{
    check_case("%s", name);
    if (CHECK(sample.bytes != NULL)) {
        CHECK_INTEGER(in_child(render_in_the_cage, &sample), 0);
    }
    sample_release(&sample);
}

static struct sample text_sample(const char *text)
{
    struct sample sample = {(unsigned char *)strdup(text), strlen(text)};
    return sample;
}

TEST(image_hostile_bytes_open_nothing_and_start_nothing)
{
    struct error err;
    if (!cage_works() || !CHECK(image_engine_start(INT64_C(1) << 30, &err))) {
        return;
    }
    render_caged("JPEG", sample_jpeg(120, 80, 6, "(c)"));
    render_caged("BMP", sample_bmp(120, 80));
    render_caged("GIF", sample_gif(2, 0));
    render_caged("SVG", text_sample("<svg><image href='/etc/passwd'/></svg>"));
    render_caged("MVG", text_sample("push graphic-context\nimage over 0,0 0,0 '/etc/passwd'\n"));
    render_caged("PostScript", text_sample("%!PS\n(/etc/passwd) (r) file"));
    render_caged("a file name", text_sample("@/etc/passwd"));
}

TEST(image_hostile_corpus_opens_nothing_and_starts_nothing)
{
    static const char *const names[] = {
        "bombs/65536x65536.png",
        "bombs/decompression_bomb.gif",
        "bombs/lottapixel.jpg",
        "broken/corrupt_header.jpg",
        "broken/gif_uninitialised_palette.gif",
        "broken/truncated.gif",
        "broken/truncated.jpg",
        "broken/truncated.png",
        "disguised/mvg_runs_command.jpg",
        "disguised/postscript_sleeps.jpg",
        "disguised/svg_reads_local_file.jpg",
        "disguised/xbm_leak.jpg",
        "photos/alpha.webp",
        "photos/cmyk_with_profile.jpg",
        "photos/display_p3.png",
        "animated/dispose_previous.gif",
        "animated/loop3.webp",
    };
    struct error err;
    if (!sample_corpus_present()) {
        check_skip("no ../shared/corpus");
        return;
    }
    if (!cage_works() || !CHECK(image_engine_start(INT64_C(1) << 30, &err))) {
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        render_caged(names[i], sample_corpus(names[i]));
    }
}

/* ---- allocations that fail ------------------------------------------------------------------- */

struct attempt {
    struct sample sample;
    struct image_target target;
    struct image_step step;
};

static bool render_attempt(void *context, struct error *err)
{
    const struct attempt *attempt = context;
    struct image_output output;
    if (!sample_render(attempt->sample.bytes, attempt->sample.length, &attempt->step, 1,
                       &attempt->target, &output, err)) {
        return false;
    }
    image_output_release(&output);
    return true;
}

/* In a process of its own: what the library had allocated when it gave up is lost, by contract. */
static void fail_every_allocation(void *context)
{
    struct error err;
    for (long n = 1; n < 1000000; n++) {
        allocation_fail(n);
        err.code[0] = '\0';
        bool ok = render_attempt(context, &err);
        if (!allocation_has_failed()) {
            leave(ok ? 0 : 2);
        }
        if (!ok && !error_is(&err, "memory")) {
            (void)fprintf(stderr, "allocation %ld: %s: %s\n", n, err.code, err.message);
            leave(3);
        }
    }
    leave(4);
}

/* The first, the second, the third ... allocation fails: ours, or the library's. */
TEST(image_render_survives_every_failed_allocation)
{
    static const enum image_format formats[] = {IMAGE_JPEG, IMAGE_PNG, IMAGE_WEBP, IMAGE_GIF};
    for (size_t i = 0; i < 4; i++) {
        bool gif = formats[i] == IMAGE_GIF;
        struct attempt attempt = {gif ? sample_gif(3, 0) : sample_jpeg(40, 30, 6, "(c)"),
                                  sample_target(20, 10, formats[i]),
                                  {.kind = IMAGE_GRAYSCALE}};
        check_case("%s", image_format_name(formats[i]));
        attempt.target.fit = IMAGE_CONTAIN;
        attempt.target.animated = gif;
        CHECK_INTEGER(in_child(fail_every_allocation, &attempt), 0);
        sample_release(&attempt.sample);
    }
}
