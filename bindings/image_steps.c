/*
 * image_steps.c - the steps: methods that a photo and a list of steps (image.steps()) share. Each
 * records what is to be done, and returns its object. A part of the module that image.c opens.
 *
 * What a step borrows (another picture, a font, a text) lives in userdata that the object anchors,
 * and so does each job that uses the steps.
 */
#include <inttypes.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "bindings/arguments.h"
#include "bindings/bytes.h"
#include "bindings/image/steps/annotate.h"
#include "bindings/image/steps/overlay.h"
#include "bindings/photo.h"
#include "host/raise.h"
#include "host/utf8.h"

const char *const photo_gravities[] = {"center", "north",     "northeast", "east",      "southeast",
                                       "south",  "southwest", "west",      "northwest", NULL};

struct text {
    const char *data;
    size_t length;
};

/* ---- objects --------------------------------------------------------------------------------- */

/* The first argument's: a photo's, or a list's. */
static struct step_chain *check_chain(lua_State *L, const char *function)
{
    struct step_chain *chain = luaL_testudata(L, 1, STEPS_METATABLE);
    return chain != NULL ? chain : &photo_check(L, 1, function)->chain;
}

/* Keeps the value on top of the stack alive as long as the first argument; pops it. */
static void anchor(lua_State *L)
{
    int where = luaL_testudata(L, 1, STEPS_METATABLE) != NULL ? 1 : PHOTO_ANCHORS;
    if (lua_getiuservalue(L, 1, where) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        (void)lua_setiuservalue(L, 1, where);
    }
    lua_insert(L, -2); /* anchors, value */
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    lua_pop(L, 1);
}

bool photo_add_step(struct step_chain *chain, const struct image_step *step, struct error *err)
{
    if (chain->count == PHOTO_STEPS_MAX) {
        return error_set(err, "limit", "a photo takes %d steps", PHOTO_STEPS_MAX);
    }
    if (!image_steps_size(step, 1, &chain->width, &chain->height, err)) {
        return false;
    }
    chain->steps[chain->count++] = *step;
    return true;
}

/* Records the step and returns the object. */
static int add_step(lua_State *L, const struct image_step *step, const char *function)
{
    struct error err;
    if (!photo_add_step(check_chain(L, function), step, &err)) {
        raise_error(L, &err);
    }
    lua_settop(L, 1);
    return 1;
}

static int plain_step(lua_State *L, enum image_step_kind kind, const char *function)
{
    return add_step(L, &(struct image_step){.kind = kind}, function);
}

/* ---- colours --------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c != '\0' ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

bool photo_colour(const char *text, size_t length, uint8_t colour[3])
{
    if (length != 7 || text[0] != '#') {
        return false;
    }
    for (int i = 0; i < 3; i++) {
        int high = hex_digit(text[1 + 2 * i]), low = hex_digit(text[2 + 2 * i]);
        if (high < 0 || low < 0) {
            return false;
        }
        colour[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

/* A field's colour; absent leaves it as it is. */
static void read_colour(lua_State *L, const char *function, const char *field,
                        const struct text *text, uint8_t colour[3])
{
    if (text->data != NULL && !photo_colour(text->data, text->length, colour)) {
        arguments_complain(L, 2, function,
                           "field '%s' is '%.32s', expected a colour like \"#ffffff\"", field,
                           text->data);
    }
}

/* ---- geometry -------------------------------------------------------------------------------- */

#define CROP(field, least)                                                                         \
    {                                                                                              \
#field, ARGUMENT_INTEGER, offsetof(struct image_step, field),                              \
            .required = true, .min = (least), .max = INT32_MAX                                     \
    }

static const struct argument crop_fields[] = {
    CROP(x, 0), CROP(y, 0), CROP(width, 1), CROP(height, 1), {.name = NULL},
};

static int crop(lua_State *L)
{
    struct image_step step = {.kind = IMAGE_CROP};
    (void)check_chain(L, "crop");
    arguments_read(L, 2, "crop", crop_fields, &step, 0);
    return add_step(L, &step, "crop");
}

