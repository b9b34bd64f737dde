/*
 * image_trim.c - photo:trim(): finds the margin by a job, then records a crop. A part of the module
 * that image.c opens.
 */
#include <lauxlib.h>
#include <string.h>

#include "bindings/arguments.h"
#include "bindings/image/steps/trim.h"
#include "bindings/photo.h"
#include "host/loop.h"
#include "host/raise.h"

#define DEFAULT_TOLERANCE 10

/* Anchors the photo first: the crop is recorded there. */
struct trim_job {
    struct job job;
    struct photo *photo;
    const char *bytes; /* borrowed from an anchored string */
    size_t length;
    struct image_info info;
    struct image_limits limits;
    struct step_chain chain; /* as it was when the search began */
    int64_t tolerance;
    struct trim_area area;
};

static bool stopped(void *context, struct error *err)
{
    return job_stopped(context, err);
}

static bool work(struct job *job, struct error *err)
{
    struct trim_job *trim = (struct trim_job *)job;
    struct image_control control = {.stopped = stopped, .context = job};
    return trim_find(trim->bytes, trim->length, &trim->info, &trim->limits, trim->chain.steps,
                     trim->chain.count, (int)trim->tolerance, &trim->area, &control, err);
}

/* The job is on top of the stack. */
static int push(lua_State *L, struct job *job)
{
    const struct trim_job *trim = (const struct trim_job *)job;
    const struct image_step step = {.kind = IMAGE_CROP,
                                    .x = trim->area.x,
                                    .y = trim->area.y,
                                    .width = trim->area.width,
                                    .height = trim->area.height};
    struct error err;
    if (trim->photo->chain.count != trim->chain.count) {
        (void)error_set(&err, "usage", "trim: the photo got other steps meanwhile");
        raise_error(L, &err);
    }
    if (!photo_add_step(&trim->photo->chain, &step, &err)) {
        raise_error(L, &err);
    }
    (void)lua_getiuservalue(L, -1, 1);
    lua_rawgeti(L, -1, 1);
    return 1;
}

static const struct job_type trim_type = {.name = "image.trim", .work = work, .push = push};

static const struct argument trim_fields[] = {
    {"tolerance", ARGUMENT_INTEGER, offsetof(struct trim_job, tolerance), .min = 0, .max = 255},
    {.name = NULL},
};

int photo_trim(lua_State *L)
{
    lua_settop(L, 2);
    struct photo *photo = photo_check(L, 1, "trim");
    struct trim_job *trim = job_new(L, &trim_type, sizeof *trim); /* photo, options, job */
    job_anchor(L, 3, 1);
    trim->photo = photo;
    trim->info = photo->info;
    trim->limits = photo->limits;
    trim->chain = photo->chain;
    trim->tolerance = DEFAULT_TOLERANCE;
    (void)lua_getiuservalue(L, 1, PHOTO_BYTES);
    job_anchor(L, 3, -1);
    (void)lua_getiuservalue(L, 1, PHOTO_ANCHORS);
    job_anchor(L, 3, -1);
    lua_settop(L, 3);
    trim->bytes = photo->bytes;
    trim->length = photo->length;
    if (!lua_isnil(L, 2)) {
        arguments_read(L, 2, "trim", trim_fields, trim, 0);
    }
    return job_run(L);
}
