/*
 * font.c - stb_truetype, kept on a leash: what it allocates is ours and goes at once, and what
 * makes it give up ends the drawing, not the process. Called by annotate.c; no other file includes
 * it.
 */
#include "bindings/image/steps/font.h"
#include "bindings/image/probe/reader.h"
#include "host/utf8.h"

#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/* ---- the library's memory ------------------------------------------------------------------ */

/* More than any glyph needs, and little enough for any function. */
#define ARENA_MAX (16 << 20)

struct block {
    struct block *next;
    max_align_t bytes[];
};

struct arena {
    jmp_buf escape;
    struct block *blocks;
    size_t used;
};

static _Thread_local struct arena *current;

static void arena_release(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
    arena->used = 0;
}

static _Noreturn void give_up(void)
{
    longjmp(current->escape, 1);
}

/* Never NULL: the library does not look everywhere. */
static void *arena_allocate(size_t size)
{
    struct block *block = NULL;
    if (size <= ARENA_MAX - current->used) {
        block = malloc(sizeof *block + size);
    }
    if (block == NULL) {
        give_up();
    }
    current->used += size;
    block->next = current->blocks;
    current->blocks = block;
    return block->bytes;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wunknown-warning-option"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wsign-compare"
#define STB_TRUETYPE_IMPLEMENTATION
#define STBTT_STATIC
#define STBTT_malloc(size, context) ((void)(context), arena_allocate(size))
#define STBTT_free(bytes, context)  ((void)(context), (void)(bytes))
#define STBTT_assert(condition)     ((condition) ? (void)0 : give_up())
#include <stb/stb_truetype.h>
#pragma GCC diagnostic pop

/* ---- fonts --------------------------------------------------------------------------------- */

static bool known_signature(struct reader *reader)
{
    static const char signatures[][5] = {"\0\1\0\0", "OTTO", "true", "ttcf"};
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        if (reader_at(reader, signatures[i], 4)) {
            return true;
        }
    }
    return false;
}

/* Whether each table of the first font lies within the file. */
static bool tables_fit(struct reader reader)
{
    if (reader_at(&reader, "ttcf", 4)) {
        reader_seek(&reader, 12);
        reader_seek(&reader, reader_u32(&reader));
    }
    reader_take(&reader, 4);
    unsigned tables = reader_u16(&reader);
    reader_take(&reader, 6);
    for (unsigned i = 0; i < tables; i++) {
        reader_take(&reader, 8);
        uint64_t offset = reader_u32(&reader);
        uint64_t length = reader_u32(&reader);
        if (reader.failed || offset + length > reader.length) {
            return false;
        }
    }
    return tables > 0 && !reader.failed;
}

static bool open_font(const struct font *font, stbtt_fontinfo *info)
{
    int offset = stbtt_GetFontOffsetForIndex(font->bytes, 0);
    return offset >= 0 && stbtt_InitFont(info, font->bytes, offset) != 0;
}

/* Runs work(info, context) with the library's memory in place. */
static bool with_font(const struct font *font, bool (*work)(stbtt_fontinfo *info, void *context),
                      void *context, struct error *err)
{
    struct arena arena = {.blocks = NULL};
    stbtt_fontinfo info;
    current = &arena;
    if (setjmp(arena.escape) != 0) {
        arena_release(&arena);
        current = NULL;
        return error_set_memory(err, "drawing a text");
    }
    bool ok = open_font(font, &info) && work(&info, context);
    arena_release(&arena);
    current = NULL;
    return ok || error_set(err, "usage", "font: no TrueType or OpenType font that can be drawn");
}

static bool do_nothing(stbtt_fontinfo *info, void *context)
{
    (void)info;
    (void)context;
    return true;
}

bool font_check(const struct font *font, struct error *err)
{
    struct reader reader = reader_of(font->bytes, font->length, true);
    if (!known_signature(&reader)) {
        return error_set(err, "usage", "font: these bytes are no TrueType or OpenType font");
    }
    if (!tables_fit(reader)) {
        return error_set(err, "usage", "font: the file is cut off");
    }
    return with_font(font, do_nothing, NULL, err);
}

/* ---- lines --------------------------------------------------------------------------------- */

struct line {
    const char *text;
    size_t length;
};

/* The next line of `rest`; false when there is none. */
static bool next_line(struct line *rest, struct line *line)
{
    if (rest->text == NULL) {
        return false;
    }
    const char *end = rest->length > 0 ? memchr(rest->text, '\n', rest->length) : NULL;
    *line = *rest;
    if (end == NULL) {
        rest->text = NULL;
        return true;
    }
    line->length = (size_t)(end - rest->text);
    rest->length -= line->length + 1;
    rest->text = end + 1;
    return true;
}

static int next_character(struct line *line)
{
    static const unsigned char lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    size_t length = utf8_sequence(line->text, line->length);
    int code = 0xfffd;
    if (length > 0) {
        code = (unsigned char)line->text[0] & lead_bits[length];
        for (size_t i = 1; i < length; i++) {
            code = code << 6 | ((unsigned char)line->text[i] & 0x3f);
        }
    }
    line->text += length > 0 ? length : 1;
    line->length -= length > 0 ? length : 1;
    return code;
}

struct metrics {
    double scale, ascent, line_height;
};