static int rotate(lua_State *L)
{
    struct image_step step = {.kind = IMAGE_ROTATE};
    (void)check_chain(L, "rotate");
    lua_Integer angle = luaL_checkinteger(L, 2);
    step.angle = angle > 0 && angle < 360 ? (int)angle : 0;
    if (step.angle % 90 != 0 || step.angle == 0) {
        arguments_complain(L, 2, "rotate", "the angle must be 90, 180 or 270, not %lld",
                           (long long)angle);
    }
    return add_step(L, &step, "rotate");
}

static int flip(lua_State *L)
{
    return plain_step(L, IMAGE_FLIP, "flip");
}

static int flop(lua_State *L)
{
    return plain_step(L, IMAGE_FLOP, "flop");
}

struct border_wish {
    int64_t width;
    struct text colour;
};

static const struct argument border_fields[] = {
    {"width", ARGUMENT_INTEGER, offsetof(struct border_wish, width), .required = true, .min = 1,
     .max = STEPS_BORDER_MAX},
    {"colour", ARGUMENT_TEXT, offsetof(struct border_wish, colour)},
    {.name = NULL},
};

static int border(lua_State *L)
{
    struct border_wish wish = {0};
    (void)check_chain(L, "border");
    arguments_read(L, 2, "border", border_fields, &wish, 0);
    struct image_step step = {.kind = IMAGE_BORDER, .width = wish.width, .height = wish.width};
    read_colour(L, "border", "colour", &wish.colour, step.colour);
    return add_step(L, &step, "border");
}

static int round_corners(lua_State *L)
{
    struct image_step step = {.kind = IMAGE_ROUND, .width = luaL_checkinteger(L, 2)};
    return add_step(L, &step, "round");
}

/* ---- colours and filters --------------------------------------------------------------------- */

static int grayscale(lua_State *L)
{
    return plain_step(L, IMAGE_GRAYSCALE, "grayscale");
}

static int sepia(lua_State *L)
{
    return plain_step(L, IMAGE_SEPIA, "sepia");
}

static int tint(lua_State *L)
{
    struct image_step step = {.kind = IMAGE_TINT};
    size_t length = 0;
    const char *text = luaL_checklstring(L, 2, &length);
    if (!photo_colour(text, length, step.colour)) {
        arguments_complain(L, 2, "tint", "'%.32s' is no colour like \"#704214\"", text);
    }
    return add_step(L, &step, "tint");
}

static int blur(lua_State *L)
{
    struct image_step step = {.kind = IMAGE_BLUR, .sigma = luaL_checknumber(L, 2)};
    return add_step(L, &step, "blur");
}

static int sharpen(lua_State *L)
{
    struct image_step step = {.kind = IMAGE_SHARPEN, .sigma = luaL_checknumber(L, 2)};
    return add_step(L, &step, "sharpen");
}

static int pixelate(lua_State *L)
{
    struct image_step step = {.kind = IMAGE_PIXELATE, .width = luaL_checkinteger(L, 2)};
    step.height = step.width;
    return add_step(L, &step, "pixelate");
}

/* ---- overlays -------------------------------------------------------------------------------- */

struct overlay_wish {
    int64_t x, y;
    int gravity;
    double opacity, scale;
    bool tile;
};

#define OFFSET_MAX 65536
static const struct argument composite_fields[] = {
    {"image", ARGUMENT_ANY, .required = true},
    {"gravity", ARGUMENT_CHOICE, offsetof(struct overlay_wish, gravity),
     .choices = photo_gravities},
    {"x", ARGUMENT_INTEGER, offsetof(struct overlay_wish, x), .min = -OFFSET_MAX,
     .max = OFFSET_MAX},
    {"y", ARGUMENT_INTEGER, offsetof(struct overlay_wish, y), .min = -OFFSET_MAX,
     .max = OFFSET_MAX},
    {"opacity", ARGUMENT_NUMBER, offsetof(struct overlay_wish, opacity), .min = 0, .max = 1},
    {"scale", ARGUMENT_NUMBER, offsetof(struct overlay_wish, scale), .min = 0, .max = 1},
    {"tile", ARGUMENT_BOOLEAN, offsetof(struct overlay_wish, tile)},
    {.name = NULL},
};

