/*
 * photo.h - the object that image.open() gives, between the files of the `image` module.
 */
#ifndef LUNETTE_BINDINGS_PHOTO_H
#define LUNETTE_BINDINGS_PHOTO_H

#include <lua.h>

#include "bindings/image/engine.h"

#define PHOTO_METATABLE "lunette.photo"
#define STEPS_METATABLE "lunette.image.steps"
#define PHOTO_STEPS_MAX 32 /* that can be chained */

/* What is to be done: a photo's steps before each render, or a list by itself (image.steps()). */
struct step_chain {
    struct image_step steps[PHOTO_STEPS_MAX];
    size_t count;
    int64_t width, height; /* displayed, after the steps; of a list by itself no real ones */
};

/* What a photo keeps alive, its user values: its bytes, the small decode, a table of what its steps
 * need. */
enum { PHOTO_BYTES = 1, PHOTO_GLANCE, PHOTO_ANCHORS, PHOTO_VALUES = PHOTO_ANCHORS };

/* Decodes nothing until it is rendered: bytes, what their header says, and what is to be done. */
struct photo {
    bool open;
    const char *bytes; /* borrowed from the first user value while open */
    size_t length;
    struct image_info info;
    struct image_limits limits;
    struct step_chain chain;
};

/* The photo at `index`; raises when it is another thing, or closed. */
struct photo *photo_check(lua_State *L, int index, const char *function);

/* The limits that the environment sets. Borrowed as long as the state. */
const struct image_limits *photo_limits(lua_State *L);

/* The list of steps at `index`, NULL for anything else. */
const struct step_chain *photo_steps(lua_State *L, int index);

/* A colour as "#rrggbb"; false for anything else. */
bool photo_colour(const char *text, size_t length, uint8_t colour[3]);

extern const char *const photo_gravities[]; /* by enum image_gravity, ended by NULL */

/* Adds the steps to the table of methods on top of the stack; for both kinds of objects. */
void photo_set_step_methods(lua_State *L);

/* Adds a step, or says why it can't be done. */
MUST_CHECK bool photo_add_step(struct step_chain *chain, const struct image_step *step,
                               struct error *err);

/* photo:trim(options) */
int photo_trim(lua_State *L);

/* image.steps() */
int image_steps(lua_State *L);

/* photo:render(target | targets), photo:encode(options) and photo:plan(target | targets) */
int photo_render(lua_State *L);
int photo_encode(lua_State *L);
int photo_plan(lua_State *L);

/* image.check(target | targets) */
int photo_check_targets(lua_State *L);

/* photo:exif(options) */
int photo_exif(lua_State *L);

/* photo:colours(options), photo:thumbhash(), photo:phash(), photo:sha256(), image.distance(a, b) */
int photo_colours(lua_State *L);
int photo_thumbhash(lua_State *L);
int photo_phash(lua_State *L);
int photo_sha256(lua_State *L);
int image_distance(lua_State *L);

#endif
