/*
 * plan.c - plans a render. Called by engine.c before anything is decoded, and for image_plan().
 */
#include "bindings/image/plan.h"
#include "bindings/image/attention.h"
#include "bindings/image/budget.h"
#include "bindings/image/codec/gif.h"
#include "bindings/image/lane/lane.h"
#include "bindings/image/limits.h"
#include "bindings/image/orient.h"
#include "bindings/image/codec/rows.h"
#include "bindings/image/codec/salvage.h"
#include "bindings/image/steps/steps.h"
#include "bindings/image/target.h"

#include <math.h>
#include <stdlib.h>

/* Beside the pixels: the coders' own buffers, the encoded bytes, profiles. */
#define OVERHEAD_BYTES      (8 << 20)
#define LANE_OVERHEAD_BYTES (2 << 20)

/* How much larger than its largest target a JPEG is decoded, in tenths. Measured as likeness (SSIM)
 * to a resize of the full photo: at 1.5 nothing is lost, at 1.2 0.0014, which is what sharp loses
 * there, too, and below 1 it would be enlarged. */
enum { AMPLE_TENTHS = 12, LEAST_TENTHS = 10 };

/* The same of a WebP, whose decoder scales by plain means, but to any size: what a photo loses is
 * below 0.001. Up to a quarter of the photo, where there is nothing to be saved any more, it is
 * larger. */
enum { AMPLE_WEBP_TENTHS = 19, SMALL_WEBP_TENTHS = 40 };
#define SMALL_WEBP 0.25

/* A WebP that would be decoded at more than this much of its width and height is decoded at its own
 * size: scaling would cost more than it saves. Of lossy pixels the blocks' edges are smoothed, too,
 * where 0.75 or more is left. */
#define LARGE_WEBP          0.7
#define LARGE_LOSSLESS_WEBP 0.5

/* How much larger than a target the picture of another one must be, to stand in for the photo. */
enum { CASCADE_TENTHS = 20 };

/* ---- targets ------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    const struct plan_item *first = a, *second = b;
    int64_t first_area = first->geometry.width * first->geometry.height;
    int64_t second_area = second->geometry.width * second->geometry.height;
    if (first_area != second_area) {
        return first_area > second_area ? -1 : 1;
    }
    return first->index < second->index ? -1 : 1;
}

/* The steps that follow the resize. */
static bool plan_after(struct plan_item *item, const struct image_limits *limits, struct error *err)
{
    const struct image_target *target = &item->target;
    const struct geometry *geometry = &item->geometry;
    item->made_width = geometry->canvas_width;
    item->made_height = geometry->canvas_height;
    return image_steps_size(target->after, target->after_count, &item->made_width,
                            &item->made_height, err) &&
           limits_check("side", item->made_width, limits->side, err) &&
           limits_check("side", item->made_height, limits->side, err) &&
           steps_memory(target->after, target->after_count, geometry->canvas_width,
                        geometry->canvas_height, &item->after_memory, err);
}

static bool plan_items(struct plan *plan, const struct image_target *targets,
                       const struct image_limits *limits, struct error *err)
{
    for (size_t i = 0; i < plan->count; i++) {
        struct plan_item *item = &plan->items[i];
        item->index = i;
        item->source = PLAN_DECODED;
        if (!target_resolve(plan->info, &targets[i], &item->target, err) ||
            !geometry_plan(plan->width, plan->height, &item->target, limits, &item->geometry,
                           err)) {
            return false;
        }
        if (!plan_after(item, limits, err)) {
            return false;
        }
        int64_t frames = item->target.animated ? plan->info->frames : 1;
        int64_t pixels = item->made_width * item->made_height;
        if (!limits_check("pixels", pixels * frames, limits->pixels, err)) {
            return false;
        }
        plan->keep_metadata |= item->target.keep_metadata;
    }
    qsort(plan->items, plan->count, sizeof *plan->items, by_size);
    return true;
}

/* ---- the decode's scale -------------------------------------------------------------------- */

static bool may_shrink(const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->items[i].target.filter == IMAGE_NEAREST) {
            return false; /* a pixel of the photo, not of a smaller one */
        }
    }
    /* A pixel of a smaller one may lie on the edge of what is cut out; the lane minds that. */
    return (plan->lane || !view_cuts(&plan->view, plan->info)) &&
           steps_any_scale(plan->steps, plan->step_count);
}