/* Takes what an opened photo is; what is still to be done to it would be lost. */
static void take_photo(lua_State *L, int index, const char *function, struct image_overlay *overlay)
{
    const struct photo *photo = photo_check(L, index, function);
    if (photo->chain.count > 0) {
        arguments_complain(L, 2, function,
                           "the overlay has steps of its own: give the bytes of its render");
    }
    overlay->bytes = photo->bytes;
    overlay->length = photo->length;
    overlay->info = photo->info;
    overlay->limits = photo->limits;
    (void)lua_getiuservalue(L, index, PHOTO_BYTES);
}

/* Of a file, whose bytes the overlay has. */
static void take_bytes(lua_State *L, int index, const char *function, struct image_overlay *overlay)
{
    struct error err;
    overlay->limits = *photo_limits(L);
    if (!image_probe(overlay->bytes, overlay->length, &overlay->limits, &overlay->info, &err)) {
        (void)error_prefix(&err, "%s", function);
        raise_error(L, &err);
    }
    lua_pushvalue(L, index);
}

/* An overlay of the photo or bytes at `index`, anchored to the first argument. */
static struct image_overlay *new_overlay(lua_State *L, int index, const char *function)
{
    struct image_overlay *overlay = lua_newuserdatauv(L, sizeof *overlay, 1);
    memset(overlay, 0, sizeof *overlay);
    const char *bytes;
    if (bytes_read(L, index, &bytes, &overlay->length)) {
        overlay->bytes = bytes;
        take_bytes(L, index, function, overlay);
    } else if (luaL_testudata(L, index, PHOTO_METATABLE) != NULL) {
        take_photo(L, index, function, overlay);
    } else {
        arguments_complain(L, 2, function, "an opened photo or a file's bytes expected, got %s",
                           luaL_typename(L, index));
    }
    (void)lua_setiuservalue(L, -2, 1);
    anchor(L);
    return overlay;
}

/* Table, then what it says: the picture is on top of the stack afterwards. */
static int composite(lua_State *L)
{
    struct overlay_wish wish = {.opacity = 1, .scale = -1};
    (void)check_chain(L, "composite");
    lua_settop(L, 2);
    arguments_read(L, 2, "composite", composite_fields, &wish, 0);
    if (wish.scale == 0) {
        arguments_complain(L, 2, "composite", "field 'scale' is 0, expected above 0 to 1");
    }
    lua_getfield(L, 2, "image");
    struct image_overlay *overlay = new_overlay(L, 3, "composite");
    overlay->gravity = (enum image_gravity)wish.gravity;
    overlay->opacity = wish.opacity;
    overlay->scale = wish.scale > 0 ? wish.scale : 0;
    overlay->tile = wish.tile;
    struct image_step step = {
        .kind = IMAGE_COMPOSITE, .x = wish.x, .y = wish.y, .overlay = overlay};
    return add_step(L, &step, "composite");
}

static int mask(lua_State *L)
{
    (void)check_chain(L, "mask");
    lua_settop(L, 2);
    struct image_step step = {.kind = IMAGE_MASK, .overlay = new_overlay(L, 2, "mask")};
    return add_step(L, &step, "mask");
}

/* ---- texts ----------------------------------------------------------------------------------- */

struct text_wish {
    struct text text, font, colour, outline, background;
    int64_t x, y, outline_width, padding;
    int gravity;
    double size, opacity, background_opacity;
};

#define TEXT(field)                                                                                \
    {                                                                                              \
#field, ARGUMENT_TEXT, offsetof(struct text_wish, field)                                   \
    }
#define SHARE(field)                                                                               \
    {                                                                                              \
#field, ARGUMENT_NUMBER, offsetof(struct text_wish, field), .min = 0, .max = 1             \
    }
#define PIXELS(field, least, most)                                                                 \
    {                                                                                              \
#field, ARGUMENT_INTEGER, offsetof(struct text_wish, field), .min = (least), .max = (most) \
    }
