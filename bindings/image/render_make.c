/*
 * render_make.c - the pictures of a render: decoded once, largest first, small ones of larger ones.
 * Called by engine.c.
 */
#include "bindings/image/codec/animation.h"
#include "bindings/image/attention.h"
#include "bindings/image/colour.h"
#include "bindings/image/codec/decode.h"
#include "bindings/image/codec/encode.h"
#include "bindings/image/steps/flatten.h"
#include "bindings/image/look/glance_image.h"
#include "bindings/image/lane/lane.h"
#include "bindings/image/library.h"
#include "bindings/image/orient.h"
#include "bindings/image/render.h"
#include "bindings/image/resize.h"
#include "bindings/image/codec/rows.h"
#include "bindings/image/steps/steps.h"
#include "bindings/image/times.h"

#include <stdlib.h>

/* A picture on its way: what has not been done to it yet is done after the resize. */
struct picture {
    const Image *image;
    int orientation;
    bool srgb;
};

/* ---- stills -------------------------------------------------------------------------------- */

static bool finish_picture(Image **image, const struct picture *picture,
                           const struct plan_item *item, struct error *err)
{
    const struct geometry *geometry = &item->geometry;
    const struct image_target *target = &item->target;
    bool alpha = encode_has_alpha(target->format);
    return (picture->srgb || colour_to_srgb(*image, err)) &&
           flatten_pad(image, geometry, target, alpha, err) &&
           steps_apply(image, target->after, target->after_count, err) &&
           (alpha || flatten_image(*image, target->background, err));
}

/* Moves the crop to where most is to be seen, for a target that wants that. */
static bool place_crop(const struct picture *picture, struct plan_item *item, struct error *err)
{
    struct glance glance;
    if (!attention_wanted(&item->target)) {
        return true;
    }
    if (!glance_image(picture->image, picture->orientation, picture->srgb, &glance, err)) {
        return false;
    }
    attention_place(&glance, item->target.gravity, &item->geometry);
    return true;
}

/* The target's picture, all but encoded; NULL on failure. */
static Image *make_picture(const struct picture *picture, const struct plan_item *planned,
                           struct error *err)
{
    struct plan_item item = *planned;
    if (!place_crop(picture, &item, err)) {
        return NULL;
    }
    struct resize resize = plan_resize(&item, picture->orientation, true);
    Image *image = resize_image(picture->image, &resize, err);
    if (image != NULL && !finish_picture(&image, picture, &item, err)) {
        pixels_destroy(image);
        return NULL;
    }
    return image;
}

static bool make_still(struct render *render, size_t i, const struct picture *picture,
                       struct error *err)
{
    struct made made = {make_picture(picture, &render->plan.items[i], err)};
    return made.image != NULL && render_encode(render, i, &made, err);
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
    if (!make_still(render, i, &picture, err)) {
        return false;
    }
    forget_source(render, item->source);
    return true;
}

/* Before the steps a picture must be upright and in sRGB: they speak of what is displayed. */
static bool apply_steps(const struct plan *plan, Image **image, struct error *err)
{
    return orient_image(image, plan->view.orientation, err) && colour_to_srgb(*image, err) &&
           steps_apply(image, plan->steps, plan->step_count, err);
}

/* Does what has to come before any resize, and says what is left to be done after it. */
static bool prepare(const struct plan *plan, Image **image, struct picture *picture,
                    struct error *err)
{
    *picture = (struct picture){.orientation = plan->view.orientation};
    if (!view_cut(image, &plan->view, plan->info, err)) {
        return false;
    }
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

/* ---- animations ---------------------------------------------------------------------------- */

struct frame_work {
    const struct render *render;
    const struct plan_item *item;
};

static Image *make_frame(const Image *canvas, void *context, struct error *err)
{
    const struct frame_work *work = context;
    struct picture picture;
    Image *copy = pixels_clone(canvas, err);
    bool ok = copy != NULL && prepare(&work->render->plan, &copy, &picture, err);
    Image *made = ok ? make_picture(&picture, work->item, err) : NULL;
    pixels_destroy(copy);
    return made;
}

static bool make_animation(struct render *render, size_t i, struct error *err)
{
    struct frame_work work = {render, &render->plan.items[i]};
    struct made made = {
        animation_play(render->bytes, render->length, render->plan.info, make_frame, &work, err)};
    return made.image != NULL && render_encode(render, i, &made, err);
}

/* ---- row by row ---------------------------------------------------------------------------- */

/* The targets that are made of the photo itself, in the plan's places. */
struct streams {
    struct resize_stream **stream; /* NULL: made of another one; owned */
    Image **image;                 /* owned */
};

/* What of the decoded rows is resized: all of a picture that is decoded at another size. */
static struct pixels_area seen_area(const struct plan *plan)
{
    return view_cuts(&plan->view, plan->info)
               ? plan->view.area
               : (struct pixels_area){0, 0, plan->size.width, plan->size.height};
}

static bool open_streams(const struct plan *plan, const Image *head, struct streams *streams,
                         struct error *err)
{
    struct pixels_area seen = seen_area(plan);
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_item *item = &plan->items[i];
        struct resize resize = plan_resize(item, plan->view.orientation, item->uses == 0);
        if (item->source == PLAN_DECODED &&
            !resize_stream_open(&streams->stream[i], head, seen.width, seen.height, &resize, err)) {
            return false;
        }
    }
    return true;
}

