/*
 * jpeg_write.h - planes as a JPEG.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_LANE_JPEG_WRITE_H
#define LUNETTE_BINDINGS_IMAGE_LANE_JPEG_WRITE_H

#include "bindings/image/lane/planes.h"
#include "host/buffer.h"

struct jpeg_settings {
    int quality; /* 1 to 100 */
    bool progressive;
    const struct buffer *segments; /* jpeg_profiles_append()'s; borrowed; NULL: none */
};

/* Appends the file, with Huffman tables of its own. From any thread. */
MUST_CHECK bool jpeg_write(const struct planes *planes, const struct jpeg_settings *settings,
                           struct buffer *to, struct error *err);

const char *jpeg_version(void);

#endif
