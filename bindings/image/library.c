/*
 * library.c - starting GraphicsMagick, its allow-list of coders, its handlers for errors and
 * progress. Called by the engine; nothing else in the program starts or configures the library.
 */
#include "bindings/image/library.h"

#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct session {
    jmp_buf escape;
    const struct image_control *control;
    bool starved; /* an allocation of the library's has failed */
    bool stopped; /* control said so, `reason` says why */
    struct error reason;
};

static _Thread_local struct session *current;
static _Thread_local bool thread_prepared;
static atomic_bool started;

static const struct {
    enum image_format format;
    const char *coder;
    bool writes;
} coders[] = {
    {IMAGE_JPEG, "JPEG", true},  {IMAGE_PNG, "PNG", true},    {IMAGE_WEBP, "WEBP", true},
    {IMAGE_GIF, "GIF", true},    {IMAGE_TIFF, "TIFF", false}, {IMAGE_BMP, "BMP", false},
    {IMAGE_HEIC, "HEIC", false}, {IMAGE_AVIF, "AVIF", false},
};

/* What the library found of them at the start; written once, before `started`. */
static bool readable[IMAGE_FORMATS], writable[IMAGE_FORMATS];

const char *library_coder(enum image_format format)
{
    for (size_t i = 0; i < sizeof coders / sizeof coders[0]; i++) {
        if (coders[i].format == format) {
            return coders[i].coder;
        }
    }
    return NULL;
}

bool library_can_read(enum image_format format)
{
    return atomic_load(&started) && readable[format];
}

bool library_can_write(enum image_format format)
{
    return atomic_load(&started) && writable[format];
}

/* ---- handlers ------------------------------------------------------------------------------ */

static void on_fatal(const ExceptionType severity, const char *reason, const char *description)
    __attribute__((noreturn));

/* The library must not be returned to, and must not end the process. Outside a session there is
 * nothing to go back to, and nobody calls it there. */
static void on_fatal(const ExceptionType severity, const char *reason, const char *description)
{
    (void)severity;
    (void)reason;
    (void)description;
    if (current == NULL) {
        abort();
    }
    longjmp(current->escape, 1);
}

/* Warnings and errors come back in an ExceptionInfo; a library does not write to stderr. */
static void on_message(const ExceptionType severity, const char *reason, const char *description)
{
    (void)severity;
    (void)reason;
    (void)description;
}

static bool ask_control(struct session *session)
{
    const struct image_control *control = session->control;
    if (!session->stopped && control != NULL && control->stopped != NULL) {
        session->stopped = control->stopped(control->context, &session->reason);
    }
    return session->stopped;
}

static MagickPassFail on_progress(const char *text, const magick_int64_t done,
                                  const magick_uint64_t whole, ExceptionInfo *exception)
{
    (void)text;
    (void)done;
    (void)whole;
    (void)exception; /* not to be written: in this version the library aborts on finding it */
    return current != NULL && ask_control(current) ? MagickFail : MagickPass;
}

/* ---- memory -------------------------------------------------------------------------------- */

/* Where the library allocates this much it holds pixels, and handles a failure. Below it may
 * assert that there is none (a profile's copy, a growing file), which would end the process. */
#define PIXELS_BYTES (8 << 20)

/* A smaller allocation that fails ends the session, as the library's own fatal errors do. */
static void *or_escape(void *memory, size_t size)
{
    if (memory == NULL && size > 0 && current != NULL) {
        current->starved = true;
        if (size < PIXELS_BYTES) {
            longjmp(current->escape, 1);
        }
    }
    return memory;
}

static void *allocate(size_t size)
{
    return or_escape(malloc(size), size);
}

static void *reallocate(void *memory, size_t size)
{
    return or_escape(realloc(memory, size), size);
}

/* ---- start --------------------------------------------------------------------------------- */

