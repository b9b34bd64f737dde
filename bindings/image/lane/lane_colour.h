/*
 * lane_colour.h - planes whose colours an ICC profile describes, as sRGB.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_LANE_LANE_COLOUR_H
#define LUNETTE_BINDINGS_IMAGE_LANE_LANE_COLOUR_H

#include "bindings/image/lane/planes.h"

struct lane_colour;

/* For planes of these colours; borrows the profile during the call. NULL when there is nothing to
 * convert: the profile is sRGB, to within a level, or belongs to other pixels, or can't be read;
 * and when there is no memory for it, *err says so and the result is false. */
MUST_CHECK bool lane_colour_open(struct lane_colour **colour, const void *profile, size_t length,
                                 enum planes_colours colours, struct error *err);
void lane_colour_close(struct lane_colour *colour); /* NULL, too */

/* In place, and YCC or grey afterwards; not of halved planes. */
MUST_CHECK bool lane_colour_apply(const struct lane_colour *colour, struct planes *planes,
                                  struct error *err);

#endif
