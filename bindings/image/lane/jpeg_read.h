/*
 * jpeg_read.h - a JPEG's planes, a few rows at a time, as its blocks hold them: no colour is
 * converted, none is enlarged. Inside library_run() it asks whether to go on.
 *
 * Errors: `bad_image` for what libjpeg complains or warns of, `unsupported` for colours that have
 * no such planes (CMYK), `memory`, and whatever makes the work stop.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_LANE_JPEG_READ_H
#define LUNETTE_BINDINGS_IMAGE_LANE_JPEG_READ_H

#include "bindings/image/engine.h"
#include "bindings/image/lane/planes.h"

struct jpeg_reader;

/* What is decoded. A plane's `samples` is NULL; its pixels are those of the photo as it is stored,
 * at full size. `stride` is the least that a row takes. */
struct jpeg_picture {
    enum planes_colours colours;
    int count;
    struct plane plane[PLANES_MAX];
    int64_t rows[PLANES_MAX]; /* of each plane that come at a time */
};

/* Reads the header. `bytes` are borrowed until jpeg_reader_close(). */
MUST_CHECK bool jpeg_reader_open(struct jpeg_reader **reader, const void *bytes, size_t length,
                                 const struct image_info *info, struct error *err);
void jpeg_reader_close(struct jpeg_reader *reader); /* NULL, too */

/* A segment of the header that an application left: APP1 to APP15, but for APP14. */
struct jpeg_segment {
    int number;
    const void *bytes; /* borrowed until jpeg_reader_close() */
    size_t length;
    void *next; /* NULL before the first one */
};
bool jpeg_reader_segment(struct jpeg_reader *reader, struct jpeg_segment *segment);

/* The ICC profile, owned by the caller (free()); false for none, and for one whose parts don't fit
 * together: viewers ignore it. */
bool jpeg_reader_icc(struct jpeg_reader *reader, void **profile, size_t *length);

/* At 1/divisor (1, 2, 4, 8) of its size. Of a progressive file, this reads all of it. */
MUST_CHECK bool jpeg_reader_begin(struct jpeg_reader *reader, int divisor,
                                  struct jpeg_picture *picture, struct error *err);

/* The next rows[i] rows of each plane, to to[i], to[i] + stride[i], ... The last ones may be more
 * than the plane has. */
MUST_CHECK bool jpeg_reader_rows(struct jpeg_reader *reader, uint8_t *const *to,
                                 const int64_t *stride, struct error *err);

/* After the last row: is the rest of the file sound? */
MUST_CHECK bool jpeg_reader_end(struct jpeg_reader *reader, struct error *err);

#endif
