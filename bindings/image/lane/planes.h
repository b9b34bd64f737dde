/*
 * planes.h - a picture as JPEG has it: one plane of 8-bit samples each for brightness and, at its
 * full size or at half of it, for two colours. A sixth of the library's pixels, and a JPEG is made
 * of it, and it of a JPEG, without converting any colour.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_LANE_PLANES_H
#define LUNETTE_BINDINGS_IMAGE_LANE_PLANES_H

#include <magick/api.h>

#include "host/error.h"

#include <stddef.h>
#include <stdint.h>

enum planes_colours {
    PLANES_GREY,
    PLANES_YCC, /* as in JFIF: full range, by ITU-R BT.601 */
    PLANES_RGB
};

enum { PLANES_MAX = 3 };

struct plane {
    uint8_t *samples; /* `height` rows; beyond `width` up to `stride` the last one is repeated */
    int64_t width, height, stride;
    /* Sample i covers the pixels from left + i * across to left + (i + 1) * across; so down. */
    double left, across, top, down;
};

struct planes {
    enum planes_colours colours;
    int count;             /* 1 or 3 */
    int64_t width, height; /* in pixels */
    struct plane plane[PLANES_MAX];
    uint8_t *samples; /* of all; owned */
};

/* How a picture is laid out that will be turned by `orientation`: `halved`, the colours have a
 * sample for two pixels each way, beginning where the displayed picture will begin. */
struct planes_layout {
    enum planes_colours colours;
    int64_t width, height;
    bool halved;
    int orientation;
};

/* Zeroed samples; planes_release(). */
MUST_CHECK bool planes_make(struct planes *planes, const struct planes_layout *layout,
                            struct error *err);
void planes_release(struct planes *planes); /* zeroed ones, too */

/* Bytes of memory that planes_make() takes. */
int64_t planes_memory(const struct planes_layout *layout);

/* Repeats the last sample of a row up to the stride. */
void planes_pad(struct plane *plane, int64_t y);

/* How it is displayed, as a picture of its own. `planes` were laid out for this orientation. */
MUST_CHECK bool planes_turn(const struct planes *planes, int orientation, struct planes *turned,
                            struct error *err);

/* With colours at half of their size, each the mean of up to four. As a picture of its own. */
MUST_CHECK bool planes_halve(const struct planes *planes, struct planes *halved, struct error *err);

bool planes_halved(const struct planes *planes);

/* The colours of row y as R, G, B; not of halved planes. */
void planes_rgb(const struct planes *planes, int64_t y, uint8_t *rgb);

/* Puts R, G, B into row y, as YCC or grey; not of halved planes. */
void planes_put_rgb(struct planes *planes, int64_t y, const uint8_t *rgb);

/* RGB as YCC, in place. */
void planes_to_ycc(struct planes *planes);

/* The same picture in the library's pixels; not of halved planes. Inside library_run(). NULL on
 * failure; owned by the caller (pixels_destroy). */
Image *planes_image(const struct planes *planes, struct error *err);

#endif
