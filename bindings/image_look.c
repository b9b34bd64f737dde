/*
 * image_look.c - photo:exif(): what a photo tells of itself. A part of the module that image.c
 * opens.
 */
#include <lauxlib.h>

#include "bindings/arguments.h"
#include "bindings/image/look/look.h"
#include "bindings/photo.h"

/* ---- EXIF ------------------------------------------------------------------------------------ */

struct exif_options {
    bool gps;
};

static const struct argument exif_fields[] = {
    {"gps", ARGUMENT_BOOLEAN, offsetof(struct exif_options, gps)},
    {.name = NULL},
};

#define FIELD(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct look_exif, name)                                                    \
    }
struct exif_field {
    const char *name;
    size_t offset;
};
static const struct exif_field exif_texts[] = {
    FIELD(make),        FIELD(model),    FIELD(lens_make), FIELD(lens),      FIELD(taken),
    FIELD(description), FIELD(software), FIELD(artist),    FIELD(copyright), {NULL, 0},
};
static const struct exif_field exif_numbers[] = {
    FIELD(exposure_seconds), FIELD(f_number), FIELD(focal_length_mm), {NULL, 0}};
static const struct exif_field exif_integers[] = {
    FIELD(iso), FIELD(focal_length_35mm), FIELD(orientation), {NULL, 0}};
#undef FIELD

static void set_number(lua_State *L, const char *field, double value)
{
    lua_pushnumber(L, value);
    lua_setfield(L, -2, field);
}

static void set_said(lua_State *L, const struct look_exif *exif)
{
    const char *at = (const char *)exif;
    for (const struct exif_field *field = exif_texts; field->name != NULL; field++) {
        if (at[field->offset] != '\0') {
            lua_pushstring(L, at + field->offset);
            lua_setfield(L, -2, field->name);
        }
    }
    for (const struct exif_field *field = exif_numbers; field->name != NULL; field++) {
        double value = *(const double *)(const void *)(at + field->offset);
        if (value > 0) {
            set_number(L, field->name, value);
        }
    }
    for (const struct exif_field *field = exif_integers; field->name != NULL; field++) {
        int64_t value = *(const int64_t *)(const void *)(at + field->offset);
        if (value > 0) {
            lua_pushinteger(L, value);
            lua_setfield(L, -2, field->name);
        }
    }
    if (exif->has_flash) {
        lua_pushboolean(L, exif->flash);
        lua_setfield(L, -2, "flash");
    }
}

static void set_position(lua_State *L, const struct look_exif *exif)
{
    lua_createtable(L, 0, 3);
    set_number(L, "latitude", exif->latitude);
    set_number(L, "longitude", exif->longitude);
    if (exif->has_altitude) {
        set_number(L, "altitude_m", exif->altitude_m);
    }
    lua_setfield(L, -2, "gps");
}

int photo_exif(lua_State *L)
{
    const struct photo *photo = photo_check(L, 1, "exif");
    struct exif_options options = {.gps = false};
    if (!lua_isnoneornil(L, 2)) {
        arguments_read(L, 2, "exif", exif_fields, &options, 0);
    }
    struct look_exif exif;
    look_exif(photo->bytes, &photo->info, &exif);
    lua_createtable(L, 0, 16);
    set_said(L, &exif);
    if (options.gps && exif.has_position) {
        set_position(L, &exif);
    }
    return 1;
}
