/*
 * annotate.h - a text on a picture.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_STEPS_ANNOTATE_H
#define LUNETTE_BINDINGS_IMAGE_STEPS_ANNOTATE_H

#include "bindings/image/steps/font.h"
#include "bindings/image/steps/steps.h"

#define ANNOTATE_TEXT_MAX    1000 /* bytes */
#define ANNOTATE_SIZE_MAX    1000
#define ANNOTATE_OUTLINE_MAX 10
#define ANNOTATE_PADDING_MAX 1000

struct image_text {
    const char *text; /* UTF-8, borrowed as long as this */
    size_t length;
    struct font font; /* checked; its bytes are borrowed likewise */
    double size;      /* pixels to the em; less where the text would not fit */
    enum image_gravity gravity;
    double opacity; /* of all of it: 0 to 1 */
    uint8_t colour[3];
    int64_t outline_width; /* pixels around the letters; 0: none */
    uint8_t outline[3];
    double background_opacity; /* of the box behind; 0: none */
    uint8_t background[3];
    int64_t padding; /* from the text to the box's edge */
};

steps_step annotate_text;

#endif
