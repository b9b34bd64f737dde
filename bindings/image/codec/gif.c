/*
 * gif.c - makes a GIF of frames: one palette for all of them where that will do, and of each frame
 * only what has changed. Called by encode.c.
 *
 * A pixel whose source is as it was in the frame before keeps what is shown there, so that nothing
 * flickers that should stand still. What a player shows is kept as colours and not as indices,
 * since frames may have palettes of their own.
 */
#include "bindings/image/codec/gif.h"
#include "bindings/image/codec/gif_palette.h"
#include "bindings/image/codec/gif_write.h"
#include "bindings/image/library.h"
#include "bindings/image/codec/samples.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* With the palette for all frames a channel may be off by so much, squared, in the mean; beyond
 * that a frame gets one of its own, if that divides it by so much. */
#define SHARED_ERROR_MAX 2.0
#define OWN_ERROR_TIMES  1.5

enum { OPAQUE = 1 << 24, KEEP = 1, CLEAR = 2, DELAY_MAX = 65535, SIDE_MAX = 65535 };

/* Counted between two questions whether to go on. */
enum { PATIENCE_PIXELS = 1 << 16 };

struct area {
    int64_t left, top, right, bottom; /* right and bottom are outside; empty: right <= left */
};

struct gif {
    int64_t width, height;
    size_t pixels;
    int shared_first; /* the first index of a colour: 1 if 0 is transparent */
    int first;        /* the same of the frame */
    bool interlaced;
    struct samples previous, now, next; /* rgba with alpha 0 (then all is 0) or 255; NULL: none */
    /* Of an animation; what a player shows before the frame and with it: OPAQUE + rgb, or 0. */
    uint32_t *before, *shown;
    uint8_t *indices; /* of what is shown; 0 also for what is only to be had from `before` */
    uint8_t *packed;  /* those of the area that is written */
    int16_t *errors;  /* of two rows of pixels, three channels each, in 16ths */
    struct gif_histogram histogram;
    struct gif_palette *shared, *own;
    struct gif_table table; /* the file's */
    struct buffer file, tries[2];
    size_t delay_at; /* in the file, of the last frame that was written */
    int64_t delay_cs, frames;
    bool cleared; /* is it gone when the next one comes? */
};

/* ---- frames as samples --------------------------------------------------------------------- */

static uint32_t pixel_at(const struct samples *samples, size_t i)
{
    uint32_t pixel;
    memcpy(&pixel, samples->rgba + i * 4, sizeof pixel);
    return pixel;
}

static bool opaque_at(const struct samples *samples, size_t i)
{
    assert(samples->rgba != NULL);
    return samples->rgba[i * 4 + 3] != 0;
}

/* NULL: none. */
static bool read_frame(const struct gif *gif, const Image *frame, struct samples *samples,
                       struct error *err)
{
    samples_release(samples);
    if (frame == NULL) {
        return true;
    }
    if ((int64_t)frame->columns != gif->width || (int64_t)frame->rows != gif->height) {
        return error_set(err, "unsupported", "encoding gif: frames of different sizes");
    }
    if (!samples_of(frame, samples, err)) {
        return false;
    }
    for (size_t i = 0; !samples->opaque && i < gif->pixels; i++) {
        uint8_t *rgba = samples->rgba + i * 4;
        if (rgba[3] < 128) {
            memset(rgba, 0, 4);
        }
        rgba[3] = rgba[3] == 0 ? 0 : 255;
    }
    return !library_stopped(err);
}

static bool changed_at(const struct gif *gif, size_t i)
{
    return gif->previous.rgba == NULL || pixel_at(&gif->now, i) != pixel_at(&gif->previous, i);
}

/* Was it cleared with what had to go? */
static bool lost_at(const struct gif *gif, size_t i)
{
    return gif->shown != NULL && gif->shown[i] != gif->before[i];
}

/* Counts what has to be drawn in the frame, or all of it. */
static bool count_colours(struct gif *gif, bool all, struct error *err)
{
    for (size_t i = 0; i < gif->pixels; i++) {
        if (opaque_at(&gif->now, i) && (all || changed_at(gif, i) || lost_at(gif, i))) {
            gif_histogram_add(&gif->histogram, gif->now.rgba + i * 4);
        }
        if (i % PATIENCE_PIXELS == 0 && library_stopped(err)) {
            return false;
        }
    }
    return true;
}

