/*
 * look.h - what can be told of a picture besides its header: what the camera wrote down, and what
 * the colours' profile is called. The bytes are hostile; nothing here decodes a pixel.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_LOOK_LOOK_H
#define LUNETTE_BINDINGS_IMAGE_LOOK_LOOK_H

#include "bindings/image/engine.h"

enum { LOOK_TEXT_MAX = 256, LOOK_TIME_MAX = 48 };

/* Texts are UTF-8 without control characters, empty when not said; numbers are 0 when not said,
 * but for those with a `has_`. */
struct look_exif {
    char make[LOOK_TEXT_MAX], model[LOOK_TEXT_MAX]; /* of the camera */
    char lens_make[LOOK_TEXT_MAX], lens[LOOK_TEXT_MAX];
    char description[LOOK_TEXT_MAX], software[LOOK_TEXT_MAX];
    char artist[LOOK_TEXT_MAX], copyright[LOOK_TEXT_MAX];
    char taken[LOOK_TIME_MAX]; /* "2026-03-01T12:30:05.25+02:00": ISO 8601, the camera's time; what
                                  follows the seconds only where the camera says it */
    double exposure_seconds, f_number, focal_length_mm;
    int64_t iso, focal_length_35mm;
    int64_t orientation; /* 1 to 8 */
    bool has_flash, flash;
    bool has_position, has_altitude;
    double latitude, longitude; /* degrees, north and east positive; with has_position */
    double altitude_m;          /* above the sea; with has_altitude */
};

/* Nothing at all is said when there is no block, or a damaged one. */
void look_exif(const void *bytes, const struct image_info *info, struct look_exif *exif);

/* "Display P3", as the ICC profile describes itself; empty when there is none that says so. */
void look_profile(const void *bytes, const struct image_info *info, char name[LOOK_TEXT_MAX]);

#endif
