/*
 * lane.c - makes the pictures of a plan from a JPEG's planes. Called by the engine for a plan that
 * says so.
 */
#include "bindings/image/lane/lane.h"
#include "bindings/image/lane/jpeg_profiles.h"
#include "bindings/image/lane/lane_colour.h"
#include "bindings/image/lane/lane_kernel.h"
#include "bindings/image/lane/lane_scale.h"
#include "bindings/image/library.h"
#include "bindings/image/pixels.h"
#include "bindings/image/relay.h"
#include "bindings/image/times.h"

#include <math.h>
#include <stdlib.h>

/* How many groups of rows another thread may lag behind the decode: enough to bear that one of them
 * now and then takes longer. */
enum { AHEAD = 4 };

/* One for the brightness, and one for both colours where they are stored alike, else one each: a
 * file is free to keep more of one of them. */
enum { SCALES = PLANES_MAX };

struct lane_item {
    const struct plan_item *item;
    struct planes planes; /* as the photo is stored; kept for as long as others are made of it */
    int uses;
    int scales; /* how many there are, once they are begun */
    struct lane_scale scale[SCALES];
};

/* Rows of a plane that were decoded lately. */
struct ring {
    uint8_t *samples; /* owned */
    int64_t stride, rows;
};

struct lane {
    const struct plan *plan;
    struct crew *crew;
    struct jpeg_reader *reader;
    struct jpeg_picture picture;
    struct lane_colour *colour; /* to sRGB; NULL: it is */
    struct ring ring[PLANES_MAX];
    struct lane_item *items;
};

/* What a picture is made of: the photo, or a larger picture. */
struct origin {
    const struct plane *plane; /* PLANES_MAX */
    struct pixels_area seen;   /* of it, in the pixels that the planes' places are in */
    bool cut;                  /* that isn't all */
};

/* ---- where the samples lie ----------------------------------------------------------------- */

/* Of most photos the colours are stored at half of the size. */
static bool is_coarse(int plane, double spacing)
{
    return plane == 0 || spacing > 2;
}

/* Of what lies beyond the edges of what is seen nothing counts. Nor do samples that lie on an edge,
 * but where there are no others: what was cut off would be seen in them. Of colours as the file has
 * them it is seen anyway, and there is nothing better for the pixels at the edge. */
static void keep_within(struct axis *axis, double length, bool coarse)
{
    const double slack = coarse ? -1e-6 : 1e-6; /* of what the divisions round */
    double begins = axis->origin + slack, ends = axis->origin + length - slack;
    int64_t first = (int64_t)(coarse ? ceil(begins) : floor(begins));
    int64_t end = (int64_t)(coarse ? floor(ends) : ceil(ends));
    if (first >= end) {
        first = (int64_t)(axis->origin + length / 2);
        end = first + 1;
    }
    end = end > axis->from ? axis->from : end < 1 ? 1 : end;
    first = first < 0 ? 0 : first >= end ? end - 1 : first;
    axis->skipped = first;
    axis->from = end - first;
    axis->origin -= (double)first;
}

static struct axis axis_across(const struct origin *origin, int plane, const struct resize *resize,
                               const struct plane *to)
{
    const struct plane *from = &origin->plane[plane];
    struct axis axis = {.from = from->width,
                        .count = to->width,
                        .offset = ((double)resize->part.x + to->left) / to->across + 0.5,
                        .step = to->across * (double)origin->seen.width /
                                ((double)resize->width * from->across),
                        .origin = ((double)origin->seen.x - from->left) / from->across};
    if (origin->cut) {
        keep_within(&axis, (double)origin->seen.width / from->across,
                    is_coarse(plane, from->across));
    }
    return axis;
}

static struct axis axis_down(const struct origin *origin, int plane, const struct resize *resize,
                             const struct plane *to)
{
    const struct plane *from = &origin->plane[plane];
    struct axis axis = {.from = from->height,
                        .count = to->height,
                        .offset = ((double)resize->part.y + to->top) / to->down + 0.5,
                        .step = to->down * (double)origin->seen.height /
                                ((double)resize->height * from->down),
                        .origin = ((double)origin->seen.y - from->top) / from->down};
    if (origin->cut) {
        keep_within(&axis, (double)origin->seen.height / from->down, is_coarse(plane, from->down));
    }
    return axis;
}

