/*
 * animation.c - draws frames on a canvas as a player would, one at a time, so that a long
 * animation needs the memory of two frames. Called by decode.c for a first frame and by the engine
 * for targets that keep the frames.
 */
#include "bindings/image/codec/animation.h"
#include "bindings/image/codec/decode.h"
#include "bindings/image/codec/frames.h"
#include "bindings/image/library.h"
#include "bindings/image/pixels.h"

/* Some encoders write 0 or 1; every browser plays those at a tenth of a second. */
#define SHORTEST_DELAY_CS 2
#define DEFAULT_DELAY_CS  10

struct player {
    struct frames frames;
    Image *canvas;
    Image *before; /* the canvas before the frame, while that may have to be restored */
    struct pixels_area drawn;
};

static const PixelPacket nothing = {.opacity = TransparentOpacity};

/* What a frame's own little file may be: no larger than the canvas, and a still. */
static Image *decode_frame(const struct frame *frame, const struct image_info *animation,
                           struct error *err)
{
    struct image_limits limits = {.pixels = animation->width * animation->height,
                                  .side = INT64_MAX,
                                  .frames = 1,
                                  .metadata_bytes = INT64_MAX,
                                  .bytes = INT64_MAX,
                                  .allow_damaged = animation->allow_damaged};
    struct image_info info;
    if (!image_probe(frame->file.data, frame->file.length, &limits, &info, err)) {
        return NULL;
    }
    return decode_still(frame->file.data, frame->file.length, &info, NULL, err);
}

static bool draw_frame(Image *canvas, const struct frame *frame, const struct image_info *info,
                       struct pixels_area *drawn, struct error *err)
{
    if (frame->x >= info->width || frame->y >= info->height) {
        return error_set(err, "bad_image", "damaged %s: a frame lies outside of the picture",
                         image_format_name(info->format));
    }
    Image *part = decode_frame(frame, info, err);
    if (part == NULL) {
        return false;
    }
    *drawn = (struct pixels_area){frame->x, frame->y, (int64_t)part->columns, (int64_t)part->rows};
    bool ok = pixels_paste(canvas, part, frame->x, frame->y, !frame->replaces, err);
    pixels_destroy(part);
    return ok;
}

static Image *new_canvas(const struct image_info *info, struct error *err)
{
    return pixels_new(info->width, info->height, nothing, err);
}

/* A frame that covers its canvas and is opaque needs no alpha channel: so it can be kept out of
 * what follows, and a JPEG of it needs no background. */
static void drop_needless_alpha(Image *canvas, const struct image_info *info)
{
    if (!info->alpha && IsOpaqueImage(canvas, &canvas->exception)) {
        canvas->matte = MagickFalse;
    }
}

Image *animation_first(const void *bytes, size_t length, const struct image_info *info,
                       struct error *err)
{
    struct frames frames;
    struct pixels_area drawn;
    bool ended;
    Image *canvas = NULL;
    frames_open(&frames, bytes, length, info);
    bool ok = frames_next(&frames, &ended, err);
    if (!ok && ended) {
        (void)error_set(err, "bad_image", "%s without a frame", image_format_name(info->format));
    }
    if (ok) {
        canvas = new_canvas(info, err);
    }
    if (canvas != NULL && !draw_frame(canvas, &frames.frame, info, &drawn, err)) {
        pixels_destroy(canvas);
        canvas = NULL;
    }
    frames_close(&frames);
    if (canvas != NULL) {
        drop_needless_alpha(canvas, info);
    }
    return canvas;
}

/* ---- playing ------------------------------------------------------------------------------- */

static bool clear_area(Image *canvas, struct pixels_area area, struct error *err)
{
    if (area.width > (int64_t)canvas->columns - area.x) {
        area.width = (int64_t)canvas->columns - area.x;
    }
    if (area.height > (int64_t)canvas->rows - area.y) {
        area.height = (int64_t)canvas->rows - area.y;
    }
    return SetImageColorRegion(canvas, (long)area.x, (long)area.y, (unsigned long)area.width,
                               (unsigned long)area.height, &nothing) ||
           library_failed(&canvas->exception, "memory", "clearing a frame", err);
}

/* Makes the canvas ready for the next frame. */
static bool dispose(struct player *player, enum frame_disposal disposal, struct error *err)
{
    if (disposal == FRAME_CLEAR) {
        return clear_area(player->canvas, player->drawn, err);
    }
    if (disposal == FRAME_RESTORE && player->before != NULL) {
        pixels_destroy(player->canvas);
        player->canvas = player->before;
        player->before = NULL;
    }
    return true;
}

static bool draw(struct player *player, const struct image_info *info, struct error *err)
{
    const struct frame *frame = &player->frames.frame;
    pixels_destroy(player->before);
    player->before = NULL;
    if (frame->disposal == FRAME_RESTORE) {
        player->before = pixels_clone(player->canvas, err);
        if (player->before == NULL) {
            return false;
        }
    }
    return draw_frame(player->canvas, frame, info, &player->drawn, err);
}

static bool add_frame(struct player *player, Image **list, animation_make *make, void *context,
                      struct error *err)
{
    Image *made = make(player->canvas, context, err);
    if (made == NULL) {
        return false;
    }
    int64_t delay = player->frames.frame.delay_cs;
    made->delay = (unsigned long)(delay < SHORTEST_DELAY_CS ? DEFAULT_DELAY_CS : delay);
    made->dispose = made->matte ? BackgroundDispose : NoneDispose;
    made->iterations = (unsigned long)player->frames.loops;
    AppendImageToList(list, made);
    return true;
}

/* May what was played so far stand for all, since the next frame is damaged? */
static bool ends_here(const struct image_info *info, const Image *list, const struct error *err)
{
    return info->allow_damaged && list != NULL && error_is(err, "bad_image");
}

static bool play(struct player *player, const struct image_info *info, Image **list,
                 animation_make *make, void *context, struct error *err)
{
    bool ended;
    while (frames_next(&player->frames, &ended, err)) {
        if (!draw(player, info, err)) {
            return ends_here(info, *list, err);
        }
        if (!add_frame(player, list, make, context, err) ||
            !dispose(player, player->frames.frame.disposal, err)) {
            return false;
        }
    }
    return ended || ends_here(info, *list, err);
}

Image *animation_play(const void *bytes, size_t length, const struct image_info *info,
                      animation_make *make, void *context, struct error *err)
{
    struct player player = {.canvas = new_canvas(info, err)};
    if (player.canvas == NULL) {
        return NULL;
    }
    Image *list = NULL;
    frames_open(&player.frames, bytes, length, info);
    bool ok = play(&player, info, &list, make, context, err);
    /* Appending moves the pointer to the end. */
    list = list != NULL ? GetFirstImageInList(list) : NULL;
    if (!ok) {
        pixels_destroy(list);
        list = NULL;
    }
    frames_close(&player.frames);
    pixels_destroy(player.before);
    pixels_destroy(player.canvas);
    return list;
}
