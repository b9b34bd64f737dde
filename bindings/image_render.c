/*
 * image_render.c - photo:render() and photo:encode(): targets in, pictures out, by a job on a
 * worker thread; photo:plan(): how that would be done. The other half of image.c.
 */
#include <lauxlib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bindings/arguments.h"
#include "bindings/image_render.h"
#include "host/raise.h"

#define TARGETS_MAX 64

/* How often a picture's bytes count for the collector beside the once that Lua counts them. */
#define GARBAGE_WEIGHT 3

/* One target as it is read, beside the engine's. */
struct wish {
    int64_t width, height, quality, min_quality, max_bytes, effort, alpha_quality;
    int fit, gravity, filter, format, chroma;
    bool enlarge, progressive, lossless, near_lossless, smart_subsample, keep_metadata, animated;
    struct {
        const char *data;
        size_t length;
    } background, name;
};

/* ---- arguments ------------------------------------------------------------------------------- */

static const char *const fits[] = {"inside", "cover", "contain", "fill", "outside", NULL};
static const char *const gravities[] = {"center",    "north",   "northeast", "east",
                                        "southeast", "south",   "southwest", "west",
                                        "northwest", "entropy", "attention", NULL};
static const char *const filters[] = {"lanczos",  "mitchell", "catrom",  "cubic", "triangle",
                                      "bilinear", "box",      "nearest", NULL};
static const enum image_filter filter_of[] = {IMAGE_LANCZOS, IMAGE_MITCHELL, IMAGE_CATROM,
                                              IMAGE_CATROM,  IMAGE_TRIANGLE, IMAGE_TRIANGLE,
                                              IMAGE_BOX,     IMAGE_NEAREST};
static const char *const chromas[] = {"auto", "4:2:0", "4:4:4", NULL};
static const char *const written[] = {"jpeg", "jpg", "png", "webp", "gif", NULL};

/* clang-format off */
#define ENCODE_FIELDS                                                                              \
    {.name = "format", .type = ARGUMENT_CHOICE, .offset = offsetof(struct wish, format),           \
     .choices = written},                                                                          \
    NUMBER(quality, 1, 100), NUMBER(max_bytes, 1, INT64_MAX), NUMBER(min_quality, 1, 100),         \
    BOOLEAN(progressive), CHOICE(chroma, chromas), NUMBER(effort, 0, 6), BOOLEAN(lossless),        \
    BOOLEAN(near_lossless), BOOLEAN(smart_subsample), NUMBER(alpha_quality, 0, 100),               \
    BOOLEAN(keep_metadata), BOOLEAN(animated), TEXT(background), TEXT(name),                       \
    {.name = "after", .type = ARGUMENT_ANY}
#define NUMBER(field, least, most)                                                                 \
    {.name = #field, .type = ARGUMENT_INTEGER, .offset = offsetof(struct wish, field),             \
     .min = (least), .max = (most)}