static struct decode_size divided(const struct image_info *info, int divisor)
{
    return (struct decode_size){divisor, (info->width + divisor - 1) / divisor,
                                (info->height + divisor - 1) / divisor};
}

/* A sample that lies on an edge of what is cut out may not count: of a few it would be missed. */
enum { CUT_SAMPLES = 16 };

static bool divides_cut(int64_t side, int64_t whole, int divisor)
{
    return side == whole || side >= (int64_t)CUT_SAMPLES * divisor;
}

static int largest_divisor(const struct plan *plan, int tenths)
{
    const struct pixels_area *seen = &plan->view.area;
    int divisor = 8;
    while (divisor > 1 && !(divides_cut(seen->width, plan->info->width, divisor) &&
                            divides_cut(seen->height, plan->info->height, divisor))) {
        divisor /= 2;
    }
    for (size_t i = 0; i < plan->count; i++) {
        int most =
            geometry_decode_divisor(plan->width, plan->height, &plan->items[i].geometry, tenths);
        divisor = most < divisor ? most : divisor;
    }
    return divisor;
}

static struct decode_size webp_size(const struct plan *plan, int tenths)
{
    const struct image_info *info = plan->info;
    struct decode_size own = divided(info, 1);
    double scale = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct geometry *geometry = &plan->items[i].geometry;
        scale = fmax(scale, (double)geometry->width / (double)plan->width);
        scale = fmax(scale, (double)geometry->height / (double)plan->height);
    }
    scale = fmax(scale * tenths / 10, fmin(scale * SMALL_WEBP_TENTHS / 10, SMALL_WEBP));
    if (scale > (info->lossless || info->alpha ? LARGE_LOSSLESS_WEBP : LARGE_WEBP)) {
        return own;
    }
    int64_t width = (int64_t)ceil(scale * (double)info->width);
    int64_t height = (int64_t)ceil(scale * (double)info->height);
    return (struct decode_size){1, width > 0 ? width : 1, height > 0 ? height : 1};
}

/* The smallest size that leaves all targets `tenths` / 10 times as much as they are. */
static struct decode_size smallest_size(const struct plan *plan, int tenths)
{
    const struct image_info *info = plan->info;
    if (may_shrink(plan) && info->format == IMAGE_JPEG) {
        return divided(info, largest_divisor(plan, tenths));
    }
    if (may_shrink(plan) && info->format == IMAGE_WEBP && rows_can(info)) {
        return webp_size(plan, tenths);
    }
    return divided(info, 1);
}

/* What is left of a side of the picture when it is decoded at that size. */
static int64_t decoded_side(const struct plan *plan, int64_t side)
{
    return plan->size.divisor > 1 ? side / plan->size.divisor
                                  : side * plan->size.width / plan->info->width;
}

/* ---- the cascade --------------------------------------------------------------------------- */

/* Nothing that was cut, enlarged or filtered by another than the sharpest stands in. */
static bool stands_in(const struct plan *plan, const struct plan_item *source)
{
    const struct geometry *geometry = &source->geometry;
    return !source->target.animated && source->target.filter == IMAGE_LANCZOS &&
           geometry->crop_width == geometry->width && geometry->crop_height == geometry->height &&
           geometry->width <= decoded_side(plan, plan->width) &&
           geometry->height <= decoded_side(plan, plan->height);
}

static bool can_be_made_of(const struct plan_item *item, const struct plan_item *source)
{
    return !item->target.animated && item->target.filter == IMAGE_LANCZOS &&
           source->geometry.width * 10 >= item->geometry.width * CASCADE_TENTHS &&
           source->geometry.height * 10 >= item->geometry.height * CASCADE_TENTHS;
}

/* Each target of the smallest picture that is still ample for it. */
static void plan_cascade(struct plan *plan)
{
    for (size_t i = 1; i < plan->count; i++) {
        for (size_t k = i; k-- > 0;) {
            if (stands_in(plan, &plan->items[k]) &&
                can_be_made_of(&plan->items[i], &plan->items[k])) {
                plan->items[i].source = (int)k;
                plan->items[k].uses++;
                break;
            }
        }
    }
}

static void forget_cascade(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        plan->items[i].source = PLAN_DECODED;
        plan->items[i].uses = 0;
    }
}

/* ---- memory -------------------------------------------------------------------------------- */

