/*
 * lane.h - the short way for photos: from a JPEG's planes to a JPEG's planes, all sizes in the one
 * pass in which the rows are decoded, and nothing of the photo's size ever in memory. It gives the
 * pictures that the way through the library gives, but for roundings.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_LANE_LANE_H
#define LUNETTE_BINDINGS_IMAGE_LANE_LANE_H

#include "bindings/image/crew.h"
#include "bindings/image/codec/metadata.h"
#include "bindings/image/plan.h"
#include "bindings/image/lane/planes.h"

/* Takes over a picture: upright, in sRGB, without padding, its colours as lane_encode() wants
 * them. `item` is its place in the plan. */
typedef bool lane_ready(void *context, size_t item, struct planes *made, struct error *err);

struct lane_photo {
    const void *bytes; /* borrowed during the call */
    size_t length;
    struct crew *crew; /* of which one may resize what is decoded; NULL: nobody */
};

/* Makes every picture of a plan that says `lane`, in the plan's order. *metadata is read before the
 * first one is ready; NULL: it isn't. Inside library_run(), but nothing of it is lost when that is
 * escaped from. */
MUST_CHECK bool lane_make(const struct lane_photo *photo, const struct plan *plan,
                          struct metadata *metadata, lane_ready *ready, void *context,
                          struct error *err);

/* Can lane_encode() make this target's file? If not, the picture goes on in the library's pixels
 * (planes_image()). */
bool lane_encodes(const struct plan_item *item);

/* Is that a file whose colours are at half of their size? */
bool lane_encodes_halved(const struct plan_item *item);

/* Inside library_run(), on any thread. */
MUST_CHECK bool lane_encode(const struct planes *planes, const struct image_target *target,
                            const struct metadata *metadata, struct image_output *output,
                            struct error *err);

/* The most memory that the making of these pictures takes, all of them included; of a picture. */
int64_t lane_memory(const struct plan *plan);
int64_t lane_picture_memory(const struct plan *plan, const struct plan_item *item);

#endif