static bool colours_alike(const struct origin *origin)
{
    const struct plane *a = &origin->plane[1], *b = &origin->plane[2];
    return a->width == b->width && a->height == b->height && a->across == b->across &&
           a->down == b->down;
}

/* ---- one picture --------------------------------------------------------------------------- */

/* `whole`: colours that are still to be converted are needed in full. */
static struct planes_layout layout_of(const struct plan *plan, const struct plan_item *item,
                                      enum planes_colours colours, bool whole)
{
    struct resize resize = plan_resize(item, plan->view.orientation, true);
    return (struct planes_layout){.colours = colours,
                                  .width = resize.part.width,
                                  .height = resize.part.height,
                                  .halved = !whole && lane_encodes_halved(item),
                                  .orientation = plan->view.orientation};
}

/* Those of the pictures that are made of the photo itself. */
static bool to_convert(const struct lane *lane, const struct lane_item *item)
{
    return item->item->source == PLAN_DECODED &&
           (lane->colour != NULL || lane->picture.colours == PLANES_RGB);
}

static bool begin_item(const struct lane *lane, struct lane_item *item, const struct origin *origin,
                       enum planes_colours colours, struct error *err)
{
    struct planes_layout layout =
        layout_of(lane->plan, item->item, colours, to_convert(lane, item));
    struct resize resize = plan_resize(item->item, lane->plan->view.orientation, true);
    if (!planes_make(&item->planes, &layout, err)) {
        return false;
    }
    item->scales = item->planes.count == 1 ? 1 : colours_alike(origin) ? 2 : SCALES;
    for (int i = 0; i < item->scales; i++) {
        const struct plane *to = &item->planes.plane[i];
        struct axis across = axis_across(origin, i, &resize, to);
        struct axis down = axis_down(origin, i, &resize, to);
        if (!lane_scale_begin(&item->scale[i], resize.filter, &across, &down, err)) {
            return false;
        }
    }
    return true;
}

/* `available`: rows of each plane that are there. */
static void scale_item(struct lane_item *item, const struct lane_rows *from,
                       const int64_t *available)
{
    for (int i = 0; i < item->scales; i++) {
        struct plane *to[] = {&item->planes.plane[i], &item->planes.plane[PLANES_MAX - 1]};
        lane_scale_rows(&item->scale[i], from + i, available[i], to,
                        i == 1 && item->scales == 2 ? 2 : 1);
    }
}

static void end_scales(struct lane_item *item)
{
    for (int i = 0; i < SCALES; i++) {
        lane_scale_end(&item->scale[i]);
    }
}

/* ---- the decode ---------------------------------------------------------------------------- */

/* What the slowest picture still needs, what comes at a time, and what may lie ahead of it. */
static bool make_ring(struct lane *lane, int plane, struct error *err)
{
    struct ring *ring = &lane->ring[plane];
    int64_t longest = 1, group = lane->picture.rows[plane];
    for (size_t i = 0; i < lane->plan->count; i++) {
        const struct lane_item *item = &lane->items[i];
        const struct lane_scale *scale = &item->scale[plane < item->scales ? plane : 1];
        longest = scale->down.longest > longest ? scale->down.longest : longest;
    }
    /* What is read beyond a row's end must not be the next row, which may be on its way. */
    ring->stride = lane->picture.plane[plane].stride + LANE_SPARE;
    ring->rows = (longest - 1 + 2 * group - 1) / group * group + AHEAD * group;
    ring->samples = malloc((size_t)(ring->stride * ring->rows));
    return ring->samples != NULL || error_set_memory(err, "decoding a jpeg");
}

static bool open_colour(struct lane *lane, struct error *err)
{
    void *profile;
    size_t length;
    if (!jpeg_reader_icc(lane->reader, &profile, &length)) {
        return true;
    }
    bool ok = lane_colour_open(&lane->colour, profile, length, lane->picture.colours, err);
    free(profile);
    return ok;
}

