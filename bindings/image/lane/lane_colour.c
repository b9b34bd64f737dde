/*
 * lane_colour.c - conversion to sRGB by profile, after the resize. Called by lane.c: photos of
 * phones are in Display P3. colour.c does the same on the library's pixels.
 */
#include "bindings/image/lane/lane_colour.h"
#include "bindings/image/colour.h"
#include "bindings/image/icc.h"
#include "bindings/image/library.h"

#include <stdlib.h>

struct lane_colour {
    struct icc *icc;
    bool grey;
};

enum { PATIENCE_ROWS = 64 };

void lane_colour_close(struct lane_colour *colour)
{
    if (colour != NULL) {
        icc_close(colour->icc);
        free(colour);
    }
}

static bool near(const uint8_t *a, const uint8_t *b)
{
    for (int i = 0; i < 3; i++) {
        if (abs(a[i] - b[i]) > 1) {
            return false;
        }
    }
    return true;
}

/* Whether no colour of a grid moves by more than a level. */
static bool changes_nothing(const struct lane_colour *colour)
{
    enum { SIDE = 6, STEP = 51 };
    for (int i = 0; i < SIDE * SIDE * SIDE; i++) {
        const uint8_t from[3] = {(uint8_t)(i % SIDE * STEP), (uint8_t)(i / SIDE % SIDE * STEP),
                                 (uint8_t)(i / SIDE / SIDE * STEP)};
        const uint8_t grey[3] = {from[0], from[0], from[0]};
        uint8_t to[3];
        icc_convert(colour->icc, from, to, 1);
        if (!near(colour->grey ? grey : from, to)) {
            return false;
        }
    }
    return true;
}

bool lane_colour_open(struct lane_colour **colour, const void *profile, size_t length,
                      enum planes_colours colours, struct error *err)
{
    bool grey = colours == PLANES_GREY;
    *colour = NULL;
    if (!colour_profile_fits(profile, length, grey ? COLOUR_GREY : COLOUR_RGB)) {
        return true;
    }
    struct lane_colour *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set_memory(err, "converting colours");
    }
    made->grey = grey;
    made->icc = icc_open(profile, length, grey ? ICC_GREY_8 : ICC_RGB_8);
    if (made->icc == NULL || changes_nothing(made)) {
        lane_colour_close(made);
        made = NULL;
    }
    *colour = made;
    return true;
}

bool lane_colour_apply(const struct lane_colour *colour, struct planes *planes, struct error *err)
{
    uint8_t *rgb = malloc((size_t)planes->width * 3);
    if (rgb == NULL) {
        return error_set_memory(err, "converting colours");
    }
    bool ok = true;
    for (int64_t y = 0; ok && y < planes->height; y++) {
        if (colour->grey) {
            const struct plane *plane = &planes->plane[0];
            icc_convert(colour->icc, plane->samples + y * plane->stride, rgb,
                        (size_t)planes->width);
        } else {
            planes_rgb(planes, y, rgb);
            icc_convert(colour->icc, rgb, rgb, (size_t)planes->width);
        }
        planes_put_rgb(planes, y, rgb);
        ok = y % PATIENCE_ROWS != 0 || !library_stopped(err);
    }
    free(rgb);
    if (planes->colours == PLANES_RGB) {
        planes->colours = PLANES_YCC;
    }
    return ok;
}