static void forget_frames(struct gif *gif)
{
    samples_release(&gif->previous);
    samples_release(&gif->now);
    samples_release(&gif->next);
}

/* A palette for what changes in all frames. */
static bool make_shared(struct gif *gif, const Image *list, struct error *err)
{
    bool alpha = false;
    for (const Image *frame = list; frame != NULL; frame = frame->next) {
        samples_release(&gif->previous);
        gif->previous = gif->now;
        gif->now.rgba = NULL;
        if (!read_frame(gif, frame, &gif->now, err) || !count_colours(gif, false, err)) {
            return false;
        }
        alpha = alpha || !gif->now.opaque;
    }
    forget_frames(gif);
    gif->shared_first = alpha || list->next != NULL ? 1 : 0;
    return gif_palette_make(gif->shared, &gif->histogram, GIF_COLOURS_MAX - gif->shared_first, err);
}

static bool count_frame(struct gif *gif, bool all, struct error *err)
{
    gif_histogram_reset(&gif->histogram);
    return count_colours(gif, all, err);
}

static bool are_few(const struct gif *gif, int most)
{
    return gif->histogram.shift == 0 && gif->histogram.used <= (size_t)most;
}

/* Counts all of the frame if a palette can have it: then also what stands still can be drawn anew
 * with it, without an index for transparent pixels if need be. */
static bool count_all_of_few(struct gif *gif, struct error *err)
{
    if (!count_frame(gif, true, err)) {
        return false;
    }
    gif->first = gif->now.opaque && gif->histogram.used == GIF_COLOURS_MAX ? 0 : 1;
    if (are_few(gif, GIF_COLOURS_MAX - gif->first)) {
        return true;
    }
    gif->first = 1;
    return count_frame(gif, false, err);
}

/* *palette: the one that the frame is to have. */
static bool choose_palette(struct gif *gif, struct gif_palette **palette, struct error *err)
{
    *palette = gif->shared;
    gif->first = gif->shared_first;
    if (gif->shared->exact || gif->first == 0) {
        return true;
    }
    if (!count_frame(gif, false, err)) {
        return false;
    }
    double error = gif_palette_error(gif->shared, &gif->histogram);
    bool few = are_few(gif, GIF_COLOURS_MAX);
    if (error == 0 || (!few && error <= SHARED_ERROR_MAX)) {
        return true;
    }
    if (few && !count_all_of_few(gif, err)) {
        return false;
    }
    if (!gif_palette_make(gif->own, &gif->histogram, GIF_COLOURS_MAX - gif->first, err)) {
        return false;
    }
    if (gif->own->exact || gif_palette_error(gif->own, &gif->histogram) < error / OWN_ERROR_TIMES) {
        *palette = gif->own;
    }
    return true;
}

/* ---- what is shown ------------------------------------------------------------------------- */

static int16_t *errors_of(const struct gif *gif, int64_t y)
{
    return gif->errors + (y % 2) * (gif->width + 2) * 3 + 3;
}

static int clamped(int value)
{
    return value < 0 ? 0 : value > 255 ? 255 : value;
}

