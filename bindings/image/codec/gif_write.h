/*
 * gif_write.h - the bytes of a GIF (GIF89a, CompuServe 1990), block by block.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_CODEC_GIF_WRITE_H
#define LUNETTE_BINDINGS_IMAGE_CODEC_GIF_WRITE_H

#include "host/buffer.h"

/* The colours of a file or of a frame, index by index. */
struct gif_table {
    int bits; /* there are 1 << bits, 1 to 8 */
    uint8_t rgb[256][3];
};

struct gif_frame {
    int64_t x, y, width, height;
    const uint8_t *indices; /* row by row, in the order of the file */
    const struct gif_table *table;
    bool own_table; /* or the file's */
    bool interlaced;
    int transparent; /* the index, or -1 */
    int disposal;    /* 1 keep, 2 clear */
    int64_t delay_cs;
};

/* `again` < 0: it plays once; else so many times more, 0 for ever. `comment` "": none. */
void gif_write_head(struct buffer *file, int64_t width, int64_t height,
                    const struct gif_table *table, int again, const char *comment);

/* What stands before a frame that has a delay, a disposal or a transparent index. Returns where the
 * delay is, for gif_write_delay(). */
size_t gif_write_control(struct buffer *file, const struct gif_frame *frame);
void gif_write_delay(struct buffer *file, size_t at, int64_t delay_cs);

MUST_CHECK bool gif_write_frame(struct buffer *file, const struct gif_frame *frame,
                                struct error *err);
void gif_write_end(struct buffer *file);

/* Compresses so many indices below 1 << bits into blocks (Welch, 1984), the last one empty. */
MUST_CHECK bool gif_write_pixels(struct buffer *file, const uint8_t *indices, size_t count,
                                 int bits, struct error *err);

#endif
