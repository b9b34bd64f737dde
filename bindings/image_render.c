/*
 * image_render.c - photo:render() and photo:encode(): targets in, pictures out, by a job on a
 * worker thread; photo:plan(): how that would be done. The other half of image.c.
 */
#include <lauxlib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bindings/arguments.h"
#include "bindings/photo.h"
#include "host/loop.h"
#include "host/raise.h"

#define TARGETS_MAX 64

/* One target as it is read, beside the engine's. */
struct wish {
    int64_t width, height, quality;
    int fit, gravity, filter, format;
    bool enlarge, progressive, lossless, keep_metadata, animated;
    struct {
        const char *data;
        size_t length;
    } background, name;
};

struct entry {
    struct image_target target;
    struct image_output output;
    const char *name; /* borrowed from an anchored string; NULL: none */
    size_t name_length;
};

/* The photo's own state is copied: it may be changed or closed while this runs. */
struct render_job {
    struct job job;
    const char *bytes; /* borrowed from an anchored string */
    size_t length;
    struct image_info info;
    struct image_limits limits;
    struct image_step steps[PHOTO_STEPS_MAX];
    size_t step_count;
    bool list; /* the result is a list */
    size_t count;
    struct entry entries[];
};

/* ---- arguments ------------------------------------------------------------------------------- */

static const char *const fits[] = {"inside", "cover", "contain", "fill", NULL};
static const char *const gravities[] = {"center",    "north", "northeast", "east",
                                        "southeast", "south", "southwest", "west",
                                        "northwest", NULL};
static const char *const filters[] = {"lanczos",  "mitchell", "catrom",  "cubic", "triangle",
                                      "bilinear", "box",      "nearest", NULL};
static const enum image_filter filter_of[] = {IMAGE_LANCZOS, IMAGE_MITCHELL, IMAGE_CATROM,
                                              IMAGE_CATROM,  IMAGE_TRIANGLE, IMAGE_TRIANGLE,
                                              IMAGE_BOX,     IMAGE_NEAREST};
static const char *const written[] = {"jpeg", "jpg", "png", "webp", "gif", NULL};

/* clang-format off */
#define ENCODE_FIELDS                                                                              \
    {.name = "format", .type = ARGUMENT_CHOICE, .offset = offsetof(struct wish, format),           \
     .choices = written},                                                                          \
    {.name = "quality", .type = ARGUMENT_INTEGER, .offset = offsetof(struct wish, quality),        \
     .min = 1, .max = 100},                                                                        \
    BOOLEAN(progressive), BOOLEAN(lossless), BOOLEAN(keep_metadata), BOOLEAN(animated),            \
    TEXT(background), TEXT(name)
