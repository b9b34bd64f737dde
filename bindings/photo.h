/*
 * photo.h - the object that image.open() gives, between the two files of the `image` module.
 */
#ifndef LUNETTE_BINDINGS_PHOTO_H
#define LUNETTE_BINDINGS_PHOTO_H

#include <lua.h>

#include "bindings/image/engine.h"

#define PHOTO_METATABLE "lunette.photo"
#define PHOTO_STEPS_MAX 32 /* steps that can be chained before a render */

/* Decodes nothing until it is rendered: bytes, what their header says, and what is to be done. */
struct photo {
    bool open;
    const char *bytes; /* borrowed from the string in the first user value while open */
    size_t length;
    struct image_info info;
    struct image_limits limits;
    struct image_step steps[PHOTO_STEPS_MAX];
    size_t step_count;
    int64_t width, height; /* as displayed, after the steps */
};

/* The photo at `index`; raises when it is another thing, or closed. */
struct photo *photo_check(lua_State *L, int index, const char *function);

/* photo:render(target | targets), photo:encode(options) and photo:plan(target | targets) */
int photo_render(lua_State *L);
int photo_encode(lua_State *L);
int photo_plan(lua_State *L);

#endif
