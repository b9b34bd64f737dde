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
#include "bindings/image/geometry.h"
#include "bindings/image/library.h"
#include "bindings/image/limits.h"
#include "bindings/image/metadata.h"
#include "bindings/image/orient.h"
#include "bindings/image/resize.h"
#include "bindings/image/steps.h"
#include "bindings/image/target.h"

#include <stdlib.h>
#include <string.h>

/* Beside the pixels: the coders' own buffers, the encoded bytes, profiles. */
#define OVERHEAD_BYTES (8 << 20)

struct item {
    struct image_target target;
    struct geometry plan;
    struct image_output *output;
};

struct render {
    const void *bytes;
    size_t length;
    const struct image_info *info;
    const struct image_step *steps;
    size_t step_count;
    int64_t width, height; /* after the steps, undivided */
    int divisor;
    struct item *items;
    size_t count;
    struct metadata metadata;
    bool keep_metadata; /* some target does */
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

/* ---- planning ------------------------------------------------------------------------------ */

static bool plan_items(struct render *render, const struct image_target *targets,
                       const struct image_limits *limits, struct error *err)
{
    for (size_t i = 0; i < render->count; i++) {
        struct item *item = &render->items[i];
        if (!target_resolve(render->info, &targets[i], &item->target, err) ||
            !geometry_plan(render->width, render->height, &item->target, limits, &item->plan,
                           err)) {
            return false;
        }
        int64_t frames = item->target.animated ? render->info->frames : 1;
        int64_t pixels = item->plan.canvas_width * item->plan.canvas_height;
        if (!limits_check("pixels", pixels * frames, limits->pixels, err)) {
            return false;
        }
        render->keep_metadata |= item->target.keep_metadata;
    }
    return true;
}

/* How much larger than its largest target a JPEG is decoded, in tenths. Measured: below 1.3 the
 * result is a little softer than from a full decode; below 1 it would be enlarged. */
enum { AMPLE_TENTHS = 13, LEAST_TENTHS = 10 };

static int largest_divisor(const struct render *render, int tenths)
{
    if (render->info->format != IMAGE_JPEG || !steps_any_scale(render->steps, render->step_count)) {
        return 1;
    }
    int divisor = 8;
    for (size_t i = 0; i < render->count; i++) {
        const struct item *item = &render->items[i];
        if (item->target.filter == IMAGE_NEAREST) {
            return 1; /* a pixel of the photo, not of a smaller one */
        }
        int most = geometry_decode_divisor(render->width, render->height, &item->plan, tenths);
        divisor = most < divisor ? most : divisor;
    }
    return divisor;
}

/* What the codec holds beside the library's pixels: coefficients of a progressive JPEG, at full
 * size; a frame in the codec's own format elsewhere. */
static int64_t codec_memory(const struct image_info *info)
{
    int64_t pixels = info->width * info->height;
    if (info->format == IMAGE_JPEG) {
        return info->progressive ? pixels * info->channels * 2 : 0;
    }
    return pixels * 4 * (info->depth > 8 ? 2 : 1);
}

/* The target's resize of a picture with this orientation. */
static struct resize resize_of(const struct item *item, int orientation)
{
    const struct geometry *plan = &item->plan;
    bool swapped = orient_swaps(orientation);
    struct resize resize = {.width = swapped ? plan->height : plan->width,
                            .height = swapped ? plan->width : plan->height,
                            .orientation = orientation,
                            .filter = item->target.filter};
    struct pixels_area cut = {plan->crop_x, plan->crop_y, plan->crop_width, plan->crop_height};
    resize.part = orient_stored(cut, orientation, resize.width, resize.height);
    return resize;
}

/* Beside its source: first the resize, then its result and a copy, which padding and encoding make
 * one after the other. An animation's frames stay until all are encoded. */
static int64_t item_memory(const struct render *render, const struct item *item)
{
    const struct geometry *plan = &item->plan;
    int orientation = render->step_count > 0 ? 1 : render->info->orientation;
    bool swapped = orient_swaps(orientation);
    struct resize how = resize_of(item, orientation);
    int64_t resize =
        resize_memory((swapped ? render->height : render->width) / render->divisor,
                      (swapped ? render->width : render->height) / render->divisor, &how);
    int64_t canvas = plan->canvas_width * plan->canvas_height * (int64_t)sizeof(PixelPacket);
    int64_t scaled = plan->width * plan->height * (int64_t)sizeof(PixelPacket);
    int64_t finish = canvas + (scaled > canvas ? scaled : canvas);
    int64_t frames = item->target.animated ? canvas * render->info->frames : 0;
    return frames + (resize > finish ? resize : finish);
}

/* Bytes of a decoded pixel. A palette's index or a fifth channel comes on top where there may be
 * any: grey is decoded as a palette. */
static int64_t pixel_memory(const struct image_info *info)
{
    bool plain = info->channels == 3 && (info->format == IMAGE_JPEG || info->format == IMAGE_WEBP);
    return (int64_t)(sizeof(PixelPacket) + (plain ? 0 : sizeof(IndexPacket)));
}

/* The most that this render holds at once. */
static int64_t memory_needed(const struct render *render)
{
    int64_t divided = (int64_t)render->divisor * render->divisor;
    int64_t decoded =
        render->info->width * render->info->height / divided * pixel_memory(render->info);
    int64_t most = codec_memory(render->info);
    for (size_t i = 0; i < render->count; i++) {
        int64_t memory = item_memory(render, &render->items[i]);
        most = memory > most ? memory : most;
    }
    /* Orienting, converting and each step make a second picture before the first one goes; an
     * animation has a canvas and perhaps what was there before. */
    bool twice = render->step_count > 0 || render->info->animated;
    return decoded * (twice ? 3 : 1) + most + OVERHEAD_BYTES;
}

/* A little softer is better than none: where memory will never do for an ample decode, the least
 * one is tried. */
static void choose_divisor(struct render *render)
{
    render->divisor = largest_divisor(render, AMPLE_TENTHS);
    int most = largest_divisor(render, LEAST_TENTHS);
    while (render->divisor < most && memory_needed(render) > budget_total()) {
        render->divisor *= 2;
    }
}

/* ---- making -------------------------------------------------------------------------------- */

static bool finish_picture(Image **image, const struct picture *picture, const struct item *item,
                           struct error *err)
{
    const struct geometry *plan = &item->plan;
    const struct image_target *target = &item->target;
    bool alpha = encode_has_alpha(target->format);
    return (picture->srgb || colour_to_srgb(*image, err)) &&
           flatten_pad(image, plan, target, alpha, err) &&
           (alpha || flatten_image(*image, target->background, err));
}

/* The target's picture, all but encoded; NULL on failure. */
static Image *make_picture(const struct picture *picture, const struct item *item,
                           struct error *err)
{
    struct resize resize = resize_of(item, picture->orientation);
    Image *image = resize_image(picture->image, &resize, err);
    if (image != NULL && !finish_picture(&image, picture, item, err)) {
        pixels_destroy(image);
        return NULL;
    }
    return image;
}

static bool encode_item(const struct render *render, Image *image, const struct item *item,
                        struct error *err)
{
    return metadata_write(image, &render->metadata, item->target.keep_metadata, item->target.format,
                          err) &&
           encode_image(image, &item->target, item->output, err);
}

static bool make_still(const struct render *render, const struct picture *picture,
                       const struct item *item, struct error *err)
{
    Image *image = make_picture(picture, item, err);
    bool ok = image != NULL && encode_item(render, image, item, err);
    pixels_destroy(image);
    return ok;
}

/* Before the steps a picture must be upright and in sRGB: they speak of what is displayed. */
static bool apply_steps(const struct render *render, Image **image, struct error *err)
{
    return orient_image(image, render->info->orientation, err) && colour_to_srgb(*image, err) &&
           steps_apply(image, render->steps, render->step_count, err);
}

static bool make_stills(struct render *render, Image **image, struct error *err)
{
    if (!metadata_read(*image, render->keep_metadata, &render->metadata, err)) {
        return false;
    }
    struct picture picture = {.orientation = render->info->orientation};
    if (render->step_count > 0) {
        if (!apply_steps(render, image, err)) {
            return false;
        }
        picture = (struct picture){.orientation = 1, .srgb = true};
    } else if ((*image)->colorspace == CMYKColorspace && (*image)->matte) {
        /* Its alpha is where no resize looks for it. */
        if (!colour_to_srgb(*image, err)) {
            return false;
        }
        picture.srgb = true;
    }
    picture.image = *image;
    for (size_t i = 0; i < render->count; i++) {
        if (!render->items[i].target.animated &&
            !make_still(render, &picture, &render->items[i], err)) {
            return false;
        }
    }
    return true;
}

struct frame_work {
    const struct render *render;
    const struct item *item;
};

static Image *make_frame(const Image *canvas, void *context, struct error *err)
{
    const struct frame_work *work = context;
    Image *copy = pixels_clone(canvas, err);
    if (copy == NULL) {
        return NULL;
    }
    struct picture picture = {.image = copy, .orientation = 1, .srgb = true};
    bool ok = steps_apply(&copy, work->render->steps, work->render->step_count, err);
    picture.image = copy;
    Image *made = ok ? make_picture(&picture, work->item, err) : NULL;
    pixels_destroy(copy);
    if (made != NULL && !encode_palette(made, err)) {
        pixels_destroy(made);
        return NULL;
    }
    return made;
}

static bool make_animation(const struct render *render, const struct item *item, struct error *err)
{
    struct frame_work work = {render, item};
    Image *list =
        animation_play(render->bytes, render->length, render->info, make_frame, &work, err);
    bool ok = list != NULL && encode_item(render, list, item, err);
    pixels_destroy(list);
    return ok;
}

/* Runs inside library_run(). The first frame is decoded even when only animations are asked for:
 * the metadata is read from it. */
static bool render_all(void *context, struct error *err)
{
    struct render *render = context;
    Image *image = decode_first(render->bytes, render->length, render->info, render->divisor, err);
    bool ok = image != NULL && make_stills(render, &image, err);
    pixels_destroy(image);
    for (size_t i = 0; ok && i < render->count; i++) {
        ok = !render->items[i].target.animated || make_animation(render, &render->items[i], err);
    }
    metadata_release(&render->metadata);
    return ok;
}

/* ---- the entry ----------------------------------------------------------------------------- */

static bool render_within_budget(struct render *render, const struct image_control *control,
                                 struct error *err)
{
    int64_t memory = memory_needed(render);
    if (!budget_take(memory, control, err)) {
        return false;
    }
    bool ok = library_run(render_all, render, control, err);
    budget_give_back(memory);
    return ok;
}

static bool plan_and_render(struct render *render, const struct image_target *targets,
                            const struct image_limits *limits, const struct image_control *control,
                            struct error *err)
{
    render->width = render->info->oriented_width;
    render->height = render->info->oriented_height;
    if (!image_format_readable(render->info->format)) {
        return error_set(err, "unsupported", "%s can't be read by this build",
                         image_format_name(render->info->format));
    }
    if (!image_steps_size(render->steps, render->step_count, &render->width, &render->height,
                          err) ||
        !plan_items(render, targets, limits, err)) {
        return false;
    }
    choose_divisor(render);
    return render_within_budget(render, control, err);
}

bool image_render(const void *bytes, size_t length, const struct image_info *info,
                  const struct image_limits *limits, const struct image_step *steps,
                  size_t step_count, const struct image_target *targets, size_t target_count,
                  struct image_output *outputs, const struct image_control *control,
                  struct error *err)
{
    struct item *items = calloc(target_count > 0 ? target_count : 1, sizeof *items);
    struct image_output *made = calloc(target_count > 0 ? target_count : 1, sizeof *made);
    struct render render = {.bytes = bytes,
                            .length = length,
                            .info = info,
                            .steps = steps,
                            .step_count = step_count,
                            .items = items,
                            .count = target_count};
    bool ok = items != NULL && made != NULL;
    if (!ok) {
        (void)error_set_memory(err, "rendering an image");
    }
    for (size_t i = 0; ok && i < target_count; i++) {
        items[i].output = &made[i];
    }

    ok = ok && plan_and_render(&render, targets, limits, control, err);
    for (size_t i = 0; i < target_count && made != NULL; i++) {
        if (ok) {
            outputs[i] = made[i];
        } else {
            image_output_release(&made[i]);
        }
    }
    free(items);
    free(made);
    return ok;
}
