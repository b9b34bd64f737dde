/*
 * render.h - one render on its way, between engine.c (its memory and its end), render_make.c (the
 * pictures, in the plan's order) and render_encode.c (what becomes of each). For nobody else.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_RENDER_H
#define LUNETTE_BINDINGS_IMAGE_RENDER_H

#include <magick/api.h>

#include "bindings/image/crew.h"
#include "bindings/image/codec/metadata.h"
#include "bindings/image/plan.h"
#include "bindings/image/lane/planes.h"

/* A target's picture, all but encoded. */
struct made {
    Image *image;         /* or a list of frames; NULL: planes */
    struct planes planes; /* as lane_encode() wants them */
};

/* A picture from the moment it is made until it is encoded, on this thread or on another. */
struct render_part {
    struct crew_part part;
    struct render *render;
    const struct plan_item *item;
    struct made made; /* owned */
};

struct render {
    const void *bytes;
    size_t length;
    struct plan plan;
    struct crew crew;
    struct image_output *outputs; /* in the targets' order; of those that `ready` has not got */
    Image **sources;              /* of each item that others are made of its whole picture */
    struct render_part *parts;    /* one for each item */
    struct metadata metadata;     /* read before the first picture is made */
};

/* Decodes and makes all pictures. Inside library_run(); unless that is escaped from, no part is out
 * any more on return. */
MUST_CHECK bool render_make(struct render *render, struct error *err);

/* Encodes the picture of plan.items[i], on another thread if one is free. *made is consumed. */
MUST_CHECK bool render_encode(struct render *render, size_t i, struct made *made,
                              struct error *err);

#endif