#define BOOLEAN(field)                                                                             \
    {.name = #field, .type = ARGUMENT_BOOLEAN, .offset = offsetof(struct wish, field)}
#define TEXT(field)                                                                                \
    {.name = #field, .type = ARGUMENT_TEXT, .offset = offsetof(struct wish, field)}
#define SIZE(field) NUMBER(field, 1, INT32_MAX)
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
    if (!photo_colour(wish->background.data, wish->background.length, target->background)) {
        arguments_complain(L, index, function,
                           "field 'background' is '%.32s', expected a colour like \"#ffffff\" or "
                           "\"transparent\"",
                           wish->background.data);
    }
}

static void read_wish(const struct wish *wish, struct image_target *target)
{
    image_target_default(target);
    target->width = wish->width;
    target->height = wish->height;
    target->fit = (enum image_fit)wish->fit;
    target->gravity = (enum image_gravity)wish->gravity;
    target->filter = filter_of[wish->filter];
    target->enlarge = wish->enlarge;
    target->format =
        wish->format >= 0 ? image_format_from_name(written[wish->format]) : IMAGE_UNKNOWN;
    target->quality = (int)wish->quality;
    target->max_bytes = wish->max_bytes;
    target->min_quality = (int)wish->min_quality;
    target->progressive = wish->progressive;
    target->chroma = (enum image_chroma)wish->chroma;
    target->effort = (int)wish->effort;
    target->lossless = wish->lossless;
    target->near_lossless = wish->near_lossless;
    target->smart_subsample = wish->smart_subsample;
    target->alpha_quality = (int)wish->alpha_quality;
    target->keep_metadata = wish->keep_metadata;
    target->animated = wish->animated;
}

/* Whom complaints name. The targets are at index 2 always; a script counts from its own call. */
struct caller {
    const char *function;
    int argument;
};

/* The steps that follow the resize, of the target on top of the stack. */
static void read_after(lua_State *L, int job_index, struct caller caller,
                       struct image_target *target)
{
    if (lua_getfield(L, -1, "after") != LUA_TNIL) {
        const struct step_chain *chain = photo_steps(L, -1);
        if (chain == NULL) {
            arguments_complain(
                L, caller.argument, caller.function,
                "field 'after' is a %s, expected steps, as image.steps() begins them",
                luaL_typename(L, -1));
        }
        job_anchor(L, job_index, lua_gettop(L));
        target->after = chain->steps;
        target->after_count = chain->count;
    }
    lua_pop(L, 1);
}

/* Reads the table on top of the stack into an entry; `position` 0: it is the only one. */
static void read_target(lua_State *L, struct render_job *render, int job_index, size_t position,
                        struct caller caller, const struct argument *fields)
{
    char name[32];
    (void)snprintf(name, sizeof name, position == 0 ? "%s" : "%s[%zu]", caller.function, position);
    caller.function = name;
    struct wish wish = {.format = -1, .effort = IMAGE_DEFAULT_EFFORT, .alpha_quality = 100};
    arguments_read_part(L, -1, caller.argument, name, fields, &wish, job_index);

    struct render_entry *entry = &render->entries[position == 0 ? 0 : position - 1];
    read_wish(&wish, &entry->target);
    read_after(L, job_index, caller, &entry->target);
    entry->name = wish.name.data;
    entry->name_length = wish.name.length;
    read_background(L, caller.argument, name, &wish, &entry->target);
}

/* ---- the job --------------------------------------------------------------------------------- */

static bool stopped(void *context, struct error *err)
{
    return job_stopped(context, err);
}

static bool hand_over(void *context, struct worker_item *part)
{
    return job_hand_over(context, part);
}

static void ready(void *context, size_t index, const struct image_output *output)
{
    struct render_job *render = context;
    struct render_entry *entry = &render->entries[index];
    entry->output = *output;
    if (render->deliver != NULL) {
        entry->ready.fire = render->deliver;
        loop_post(render->job.loop, &entry->ready);
    }
}

static bool work(struct job *job, struct error *err)
{
    struct render_job *render = (struct render_job *)job;
    struct image_target targets[TARGETS_MAX];
    for (size_t i = 0; i < render->count; i++) {
        targets[i] = render->entries[i].target;
    }
    struct image_control control = {.stopped = stopped,
                                    .context = job,
                                    .hand_over = hand_over,
                                    .hands = job_hands(job),
                                    .ready = ready};
    return image_render(render->bytes, render->length, &render->info, &render->limits,
                        render->steps, render->step_count, targets, render->count, NULL, &control,
                        err);
}

static void set_integer(lua_State *L, const char *field, int64_t value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, field);
}

void render_push_picture(lua_State *L, const struct render_entry *entry,
                         struct image_output *output)
{
    lua_createtable(L, 0, 10);
    set_integer(L, "width", output->width);
    set_integer(L, "height", output->height);
    set_integer(L, "frames", output->frames);
    set_integer(L, "size", (int64_t)output->length);
    if (output->quality > 0) {
        set_integer(L, "quality", output->quality);
    }
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
    /* The collector lets the heap double before it looks, and pictures are most of what a script
     * drops. */
    (void)lua_gc(L, LUA_GCSTEP, 1 + (int)(GARBAGE_WEIGHT * (output->length >> 10)));
    image_output_release(output); /* early: the next one is copied too */
}

static void push_entry(lua_State *L, struct render_entry *entry)
{
    render_push_picture(L, entry, &entry->output);
}

