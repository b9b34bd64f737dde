/*
 * image_glance.c - photo:colours(), photo:thumbhash(), photo:phash() and photo:sha256(), by jobs on
 * a worker; image.distance(). A part of the module that image.c opens.
 *
 * The first three are said of one small decode, which the photo keeps: as what it came, steps or
 * not.
 */
#include <inttypes.h>
#include <lauxlib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/arguments.h"
#include "bindings/base64.h"
#include "bindings/digest.h"
#include "bindings/image/look/glance.h"
#include "bindings/photo.h"
#include "host/loop.h"

#define GLANCE_METATABLE "lunette.image.glance"
#define DEFAULT_COLOURS  5
#define PHASH_BITS       64

/* The photo's, made by the first job that needs it while others wait for that one. */
struct shared_glance {
    pthread_mutex_t mutex;
    bool taken;
    struct glance glance;
};

struct glance_job {
    struct job job;
    const char *bytes; /* borrowed from an anchored string */
    size_t length;
    struct image_info info;
    struct image_limits limits;
    struct shared_glance *shared; /* anchored */

    int64_t colour_count; /* asked, then found */
    struct palette_colour colours[PALETTE_MAX];
    uint8_t thumbhash[THUMBHASH_MAX];
    size_t thumbhash_length;
    uint64_t phash;
    unsigned char digest[DIGEST_MAX];
    size_t digest_length;
};

/* ---- the small decode ------------------------------------------------------------------------ */

static int free_glance(lua_State *L)
{
    struct shared_glance *shared = luaL_checkudata(L, 1, GLANCE_METATABLE);
    (void)pthread_mutex_destroy(&shared->mutex);
    return 0;
}