struct resize plan_resize(const struct plan_item *item, int orientation, bool cut)
{
    const struct geometry *geometry = &item->geometry;
    bool swapped = orient_swaps(orientation);
    struct resize resize = {.width = swapped ? geometry->height : geometry->width,
                            .height = swapped ? geometry->width : geometry->height,
                            .orientation = orientation,
                            .filter = item->target.filter};
    struct pixels_area part = {geometry->crop_x, geometry->crop_y, geometry->crop_width,
                               geometry->crop_height};
    if (!cut) {
        part = (struct pixels_area){0, 0, geometry->width, geometry->height};
    }
    resize.part = orient_stored(part, orientation, resize.width, resize.height);
    return resize;
}

/* The file as it is once it is repaired. */
static int64_t repair_memory(const struct image_info *info)
{
    return info->allow_damaged ? salvage_memory(info) : 0;
}

/* What the codec holds beside the library's pixels: coefficients of a progressive JPEG, at full
 * size; a frame in the codec's own format elsewhere, but for lossy WebP that is opaque. */
static int64_t codec_memory(const struct image_info *info)
{
    int64_t pixels = info->width * info->height;
    if (info->format == IMAGE_JPEG) {
        return info->progressive ? pixels * info->channels * 2 : 0;
    }
    if (info->format == IMAGE_WEBP && !info->animated && !info->lossless && !info->alpha) {
        return repair_memory(info);
    }
    return pixels * 4 * (info->depth > 8 ? 2 : 1) + repair_memory(info);
}

static int64_t canvas_memory(const struct geometry *geometry)
{
    return geometry->canvas_width * geometry->canvas_height * (int64_t)sizeof(PixelPacket);
}

/* What a GIF's encoder holds, of a still beside the picture; of an animation frames_memory() counts
 * the pictures. 0 for other encoders, which make a copy. */
static int64_t gif_memory_of(const struct plan *plan, const struct plan_item *item)
{
    if (item->target.format != IMAGE_GIF) {
        return 0;
    }
    bool animated = item->target.animated;
    int64_t picture = item->made_width * item->made_height * (int64_t)sizeof(PixelPacket);
    return gif_memory(item->made_width, item->made_height, animated ? plan->info->frames : 1) +
           (animated ? 0 : picture);
}

/* After its resize: the result and a copy, which padding and encoding make one after the other. */
static int64_t finish_memory(const struct plan *plan, const struct plan_item *item)
{
    const struct geometry *geometry = &item->geometry;
    int64_t canvas = canvas_memory(geometry), gif = gif_memory_of(plan, item);
    int64_t scaled = geometry->width * geometry->height * (int64_t)sizeof(PixelPacket);
    int64_t copied = canvas + (scaled > canvas ? scaled : canvas);
    return (copied > gif ? copied : gif) + item->after_memory;
}

/* An animation's frames stay until all are encoded. */
static int64_t frames_memory(const struct plan *plan, const struct plan_item *item)
{
    int64_t made = item->made_width * item->made_height * (int64_t)sizeof(PixelPacket);
    return item->target.animated ? made * plan->info->frames : 0;
}

/* Beside its source: first the resize, then what comes after it. */
static int64_t item_memory(const struct plan *plan, const struct plan_item *item)
{
    int orientation = plan->step_count > 0 ? 1 : plan->view.orientation;
    bool swapped = orient_swaps(orientation);
    struct resize how = plan_resize(item, orientation, true);
    int64_t resize = resize_memory(decoded_side(plan, swapped ? plan->height : plan->width),
                                   decoded_side(plan, swapped ? plan->width : plan->height), &how);
    int64_t finish = finish_memory(plan, item);
    return frames_memory(plan, item) + (resize > finish ? resize : finish);
}

/* Bytes of a decoded pixel. A palette's index or a fifth channel comes on top where there may be
 * any: grey is decoded as a palette. */
static int64_t pixel_memory(const struct image_info *info)
{
    bool plain = info->channels == 3 && (info->format == IMAGE_JPEG || info->format == IMAGE_WEBP);
    return (int64_t)(sizeof(PixelPacket) + (plain ? 0 : sizeof(IndexPacket)));
}