static const struct argument annotate_fields[] = {
    {"text", ARGUMENT_TEXT, offsetof(struct text_wish, text), .required = true, .min = 1,
     .max = ANNOTATE_TEXT_MAX},
    {"font", ARGUMENT_TEXT, offsetof(struct text_wish, font), .required = true},
    {"size", ARGUMENT_NUMBER, offsetof(struct text_wish, size), .required = true, .min = 1,
     .max = ANNOTATE_SIZE_MAX},
    {"gravity", ARGUMENT_CHOICE, offsetof(struct text_wish, gravity), .choices = photo_gravities},
    PIXELS(x, -OFFSET_MAX, OFFSET_MAX),
    PIXELS(y, -OFFSET_MAX, OFFSET_MAX),
    TEXT(colour),
    SHARE(opacity),
    TEXT(outline),
    PIXELS(outline_width, 1, ANNOTATE_OUTLINE_MAX),
    TEXT(background),
    SHARE(background_opacity),
    PIXELS(padding, 0, ANNOTATE_PADDING_MAX),
    {.name = NULL},
};
#undef TEXT
#undef SHARE
#undef PIXELS

static void read_text_colours(lua_State *L, const struct text_wish *wish, struct image_text *text)
{
    memset(text->colour, 255, sizeof text->colour);
    read_colour(L, "annotate", "colour", &wish->colour, text->colour);
    read_colour(L, "annotate", "outline", &wish->outline, text->outline);
    read_colour(L, "annotate", "background", &wish->background, text->background);
    if (wish->outline.data != NULL) {
        text->outline_width = wish->outline_width;
    }
    if (wish->background.data != NULL) {
        text->background_opacity = wish->background_opacity;
    }
}

/* A text as the table at 2 wishes, anchored to the first argument. */
static struct image_text *new_text(lua_State *L, const struct text_wish *wish)
{
    struct image_text *text = lua_newuserdatauv(L, sizeof *text, 2);
    *text = (struct image_text){.text = wish->text.data,
                                .length = wish->text.length,
                                .font = {wish->font.data, wish->font.length},
                                .size = wish->size,
                                .gravity = (enum image_gravity)wish->gravity,
                                .opacity = wish->opacity,
                                .padding = wish->padding};
    read_text_colours(L, wish, text);
    struct error err;
    if (!font_check(&text->font, &err)) {
        (void)error_prefix(&err, "annotate");
        raise_error(L, &err);
    }
    lua_getfield(L, 2, "text");
    (void)lua_setiuservalue(L, -2, 1);
    lua_getfield(L, 2, "font");
    (void)lua_setiuservalue(L, -2, 2);
    anchor(L);
    return text;
}

static int annotate(lua_State *L)
{
    struct text_wish wish = {.opacity = 1, .background_opacity = 1, .outline_width = 1};
    (void)check_chain(L, "annotate");
    lua_settop(L, 2);
    arguments_read(L, 2, "annotate", annotate_fields, &wish, 0);
    if (!utf8_valid(wish.text.data, wish.text.length)) {
        arguments_complain(L, 2, "annotate", "field 'text' is not UTF-8");
    }
    struct image_step step = {
        .kind = IMAGE_ANNOTATE, .x = wish.x, .y = wish.y, .text = new_text(L, &wish)};
    return add_step(L, &step, "annotate");
}

/* ---- both objects ---------------------------------------------------------------------------- */

static const luaL_Reg step_methods[] = {
    {"annotate", annotate}, {"blur", blur},         {"border", border}, {"composite", composite},
    {"crop", crop},         {"flip", flip},         {"flop", flop},     {"grayscale", grayscale},
    {"mask", mask},         {"pixelate", pixelate}, {"rotate", rotate}, {"round", round_corners},
    {"sepia", sepia},       {"sharpen", sharpen},   {"tint", tint},     {NULL, NULL},
};

void photo_set_step_methods(lua_State *L)
{
    luaL_setfuncs(L, step_methods, 0);
}