static int push(lua_State *L, struct job *job)
{
    struct render_job *render = (struct render_job *)job;
    if (render->deliver != NULL) {
        return 0;
    }
    if (!render->list) {
        push_entry(L, &render->entries[0]);
        return 1;
    }
    lua_createtable(L, (int)render->count, 0);
    for (size_t i = 0; i < render->count; i++) {
        push_entry(L, &render->entries[i]);
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
    render->step_count = photo->chain.count;
    memcpy(render->steps, photo->chain.steps, sizeof render->steps);
    int job_index = lua_gettop(L);
    (void)lua_getiuservalue(L, 1, PHOTO_BYTES);
    job_anchor(L, job_index, -1);
    (void)lua_getiuservalue(L, 1, PHOTO_ANCHORS);
    job_anchor(L, job_index, -1);
    lua_pop(L, 2);
    render->bytes = photo->bytes;
    render->length = photo->length;
    return render;
}

/* Pushes a job for the one target that is the argument. */
static struct render_job *read_one(lua_State *L, const struct photo *photo, struct caller caller,
                                   const struct argument *fields)
{
    struct render_job *render = new_job(L, photo, 1);
    int job_index = lua_gettop(L);
    lua_pushvalue(L, 2);
    read_target(L, render, job_index, 0, caller, fields);
    lua_pop(L, 1);
    return render;
}

/* ---- the methods ----------------------------------------------------------------------------- */

static size_t check_list(lua_State *L, struct caller caller)
{
    lua_Unsigned count = lua_rawlen(L, 2);
    if (count > TARGETS_MAX) {
        arguments_complain(L, caller.argument, caller.function, "%llu targets, expected at most %d",
                           (unsigned long long)count, TARGETS_MAX);
    }
    lua_Unsigned keys = 0;
    lua_pushnil(L);
    while (lua_next(L, 2) != 0) {
        lua_pop(L, 1);
        keys++;
        if (!lua_isinteger(L, -1)) {
            arguments_complain(L, caller.argument, caller.function,
                               "one target or a list of targets expected, not fields of both");
        }
    }
    if (keys != count) {
        arguments_complain(L, caller.argument, caller.function,
                           "a list of targets without holes expected");
    }
    return (size_t)count;
}

static struct render_job *read_list(lua_State *L, const struct photo *photo, struct caller caller)
{
    size_t count = check_list(L, caller);
    struct render_job *render = new_job(L, photo, count);
    int job_index = lua_gettop(L);
    render->list = true;
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(L, 2, (lua_Integer)i);
        read_target(L, render, job_index, i, caller, target_fields);
        lua_pop(L, 1);
    }
    return render;
}

/* Pushes a job for the target, or the list of targets, that comes after the photo. */
static struct render_job *read_targets(lua_State *L, const struct photo *photo,
                                       struct caller caller)
{
    if (lua_type(L, 2) != LUA_TTABLE) {
        arguments_complain(L, caller.argument, caller.function,
                           "a target or a list of targets expected, got %s", luaL_typename(L, 2));
    }
    int top = lua_gettop(L);
    /* An empty table is a list: rules without a variant want no picture. */
    lua_pushnil(L);
    bool empty = lua_next(L, 2) == 0;
    lua_settop(L, top);
    bool list = empty || lua_rawgeti(L, 2, 1) != LUA_TNIL;
    lua_settop(L, top);
    return list ? read_list(L, photo, caller) : read_one(L, photo, caller, target_fields);
}

int photo_render(lua_State *L)
{
    const struct photo *photo = photo_check(L, 1, "render");
    lua_settop(L, 3);
    bool delivers = !lua_isnil(L, 3);
    if (delivers && lua_type(L, 3) != LUA_TFUNCTION) {
        arguments_complain(L, 3, "render", "a function expected, got %s", luaL_typename(L, 3));
    }
    const struct render_job *render = read_targets(L, photo, (struct caller){"render", 2});
    if (render->count == 0) {
        lua_newtable(L);
        return 1;
    }
    return delivers ? render_deliver(L, 3) : job_run(L);
}

int photo_encode(lua_State *L)
{
    const struct photo *photo = photo_check(L, 1, "encode");
    lua_settop(L, 2);
    if (lua_isnil(L, 2)) {
        lua_newtable(L);
        lua_replace(L, 2);
    }
    (void)read_one(L, photo, (struct caller){"encode", 2}, encode_fields);
    return job_run(L);
}

int photo_check_targets(lua_State *L)
{
    lua_settop(L, 1);
    struct photo *none = lua_newuserdatauv(L, sizeof *none, 1);
    memset(none, 0, sizeof *none);
    lua_insert(L, 1); /* targets are read as those of a photo */
    (void)read_targets(L, none, (struct caller){"check", 1});
    return 0;
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

static void add_target(luaL_Buffer *text, const struct render_entry *entry, size_t number,
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
    const struct photo *photo = photo_check(L, 1, "plan");
    lua_settop(L, 2);
    const struct render_job *render = read_targets(L, photo, (struct caller){"plan", 2});
    struct image_target targets[TARGETS_MAX];
    struct image_plan_target made[TARGETS_MAX];
    struct image_plan plan;
    struct error err;
    for (size_t i = 0; i < render->count; i++) {
        targets[i] = render->entries[i].target;
    }
    if (!image_plan(&render->info, &render->limits, render->steps, render->step_count, targets,
                    render->count, job_hands(&render->job), &plan, made, &err)) {
        raise_error(L, &err);
    }
    push_plan(L, render, &plan, made);
    return 1;
}