/* The pictures that others are made of: all are counted as if they were there at once. */
static int64_t cascade_memory(const struct plan *plan)
{
    int64_t memory = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct geometry *geometry = &plan->items[i].geometry;
        if (plan->items[i].uses > 0) {
            memory += geometry->width * geometry->height * (int64_t)sizeof(PixelPacket);
        }
    }
    return memory;
}

/* Of the pictures that are encoded elsewhere meanwhile, each with its coder's buffers: as if they
 * were the largest ones. */
static int64_t lent_memory(const struct plan *plan)
{
    int64_t most = 0;
    for (size_t i = 0; i < plan->count; i++) {
        int64_t memory =
            frames_memory(plan, &plan->items[i]) + finish_memory(plan, &plan->items[i]);
        most = memory > most ? memory : most;
    }
    return (int64_t)plan->lent * (most + OVERHEAD_BYTES);
}

/* By lane.h's way. Of a JPEG: what it is made of, turned, in its encoder's numbers of 16 bits, and
 * its bytes. */
static int64_t lane_memory_needed(const struct plan *plan)
{
    int64_t most = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_item *item = &plan->items[i];
        int64_t memory = finish_memory(plan, item) + OVERHEAD_BYTES;
        if (lane_encodes(item)) {
            bool jpeg = item->target.format == IMAGE_JPEG;
            memory = 4 * lane_picture_memory(plan, item) + (jpeg ? 0 : OVERHEAD_BYTES);
        }
        most = memory > most ? memory : most;
    }
    int64_t hands = (int64_t)plan->lent + 1;
    return codec_memory(plan->info) + lane_memory(plan) + hands * most + LANE_OVERHEAD_BYTES;
}

/* A GIF's frame is drawn on a canvas. */
static int pictures_decoded(const struct image_info *info)
{
    return info->format == IMAGE_GIF ? 2 : 1;
}

/* Orienting, converting and each step make a second picture before the first one goes, and an
 * animation may have to restore what was there before. */
static int pictures_held(const struct plan *plan)
{
    if (plan->step_count > 0 || plan->info->animated) {
        return 3;
    }
    return pictures_decoded(plan->info);
}

/* What a decoder of rows holds, in the size that is wanted of it. */
static int64_t decoder_memory(const struct plan *plan)
{
    bool png = plan->info->format == IMAGE_PNG;
    return rows_memory(plan->info, plan->size.width, plan->size.height) +
           (png ? repair_memory(plan->info) : codec_memory(plan->info));
}

/* Where rows are resized as they come: all results at once, and what their decoder holds. */
static int64_t rows_memory_needed(const struct plan *plan)
{
    int64_t memory = decoder_memory(plan);
    int64_t most = 0;
    for (size_t i = 0; i < plan->count; i++) {
        int64_t item = item_memory(plan, &plan->items[i]);
        most = item > most ? item : most;
        memory += plan->items[i].source == PLAN_DECODED ? item : 0;
    }
    return memory + most + cascade_memory(plan) + lent_memory(plan) + OVERHEAD_BYTES;
}

/* By the library's way: a picture of all is decoded, and what follows is of the view's. */
static int64_t library_memory_needed(const struct plan *plan)
{
    int64_t pixel = pixel_memory(plan->info);
    int64_t decoded = plan->size.width * plan->size.height * pixel, seen = decoded;
    int64_t codec = rows_can(plan->info) ? decoder_memory(plan) : codec_memory(plan->info);
    int64_t most = codec;
    for (size_t i = 0; i < plan->count; i++) {
        int64_t memory = item_memory(plan, &plan->items[i]);
        most = memory > most ? memory : most;
    }
    if (view_cuts(&plan->view, plan->info)) {
        seen = decoded_side(plan, plan->view.area.width) *
               decoded_side(plan, plan->view.area.height) * pixel;
    }
    int64_t later = seen * pictures_held(plan) + plan->steps_memory + most + cascade_memory(plan) +
                    lent_memory(plan);
    int64_t first = decoded * pictures_decoded(plan->info) + codec + (seen < decoded ? seen : 0);
    if (plan->info->animated && seen < decoded) { /* all of it is decoded for each frame */
        later += decoded * pictures_held(plan);
    }
    return (first > later ? first : later) + OVERHEAD_BYTES;
}

/* The most that this render holds at once. */
static int64_t memory_needed(const struct plan *plan)
{
    /* A damaged photo may have to go the other way. */
    if (plan->lane && !plan->info->allow_damaged) {
        return lane_memory_needed(plan);
    }
    if (plan->rows) {
        return rows_memory_needed(plan);
    }
    return library_memory_needed(plan);
}

