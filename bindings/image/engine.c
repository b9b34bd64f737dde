/*
 * engine.c - image_render(): plan, wait for memory, decode once, make every target. The one entry
 * to the stages in this folder; called by the `image` module on a worker thread.
 */
#include "bindings/image/engine.h"
#include "bindings/image/animation.h"
#include "bindings/image/budget.h"
#include "bindings/image/colour.h"
#include "bindings/image/decode.h"
#include "bindings/image/encode.h"
#include "bindings/image/flatten.h"
#include "bindings/image/library.h"
#include "bindings/image/metadata.h"
#include "bindings/image/orient.h"
#include "bindings/image/plan.h"
#include "bindings/image/resize.h"
#include "bindings/image/steps.h"

#include <stdlib.h>

struct render {
    const void *bytes;
    size_t length;
    struct plan plan;
    struct image_output *outputs; /* in the targets' order */
    Image **sources;              /* of each item that others are made of its whole picture */
    struct metadata metadata;
};

/* A picture on its way: what has not been done to it yet is done after the resize. */
struct picture {
    const Image *image;
    int orientation;
    bool srgb;
};

bool image_engine_start(int64_t memory, struct error *err)
{
    if (!library_start(memory, err)) {
        return false;
    }
    budget_set(memory);
    return true;
}

const char *image_engine_versions(void)
{
    return library_versions();
}

void image_output_release(struct image_output *output)
{
    free(output->bytes);
    output->bytes = NULL;
    output->length = 0;
}

/* ---- making -------------------------------------------------------------------------------- */

static bool finish_picture(Image **image, const struct picture *picture,
                           const struct plan_item *item, struct error *err)
{
    const struct geometry *geometry = &item->geometry;
    const struct image_target *target = &item->target;
    bool alpha = encode_has_alpha(target->format);
    return (picture->srgb || colour_to_srgb(*image, err)) &&
           flatten_pad(image, geometry, target, alpha, err) &&
           (alpha || flatten_image(*image, target->background, err));
}

/* The target's picture, all but encoded; NULL on failure. */
static Image *make_picture(const struct picture *picture, const struct plan_item *item,
                           struct error *err)
{
    struct resize resize = plan_resize(item, picture->orientation, true);
    Image *image = resize_image(picture->image, &resize, err);
    if (image != NULL && !finish_picture(&image, picture, item, err)) {
        pixels_destroy(image);
        return NULL;
    }
    return image;
}

static bool encode_item(const struct render *render, Image *image, const struct plan_item *item,
                        struct error *err)
{
    return metadata_write(image, &render->metadata, item->target.keep_metadata, item->target.format,
                          err) &&
           encode_image(image, &item->target, &render->outputs[item->index], err);
}

static bool make_still(const struct render *render, const struct picture *picture,
                       const struct plan_item *item, struct error *err)
{
    Image *image = make_picture(picture, item, err);
    bool ok = image != NULL && encode_item(render, image, item, err);
    pixels_destroy(image);
    return ok;
}

/* Keeps the whole picture of an item, upright and in sRGB: others are made of it, too. */
static bool keep_source(struct render *render, size_t i, const struct picture *picture,
                        struct error *err)
{
    struct resize whole = plan_resize(&render->plan.items[i], picture->orientation, false);
    Image *made = resize_image(picture->image, &whole, err);
    if (made == NULL || !(picture->srgb || colour_to_srgb(made, err))) {
        pixels_destroy(made);
        return false;
    }
    render->sources[i] = made;
    return true;
}

static void forget_source(struct render *render, int source)
{
    if (source != PLAN_DECODED && --render->plan.items[source].uses == 0) {
        pixels_destroy(render->sources[source]);
        render->sources[source] = NULL;
    }
}

static bool make_item(struct render *render, size_t i, const struct picture *decoded,
                      struct error *err)
{
    const struct plan_item *item = &render->plan.items[i];
    struct picture picture = *decoded;
    if (item->source != PLAN_DECODED) {
        picture = (struct picture){render->sources[item->source], .orientation = 1, .srgb = true};
    }
    if (item->uses > 0) {
        if (!keep_source(render, i, &picture, err)) {
            return false;
        }
        picture = (struct picture){render->sources[i], .orientation = 1, .srgb = true};
    }
    if (!make_still(render, &picture, item, err)) {
        return false;
    }
    forget_source(render, item->source);
    return true;
}

/* Before the steps a picture must be upright and in sRGB: they speak of what is displayed. */
static bool apply_steps(const struct plan *plan, Image **image, struct error *err)
{
    return orient_image(image, plan->info->orientation, err) && colour_to_srgb(*image, err) &&
           steps_apply(image, plan->steps, plan->step_count, err);
}

/* Does what has to come before any resize, and says what is left to be done after it. */
static bool prepare(const struct plan *plan, Image **image, struct picture *picture,
                    struct error *err)
{
    *picture = (struct picture){.orientation = plan->info->orientation};
    if (plan->step_count > 0) {
        if (!apply_steps(plan, image, err)) {
            return false;
        }
        *picture = (struct picture){.orientation = 1, .srgb = true};
    } else if ((*image)->colorspace == CMYKColorspace && (*image)->matte) {
        /* Its alpha is where no resize looks for it. */
        if (!colour_to_srgb(*image, err)) {
            return false;
        }
        picture->srgb = true;
    }
    picture->image = *image;
    return true;
}

