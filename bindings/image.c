/*
 * image.c - the module `image`: probe, open, and the photo. Its steps are in image_steps.c, renders
 * in image_render.c, looks in image_look.c and image_glance.c, the contract in
 * bindings/api/image.lua.
 */
#include <inttypes.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "bindings/arguments.h"
#include "bindings/bindings.h"
#include "bindings/bytes.h"
#include "bindings/image/engine.h"
#include "bindings/image/look/look.h"
#include "bindings/photo.h"
#include "host/raise.h"

static const char limits_key; /* its address is the registry key of the process's limits */

struct source {
    struct {
        const char *data;
        size_t length;
    } bytes;
    struct image_limits limits;
};

/* ---- arguments ------------------------------------------------------------------------------- */

#define LIMIT(field)                                                                               \
    {                                                                                              \
#field, ARGUMENT_INTEGER, offsetof(struct image_limits, field), .min = 1, .max = INT64_MAX \
    }

static const struct argument limit_fields[] = {
    LIMIT(pixels), LIMIT(side), LIMIT(frames), LIMIT(metadata_bytes), LIMIT(bytes), {.name = NULL},
};

static const struct argument source_fields[] = {
    {"bytes", ARGUMENT_BYTES, offsetof(struct source, bytes), .required = true},
    {"limits", ARGUMENT_TABLE},
    {"allow_damaged", ARGUMENT_BOOLEAN, offsetof(struct source, limits.allow_damaged)},
    {.name = NULL},
};

static void check_lowered(lua_State *L, const char *function, const char *field, int64_t asked,
                          int64_t allowed)
{
    if (asked > allowed) {
        arguments_complain(L, 1, function,
                           "limits.%s is %" PRId64 ", more than the %" PRId64
                           " that the environment allows",
                           field, asked, allowed);
    }
}

static void read_limits(lua_State *L, const char *function, struct image_limits *limits)
{
    const struct image_limits allowed = *limits;
    if (lua_getfield(L, 1, "limits") == LUA_TTABLE) {
        arguments_read_part(L, -1, 1, function, limit_fields, limits, 0);
    }
    lua_pop(L, 1);
    check_lowered(L, function, "pixels", limits->pixels, allowed.pixels);
    check_lowered(L, function, "side", limits->side, allowed.side);
    check_lowered(L, function, "frames", limits->frames, allowed.frames);
    check_lowered(L, function, "metadata_bytes", limits->metadata_bytes, allowed.metadata_bytes);
    check_lowered(L, function, "bytes", limits->bytes, allowed.bytes);
}

const struct image_limits *photo_limits(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &limits_key);
    const struct image_limits *limits = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return limits;
}

/* Argument 1, bytes or {bytes=, limits=}; leaves them on top of the stack. */
static void read_source(lua_State *L, const char *function, struct source *source)
{
    lua_settop(L, 1);
    source->limits = *photo_limits(L);
    if (bytes_read(L, 1, &source->bytes.data, &source->bytes.length)) {
        lua_pushvalue(L, 1);
        return;
    }
    if (lua_type(L, 1) != LUA_TTABLE) {
        arguments_complain(L, 1, function, "a string, bytes or a table expected, got %s",
                           luaL_typename(L, 1));
    }
    arguments_read(L, 1, function, source_fields, source, 0);
    read_limits(L, function, &source->limits);
    lua_getfield(L, 1, "bytes");
}

static void probe_source(lua_State *L, const struct source *source, const char *operation,
                         struct image_info *info)
{
    struct error err;
    if (image_probe(source->bytes.data, source->bytes.length, &source->limits, info, &err)) {
        return;
    }
    (void)snprintf(err.operation, sizeof err.operation, "%s", operation);
    raise_error(L, &err);
}

/* ---- what a header says ---------------------------------------------------------------------- */

static void set_integer(lua_State *L, const char *field, int64_t value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, field);
}