/* ---- the plan ------------------------------------------------------------------------------ */

/* Where memory will never do, what saves only time goes first: other hands, then the cascade. Then
 * a little softer is better than none: where it will not do for an ample decode, the least one is
 * tried. */
static void fit_memory(struct plan *plan)
{
    bool jpeg = plan->info->format == IMAGE_JPEG;
    plan->size = smallest_size(plan, jpeg ? AMPLE_TENTHS : AMPLE_WEBP_TENTHS);
    plan_cascade(plan);
    while (plan->lent > 0 && memory_needed(plan) > budget_total()) {
        plan->lent--;
    }
    if (memory_needed(plan) > budget_total()) {
        forget_cascade(plan);
    }
    struct decode_size least = smallest_size(plan, LEAST_TENTHS);
    while (plan->size.width > least.width && memory_needed(plan) > budget_total()) {
        plan->size = jpeg ? divided(plan->info, 2 * plan->size.divisor) : least;
    }
    plan->memory = memory_needed(plan);
}

/* May the targets be made while the photo is decoded? A crop to what is seen has to wait for the
 * picture, as steps do. */
static bool resized_at_once(const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (attention_wanted(&plan->items[i].target)) {
            return false;
        }
    }
    return plan->step_count == 0;
}

static bool takes_lane(const struct plan *plan)
{
    const struct image_info *info = plan->info;
    return info->format == IMAGE_JPEG && info->channels != 4 && resized_at_once(plan);
}

/* A damaged photo has to be repaired as a whole. */
static bool takes_rows(const struct plan *plan)
{
    return rows_can(plan->info) && !plan->info->allow_damaged && resized_at_once(plan);
}

/* The first ones are the view's. */
static bool plan_steps(struct plan *plan, const struct image_step *steps, size_t count,
                       struct error *err)
{
    if (!image_steps_size(steps, count, &plan->width, &plan->height, err)) {
        return false;
    }
    size_t taken = view_make(&plan->view, plan->info, steps, count);
    plan->steps = steps + taken;
    plan->step_count = count - taken;
    return steps_memory(plan->steps, plan->step_count, view_width(&plan->view),
                        view_height(&plan->view), &plan->steps_memory, err);
}

bool plan_make(struct plan *plan, const struct image_info *info, const struct image_limits *limits,
               const struct image_step *steps, size_t step_count,
               const struct image_target *targets, size_t count, int hands, struct error *err)
{
    if (!image_format_readable(info->format)) {
        return error_set(err, "unsupported", "%s can't be read by this build",
                         image_format_name(info->format));
    }
    struct plan made = {.info = info,
                        .width = info->oriented_width,
                        .height = info->oriented_height,
                        .items = calloc(count > 0 ? count : 1, sizeof *made.items),
                        .count = count};
    if (made.items == NULL) {
        return error_set_memory(err, "planning a render");
    }
    if (!plan_steps(&made, steps, step_count, err) || !plan_items(&made, targets, limits, err)) {
        plan_release(&made);
        return false;
    }
    size_t others = hands > 1 ? (size_t)hands - 1 : 0;
    made.lent = others < count ? others : count > 0 ? count - 1 : 0;
    made.lane = takes_lane(&made);
    made.rows = takes_rows(&made);
    fit_memory(&made);
    *plan = made;
    return true;
}

void plan_without_rows(struct plan *plan)
{
    const struct image_info *info = plan->info;
    if (!plan->rows) {
        return;
    }
    plan->rows = false;
    plan->size = divided(info, 1);
    /* A WebP that says little in its bytes is there in the decoder's pixels, too, before it is
     * read. */
    plan->memory =
        decoder_memory(plan) + item_memory(plan, &plan->items[0]) + OVERHEAD_BYTES +
        info->width * info->height * (int64_t)(sizeof(PixelPacket) + sizeof(IndexPacket));
}

int64_t plan_whole_memory(const struct plan *plan)
{
    struct plan whole = *plan;
    whole.size = divided(plan->info, 1);
    whole.lane = whole.rows = false;
    return library_memory_needed(&whole);
}

void plan_release(struct plan *plan)
{
    free(plan->items);
    plan->items = NULL;
}
