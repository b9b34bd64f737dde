/*
 * frames.h - one frame of an animation, cut out of its file as a file of its own. So an animation
 * is decoded frame by frame, and never as a whole.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_CODEC_FRAMES_H
#define LUNETTE_BINDINGS_IMAGE_CODEC_FRAMES_H

#include "bindings/image/engine.h"
#include "bindings/image/probe/reader.h"
#include "host/buffer.h"

/* What is done with a frame's place before the next one is drawn; GIF's own numbers. */
enum frame_disposal { FRAME_KEEP = 1, FRAME_CLEAR = 2, FRAME_RESTORE = 3 };

struct frame {
    int64_t x, y; /* on the canvas */
    enum frame_disposal disposal;
    bool replaces;      /* what was there before; else that shines through */
    int64_t delay_cs;   /* hundredths of a second */
    struct buffer file; /* the frame as a still; released by frames_close() */
};

struct frames {
    struct reader reader; /* at the next block or chunk */
    enum image_format format;
    bool allow_damaged;   /* a frame that is cut off is given as far as it goes */
    size_t header_length; /* GIF: header and global palette, which every still begins with */
    int64_t loops;        /* how often it plays, 0 for ever; known after the first frame */
    struct frame frame;   /* the current one */
};

/* Of a GIF or an animated WebP that image_probe() accepted. `bytes` is borrowed until close. */
void frames_open(struct frames *frames, const void *bytes, size_t length,
                 const struct image_info *info);

/* The next frame into frames->frame; its file is borrowed until the next call. False with
 * *ended at the end, without it `bad_image` or `memory`. */
MUST_CHECK bool frames_next(struct frames *frames, bool *ended, struct error *err);

void frames_close(struct frames *frames);

#endif