static bool begin_decode(struct lane *lane, struct error *err)
{
    const struct plan *plan = lane->plan;
    if (!jpeg_reader_begin(lane->reader, plan->size.divisor, &lane->picture, err) ||
        !open_colour(lane, err)) {
        return false;
    }
    struct origin origin = {lane->picture.plane, plan->view.area,
                            view_cuts(&plan->view, plan->info)};
    for (size_t i = 0; i < plan->count; i++) {
        if (lane->items[i].item->source == PLAN_DECODED &&
            !begin_item(lane, &lane->items[i], &origin, lane->picture.colours, err)) {
            return false;
        }
    }
    for (int i = 0; i < lane->picture.count; i++) {
        if (!make_ring(lane, i, err)) {
            return false;
        }
    }
    return true;
}

static bool read_rows(struct lane *lane, int64_t group, struct error *err)
{
    uint8_t *to[PLANES_MAX];
    int64_t stride[PLANES_MAX];
    for (int i = 0; i < lane->picture.count; i++) {
        const struct ring *ring = &lane->ring[i];
        to[i] = ring->samples + group * lane->picture.rows[i] % ring->rows * ring->stride;
        stride[i] = ring->stride;
    }
    int64_t began_us = times_begin();
    bool ok = jpeg_reader_rows(lane->reader, to, stride, err);
    times_end(TIMES_DECODE, began_us);
    return ok;
}

/* Every picture that is made of the photo goes on as far as the decoded rows take it. */
static void scale_group(struct lane *lane, int64_t group)
{
    struct lane_rows from[PLANES_MAX] = {{.samples = NULL}};
    int64_t available[PLANES_MAX] = {0};
    int64_t began_us = times_begin();
    for (int i = 0; i < lane->picture.count; i++) {
        int64_t rows = (group + 1) * lane->picture.rows[i], height = lane->picture.plane[i].height;
        from[i] =
            (struct lane_rows){lane->ring[i].samples, lane->ring[i].stride, lane->ring[i].rows};
        available[i] = rows < height ? rows : height;
    }
    for (size_t i = 0; i < lane->plan->count; i++) {
        if (lane->items[i].item->source == PLAN_DECODED) {
            scale_item(&lane->items[i], from, available);
        }
    }
    times_end(TIMES_RESIZE, began_us);
}

/* Another thread that resizes what this one decodes. */
struct helper {
    struct crew_part part;
    struct lane *lane;
    struct relay relay;
};

static bool scale_meanwhile(struct crew_part *part, struct error *err)
{
    (void)err;
    struct helper *helper = (struct helper *)part;
    int64_t group;
    while (relay_next(&helper->relay, &group)) {
        scale_group(helper->lane, group);
        relay_done(&helper->relay);
    }
    return true;
}

/* `relay`: to the helper; NULL: there is none. */
static bool decode_rows(struct lane *lane, struct relay *relay, struct error *err)
{
    int64_t height = lane->picture.plane[0].height;
    for (int64_t group = 0; group * lane->picture.rows[0] < height; group++) {
        if (relay != NULL) {
            relay_begin(relay);
        }
        if (!read_rows(lane, group, err)) {
            return false;
        }
        if (relay != NULL) {
            relay_add(relay);
        } else {
            scale_group(lane, group);
        }
    }
    return true;
}

static bool decode_with_help(struct lane *lane, struct error *err)
{
    struct helper helper = {.part = {.work = scale_meanwhile}, .lane = lane};
    relay_open(&helper.relay, AHEAD);
    bool helped = lane->crew != NULL && crew_hand_over(lane->crew, &helper.part, 1);
    bool ok = decode_rows(lane, helped ? &helper.relay : NULL, err);
    relay_end(&helper.relay);
    if (helped) {
        crew_wait(lane->crew);
    }
    relay_close(&helper.relay);
    return ok;
}

