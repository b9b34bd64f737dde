/*
 * plan.h - how a render is done, decided on the header alone: at which scale to decode, in which
 * order to make the targets and of what, and how much memory that takes at most.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_PLAN_H
#define LUNETTE_BINDINGS_IMAGE_PLAN_H

#include "bindings/image/engine.h"
#include "bindings/image/geometry.h"
#include "bindings/image/resize.h"
#include "bindings/image/view.h"

enum { PLAN_DECODED = -1 };

struct plan_item {
    struct image_target target; /* resolved */
    struct geometry geometry;
    size_t index; /* among the targets as they were given */
    int source;   /* the item whose picture this one is made of, or PLAN_DECODED */
    int uses;     /* how many items are made of this one's picture */
    int64_t made_width, made_height; /* after the steps that follow the resize */
    int64_t after_memory;            /* that those take beside the picture */
};

struct plan {
    const struct image_info *info;
    struct view view;               /* the part that is rendered */
    const struct image_step *steps; /* those that the view leaves, to be done before a resize */
    size_t step_count;
    int64_t width, height; /* displayed, after the steps, undivided */
    struct decode_size size;
    struct plan_item *items; /* owned; largest first, so that a source comes before its users */
    size_t count;
    size_t lent;          /* how many pictures may be encoded elsewhere while others are made */
    bool lane;            /* lane.h's way, not the library's */
    bool rows;            /* resized while rows.h decodes it: there is no picture of the photo */
    int64_t memory;       /* the most that is held at once, in bytes */
    int64_t steps_memory; /* of it that the steps take beside the picture */
    bool keep_metadata;   /* some target does */
};

/* info and steps are borrowed for the plan's life; `hands` as in image_control. Fails as
 * image_render() does. */
MUST_CHECK bool plan_make(struct plan *plan, const struct image_info *info,
                          const struct image_limits *limits, const struct image_step *steps,
                          size_t step_count, const struct image_target *targets, size_t count,
                          int hands, struct error *err);
void plan_release(struct plan *plan); /* a zeroed one, too */

/* For one target that is not encoded: what would be resized while it is decoded is decoded first,
 * as a whole. */
void plan_without_rows(struct plan *plan);

/* The most that is held at once when the whole photo is decoded by the library, whatever else is
 * planned, and the steps are done; in bytes. */
int64_t plan_whole_memory(const struct plan *plan);

/* The resize that makes the whole picture of an item, or (`cut`) what is left of it when it is
 * cropped, of a picture with this orientation. */
struct resize plan_resize(const struct plan_item *item, int orientation, bool cut);

#endif