static bool make_stills(struct render *render, Image **image, struct error *err)
{
    struct plan *plan = &render->plan;
    struct picture picture;
    if (!metadata_read(*image, plan->keep_metadata, &render->metadata, err) ||
        !prepare(plan, image, &picture, err)) {
        return false;
    }
    for (size_t i = 0; i < plan->count; i++) {
        if (!plan->items[i].target.animated && !make_item(render, i, &picture, err)) {
            return false;
        }
    }
    return true;
}

struct frame_work {
    const struct render *render;
    const struct plan_item *item;
};

static Image *make_frame(const Image *canvas, void *context, struct error *err)
{
    const struct frame_work *work = context;
    Image *copy = pixels_clone(canvas, err);
    if (copy == NULL) {
        return NULL;
    }
    struct picture picture = {.image = copy, .orientation = 1, .srgb = true};
    bool ok = steps_apply(&copy, work->render->plan.steps, work->render->plan.step_count, err);
    picture.image = copy;
    Image *made = ok ? make_picture(&picture, work->item, err) : NULL;
    pixels_destroy(copy);
    if (made != NULL && !encode_palette(made, err)) {
        pixels_destroy(made);
        return NULL;
    }
    return made;
}

static bool make_animation(const struct render *render, const struct plan_item *item,
                           struct error *err)
{
    struct frame_work work = {render, item};
    Image *list =
        animation_play(render->bytes, render->length, render->plan.info, make_frame, &work, err);
    bool ok = list != NULL && encode_item(render, list, item, err);
    pixels_destroy(list);
    return ok;
}

/* Runs inside library_run(). The first frame is decoded even when only animations are asked for:
 * the metadata is read from it. */
static bool render_all(void *context, struct error *err)
{
    struct render *render = context;
    const struct plan *plan = &render->plan;
    Image *image = decode_first(render->bytes, render->length, plan->info, plan->divisor, err);
    bool ok = image != NULL && make_stills(render, &image, err);
    pixels_destroy(image);
    for (size_t i = 0; i < plan->count; i++) {
        pixels_destroy(render->sources[i]);
    }
    for (size_t i = 0; ok && i < plan->count; i++) {
        ok = !plan->items[i].target.animated || make_animation(render, &plan->items[i], err);
    }
    metadata_release(&render->metadata);
    return ok;
}

/* ---- the entries --------------------------------------------------------------------------- */

static bool make_plan(struct plan *plan, const struct image_info *info,
                      const struct image_limits *limits, const struct image_step *steps,
                      size_t step_count, const struct image_target *targets, size_t target_count,
                      struct error *err)
{
    if (!image_format_readable(info->format)) {
        return error_set(err, "unsupported", "%s can't be read by this build",
                         image_format_name(info->format));
    }
    return plan_make(plan, info, limits, steps, step_count, targets, target_count, err);
}

static bool render_within_budget(struct render *render, const struct image_control *control,
                                 struct error *err)
{
    if (!budget_take(render->plan.memory, control, err)) {
        return false;
    }
    bool ok = library_run(render_all, render, control, err);
    budget_give_back(render->plan.memory);
    return ok;
}

/* On failure what has been made of the outputs is released. */
static bool render_planned(struct render *render, const struct image_control *control,
                           struct error *err)
{
    size_t count = render->plan.count > 0 ? render->plan.count : 1;
    render->outputs = calloc(count, sizeof *render->outputs);
    render->sources = calloc(count, sizeof(Image *));
    bool ok = render->outputs != NULL && render->sources != NULL;
    if (!ok) {
        (void)error_set_memory(err, "rendering an image");
    }
    ok = ok && render_within_budget(render, control, err);
    for (size_t i = 0; !ok && render->outputs != NULL && i < render->plan.count; i++) {
        image_output_release(&render->outputs[i]);
    }
    free(render->sources);
    return ok;
}

bool image_render(const void *bytes, size_t length, const struct image_info *info,
                  const struct image_limits *limits, const struct image_step *steps,
                  size_t step_count, const struct image_target *targets, size_t target_count,
                  struct image_output *outputs, const struct image_control *control,
                  struct error *err)
{
    struct render render = {.bytes = bytes, .length = length};
    if (!make_plan(&render.plan, info, limits, steps, step_count, targets, target_count, err)) {
        return false;
    }
    bool ok = render_planned(&render, control, err);
    for (size_t i = 0; ok && i < target_count; i++) {
        outputs[i] = render.outputs[i];
    }
    free(render.outputs);
    plan_release(&render.plan);
    return ok;
}

bool image_plan(const struct image_info *info, const struct image_limits *limits,
                const struct image_step *steps, size_t step_count,
                const struct image_target *targets, size_t target_count, struct image_plan *plan,
                struct image_plan_target *made, struct error *err)
{
    struct plan inner;
    if (!make_plan(&inner, info, limits, steps, step_count, targets, target_count, err)) {
        return false;
    }
    *plan = (struct image_plan){.divisor = inner.divisor,
                                .width = (info->width + inner.divisor - 1) / inner.divisor,
                                .height = (info->height + inner.divisor - 1) / inner.divisor,
                                .memory_bytes = inner.memory};
    for (size_t i = 0; i < inner.count; i++) {
        const struct plan_item *item = &inner.items[i];
        bool decoded = item->source == PLAN_DECODED;
        made[item->index] = (struct image_plan_target){
            .width = item->geometry.canvas_width,
            .height = item->geometry.canvas_height,
            .format = item->target.format,
            .turn = i,
            .source = decoded ? IMAGE_PLAN_DECODED : (int)inner.items[item->source].index};
    }
    plan_release(&inner);
    return true;
}