/* Pushes the photo's. */
static struct shared_glance *push_glance(lua_State *L)
{
    if (lua_getiuservalue(L, 1, PHOTO_GLANCE) == LUA_TUSERDATA) {
        return lua_touserdata(L, -1);
    }
    lua_pop(L, 1);
    struct shared_glance *shared = lua_newuserdatauv(L, sizeof *shared, 0);
    shared->taken = false;
    (void)pthread_mutex_init(&shared->mutex, NULL);
    if (luaL_newmetatable(L, GLANCE_METATABLE)) {
        lua_pushcfunction(L, free_glance);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    (void)lua_setiuservalue(L, 1, PHOTO_GLANCE);
    return shared;
}

static bool stopped(void *context, struct error *err)
{
    return job_stopped(context, err);
}

/* On the worker. */
static bool take(struct glance_job *glance, struct error *err)
{
    struct shared_glance *shared = glance->shared;
    struct image_control control = {stopped, &glance->job};
    (void)pthread_mutex_lock(&shared->mutex);
    bool ok = shared->taken || glance_take(glance->bytes, glance->length, &glance->info,
                                           &glance->limits, &shared->glance, &control, err);
    shared->taken = ok;
    (void)pthread_mutex_unlock(&shared->mutex);
    return ok;
}

/* ---- the jobs -------------------------------------------------------------------------------- */

static bool find_colours(struct job *job, struct error *err)
{
    struct glance_job *glance = (struct glance_job *)job;
    if (!take(glance, err)) {
        return false;
    }
    glance->colour_count =
        palette_of(&glance->shared->glance, (int)glance->colour_count, glance->colours);
    return true;
}

static int push_colours(lua_State *L, struct job *job)
{
    const struct glance_job *glance = (const struct glance_job *)job;
    lua_createtable(L, (int)glance->colour_count, 0);
    for (int64_t i = 0; i < glance->colour_count; i++) {
        const struct palette_colour *colour = &glance->colours[i];
        char text[8];
        (void)snprintf(text, sizeof text, "#%02x%02x%02x", colour->red, colour->green,
                       colour->blue);
        lua_createtable(L, 0, 2);
        lua_pushstring(L, text);
        lua_setfield(L, -2, "colour");
        lua_pushnumber(L, colour->share);
        lua_setfield(L, -2, "share");
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

static bool find_thumbhash(struct job *job, struct error *err)
{
    struct glance_job *glance = (struct glance_job *)job;
    if (!take(glance, err)) {
        return false;
    }
    glance->thumbhash_length = thumbhash_of(&glance->shared->glance, glance->thumbhash);
    return true;
}

static int push_thumbhash(lua_State *L, struct job *job)
{
    const struct glance_job *glance = (const struct glance_job *)job;
    char text[BASE64_LENGTH(THUMBHASH_MAX) + 1];
    base64_encode(glance->thumbhash, glance->thumbhash_length, text);
    lua_pushstring(L, text);
    lua_pushlstring(L, (const char *)glance->thumbhash, glance->thumbhash_length);
    return 2;
}

static bool find_phash(struct job *job, struct error *err)
{
    struct glance_job *glance = (struct glance_job *)job;
    if (!take(glance, err)) {
        return false;
    }
    glance->phash = phash_of(&glance->shared->glance);
    return true;
}

static int push_phash(lua_State *L, struct job *job)
{
    const struct glance_job *glance = (const struct glance_job *)job;
    char text[PHASH_BITS / 4 + 1];
    (void)snprintf(text, sizeof text, "%016" PRIx64, glance->phash);
    lua_pushstring(L, text);
    return 1;
}

static bool find_sha256(struct job *job, struct error *err)
{
    struct glance_job *glance = (struct glance_job *)job;
    return digest_compute(DIGEST_SHA256, glance->bytes, glance->length, glance->digest,
                          &glance->digest_length, err);
}

static int push_sha256(lua_State *L, struct job *job)
{
    const struct glance_job *glance = (const struct glance_job *)job;
    char text[2 * DIGEST_MAX + 1];
    digest_hex(glance->digest, glance->digest_length, text);
    lua_pushstring(L, text);
    return 1;
}

static const struct job_type colours_type = {
    .name = "image.colours", .work = find_colours, .push = push_colours};
static const struct job_type thumbhash_type = {
    .name = "image.thumbhash", .work = find_thumbhash, .push = push_thumbhash};
static const struct job_type phash_type = {
    .name = "image.phash", .work = find_phash, .push = push_phash};
static const struct job_type sha256_type = {
    .name = "image.sha256", .work = find_sha256, .push = push_sha256};

/* Pushes a job about the photo that is the first argument. */
static struct glance_job *new_job(lua_State *L, const struct job_type *type, const char *function)
{
    const struct photo *photo = photo_check(L, 1, function);
    struct glance_job *glance = job_new(L, type, sizeof *glance);
    int job_index = lua_gettop(L);
    glance->info = photo->info;
    glance->limits = photo->limits;
    (void)lua_getiuservalue(L, 1, PHOTO_BYTES);
    job_anchor(L, job_index, -1);
    glance->bytes = photo->bytes;
    glance->length = photo->length;
    glance->shared = push_glance(L);
    job_anchor(L, job_index, -1);
    lua_settop(L, job_index);
    return glance;
}

/* ---- the functions --------------------------------------------------------------------------- */

static const struct argument colours_fields[] = {
    {"count", ARGUMENT_INTEGER, offsetof(struct glance_job, colour_count), .min = 1,
     .max = PALETTE_MAX},
    {.name = NULL},
};

int photo_colours(lua_State *L)
{
    lua_settop(L, 2);
    struct glance_job *glance = new_job(L, &colours_type, "colours");
    glance->colour_count = DEFAULT_COLOURS;
    if (!lua_isnil(L, 2)) {
        arguments_read(L, 2, "colours", colours_fields, glance, 0);
    }
    return job_run(L);
}

int photo_thumbhash(lua_State *L)
{
    (void)new_job(L, &thumbhash_type, "thumbhash");
    return job_run(L);
}

int photo_phash(lua_State *L)
{
    (void)new_job(L, &phash_type, "phash");
    return job_run(L);
}

int photo_sha256(lua_State *L)
{
    (void)new_job(L, &sha256_type, "sha256");
    return job_run(L);
}

static uint64_t check_phash(lua_State *L, int index)
{
    size_t length = 0;
    const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tolstring(L, index, &length) : "";
    if (length != PHASH_BITS / 4 || strspn(text, "0123456789abcdef") != length) {
        arguments_complain(L, index, "distance", "%d hex digits expected, as photo:phash() gives",
                           PHASH_BITS / 4);
    }
    return strtoull(text, NULL, 16);
}

int image_distance(lua_State *L)
{
    uint64_t differing = check_phash(L, 1) ^ check_phash(L, 2);
    int count = 0;
    for (; differing != 0; differing &= differing - 1) {
        count++;
    }
    lua_pushinteger(L, count);
    return 1;
}
