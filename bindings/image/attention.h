/*
 * attention.h - where to cut, when the picture itself shall say it.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_ATTENTION_H
#define LUNETTE_BINDINGS_IMAGE_ATTENTION_H

#include "bindings/image/geometry.h"
#include "bindings/image/look/glance.h"

/* Does this target have a part chosen by what is seen? Not an animation: its frames differ. */
bool attention_wanted(const struct image_target *target);

/*
 * Moves the crop of `geometry` to where most is to be seen: the part with the most information
 * (IMAGE_ENTROPY), or with what eyes turn to (IMAGE_ATTENTION): edges, vivid colours, skin. Of
 * parts that are equal, the one nearest to the middle. Only whole numbers, so that the part is the
 * same on every processor.
 */
void attention_place(const struct glance *glance, enum image_gravity gravity,
                     struct geometry *geometry);

#endif