static void set_boolean(lua_State *L, const char *field, bool value)
{
    lua_pushboolean(L, value);
    lua_setfield(L, -2, field);
}

static void set_text(lua_State *L, const char *field, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, field);
}

static int push_info(lua_State *L, const char *bytes, const struct image_info *info, size_t size)
{
    char profile[LOOK_TEXT_MAX];
    look_profile(bytes, info, profile);
    lua_createtable(L, 0, 17);
    set_text(L, "format", image_format_name(info->format));
    set_text(L, "content_type", image_format_content_type(info->format));
    set_integer(L, "width", info->oriented_width);
    set_integer(L, "height", info->oriented_height);
    set_integer(L, "stored_width", info->width);
    set_integer(L, "stored_height", info->height);
    set_integer(L, "orientation", info->orientation);
    set_integer(L, "frames", info->frames);
    set_boolean(L, "animated", info->animated);
    set_boolean(L, "alpha", info->alpha);
    set_integer(L, "depth", info->depth);
    set_integer(L, "channels", info->channels);
    set_boolean(L, "progressive", info->progressive);
    set_integer(L, "profile_bytes", info->profile_bytes);
    if (profile[0] != '\0') {
        set_text(L, "profile", profile);
    }
    set_integer(L, "metadata_bytes", info->metadata_bytes);
    set_integer(L, "size", (int64_t)size);
    return 1;
}

/* image.probe(bytes | {bytes=, limits=}) */
static int probe(lua_State *L)
{
    struct source source;
    struct image_info info;
    read_source(L, "probe", &source);
    probe_source(L, &source, "image.probe", &info);
    return push_info(L, source.bytes.data, &info, source.bytes.length);
}

/* image.formats() */
static int formats(lua_State *L)
{
    lua_createtable(L, 0, IMAGE_FORMATS - 1);
    for (int i = IMAGE_UNKNOWN + 1; i < IMAGE_FORMATS; i++) {
        enum image_format format = (enum image_format)i;
        lua_createtable(L, 0, 4);
        set_text(L, "content_type", image_format_content_type(format));
        set_text(L, "extension", image_format_extension(format));
        set_boolean(L, "read", image_format_readable(format));
        set_boolean(L, "write", image_format_writable(format));
        lua_setfield(L, -2, image_format_name(format));
    }
    return 1;
}

/* ---- the photo ------------------------------------------------------------------------------- */

/* image.open(bytes | {bytes=, limits=}) */
static int open_photo(lua_State *L)
{
    struct source source;
    read_source(L, "open", &source); /* argument, bytes */
    struct photo *photo = lua_newuserdatauv(L, sizeof *photo, PHOTO_VALUES);
    memset(photo, 0, sizeof *photo);
    luaL_setmetatable(L, PHOTO_METATABLE); /* argument, bytes, photo */
    probe_source(L, &source, "image.open", &photo->info);
    lua_pushvalue(L, 2);
    (void)lua_setiuservalue(L, -2, PHOTO_BYTES);
    photo->bytes = source.bytes.data;
    photo->length = source.bytes.length;
    photo->limits = source.limits;
    photo->chain.width = photo->info.oriented_width;
    photo->chain.height = photo->info.oriented_height;
    photo->open = true;
    return 1;
}

/* __close, __gc and photo:close(). What renders of it are running have the bytes for themselves. */
static int close_photo(lua_State *L)
{
    struct photo *photo = luaL_checkudata(L, 1, PHOTO_METATABLE);
    photo->open = false;
    photo->bytes = NULL;
    for (int i = 1; i <= PHOTO_VALUES; i++) {
        lua_pushnil(L);
        (void)lua_setiuservalue(L, 1, i);
    }
    return 0;
}

struct photo *photo_check(lua_State *L, int index, const char *function)
{
    struct photo *photo = luaL_checkudata(L, index, PHOTO_METATABLE);
    if (!photo->open) {
        arguments_complain(L, index, function, "the photo is closed");
    }
    return photo;
}