static uint32_t colour_of(const uint8_t *rgb)
{
    return OPAQUE | (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
}

static void show(struct gif *gif, size_t i, uint32_t colour)
{
    if (gif->shown != NULL) {
        gif->shown[i] = colour;
    }
}

/* The pixel gets the nearest colour; what is missing goes to those that are still to come (Floyd
 * and Steinberg, 1976). */
static void dither(struct gif *gif, struct gif_palette *palette, int64_t x, int64_t y, int step)
{
    size_t i = (size_t)(y * gif->width + x);
    int16_t *here = errors_of(gif, y) + x * 3, *below = errors_of(gif, y + 1) + x * 3;
    const uint8_t *rgba = gif->now.rgba + i * 4;
    int rgb[3];
    for (int c = 0; c < 3; c++) {
        rgb[c] = clamped(rgba[c] + (palette->exact ? 0 : (here[c] + 8) >> 4));
    }
    int index = gif_palette_nearest(palette, rgb[0], rgb[1], rgb[2]);
    gif->indices[i] = (uint8_t)(index + gif->first);
    show(gif, i, colour_of(palette->rgb[index]));
    for (int c = 0; c < 3; c++) {
        /* Rounded to 0: a difference of one level isn't seen, and would only cost bytes. */
        int missing = (rgb[c] - palette->rgb[index][c]) * 7 / 8;
        here[step * 3 + c] = (int16_t)(here[step * 3 + c] + missing * 7);
        below[-step * 3 + c] = (int16_t)(below[-step * 3 + c] + missing * 3);
        below[c] = (int16_t)(below[c] + missing * 5);
        below[step * 3 + c] = (int16_t)(below[step * 3 + c] + missing);
    }
}

/* False: it has to be drawn. */
static bool keep_pixel(struct gif *gif, struct gif_palette *palette, size_t i)
{
    if (changed_at(gif, i)) {
        return false;
    }
    uint32_t colour = gif->shown[i];
    int index = gif_palette_nearest(palette, (int)(colour >> 16 & 255), (int)(colour >> 8 & 255),
                                    (int)(colour & 255));
    bool there = colour_of(palette->rgb[index]) == colour;
    gif->indices[i] = (uint8_t)(there ? index + gif->first : 0);
    return there || (gif->first == 1 && gif->before[i] == colour);
}

static void draw_row(struct gif *gif, struct gif_palette *palette, int64_t y)
{
    int step = y % 2 == 0 ? 1 : -1;
    memset(errors_of(gif, y + 1) - 3, 0, (size_t)(gif->width + 2) * 3 * sizeof *gif->errors);
    for (int64_t n = 0, x = step > 0 ? 0 : gif->width - 1; n < gif->width; n++, x += step) {
        size_t i = (size_t)(y * gif->width + x);
        if (!opaque_at(&gif->now, i)) {
            gif->indices[i] = 0;
            show(gif, i, 0);
        } else if (!keep_pixel(gif, palette, i)) {
            dither(gif, palette, x, y, step);
        }
    }
}

static bool draw(struct gif *gif, struct gif_palette *palette, struct error *err)
{
    memset(gif->errors, 0, (size_t)(gif->width + 2) * 6 * sizeof *gif->errors);
    for (int64_t y = 0; y < gif->height; y++) {
        draw_row(gif, palette, y);
        if (y % 64 == 0 && library_stopped(err)) {
            return false;
        }
    }
    return true;
}

/* ---- what is written ----------------------------------------------------------------------- */

static void grow(struct area *area, int64_t x, int64_t y)
{
    bool empty = area->right <= area->left;
    area->left = empty || x < area->left ? x : area->left;
    area->top = empty || y < area->top ? y : area->top;
    area->right = empty || x + 1 > area->right ? x + 1 : area->right;
    area->bottom = empty || y + 1 > area->bottom ? y + 1 : area->bottom;
}

/* What differs from what is there, and what must be gone before the next frame: a pixel can only
 * be taken away when the frame is disposed of. */
static struct area find_area(const struct gif *gif, bool *clears)
{
    struct area area = {0, 0, 0, 0};
    *clears = false;
    if (gif->shown == NULL) {
        return area;
    }
    for (int64_t y = 0; y < gif->height; y++) {
        for (int64_t x = 0; x < gif->width; x++) {
            size_t i = (size_t)(y * gif->width + x);
            bool goes = gif->next.rgba != NULL && gif->shown[i] != 0 && !opaque_at(&gif->next, i);
            *clears = *clears || goes;
            if (goes || gif->shown[i] != gif->before[i]) {
                grow(&area, x, y);
            }
        }
    }
    return area;
}

/* The rows of an interlaced picture: every eighth, those in the middle between them, and so on. */
static int64_t row_of(const struct gif *gif, const struct area *area, int64_t turn)
{
    static const int begin[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2};
    int64_t height = area->bottom - area->top;
    for (int pass = 0; gif->interlaced && pass < 4; pass++) {
        int64_t rows = (height - begin[pass] + step[pass] - 1) / step[pass];
        if (turn < rows) {
            return area->top + begin[pass] + turn * step[pass];
        }
        turn -= rows;
    }
    return area->top + turn;
}

/* What is there already is left transparent, or, `anew`, drawn where the palette has it. False when
 * the two are the same, and it is `anew`. */
static bool pack(struct gif *gif, const struct area *area, bool anew)
{
    uint8_t *to = gif->packed;
    bool differs = !anew;
    for (int64_t turn = 0; turn < area->bottom - area->top; turn++) {
        int64_t y = row_of(gif, area, turn);
        for (int64_t x = area->left; x < area->right; x++, to++) {
            size_t i = (size_t)(y * gif->width + x);
            bool there = gif->shown != NULL && gif->first == 1 && gif->shown[i] == gif->before[i];
            *to = there && !anew ? 0 : gif->indices[i];
            differs = differs || (there && gif->indices[i] != 0);
        }
    }
    return differs;
}

static void set_table(struct gif_table *table, const struct gif_palette *palette, int first)
{
    memset(table, 0, sizeof *table);
    for (table->bits = 1; 1 << table->bits < palette->count + first;) {
        table->bits++;
    }
    memcpy(table->rgb[first], palette->rgb, (size_t)palette->count * 3);
}

/* The shorter of the two ways. */
static bool write_area(struct gif *gif, const struct area *area, struct gif_frame *frame,
                       struct error *err)
{
    frame->x = area->left;
    frame->y = area->top;
    frame->width = area->right - area->left;
    frame->height = area->bottom - area->top;
    frame->indices = gif->packed;
    for (int way = 0; way < 2; way++) {
        buffer_reset(&gif->tries[way]);
        if (pack(gif, area, way == 1) && !gif_write_frame(&gif->tries[way], frame, err)) {
            return false;
        }
    }
    bool anew = gif->tries[1].length > 0 && gif->tries[1].length < gif->tries[0].length;
    const struct buffer *shorter = &gif->tries[anew ? 1 : 0];
    buffer_append(&gif->file, shorter->data, shorter->length);
    return buffer_check(&gif->file, "encoding an image", err);
}

static bool write_drawn(struct gif *gif, const struct gif_palette *palette, int64_t delay_cs,
                        struct error *err)
{
    bool clears;
    struct area area = find_area(gif, &clears);
    struct gif_table own;
    if (gif->frames == 0) {
        area = (struct area){0, 0, gif->width, gif->height};
    } else if (area.right <= area.left && !gif->cleared && gif->delay_cs + delay_cs <= DELAY_MAX) {
        gif->delay_cs += delay_cs;
        gif_write_delay(&gif->file, gif->delay_at, gif->delay_cs);
        return true;
    } else if (area.right <= area.left) {
        area = (struct area){0, 0, 1, 1};
    }
    set_table(&own, palette, gif->first);
    struct gif_frame frame = {.table = &own,
                              .own_table = palette != gif->shared,
                              .interlaced = gif->interlaced,
                              .transparent = gif->first - 1,
                              .disposal = clears ? CLEAR : KEEP,
                              .delay_cs = delay_cs};
    gif->delay_at = gif->shared_first == 1 ? gif_write_control(&gif->file, &frame) : 0;
    gif->delay_cs = delay_cs;
    gif->cleared = clears;
    gif->frames++;
    if (!write_area(gif, &area, &frame, err)) {
        return false;
    }
    if (gif->next.rgba == NULL) {
        return true;
    }
    memcpy(gif->before, gif->shown, gif->pixels * sizeof *gif->before);
    for (int64_t y = area.top; clears && y < area.bottom; y++) {
        memset(gif->before + y * gif->width + area.left, 0,
               (size_t)(area.right - area.left) * sizeof *gif->before);
    }
    return true;
}

static int64_t delay_of(const Image *frame)
{
    return frame->delay < DELAY_MAX ? (int64_t)frame->delay : DELAY_MAX;
}

static bool write_frames(struct gif *gif, const Image *list, struct error *err)
{
    if (!read_frame(gif, list, &gif->next, err)) {
        return false;
    }
    for (const Image *frame = list; frame != NULL; frame = frame->next) {
        struct gif_palette *palette;
        samples_release(&gif->previous);
        gif->previous = gif->now;
        gif->now = gif->next;
        gif->next.rgba = NULL;
        if (!read_frame(gif, frame->next, &gif->next, err) || !choose_palette(gif, &palette, err) ||
            !draw(gif, palette, err) || !write_drawn(gif, palette, delay_of(frame), err)) {
            return false;
        }
    }
    gif_write_end(&gif->file);
    return buffer_check(&gif->file, "encoding an image", err);
}

/* ---- all ----------------------------------------------------------------------------------- */

static bool open_gif(struct gif *gif, size_t frames, const char *comment, struct error *err)
{
    /* A code of 12 bits for each pixel, and what stands around a frame. */
    size_t frame = gif->pixels * 2 + 2048;
    buffer_init(&gif->file, frame * frames + 2 * strlen(comment) + 2048);
    buffer_init(&gif->tries[0], frame);
    buffer_init(&gif->tries[1], frame);
    if (frames > 1) {
        gif->before = calloc(gif->pixels, sizeof *gif->before);
        gif->shown = calloc(gif->pixels, sizeof *gif->shown);
    }
    gif->indices = malloc(gif->pixels);
    gif->packed = malloc(gif->pixels);
    gif->errors = malloc((size_t)(gif->width + 2) * 6 * sizeof *gif->errors);
    gif->shared = malloc(sizeof *gif->shared);
    gif->own = malloc(sizeof *gif->own);
    bool seen = frames == 1 || (gif->before != NULL && gif->shown != NULL);
    bool ok = seen && gif->indices != NULL && gif->packed != NULL && gif->errors != NULL &&
              gif->shared != NULL && gif->own != NULL;
    return (ok || error_set_memory(err, "encoding an image")) &&
           gif_histogram_open(&gif->histogram, err);
}

static void close_gif(struct gif *gif)
{
    forget_frames(gif);
    gif_histogram_close(&gif->histogram);
    free(gif->before);
    free(gif->shown);
    free(gif->indices);
    free(gif->packed);
    free(gif->errors);
    free(gif->shared);
    free(gif->own);
    buffer_release(&gif->file);
    buffer_release(&gif->tries[0]);
    buffer_release(&gif->tries[1]);
}

static const char *comment_of(const Image *image)
{
    const ImageAttribute *comment = GetImageAttribute(image, "comment");
    return comment != NULL && comment->value != NULL ? comment->value : "";
}

/* As gif_write_head() has it. */
static int plays_again(const Image *list)
{
    if (list->next == NULL || list->iterations == 1) {
        return -1;
    }
    return list->iterations > 0 ? (int)list->iterations - 1 : 0;
}

static bool encode(struct gif *gif, const Image *list, struct error *err)
{
    const char *comment = comment_of(list);
    if (gif->width > SIDE_MAX || gif->height > SIDE_MAX) {
        return error_set(err, "unsupported", "encoding gif: no side is longer than %d pixels",
                         SIDE_MAX);
    }
    if (!open_gif(gif, GetImageListLength(list), comment, err) || !make_shared(gif, list, err)) {
        return false;
    }
    set_table(&gif->table, gif->shared, gif->shared_first);
    gif_write_head(&gif->file, gif->width, gif->height, &gif->table, plays_again(list), comment);
    return write_frames(gif, list, err);
}

bool gif_encode(const Image *list, const struct image_target *target, struct image_output *output,
                struct error *err)
{
    struct gif gif = {.width = (int64_t)list->columns,
                      .height = (int64_t)list->rows,
                      .pixels = (size_t)list->columns * list->rows,
                      .interlaced = target->progressive && list->next == NULL};
    struct image_output made = {.width = gif.width, .height = gif.height, .format = IMAGE_GIF};
    bool ok = encode(&gif, list, err);
    if (ok) {
        made.frames = gif.frames;
        made.bytes = buffer_take(&gif.file, &made.length);
        ok = made.bytes != NULL || error_set_memory(err, "encoding an image");
    }
    close_gif(&gif);
    if (ok) {
        *output = made;
    }
    return ok;
}

int64_t gif_memory(int64_t width, int64_t height, int64_t frames)
{
    /* A pixel's samples, index and packed index, and a file of it, tried once or twice and kept. */
    int64_t still = 4 + 2 + 4;
    /* Two more frames' samples, and what is shown before and with the frame. */
    int64_t animated = still + 2 * 4 + 2 * 4 + frames;
    return width * height * (frames > 1 ? animated : still);
}
