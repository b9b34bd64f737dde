/*
 * render_encode.c - the way of a picture that is made: it gets its metadata, becomes bytes, and is
 * given to the caller; on another thread if one is free, while the next one is made. Called by
 * render_make.c.
 */
#include "bindings/image/codec/encode.h"
#include "bindings/image/lane/lane.h"
#include "bindings/image/library.h"
#include "bindings/image/pixels.h"
#include "bindings/image/render.h"

static void give(const struct render *render, size_t index, const struct image_output *output)
{
    const struct image_control *caller = render->crew.caller;
    if (caller->ready != NULL) {
        caller->ready(caller->context, index, output);
    } else {
        render->outputs[index] = *output;
    }
}

static bool encode_made(struct render_part *part, struct image_output *output, struct error *err)
{
    const struct metadata *metadata = &part->render->metadata;
    const struct image_target *target = &part->item->target;
    Image *image = part->made.image;
    if (image == NULL) {
        return lane_encode(&part->made.planes, target, metadata, output, err);
    }
    return metadata_write(image, metadata, target->keep_metadata, target->format, err) &&
           encode_image(&part->made.image, target, output, err);
}

static bool encode(struct render_part *part, struct error *err)
{
    const struct render *render = part->render;
    struct image_output output;
    bool ok = encode_made(part, &output, err);
    pixels_destroy(part->made.image);
    planes_release(&part->made.planes);
    part->made = (struct made){.image = NULL};
    if (ok) {
        give(render, part->item->index, &output);
    }
    return ok;
}

static bool encode_in_session(void *context, struct error *err)
{
    return encode(context, err);
}

static bool encode_elsewhere(struct crew_part *part, struct error *err)
{
    return library_run(encode_in_session, part, &part->crew->control, err);
}

bool render_encode(struct render *render, size_t i, struct made *made, struct error *err)
{
    struct render_part *part = &render->parts[i];
    *part = (struct render_part){.part = {.work = encode_elsewhere},
                                 .render = render,
                                 .item = &render->plan.items[i],
                                 .made = *made};
    *made = (struct made){.image = NULL};
    return crew_hand_over(&render->crew, &part->part, render->plan.lent) || encode(part, err);
}