static int photo_info(lua_State *L)
{
    const struct photo *photo = photo_check(L, 1, "info");
    return push_info(L, photo->bytes, &photo->info, photo->length);
}

static int photo_text(lua_State *L)
{
    const struct photo *photo = luaL_checkudata(L, 1, PHOTO_METATABLE);
    if (photo->open) {
        lua_pushfstring(L, "photo (%s %I x %I)", image_format_name(photo->info.format),
                        (LUAI_UACINT)photo->chain.width, (LUAI_UACINT)photo->chain.height);
    } else {
        lua_pushstring(L, "photo (closed)");
    }
    return 1;
}

/* ---- the module ------------------------------------------------------------------------------ */

static const luaL_Reg functions[] = {
    {"check", photo_check_targets},
    {"distance", image_distance},
    {"formats", formats},
    {"open", open_photo},
    {"probe", probe},
    {"steps", image_steps},
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    {"close", close_photo},         {"colours", photo_colours}, {"encode", photo_encode},
    {"exif", photo_exif},           {"info", photo_info},       {"phash", photo_phash},
    {"plan", photo_plan},           {"render", photo_render},   {"sha256", photo_sha256},
    {"thumbhash", photo_thumbhash}, {"trim", photo_trim},       {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__close", close_photo},
    {"__gc", close_photo},
    {"__tostring", photo_text},
    {NULL, NULL},
};

/* The fields that a photo has besides its methods; false for any other name. */
static bool push_field(lua_State *L, const struct photo *photo, const char *name)
{
    if (strcmp(name, "width") == 0) {
        lua_pushinteger(L, photo->chain.width);
    } else if (strcmp(name, "height") == 0) {
        lua_pushinteger(L, photo->chain.height);
    } else if (strcmp(name, "format") == 0) {
        lua_pushstring(L, image_format_name(photo->info.format));
    } else if (strcmp(name, "content_type") == 0) {
        lua_pushstring(L, image_format_content_type(photo->info.format));
    } else if (strcmp(name, "frames") == 0) {
        lua_pushinteger(L, photo->info.frames);
    } else if (strcmp(name, "animated") == 0) {
        lua_pushboolean(L, photo->info.animated);
    } else if (strcmp(name, "alpha") == 0) {
        lua_pushboolean(L, photo->info.alpha);
    } else {
        return false;
    }
    return true;
}

/* __index; the table of methods is its upvalue. A misspelt field is an error, not nil. */
static int photo_index(lua_State *L)
{
    const struct photo *photo = luaL_checkudata(L, 1, PHOTO_METATABLE);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) {
        return 1;
    }
    const char *name = luaL_tolstring(L, 2, NULL);
    if (!push_field(L, photo, name)) {
        struct error err;
        (void)error_set(&err, "usage",
                        "a photo has no field '%.64s'; fields: width, height, format, "
                        "content_type, frames, animated, alpha; more is in photo:info()",
                        name);
        raise_error(L, &err);
    }
    return 1;
}

static void create_metatable(lua_State *L)
{
    luaL_newmetatable(L, PHOTO_METATABLE);
    luaL_setfuncs(L, metamethods, 0);
    luaL_newlib(L, methods);
    photo_set_step_methods(L);
    lua_pushcclosure(L, photo_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

static void keep_limits(lua_State *L, const struct image_limits *limits)
{
    struct image_limits *kept = lua_newuserdatauv(L, sizeof *kept, 0);
    *kept = *limits;
    lua_rawsetp(L, LUA_REGISTRYINDEX, &limits_key);
}

int luaopen_image(lua_State *L)
{
    struct image_limits limits;
    struct error err;
    if (!image_limits_from_environment(&limits, &err) ||
        !image_engine_start(bindings_of(L)->image_memory, &err)) {
        raise_error(L, &err);
    }
    keep_limits(L, &limits);
    create_metatable(L);
    luaL_newlib(L, functions);
    return 1;
}
