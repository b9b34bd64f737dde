/*
 * image_hostile_test.c - what must hold whatever the bytes are: no process, no socket, no file; and
 * whatever allocation fails: an error, not an end.
 */
#include <dirent.h>
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

#include "bindings/image/look/glance.h"
#include "bindings/image/steps/overlay.h"
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

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ALLOW_SANITIZER ALLOW(readlink), ALLOW(sched_getaffinity), ALLOW(prctl), ALLOW(sigaltstack),
#else
#define ALLOW_SANITIZER
#endif

/* From now on any other system call than these ends this process by SIGSYS: memory, time, threads
 * that wait, a word to stderr, and the library's question whether a file of the made-up name exists
 * that its decoders are given. */
static bool enter_cage(void)
{
#define ALLOW(name)                                                                                \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1),                                         \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(brk),
        ALLOW(mmap),
        ALLOW(munmap),
        ALLOW(mremap),
        ALLOW(mprotect),
        ALLOW(madvise),
        ALLOW(futex),
        ALLOW(clock_gettime),
        ALLOW(gettimeofday),
        ALLOW(times),
        ALLOW(getrusage),
        ALLOW(sched_yield),
        ALLOW(getpid),
        ALLOW(gettid),
        ALLOW(rt_sigprocmask),
        ALLOW(write),
        ALLOW(exit_group),
#ifdef SYS_access
        ALLOW(access),
#endif
        ALLOW(faccessat),
        ALLOW_SANITIZER BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
#undef ALLOW
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

static void render_to(const struct sample *sample, enum image_format format, bool allow_damaged)
{
    struct image_target target = sample_target(50, 50, format);
    struct image_limits limits;
    struct image_info info;
    struct image_output output;
    struct error err;
    target.animated = format == IMAGE_GIF;
    target.keep_metadata = allow_damaged;
    image_limits_default(&limits);
    limits.allow_damaged = allow_damaged;
    if (image_probe(sample->bytes, sample->length, &limits, &info, &err) &&
        image_render(sample->bytes, sample->length, &info, &limits, NULL, 0, &target, 1, &output,
                     NULL, &err)) {
        image_output_release(&output);
    }
}

static void render_in_the_cage(void *context)
{
    static const enum image_format formats[] = {IMAGE_JPEG, IMAGE_PNG, IMAGE_WEBP, IMAGE_GIF};
    if (!enter_cage()) {
        leave(NO_CAGE);
    }
    for (size_t i = 0; i < 8; i++) {
        render_to(context, formats[i % 4], i >= 4);
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

/* Bytes that begin as an image does, and go on as what somebody might be made to run. */
static void render_disguised(const char *name, const char *start, size_t length, const char *text)
{
    struct sample sample = {malloc(length + strlen(text)), length + strlen(text)};
    if (CHECK(sample.bytes != NULL)) {
        memcpy(sample.bytes, start, length);
        memcpy(sample.bytes + length, text, strlen(text));
        render_caged(name, sample);
    }
}

TEST(image_hostile_bytes_open_nothing_and_start_nothing)
{
    static const struct {
        const char *name, *bytes;
        size_t length;
    } starts[] = {{"nothing", "", 0},
                  {"JPEG", "\xff\xd8\xff\xe0\0\x10JFIF", 10},
                  {"PNG", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16},
                  {"GIF", "GIF89a", 6},
                  {"WebP", "RIFF\xff\0\0\0WEBPVP8 ", 16},
                  {"TIFF", "II*\0\x08\0\0\0", 8},
                  {"BMP", "BM", 2},
                  {"HEIC",
                   "\0\0\0\x18"
                   "ftypheic",
                   12}};
    static const char *const texts[] = {
        "<svg><image href='/etc/passwd'/></svg>",
        "push graphic-context\nimage over 0,0 0,0 '|id>/tmp/hostile'\n",
        "%!PS\n(/etc/passwd) (r) file",
        "%PDF-1.4",
        "@/etc/passwd",
        "<?xml version='1.0'?><image><read filename='msl:/etc/passwd'/></image>",
        "http://127.0.0.1:1/",
    };
    struct error err;
    if (!cage_works() || !CHECK(image_engine_start(INT64_C(1) << 30, &err))) {
        return;
    }
    render_caged("JPEG", sample_jpeg(120, 80, 6, "(c)"));
    render_caged("BMP", sample_bmp(120, 80));
    render_caged("GIF", sample_gif(2, 0));
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
            char name[128];
            (void)snprintf(name, sizeof name, "%s, then %s", starts[i].name, texts[k]);
            render_disguised(name, starts[i].bytes, starts[i].length, texts[k]);
        }
    }
}

/* Every file of a folder of the corpus; returns how many. */
static int render_folder(const char *folder)
{
    char path[512];
    int count = 0;
    (void)snprintf(path, sizeof path, "../shared/corpus/%s", folder);
    DIR *list = opendir(path);
    for (struct dirent *entry = NULL; list != NULL && (entry = readdir(list)) != NULL;) {
        if (strchr(entry->d_name, '.') != NULL && entry->d_name[0] != '.') {
            (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            render_caged(path, sample_corpus(path));
            count++;
        }
    }
    if (list != NULL) {
        (void)closedir(list);
    }
    return count;
}

TEST(image_hostile_corpus_opens_nothing_and_starts_nothing)
{
    static const char *const folders[] = {"bombs",    "broken", "disguised",
                                          "animated", "photos", "photos/orientation"};
    struct error err;
    if (!sample_corpus_present()) {
        check_skip("no ../shared/corpus");
        return;
    }
    if (!cage_works() || !CHECK(image_engine_start(INT64_C(1) << 30, &err))) {
        return;
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        CHECK(render_folder(folders[i]) > 0);
    }
}

/* ---- allocations that fail ------------------------------------------------------------------- */

struct attempt {
    bool (*run)(void *attempt, struct error *err);
    struct sample sample;
    struct image_target target;
    struct image_step step;
    size_t step_count;
};

static bool render_attempt(void *context, struct error *err)
{
    const struct attempt *attempt = context;
    struct image_output output;
    if (!sample_render(attempt->sample.bytes, attempt->sample.length, &attempt->step,
                       attempt->step_count, &attempt->target, &output, err)) {
        return false;
    }
    image_output_release(&output);
    return true;
}

/* In a process of its own: what the library had allocated when it gave up is lost, by contract. */
static void fail_every_allocation(void *context)
{
    const struct attempt *attempt = context;
    struct error err;
    for (long n = 1; n < 1000000; n++) {
        allocation_fail(n);
        err.code[0] = '\0';
        bool ok = attempt->run(context, &err);
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
    for (size_t i = 0; i < 8; i++) {
        enum image_format format = formats[i % 4];
        bool gif = format == IMAGE_GIF;
        struct attempt attempt = {render_attempt,
                                  gif ? sample_gif(3, 0) : sample_jpeg(40, 30, 6, "(c)"),
                                  sample_target(20, 10, format),
                                  {.kind = IMAGE_GRAYSCALE},
                                  .step_count = i / 4};
        check_case("%s, %zu steps", image_format_name(format), attempt.step_count);
        attempt.target.fit = attempt.step_count > 0 ? IMAGE_CONTAIN : IMAGE_COVER;
        attempt.target.animated = gif;
        CHECK_INTEGER(in_child(fail_every_allocation, &attempt), 0);
        sample_release(&attempt.sample);
    }
}

static bool glance_attempt(void *context, struct error *err)
{
    const struct attempt *attempt = context;
    struct image_limits limits;
    struct image_info info;
    struct glance glance;
    image_limits_default(&limits);
    return image_engine_start(INT64_C(1) << 30, err) &&
           image_probe(attempt->sample.bytes, attempt->sample.length, &limits, &info, err) &&
           glance_take(attempt->sample.bytes, attempt->sample.length, &info, &limits, &glance, NULL,
                       err);
}

TEST(image_glance_survives_every_failed_allocation)
{
    struct attempt attempt = {.run = glance_attempt, .sample = sample_jpeg(400, 300, 6, "(c)")};
    CHECK_INTEGER(in_child(fail_every_allocation, &attempt), 0);
    sample_release(&attempt.sample);
}

/* Every step that allocates for itself, before and after the resize. */
TEST(image_steps_survive_every_failed_allocation)
{
    struct sample small = sample_bmp(20, 12);
    struct image_overlay overlay = {.bytes = small.bytes, .length = small.length, .opacity = 1};
    struct image_step after[] = {{.kind = IMAGE_PIXELATE, .width = 3},
                                 {.kind = IMAGE_BLUR, .sigma = 5},
                                 {.kind = IMAGE_COMPOSITE, .overlay = &overlay},
                                 {.kind = IMAGE_BORDER, .width = 2},
                                 {.kind = IMAGE_MASK, .overlay = &overlay}};
    struct attempt attempt = {render_attempt,
                              sample_jpeg(40, 30, 6, "(c)"),
                              sample_target(20, 10, IMAGE_PNG),
                              {.kind = IMAGE_ROUND, .width = 4}};
    struct error err;
    image_limits_default(&overlay.limits);
    attempt.target.after = after;
    attempt.target.after_count = sizeof after / sizeof after[0];
    if (CHECK(image_probe(small.bytes, small.length, &overlay.limits, &overlay.info, &err))) {
        CHECK_INTEGER(in_child(fail_every_allocation, &attempt), 0);
    }
    sample_release(&attempt.sample);
    sample_release(&small);
}