static bool run_streams(const struct plan *plan, struct rows *rows, struct streams *streams,
                        struct error *err)
{
    struct pixels_area seen = seen_area(plan);
    for (int64_t y = 0; y < rows->height; y++) {
        const uint8_t *row = rows_next(rows, err);
        if (row == NULL) {
            return false;
        }
        bool is_seen = y >= seen.y && y < seen.y + seen.height;
        for (size_t i = 0; is_seen && i < plan->count; i++) {
            if (streams->stream[i] != NULL) {
                resize_stream_row(streams->stream[i], row + 4 * seen.x);
            }
        }
    }
    for (size_t i = 0; i < plan->count; i++) {
        struct resize_stream *stream = streams->stream[i];
        if (stream != NULL && (streams->image[i] = resize_stream_take(stream, err)) == NULL) {
            return false;
        }
    }
    return true;
}

/* The streams come first: the library allocates their pictures, and may escape from there. */
static bool decode_streams(const struct render *render, const Image *head, struct streams *streams,
                           struct error *err)
{
    const struct plan *plan = &render->plan;
    struct rows rows = {.width = 0};
    int64_t began_us = times_begin();
    bool ok = open_streams(plan, head, streams, err) &&
              rows_open(&rows, render->bytes, render->length, plan->info, plan->size.width,
                        plan->size.height, err) &&
              run_streams(plan, &rows, streams, err);
    for (size_t i = 0; i < plan->count; i++) {
        resize_stream_close(streams->stream[i]);
    }
    rows_close(&rows);
    times_end(TIMES_DECODE, began_us);
    times_count(plan->info->width * plan->info->height, 0);
    return ok;
}

/* *image is consumed. */
static bool finish_stream(struct render *render, size_t i, Image **image, struct error *err)
{
    const struct plan_item *item = &render->plan.items[i];
    const struct picture resized = {.orientation = 1, .srgb = false};
    struct made made = {.image = *image};
    *image = NULL;
    if (item->uses > 0) {
        render->sources[i] = made.image;
        const struct picture whole = {made.image, .orientation = 1, .srgb = true};
        return colour_to_srgb(made.image, err) && make_still(render, i, &whole, err);
    }
    if (!finish_picture(&made.image, &resized, item, err)) {
        pixels_destroy(made.image);
        return false;
    }
    return render_encode(render, i, &made, err);
}

static bool make_streams(struct render *render, const Image *head, struct streams *streams,
                         struct error *err)
{
    const struct picture none = {.image = NULL};
    bool ok = decode_streams(render, head, streams, err);
    for (size_t i = 0; ok && i < render->plan.count; i++) {
        ok = render->plan.items[i].source == PLAN_DECODED
                 ? finish_stream(render, i, &streams->image[i], err)
                 : make_item(render, i, &none, err);
    }
    return ok;
}

static bool make_of_rows(struct render *render, struct error *err)
{
    const struct plan *plan = &render->plan;
    Image *head = decode_head(render->bytes, render->length, plan->info, err);
    if (head == NULL || !metadata_read(head, plan->keep_metadata, &render->metadata, err)) {
        pixels_destroy(head);
        return false;
    }
    struct streams streams = {calloc(plan->count + 1, sizeof *streams.stream),
                              calloc(plan->count + 1, sizeof *streams.image)};
    bool ok = (streams.stream != NULL && streams.image != NULL) ||
              error_set_memory(err, "rendering an image");
    ok = ok && make_streams(render, head, &streams, err);
    for (size_t i = 0; streams.image != NULL && i < plan->count; i++) {
        pixels_destroy(streams.image[i]);
    }
    free(streams.stream);
    free(streams.image);
    pixels_destroy(head);
    return ok;
}

/* ---- photos -------------------------------------------------------------------------------- */

/* What lane_encode() doesn't know goes on as an image. */
static bool take_planes(void *context, size_t i, struct planes *planes, struct error *err)
{
    struct render *render = context;
    const struct plan_item *item = &render->plan.items[i];
    const struct picture upright = {.orientation = 1, .srgb = true};
    struct made made = {.planes = *planes};
    if (!lane_encodes(item)) {
        made = (struct made){.image = planes_image(planes, err)};
        planes_release(planes);
        if (made.image == NULL || !finish_picture(&made.image, &upright, item, err)) {
            pixels_destroy(made.image);
            return false;
        }
    }
    return render_encode(render, i, &made, err);
}

static bool make_in_lane(struct render *render, struct error *err)
{
    const struct lane_photo photo = {render->bytes, render->length, &render->crew};
    return lane_make(&photo, &render->plan, &render->metadata, take_planes, render, err);
}

/* ---- all ----------------------------------------------------------------------------------- */

/* The first frame is decoded even when only animations are asked for: the metadata is read from
 * it. */
static bool make_all(struct render *render, struct error *err)
{
    const struct plan *plan = &render->plan;
    if (plan->lane) {
        bool ok = make_in_lane(render, err);
        /* A damaged file fails before its first picture is ready. */
        if (ok || !plan->info->allow_damaged || !error_is(err, "bad_image")) {
            return ok;
        }
        metadata_release(&render->metadata);
    }
    Image *image = NULL;
    bool ok;
    if (plan->rows) {
        ok = make_of_rows(render, err);
    } else {
        image = decode_first(render->bytes, render->length, plan->info, &plan->size, err);
        ok = image != NULL && make_stills(render, &image, err);
    }
    pixels_destroy(image);
    for (size_t i = 0; i < plan->count; i++) {
        pixels_destroy(render->sources[i]);
    }
    for (size_t i = 0; ok && i < plan->count; i++) {
        ok = !plan->items[i].target.animated || make_animation(render, i, err);
    }
    return ok;
}

bool render_make(struct render *render, struct error *err)
{
    bool ok = make_all(render, err);
    if (!ok) {
        crew_fail(&render->crew, err);
    }
    crew_wait(&render->crew);
    metadata_release(&render->metadata); /* which the parts have read */
    return ok;
}