static struct metrics metrics_of(const stbtt_fontinfo *info, double size)
{
    int ascent, descent, gap;
    stbtt_GetFontVMetrics(info, &ascent, &descent, &gap);
    double scale = (double)stbtt_ScaleForMappingEmToPixels(info, (float)size);
    return (struct metrics){scale, ascent * scale, (ascent - descent + gap) * scale};
}

/* Calls draw(info, glyph, x, context), where it is not NULL, for each glyph; returns the width. */
static double walk_line(const stbtt_fontinfo *info, struct line line, double scale,
                        void (*draw)(const stbtt_fontinfo *info, int glyph, double x,
                                     void *context),
                        void *context)
{
    double x = 0;
    int previous = 0;
    while (line.length > 0) {
        int glyph = stbtt_FindGlyphIndex(info, next_character(&line)), advance, bearing;
        if (previous != 0) {
            x += stbtt_GetGlyphKernAdvance(info, previous, glyph) * scale;
        }
        if (draw != NULL) {
            draw(info, glyph, x, context);
        }
        stbtt_GetGlyphHMetrics(info, glyph, &advance, &bearing);
        x += advance * scale;
        previous = glyph;
    }
    return x;
}

struct measure {
    const struct font_text *text;
    double width, height;
};

static bool measure(stbtt_fontinfo *info, void *context)
{
    struct measure *measure = context;
    struct metrics metrics = metrics_of(info, measure->text->size);
    struct line rest = {measure->text->text, measure->text->length}, line;
    while (next_line(&rest, &line)) {
        measure->width = fmax(measure->width, walk_line(info, line, metrics.scale, NULL, NULL));
        measure->height += metrics.line_height;
    }
    return measure->height > 0;
}

bool font_measure(const struct font *font, const struct font_text *text, double *width,
                  double *height, struct error *err)
{
    struct measure measured = {.text = text};
    if (!with_font(font, measure, &measured, err)) {
        return false;
    }
    *width = measured.width;
    *height = measured.height;
    return true;
}

/* ---- drawing ------------------------------------------------------------------------------- */

struct drawing {
    const struct font_text *text;
    struct font_mask *mask;
    int64_t margin;
    double scale, x, baseline; /* of the line */
};

/* The darker of what is there and what comes: kerned letters touch. */
static void merge(struct font_mask *mask, const unsigned char *glyph, int width, int height,
                  int64_t left, int64_t top)
{
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            int64_t to_x = left + x, to_y = top + y;
            if (to_x < 0 || to_y < 0 || to_x >= mask->width || to_y >= mask->height) {
                continue;
            }
            uint8_t *to = &mask->coverage[to_y * mask->width + to_x];
            uint8_t value = glyph[y * width + x];
            *to = value > *to ? value : *to;
        }
    }
}

static void draw_glyph(const stbtt_fontinfo *info, int glyph, double x, void *context)
{
    struct drawing *drawing = context;
    double at = drawing->x + x, whole = floor(at), baseline = floor(drawing->baseline + 0.5);
    float scale = (float)drawing->scale, shift = (float)(at - whole);
    int left, top, right, bottom;
    stbtt_GetGlyphBitmapBoxSubpixel(info, glyph, scale, scale, shift, 0, &left, &top, &right,
                                    &bottom);
    int width = right - left, height = bottom - top;
    if (width <= 0 || height <= 0) {
        return;
    }
    unsigned char *bitmap = arena_allocate((size_t)width * (size_t)height);
    memset(bitmap, 0, (size_t)width * (size_t)height);
    stbtt_MakeGlyphBitmapSubpixel(info, bitmap, width, height, width, scale, scale, shift, 0,
                                  glyph);
    merge(drawing->mask, bitmap, width, height, (int64_t)whole + left, (int64_t)baseline + top);
    arena_release(current);
}

static bool draw(stbtt_fontinfo *info, void *context)
{
    struct drawing *drawing = context;
    struct metrics metrics = metrics_of(info, drawing->text->size);
    double inner = (double)(drawing->mask->width - 2 * drawing->margin);
    struct line rest = {drawing->text->text, drawing->text->length}, line;
    drawing->scale = metrics.scale;
    drawing->baseline = (double)drawing->margin + metrics.ascent;
    while (next_line(&rest, &line)) {
        double left = inner - walk_line(info, line, metrics.scale, NULL, NULL);
        drawing->x = (double)drawing->margin + left * drawing->text->align / 2;
        (void)walk_line(info, line, metrics.scale, draw_glyph, drawing);
        drawing->baseline += metrics.line_height;
    }
    return true;
}

bool font_draw(const struct font *font, const struct font_text *text, int64_t margin,
               struct font_mask *mask, struct error *err)
{
    double width, height;
    if (!font_measure(font, text, &width, &height, err)) {
        return false;
    }
    struct font_mask made = {.width = (int64_t)ceil(width) + 2 * margin,
                             .height = (int64_t)ceil(height) + 2 * margin};
    made.coverage = calloc((size_t)made.width, (size_t)made.height);
    if (made.coverage == NULL) {
        return error_set_memory(err, "drawing a text");
    }
    struct drawing drawing = {.text = text, .mask = &made, .margin = margin};
    if (!with_font(font, draw, &drawing, err)) {
        free(made.coverage);
        return false;
    }
    *mask = made;
    return true;
}