/* Of a file whose rows are all there the rest is still looked at: it may be cut off. */
static bool decode(struct lane *lane, struct error *err)
{
    if (!decode_with_help(lane, err)) {
        return false;
    }
    times_count(lane->plan->info->width * lane->plan->info->height, 0);
    return jpeg_reader_end(lane->reader, err);
}

static void end_decode(struct lane *lane)
{
    jpeg_reader_close(lane->reader);
    lane->reader = NULL;
    for (int i = 0; i < PLANES_MAX; i++) {
        free(lane->ring[i].samples);
        lane->ring[i].samples = NULL;
    }
    for (size_t i = 0; i < lane->plan->count; i++) {
        end_scales(&lane->items[i]);
    }
}

/* ---- from picture to picture --------------------------------------------------------------- */

static bool make_smaller(const struct lane *lane, struct lane_item *item,
                         const struct lane_item *source, struct error *err)
{
    struct origin origin = {.plane = source->planes.plane,
                            .seen = {0, 0, source->planes.width, source->planes.height}};
    struct lane_rows from[PLANES_MAX] = {{.samples = NULL}};
    int64_t available[PLANES_MAX] = {0};
    if (!begin_item(lane, item, &origin, source->planes.colours, err)) {
        return false;
    }
    int64_t began_us = times_begin();
    for (int i = 0; i < source->planes.count; i++) {
        const struct plane *plane = &source->planes.plane[i];
        from[i] = (struct lane_rows){plane->samples, plane->stride, plane->height};
        available[i] = plane->height;
    }
    scale_item(item, from, available);
    times_end(TIMES_RESIZE, began_us);
    end_scales(item);
    return true;
}

static void forget(struct lane_item *item)
{
    if (item->uses-- == 0) {
        planes_release(&item->planes);
    }
}

/* Replaces *planes by what `made` is. */
static void replace(struct planes *planes, struct planes *made)
{
    planes_release(planes);
    *planes = *made;
}

/* Upright, as a picture that is nobody else's. */
static bool turn(const struct lane *lane, struct lane_item *item, struct planes *made,
                 struct error *err)
{
    int orientation = lane->plan->view.orientation;
    if (orientation > 1 || item->uses > 0) {
        bool ok = planes_turn(&item->planes, orientation, made, err);
        forget(item);
        return ok;
    }
    *made = item->planes;
    item->planes = (struct planes){.count = 0};
    return true;
}

/* To sRGB, or at least to YCC. */
static bool convert(const struct lane *lane, struct lane_item *item, struct error *err)
{
    if (!to_convert(lane, item)) {
        return true;
    }
    if (lane->colour != NULL) {
        return lane_colour_apply(lane->colour, &item->planes, err);
    }
    planes_to_ycc(&item->planes);
    return true;
}

/* The colours as the target's file has them. */
static bool finish(const struct lane_item *item, struct planes *made, struct error *err)
{
    struct planes halved;
    if (made->count == 1 || planes_halved(made) || !lane_encodes_halved(item->item)) {
        return true;
    }
    if (!planes_halve(made, &halved, err)) {
        return false;
    }
    replace(made, &halved);
    return true;
}

static bool hand_out(const struct lane *lane, size_t i, lane_ready *ready, void *context,
                     struct error *err)
{
    struct lane_item *item = &lane->items[i];
    struct planes made;
    if (!convert(lane, item, err) || !turn(lane, item, &made, err)) {
        return false;
    }
    if (!finish(item, &made, err)) {
        planes_release(&made);
        return false;
    }
    return ready(context, i, &made, err);
}

static bool hand_out_all(const struct lane *lane, lane_ready *ready, void *context,
                         struct error *err)
{
    for (size_t i = 0; i < lane->plan->count; i++) {
        struct lane_item *item = &lane->items[i];
        int source = item->item->source;
        if (source != PLAN_DECODED) {
            if (!make_smaller(lane, item, &lane->items[source], err)) {
                return false;
            }
            forget(&lane->items[source]);
        }
        if (!hand_out(lane, i, ready, context, err)) {
            return false;
        }
    }
    return true;
}

/* ---- all ----------------------------------------------------------------------------------- */

