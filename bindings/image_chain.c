/*
 * image_chain.c - image.steps(): a list of steps by itself. Part of the module that image.c opens;
 * the methods are in image_steps.c.
 *
 * As text a list says all that it does, so that rules can tell whether their pictures would be
 * others: a picture or font that a step borrows stands there by its digest.
 */
#include <inttypes.h>
#include <lauxlib.h>
#include <stdio.h>

#include "bindings/digest.h"
#include "bindings/image/steps/annotate.h"
#include "bindings/image/steps/overlay.h"
#include "bindings/photo.h"
#include "host/raise.h"

const struct step_chain *photo_steps(lua_State *L, int index)
{
    return luaL_testudata(L, index, STEPS_METATABLE);
}

/* ---- as text --------------------------------------------------------------------------------- */

enum { SHOWN_DIGITS = 16 };

static void add_digest(lua_State *L, luaL_Buffer *text, const void *bytes, size_t length)
{
    unsigned char digest[DIGEST_MAX];
    char digits[2 * DIGEST_MAX + 1];
    size_t digest_length;
    struct error err;
    if (!digest_compute(DIGEST_SHA256, bytes, length, digest, &digest_length, &err)) {
        raise_error(L, &err);
    }
    digest_hex(digest, digest_length, digits);
    luaL_addlstring(text, digits, SHOWN_DIGITS);
}

static void add_overlay(lua_State *L, luaL_Buffer *text, const struct image_overlay *overlay)
{
    char line[128];
    add_digest(L, text, overlay->bytes, overlay->length);
    (void)snprintf(line, sizeof line, " %s, opacity %.17g, scale %.17g%s",
                   photo_gravities[overlay->gravity], overlay->opacity, overlay->scale,
                   overlay->tile ? ", tiled" : "");
    luaL_addstring(text, line);
}

static void add_annotation(lua_State *L, luaL_Buffer *text, const struct image_text *drawn)
{
    char line[400];
    (void)snprintf(line, sizeof line,
                   " %s, size %.17g, opacity %.17g, colour #%02x%02x%02x, outline %" PRId64
                   " #%02x%02x%02x, background %.17g #%02x%02x%02x, padding %" PRId64 ", text ",
                   photo_gravities[drawn->gravity], drawn->size, drawn->opacity, drawn->colour[0],
                   drawn->colour[1], drawn->colour[2], drawn->outline_width, drawn->outline[0],
                   drawn->outline[1], drawn->outline[2], drawn->background_opacity,
                   drawn->background[0], drawn->background[1], drawn->background[2],
                   drawn->padding);
    add_digest(L, text, drawn->font.bytes, drawn->font.length);
    luaL_addstring(text, line);
    luaL_addlstring(text, drawn->text, drawn->length);
}

/* Its numbers. */
static void describe(const struct image_step *step, char *line, size_t size)
{
    char colour[8];
    (void)snprintf(colour, sizeof colour, "#%02x%02x%02x", step->colour[0], step->colour[1],
                   step->colour[2]);
    switch (step->kind) {
    case IMAGE_CROP:
        (void)snprintf(line, size, " %" PRId64 "x%" PRId64 "+%" PRId64 "+%" PRId64, step->width,
                       step->height, step->x, step->y);
        break;
    case IMAGE_ROTATE:
        (void)snprintf(line, size, " %d", step->angle);
        break;
    case IMAGE_BLUR:
    case IMAGE_SHARPEN:
        (void)snprintf(line, size, " %.17g", step->sigma);
        break;
    case IMAGE_PIXELATE:
    case IMAGE_ROUND:
        (void)snprintf(line, size, " %" PRId64, step->width);
        break;
    case IMAGE_TINT:
        (void)snprintf(line, size, " %s", colour);
        break;
    case IMAGE_BORDER:
        (void)snprintf(line, size, " %" PRId64 " %s", step->width, colour);
        break;
    case IMAGE_COMPOSITE:
    case IMAGE_ANNOTATE:
        (void)snprintf(line, size, " %+" PRId64 "%+" PRId64 " ", step->x, step->y);
        break;
    case IMAGE_MASK:
        (void)snprintf(line, size, " ");
        break;
    case IMAGE_FLIP:
    case IMAGE_FLOP:
    case IMAGE_GRAYSCALE:
    case IMAGE_SEPIA:
        line[0] = '\0';
        break;
    }
}

static void add_step(lua_State *L, luaL_Buffer *text, const struct image_step *step)
{
    static const char *const names[] = {
        [IMAGE_CROP] = "crop",           [IMAGE_ROTATE] = "rotate",
        [IMAGE_FLIP] = "flip",           [IMAGE_FLOP] = "flop",
        [IMAGE_GRAYSCALE] = "grayscale", [IMAGE_BLUR] = "blur",
        [IMAGE_SHARPEN] = "sharpen",     [IMAGE_PIXELATE] = "pixelate",
        [IMAGE_SEPIA] = "sepia",         [IMAGE_TINT] = "tint",
        [IMAGE_BORDER] = "border",       [IMAGE_ROUND] = "round",
        [IMAGE_COMPOSITE] = "composite", [IMAGE_MASK] = "mask",
        [IMAGE_ANNOTATE] = "annotate",
    };
    char line[128];
    describe(step, line, sizeof line);
    luaL_addstring(text, names[step->kind]);
    luaL_addstring(text, line);
    if (step->overlay != NULL) {
        add_overlay(L, text, step->overlay);
    }
    if (step->text != NULL) {
        add_annotation(L, text, step->text);
    }
}

static int steps_text(lua_State *L)
{
    const struct step_chain *chain = luaL_checkudata(L, 1, STEPS_METATABLE);
    luaL_Buffer text;
    luaL_buffinit(L, &text);
    luaL_addstring(&text, "steps (");
    for (size_t i = 0; i < chain->count; i++) {
        luaL_addstring(&text, i == 0 ? "" : "; ");
        add_step(L, &text, &chain->steps[i]);
    }
    luaL_addstring(&text, ")");
    luaL_pushresult(&text);
    return 1;
}

/* ---- the list -------------------------------------------------------------------------------- */

/* It knows no size: it is as if it were of a picture that any step can be done to. */
int image_steps(lua_State *L)
{
    struct step_chain *chain = lua_newuserdatauv(L, sizeof *chain, 1);
    *chain = (struct step_chain){.width = INT32_MAX, .height = INT32_MAX};
    if (luaL_newmetatable(L, STEPS_METATABLE)) {
        lua_pushcfunction(L, steps_text);
        lua_setfield(L, -2, "__tostring");
        lua_newtable(L);
        photo_set_step_methods(L);
        lua_setfield(L, -2, "__index");
    }
    lua_setmetatable(L, -2);
    return 1;
}