#define BOOLEAN(field)                                                                             \
    {.name = #field, .type = ARGUMENT_BOOLEAN, .offset = offsetof(struct wish, field)}
#define TEXT(field)                                                                                \
    {.name = #field, .type = ARGUMENT_TEXT, .offset = offsetof(struct wish, field)}
#define SIZE(field)                                                                                \
    {.name = #field, .type = ARGUMENT_INTEGER, .offset = offsetof(struct wish, field),             \
     .min = 1, .max = INT32_MAX}
#define CHOICE(field, list)                                                                        \
    {.name = #field, .type = ARGUMENT_CHOICE, .offset = offsetof(struct wish, field),              \
     .choices = (list)}
/* clang-format on */

static const struct argument encode_fields[] = {ENCODE_FIELDS, {.name = NULL}};

static const struct argument target_fields[] = {
    SIZE(width),       SIZE(height),
    CHOICE(fit, fits), CHOICE(gravity, gravities),
    BOOLEAN(enlarge),  CHOICE(filter, filters),
    ENCODE_FIELDS,     {.name = NULL},
};

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c != '\0' ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

static bool read_colour(const char *text, size_t length, uint8_t colour[3])
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

static void read_background(lua_State *L, int index, const char *function, const struct wish *wish,
                            struct image_target *target)
{
    if (wish->background.data == NULL) {
        return;
    }
    if (strcmp(wish->background.data, "transparent") == 0) {
        target->transparent_background = true;
        return;
    }
    if (!read_colour(wish->background.data, wish->background.length, target->background)) {
        arguments_complain(L, index, function,
                           "field 'background' is '%.32s', expected a colour like \"#ffffff\" or "
                           "\"transparent\"",
                           wish->background.data);
    }
}

/* Reads the table on top of the stack into an entry; `position` 0: it is the only one. */
static void read_target(lua_State *L, struct render_job *render, int job_index, size_t position,
                        const char *function, const struct argument *fields)
{
    char name[32];
    (void)snprintf(name, sizeof name, position == 0 ? "%s" : "%s[%zu]", function, position);
    struct wish wish = {.format = -1};
    arguments_read(L, -1, name, fields, &wish, job_index);

    struct entry *entry = &render->entries[position == 0 ? 0 : position - 1];
    struct image_target *target = &entry->target;
    image_target_default(target);
    target->width = wish.width;
    target->height = wish.height;
    target->quality = (int)wish.quality;
    target->fit = (enum image_fit)wish.fit;
    target->gravity = (enum image_gravity)wish.gravity;
    target->filter = filter_of[wish.filter];
    target->format =
        wish.format >= 0 ? image_format_from_name(written[wish.format]) : IMAGE_UNKNOWN;
    target->enlarge = wish.enlarge;
    target->progressive = wish.progressive;
    target->lossless = wish.lossless;
    target->keep_metadata = wish.keep_metadata;
    target->animated = wish.animated;
    entry->name = wish.name.data;
    entry->name_length = wish.name.length;
    read_background(L, 2, name, &wish, target);
}

/* ---- the job --------------------------------------------------------------------------------- */

static bool stopped(void *context, struct error *err)
{
    return job_stopped(context, err);
}

static bool work(struct job *job, struct error *err)
{
    struct render_job *render = (struct render_job *)job;
    struct image_target targets[TARGETS_MAX];
    struct image_output outputs[TARGETS_MAX];
    for (size_t i = 0; i < render->count; i++) {
        targets[i] = render->entries[i].target;
    }
    struct image_control control = {stopped, job};
    if (!image_render(render->bytes, render->length, &render->info, &render->limits, render->steps,
                      render->step_count, targets, render->count, outputs, &control, err)) {
        return false;
    }
    for (size_t i = 0; i < render->count; i++) {
        render->entries[i].output = outputs[i];
    }
    return true;
}

static void set_integer(lua_State *L, const char *field, int64_t value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, field);
}

static void push_picture(lua_State *L, struct entry *entry)
{
    struct image_output *output = &entry->output;
    lua_createtable(L, 0, 9);
    set_integer(L, "width", output->width);
    set_integer(L, "height", output->height);
    set_integer(L, "frames", output->frames);
    set_integer(L, "size", (int64_t)output->length);
    lua_pushstring(L, image_format_name(output->format));
    lua_setfield(L, -2, "format");
    lua_pushstring(L, image_format_content_type(output->format));
    lua_setfield(L, -2, "content_type");
    lua_pushstring(L, image_format_extension(output->format));
    lua_setfield(L, -2, "extension");
    if (entry->name != NULL) {
        lua_pushlstring(L, entry->name, entry->name_length);
        lua_setfield(L, -2, "name");
    }
    lua_pushlstring(L, output->bytes, output->length);
    lua_setfield(L, -2, "bytes");
    image_output_release(output); /* early: the next one is copied too */
}

static int push(lua_State *L, struct job *job)
{
    struct render_job *render = (struct render_job *)job;
    if (!render->list) {
        push_picture(L, &render->entries[0]);
        return 1;
    }
    lua_createtable(L, (int)render->count, 0);
    for (size_t i = 0; i < render->count; i++) {
        push_picture(L, &render->entries[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static void release(struct job *job)
{
    struct render_job *render = (struct render_job *)job;
    for (size_t i = 0; i < render->count; i++) {
        image_output_release(&render->entries[i].output);
    }
}

static const struct job_type render_type = {
    .name = "image.render", .work = work, .push = push, .release = release};

/* Pushes the job, with the photo's state and `count` empty entries. */
static struct render_job *new_job(lua_State *L, const struct photo *photo, size_t count)
{
    struct render_job *render =
        job_new(L, &render_type, sizeof *render + count * sizeof render->entries[0]);
    render->count = count;
    render->info = photo->info;
    render->limits = photo->limits;
    render->step_count = photo->step_count;
    memcpy(render->steps, photo->steps, sizeof render->steps);
    int job_index = lua_gettop(L);
    (void)lua_getiuservalue(L, 1, 1);
    job_anchor(L, job_index, -1);
    lua_pop(L, 1);
    render->bytes = photo->bytes;
    render->length = photo->length;
    return render;
}

/* Pushes a job for the one target that is the argument. */
static struct render_job *read_one(lua_State *L, const struct photo *photo, const char *function,
                                   const struct argument *fields)
{
    struct render_job *render = new_job(L, photo, 1); /* photo, target, job */
    lua_pushvalue(L, 2);
    read_target(L, render, 3, 0, function, fields);
    lua_pop(L, 1);
    return render;
}

/* ---- the methods ----------------------------------------------------------------------------- */

static size_t check_list(lua_State *L, const char *function)
{
    lua_Unsigned count = lua_rawlen(L, 2);
    if (count > TARGETS_MAX) {
        arguments_complain(L, 2, function, "%llu targets, expected at most %d",
                           (unsigned long long)count, TARGETS_MAX);
    }
    lua_Unsigned keys = 0;
    lua_pushnil(L);
    while (lua_next(L, 2) != 0) {
        lua_pop(L, 1);
        keys++;
        if (!lua_isinteger(L, -1)) {
            arguments_complain(L, 2, function,
                               "one target or a list of targets expected, not fields of both");
        }
    }
    if (keys != count) {
        arguments_complain(L, 2, function, "a list of targets without holes expected");
    }
    return (size_t)count;
}

static struct render_job *read_list(lua_State *L, const struct photo *photo, const char *function)
{
    size_t count = check_list(L, function);
    struct render_job *render = new_job(L, photo, count); /* photo, targets, job */
    render->list = true;
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(L, 2, (lua_Integer)i);
        read_target(L, render, 3, i, function, target_fields);
        lua_pop(L, 1);
    }
    return render;
}

/* Pushes a job for the target, or the list of targets, that is the only argument. */
static struct render_job *read_targets(lua_State *L, const char *function)
{
    const struct photo *photo = photo_check(L, 1, function);
    lua_settop(L, 2);
    if (lua_type(L, 2) != LUA_TTABLE) {
        arguments_complain(L, 2, function, "a target or a list of targets expected, got %s",
                           luaL_typename(L, 2));
    }
    /* An empty table is a list: rules without a variant want no picture. */
    lua_pushnil(L);
    bool empty = lua_next(L, 2) == 0;
    lua_settop(L, 2);
    bool list = empty || lua_rawgeti(L, 2, 1) != LUA_TNIL;
    lua_settop(L, 2);
    return list ? read_list(L, photo, function) : read_one(L, photo, function, target_fields);
}

int photo_render(lua_State *L)
{
    const struct render_job *render = read_targets(L, "render");
    if (render->count == 0) {
        lua_newtable(L);
        return 1;
    }
    return job_run(L);
}

int photo_encode(lua_State *L)
{
    const struct photo *photo = photo_check(L, 1, "encode");
    lua_settop(L, 2);
    if (lua_isnil(L, 2)) {
        lua_newtable(L);
        lua_replace(L, 2);
    }
    (void)read_one(L, photo, "encode", encode_fields);
    return job_run(L);
}

/* ---- the plan -------------------------------------------------------------------------------- */

static void add_decode(luaL_Buffer *text, const struct image_info *info,
                       const struct image_plan *plan)
{
    char line[160];
    (void)snprintf(line, sizeof line,
                   "%s %" PRId64 " x %" PRId64 ", decoded to %" PRId64 " x %" PRId64 ", %" PRId64
                   " MB at most",
                   image_format_name(info->format), info->width, info->height, plan->width,
                   plan->height, (plan->memory_bytes + (1 << 20) - 1) >> 20);
    luaL_addstring(text, line);
}

static void add_target(luaL_Buffer *text, const struct entry *entry, size_t number,
                       const struct image_plan_target *target)
{
    char line[160], source[32] = "the photo";
    if (target->source != IMAGE_PLAN_DECODED) {
        (void)snprintf(source, sizeof source, "target %d", target->source + 1);
    }
    (void)snprintf(line, sizeof line, "\n  target %zu: %s %" PRId64 " x %" PRId64 " of %s", number,
                   image_format_name(target->format), target->width, target->height, source);
    luaL_addstring(text, line);
    if (entry->name != NULL) {
        luaL_addstring(text, ", ");
        luaL_addlstring(text, entry->name, entry->name_length);
    }
}

/* In the order in which the targets are made. */
static void push_text(lua_State *L, const struct render_job *render, const struct image_plan *plan,
                      const struct image_plan_target *targets)
{
    size_t in_turn[TARGETS_MAX] = {0};
    for (size_t i = 0; i < render->count; i++) {
        in_turn[targets[i].turn] = i;
    }
    luaL_Buffer text;
    luaL_buffinit(L, &text);
    add_decode(&text, &render->info, plan);
    for (size_t i = 0; i < render->count; i++) {
        size_t k = in_turn[i];
        add_target(&text, &render->entries[k], k + 1, &targets[k]);
    }
    luaL_pushresult(&text);
}

static void push_target(lua_State *L, const struct image_plan_target *target)
{
    lua_createtable(L, 0, 5);
    set_integer(L, "width", target->width);
    set_integer(L, "height", target->height);
    set_integer(L, "turn", (int64_t)target->turn + 1);
    if (target->source != IMAGE_PLAN_DECODED) {
        set_integer(L, "source", target->source + 1);
    }
    lua_pushstring(L, image_format_name(target->format));
    lua_setfield(L, -2, "format");
}

static int plan_text(lua_State *L)
{
    lua_getfield(L, 1, "text");
    return 1;
}

static void push_plan(lua_State *L, const struct render_job *render, const struct image_plan *plan,
                      const struct image_plan_target *targets)
{
    lua_createtable(L, 0, 6);
    set_integer(L, "divisor", plan->divisor);
    set_integer(L, "width", plan->width);
    set_integer(L, "height", plan->height);
    set_integer(L, "memory_bytes", plan->memory_bytes);
    lua_createtable(L, (int)render->count, 0);
    for (size_t i = 0; i < render->count; i++) {
        push_target(L, &targets[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "targets");
    push_text(L, render, plan, targets);
    lua_setfield(L, -2, "text");
    if (luaL_newmetatable(L, "lunette.image.plan")) {
        lua_pushcfunction(L, plan_text);
        lua_setfield(L, -2, "__tostring");
    }
    lua_setmetatable(L, -2);
}

int photo_plan(lua_State *L)
{
    const struct render_job *render = read_targets(L, "plan");
    struct image_target targets[TARGETS_MAX];
    struct image_plan_target made[TARGETS_MAX];
    struct image_plan plan;
    struct error err;
    for (size_t i = 0; i < render->count; i++) {
        targets[i] = render->entries[i].target;
    }
    if (!image_plan(&render->info, &render->limits, render->steps, render->step_count, targets,
                    render->count, &plan, made, &err)) {
        raise_error(L, &err);
    }
    push_plan(L, render, &plan, made);
    return 1;
}