struct profiles {
    const struct lane *lane;
    struct metadata *metadata;
};

/* In a picture of the library's without pixels. */
static bool read_profiles(void *context, struct error *err)
{
    const struct profiles *profiles = context;
    const struct lane *lane = profiles->lane;
    Image *image = AllocateImage(NULL);
    bool ok = jpeg_profiles_read(lane->reader, image, err) &&
              metadata_read(image, lane->plan->keep_metadata, profiles->metadata, err);
    pixels_destroy(image);
    return ok;
}

/* The library may escape from its session: one of its own, so that nothing of ours is lost. */
static bool read_metadata(const struct lane *lane, struct metadata *metadata, struct error *err)
{
    struct profiles profiles = {lane, metadata};
    return metadata == NULL || library_run(read_profiles, &profiles, NULL, err);
}

static bool make_all(struct lane *lane, struct metadata *metadata, lane_ready *ready, void *context,
                     struct error *err)
{
    if (!read_metadata(lane, metadata, err)) {
        return false;
    }
    bool ok = begin_decode(lane, err) && decode(lane, err);
    end_decode(lane);
    return ok && hand_out_all(lane, ready, context, err);
}

bool lane_make(const struct lane_photo *photo, const struct plan *plan, struct metadata *metadata,
               lane_ready *ready, void *context, struct error *err)
{
    struct lane lane = {.plan = plan, .crew = photo->crew};
    lane.items = calloc(plan->count > 0 ? plan->count : 1, sizeof *lane.items);
    if (lane.items == NULL) {
        return error_set_memory(err, "rendering an image");
    }
    for (size_t i = 0; i < plan->count; i++) {
        lane.items[i].item = &plan->items[i];
        lane.items[i].uses = plan->items[i].uses;
    }
    bool ok = jpeg_reader_open(&lane.reader, photo->bytes, photo->length, plan->info, err) &&
              make_all(&lane, metadata, ready, context, err);
    end_decode(&lane);
    lane_colour_close(lane.colour);
    for (size_t i = 0; i < plan->count; i++) {
        planes_release(&lane.items[i].planes);
    }
    free(lane.items);
    return ok;
}

/* ---- memory -------------------------------------------------------------------------------- */

static int64_t item_memory(const struct plan *plan, const struct plan_item *item)
{
    enum planes_colours colours = plan->info->channels == 1 ? PLANES_GREY : PLANES_YCC;
    struct planes_layout layout = layout_of(plan, item, colours, plan->info->profile_bytes > 0);
    struct resize resize = plan_resize(item, plan->view.orientation, true);
    const struct pixels_area *seen = &plan->view.area;
    double divisor = plan->size.divisor;
    struct axis across = {.from = seen->width / plan->size.divisor + 1,
                          .count = layout.width,
                          .step = (double)seen->width / divisor / (double)resize.width};
    struct axis down = {.from = seen->height / plan->size.divisor + 1,
                        .count = layout.height,
                        .step = (double)seen->height / divisor / (double)resize.height};
    return planes_memory(&layout) + SCALES * lane_scale_memory(resize.filter, &across, &down);
}

int64_t lane_picture_memory(const struct plan *plan, const struct plan_item *item)
{
    struct planes_layout layout = layout_of(plan, item, PLANES_YCC, false);
    return planes_memory(&layout);
}

/* As if no colour of the photo were halved, which only the file can tell. */
int64_t lane_memory(const struct plan *plan)
{
    const struct image_info *info = plan->info;
    int64_t longest = 1, memory = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_item *item = &plan->items[i];
        struct resize resize = plan_resize(item, plan->view.orientation, true);
        double seen = (double)plan->view.area.height / plan->size.divisor;
        int64_t rows =
            weights_longest_along(resize.filter, info->height, seen / (double)resize.height);
        longest = rows > longest ? rows : longest;
        memory += item_memory(plan, item);
    }
    int64_t width = info->width / plan->size.divisor + 4 * 8 + LANE_SPARE;
    return memory + info->channels * width * (longest + (2 + AHEAD) * 4 * 8);
}