static bool on_allow_list(const char *name)
{
    for (size_t i = 0; i < sizeof coders / sizeof coders[0]; i++) {
        if (strcmp(coders[i].coder, name) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * Everything but the allow-list goes: what isn't registered can't be reached by any name or magic.
 * GetMagickInfo("*") loads every module first, or they would come back when first asked for.
 */
static void unregister_strangers(void)
{
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    (void)GetMagickInfo("*", &exception);
    MagickInfo **all = GetMagickInfoArray(&exception);
    for (size_t i = 0; all != NULL && all[i] != NULL; i++) {
        if (!on_allow_list(all[i]->name)) {
            (void)UnregisterMagickInfo(all[i]->name);
        }
    }
    MagickFree(all);
    DestroyExceptionInfo(&exception);
}

static void note_coders(void)
{
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    for (size_t i = 0; i < sizeof coders / sizeof coders[0]; i++) {
        const MagickInfo *info = GetMagickInfo(coders[i].coder, &exception);
        /* One that can't work in memory would go through a temporary file. */
        bool usable = info != NULL && info->blob_support;
        readable[coders[i].format] = usable && info->decoder != NULL;
        writable[coders[i].format] = usable && info->encoder != NULL && coders[i].writes;
    }
    DestroyExceptionInfo(&exception);
}

static void set_limits(int64_t memory)
{
    /* Pixels that don't fit in memory are refused, never spilled to a file. */
    (void)SetMagickResourceLimit(DiskResource, 0);
    (void)SetMagickResourceLimit(MapResource, 0);
    /* Twice, because the library counts a picture's pixels anew before it gives the old ones back.
     * What is really used is bounded before, by budget.c; this is for what a decoder makes up. */
    (void)SetMagickResourceLimit(MemoryResource, memory > INT64_MAX / 2 ? INT64_MAX : 2 * memory);
    (void)SetMagickResourceLimit(ThreadsResource, 1);
}

bool library_start(int64_t memory, struct error *err)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    if (memory < 1) {
        return error_set(err, "usage", "the image engine needs memory, not %" PRId64 " bytes",
                         memory);
    }
    (void)pthread_mutex_lock(&mutex);
    if (!atomic_load(&started)) {
        ExceptionInfo exception;
        GetExceptionInfo(&exception);
        MagickAllocFunctions(free, allocate, reallocate);
        InitializeMagickEx(NULL, MAGICK_OPT_NO_SIGNAL_HANDER, &exception);
        DestroyExceptionInfo(&exception);
        (void)SetFatalErrorHandler(on_fatal);
        (void)SetErrorHandler(on_message);
        (void)SetWarningHandler(on_message);
        (void)SetMonitorHandler(on_progress);
        unregister_strangers();
        note_coders();
        /* The colour engine asks what time it is; the zone's file is read now, so that no render
         * ever opens one. */
        tzset();
    }
    set_limits(memory);
    atomic_store(&started, true);
    (void)pthread_mutex_unlock(&mutex);
    return true;
}

/* ---- sessions ------------------------------------------------------------------------------ */

/* The library's thread limit is OpenMP's, and that is kept for each thread apart. */
static void prepare_thread(void)
{
    if (!thread_prepared) {
        (void)SetMagickResourceLimit(ThreadsResource, 1);
    }
    thread_prepared = true;
}

bool library_run(bool (*work)(void *context, struct error *err), void *context,
                 const struct image_control *control, struct error *err)
{
    if (!atomic_load(&started)) {
        return error_set(err, "usage", "the image engine has not been started");
    }
    prepare_thread();

    struct session session = {.control = control};
    struct session *const outer = current;
    if (setjmp(session.escape) != 0) {
        current = outer;
        return error_set_memory(err, "working on an image");
    }
    current = &session;
    bool ok = work(context, err);
    current = outer;
    return ok;
}

bool library_stopped(struct error *err)
{
    if (current == NULL || !ask_control(current)) {
        return false;
    }
    *err = current->reason;
    return true;
}

bool library_failed(const ExceptionInfo *exception, const char *code, const char *what,
                    struct error *err)
{
    if (current != NULL && current->stopped) {
        *err = current->reason;
        return false;
    }
    /* Warnings, errors and fatal errors of one kind end in the same two digits. */
    if ((current != NULL && current->starved) ||
        exception->severity % 100 == ResourceLimitError % 100) {
        return error_set_memory(err, "working on an image");
    }
    const char *reason = exception->reason != NULL ? exception->reason : "no reason given";
    return error_set(err, code, "%s: %s", what, reason);
}

const char *library_versions(void)
{
    return GetMagickVersion(NULL);
}
