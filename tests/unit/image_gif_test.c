/*
 * image_gif_test.c - our encoder of GIF: its compression against the library's decoder, its
 * palettes against the nearest colour of all, and animations frame by frame against what they were
 * made of, as a player shows them.
 */
#include "bindings/image/codec/gif.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/image/codec/animation.h"
#include "bindings/image/codec/gif_palette.h"
#include "bindings/image/codec/gif_write.h"
#include "bindings/image/library.h"
#include "bindings/image/pixels.h"
#include "tests/unit/allocation.h"
#include "tests/unit/check.h"
#include "tests/unit/image_sample.h"

/* Numbers that look random, and are the same each time. */
static uint32_t state;

static uint32_t any(uint32_t below)
{
    state = state * 1664525U + 1013904223U;
    return (state >> 8) % below;
}

/* ---- compression ----------------------------------------------------------------------------- */

enum { WIDTH = 150, HEIGHT = 100 };

/* Runs of one index, or none at all. */
static void fill(uint8_t *indices, size_t count, int bits, uint32_t run)
{
    for (size_t i = 0; i < count;) {
        uint8_t index = (uint8_t)any(1U << bits);
        for (uint32_t left = 1 + any(run); left > 0 && i < count; left--) {
            indices[i++] = index;
        }
    }
}

static bool same_indices(const struct image_output *output, const uint8_t *indices, size_t count)
{
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    ImageInfo *decoder = CloneImageInfo(NULL);
    (void)snprintf(decoder->filename, sizeof decoder->filename, "GIF:x");
    Image *image = BlobToImage(decoder, output->bytes, output->length, &exception);
    const PixelPacket *pixels =
        image != NULL ? AcquireImagePixels(image, 0, 0, image->columns, image->rows, &exception)
                      : NULL;
    bool same = pixels != NULL && image->columns * image->rows == count;
    for (size_t i = 0; same && i < count; i++) {
        same = ScaleQuantumToChar(pixels[i].red) == indices[i];
    }
    pixels_destroy(image);
    DestroyImageInfo(decoder);
    DestroyExceptionInfo(&exception);
    return same;
}

static bool check_compression(void *context, struct error *err)
{
    static uint8_t indices[WIDTH * HEIGHT];
    const int *bits = context;
    for (uint32_t round = 0; round < 60; round++) {
        struct gif_table table = {.bits = *bits};
        struct gif_frame frame = {.width = 1 + any(WIDTH), .height = 1 + any(HEIGHT)};
        struct buffer file;
        size_t count = (size_t)frame.width * (size_t)frame.height;
        for (int i = 0; i < 1 << *bits; i++) {
            memset(table.rgb[i], i, 3);
        }
        fill(indices, count, *bits, round % 3 == 0 ? 1 : round * 4);
        frame.table = &table;
        frame.indices = indices;
        buffer_init(&file, 100000);
        gif_write_head(&file, frame.width, frame.height, &table, -1, "");
        if (!gif_write_frame(&file, &frame, err)) {
            return false;
        }
        gif_write_end(&file);
        const struct image_output output = {.bytes = file.data, .length = file.length};
        check_case("%d bits, %zu pixels", *bits, count);
        CHECK(same_indices(&output, indices, count));
        buffer_release(&file);
    }
    return true;
}

TEST(image_gif_compression_is_undone_by_the_library)
{
    struct error err;
    if (!CHECK(image_engine_start(INT64_C(1) << 30, &err))) {
        return;
    }
    state = 1;
    for (int bits = 1; bits <= 8; bits++) {
        CHECK(library_run(check_compression, &bits, NULL, &err));
    }
}

/* Of each index the next one whose pair has a low hash, so that all pairs lie side by side: the
 * table of codes is begun anew before it is full of them. */
static bool check_crowded(void *context, struct error *err)
{
    static uint8_t indices[200 * 200], known[256][256];
    struct gif_table table = {.bits = 8};
    struct gif_frame frame = {.width = 200, .height = 200, .indices = indices, .table = &table};
    struct buffer file;
    (void)context;
    for (int i = 1; i < 200 * 200; i++) {
        uint32_t least = UINT32_MAX, index = 0, last = indices[i - 1];
        for (uint32_t next = 0; next < 256; next++) {
            uint32_t hash = ((last << 8 | next) + 1) * 2654435761U;
            bool better = known[last][next] != i / 4000 + 1 && hash < least;
            index = better ? next : index;
            least = better ? hash : least;
        }
        known[last][index] = (uint8_t)(i / 4000 + 1);
        indices[i] = (uint8_t)index;
    }
    for (int i = 0; i < 256; i++) {
        memset(table.rgb[i], i, 3);
    }
    buffer_init(&file, 200000);
    gif_write_head(&file, 200, 200, &table, -1, "");
    if (!gif_write_frame(&file, &frame, err)) {
        return false;
    }
    gif_write_end(&file);
    const struct image_output output = {.bytes = file.data, .length = file.length};
    CHECK(same_indices(&output, indices, sizeof indices));
    check_case("%zu bytes", file.length);
    CHECK(file.length < 55000); /* codes of 9 to 11 bits, of 12 they would be 60,000 */
    buffer_release(&file);
    return true;
}

TEST(image_gif_compression_does_not_crowd)
{
    struct error err;
    CHECK(image_engine_start(INT64_C(1) << 30, &err));
    CHECK(library_run(check_crowded, NULL, NULL, &err));
}

/* ---- palettes -------------------------------------------------------------------------------- */

static struct gif_palette palette;

static int distance(const uint8_t *a, const uint8_t *b)
{
    int red = a[0] - b[0], green = a[1] - b[1], blue = a[2] - b[2];
    return 3 * red * red + 6 * green * green + 2 * blue * blue;
}

static void check_nearest(void)
{
    for (int i = 0; i < 20000; i++) {
        const uint8_t rgb[3] = {(uint8_t)any(256), (uint8_t)any(256), (uint8_t)any(256)};
        int least = INT32_MAX;
        for (int k = 0; k < palette.count; k++) {
            int far = distance(palette.rgb[k], rgb);
            least = far < least ? far : least;
        }
        int index = gif_palette_nearest(&palette, rgb[0], rgb[1], rgb[2]);
        if (!CHECK(distance(palette.rgb[index], rgb) == least)) {
            return;
        }
    }
}

TEST(image_gif_palette_is_exact_or_near)
{
    static const struct {
        int colours, most;
        bool exact;
        double error_max;
    } cases[] = {{1, 255, true, 0},      {2, 1, false, 1e5},   {255, 255, true, 0},
                 {256, 256, true, 0},    {256, 255, false, 1}, {60000, 256, false, 160},
                 {60000, 2, false, 6000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gif_histogram histogram;
        struct error err;
        check_case("%d colours in %d", cases[i].colours, cases[i].most);
        if (!CHECK(gif_histogram_open(&histogram, &err))) {
            return;
        }
        for (int k = 0; k < cases[i].colours; k++) {
            uint32_t mixed = (uint32_t)k * 2654435761U;
            const uint8_t rgb[3] = {(uint8_t)(mixed >> 24), (uint8_t)(mixed >> 16), (uint8_t)k};
            gif_histogram_add(&histogram, rgb);
            gif_histogram_add(&histogram, rgb);
        }
        CHECK(gif_palette_make(&palette, &histogram, cases[i].most, &err));
        double error = gif_palette_error(&palette, &histogram);
        CHECK_INTEGER(palette.exact, cases[i].exact);
        CHECK(palette.count <= cases[i].most);
        if (!CHECK(error <= cases[i].error_max)) {
            (void)fprintf(stderr, "an error of %g\n", error);
        }
        check_nearest();
        gif_histogram_close(&histogram);
    }
}

/* Colours whose hashes lie close together: as many as a palette has are still kept apart. */
TEST(image_gif_counts_colours_that_collide)
{
    struct gif_histogram histogram;
    struct error err;
    if (!CHECK(gif_histogram_open(&histogram, &err))) {
        return;
    }
    unsigned added = 0;
    for (uint32_t colour = 0; colour < 1U << 24; colour++) {
        if ((colour | 1U << 24) * 2654435761U < 10U << 17) {
            const uint8_t rgb[3] = {(uint8_t)(colour >> 16), (uint8_t)(colour >> 8),
                                    (uint8_t)colour};
            gif_histogram_add(&histogram, rgb);
            added++;
            CHECK(added > GIF_COLOURS_MAX ||
                  (histogram.shift == 0 && histogram.used == (size_t)added));
        }
    }
    CHECK(added > 5000);
    CHECK(histogram.shift > 0);
    gif_histogram_close(&histogram);
}

/* ---- animations ------------------------------------------------------------------------------ */

enum { SIDE = 23, FRAMES = 9, CELLS = SIDE * SIDE };

/* 0: transparent, else a colour of so many. */
struct story {
    int frames, colours;
    uint32_t pixel[FRAMES][CELLS];
    int delay_cs[FRAMES];
};

static uint32_t any_pixel(const struct story *story, bool alpha)
{
    uint32_t number = any((uint32_t)story->colours);
    return alpha && any(4) == 0 ? 0 : 0xff000000U | number * 2654435761U >> 8;
}

/* Each frame is the one before with a part of it in new colours, or the same, or all new. */
static void make_story(struct story *story, int colours, bool alpha)
{
    *story = (struct story){.frames = 1 + (int)any(FRAMES), .colours = colours};
    for (int f = 0; f < story->frames; f++) {
        uint32_t left = any(SIDE), top = any(SIDE), width = 1 + any(SIDE), height = any(SIDE);
        bool all = f == 0 || any(6) == 0;
        story->delay_cs[f] = 2 + (int)any(300);
        for (uint32_t i = 0; i < CELLS; i++) {
            bool within = i % SIDE - left < width && i / SIDE - top < height;
            story->pixel[f][i] = all || within ? any_pixel(story, alpha) : story->pixel[f - 1][i];
        }
    }
}

static Image *frame_of(const struct story *story, int f, struct error *err)
{
    Image *image = pixels_new(SIDE, SIDE, (PixelPacket){.opacity = TransparentOpacity}, err);
    PixelPacket *pixels = image != NULL ? SetImagePixels(image, 0, 0, SIDE, SIDE) : NULL;
    if (pixels == NULL) {
        return NULL;
    }
    for (int i = 0; i < CELLS; i++) {
        uint32_t pixel = story->pixel[f][i];
        pixels[i].red = ScaleCharToQuantum(pixel >> 16 & 255);
        pixels[i].green = ScaleCharToQuantum(pixel >> 8 & 255);
        pixels[i].blue = ScaleCharToQuantum(pixel & 255);
        pixels[i].opacity = pixel == 0 ? TransparentOpacity : OpaqueOpacity;
    }
    image->delay = (unsigned long)story->delay_cs[f];
    return SyncImagePixels(image) ? image : NULL;
}

static Image *list_of(const struct story *story, struct error *err)
{
    Image *list = NULL;
    for (int f = 0; f < story->frames; f++) {
        AppendImageToList(&list, frame_of(story, f, err));
    }
    return GetFirstImageInList(list);
}

static Image *keep_canvas(const Image *canvas, void *context, struct error *err)
{
    (void)context;
    return pixels_clone(canvas, err);
}

/* How many pixels are not what they should be, and by how much the worst of them is off. */
static int wrong_pixels(const struct story *story, int f, const Image *shown, int *worst)
{
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    const PixelPacket *pixels = AcquireImagePixels(shown, 0, 0, SIDE, SIDE, &exception);
    int wrong = 0;
    for (int i = 0; i < CELLS; i++) {
        uint32_t pixel = story->pixel[f][i];
        bool transparent = shown->matte && pixels[i].opacity == TransparentOpacity;
        int off = abs((int)(pixel >> 16 & 255) - ScaleQuantumToChar(pixels[i].red)) +
                  abs((int)(pixel >> 8 & 255) - ScaleQuantumToChar(pixels[i].green)) +
                  abs((int)(pixel & 255) - ScaleQuantumToChar(pixels[i].blue));
        off = transparent != (pixel == 0) ? 999 : transparent ? 0 : off;
        wrong += off > 0 ? 1 : 0;
        *worst = off > *worst ? off : *worst;
    }
    DestroyExceptionInfo(&exception);
    return wrong;
}

/* What is seen at each frame's time, and that it lasts as long. */
static void check_played(const struct story *story, Image *list, int off_max)
{
    int64_t until_cs = 0, shown_until_cs = (int64_t)list->delay;
    for (int f = 0; f < story->frames; f++) {
        int worst = 0;
        int wrong = wrong_pixels(story, f, list, &worst);
        until_cs += story->delay_cs[f];
        if (worst > off_max) {
            CHECK_INTEGER(f, -1);
            CHECK_INTEGER(wrong, 0);
            CHECK_INTEGER(worst, 0);
        }
        bool last = f + 1 == story->frames;
        CHECK(until_cs <= shown_until_cs);
        if (until_cs == shown_until_cs && !last && CHECK(list->next != NULL)) {
            list = list->next;
            shown_until_cs += (int64_t)list->delay;
        }
        CHECK(!last || (list->next == NULL && until_cs == shown_until_cs));
    }
}

struct telling {
    const struct story *story;
    int off_max;
    size_t length;
};

static bool tell(void *context, struct error *err)
{
    struct telling *telling = context;
    const struct story *story = telling->story;
    const struct image_target target = sample_target(0, 0, IMAGE_GIF);
    struct image_output output;
    struct image_limits limits;
    struct image_info info;
    Image *list = list_of(story, err);
    bool ok = gif_encode(list, &target, &output, err);
    pixels_destroy(list);
    if (!ok) {
        return false;
    }
    image_limits_default(&limits);
    telling->length = output.length;
    CHECK(output.frames <= story->frames);
    Image *played = NULL;
    if (image_probe(output.bytes, output.length, &limits, &info, err)) {
        CHECK_INTEGER(info.frames, output.frames);
        played = animation_play(output.bytes, output.length, &info, keep_canvas, NULL, err);
    }
    image_output_release(&output);
    if (played == NULL) {
        return false;
    }
    if (story->frames > 1) {
        check_played(story, played, telling->off_max);
    }
    pixels_destroy(played);
    return true;
}

TEST(image_gif_plays_as_it_was_made)
{
    static struct story story;
    struct error err;
    if (!CHECK(image_engine_start(INT64_C(1) << 30, &err))) {
        return;
    }
    state = 2;
    for (int round = 0; round < 800; round++) {
        /* Few colours: all frames have one palette; more: each its own; too many: dithered. */
        static const int colours[] = {1, 3, 30, 200, 254, 255, 256, 257, 300, 5000};
        int k = round % 10;
        make_story(&story, colours[k], round / 10 % 3 == 0);
        struct telling telling = {.story = &story, .off_max = k < 6 ? 0 : 400};
        check_case("round %d, %d colours", round, colours[k]);
        if (!CHECK(library_run(tell, &telling, NULL, &err))) {
            CHECK_TEXT(err.message, "");
        }
    }
}

/* 200 colours in each of three frames, none of which are in another one: they are kept. */
TEST(image_gif_frames_have_palettes_of_their_own)
{
    static struct story story = {.frames = 3};
    struct telling telling = {.story = &story, .off_max = 0};
    struct error err;
    for (int f = 0; f < 3; f++) {
        int colours = f == 2 ? 256 : 200; /* without room for a transparent one */
        story.delay_cs[f] = 5;
        for (int i = 0; i < CELLS; i++) {
            story.pixel[f][i] =
                0xff000000U | (uint32_t)f << 20 | (uint32_t)(i % colours) * 0x000700U >> f;
        }
    }
    CHECK(image_engine_start(INT64_C(1) << 30, &err));
    CHECK(library_run(tell, &telling, NULL, &err));
}

TEST(image_gif_writes_what_changes)
{
    static struct story story = {.frames = FRAMES};
    struct telling whole = {.story = &story}, part = whole, none = whole;
    struct error err;
    state = 3;
    CHECK(image_engine_start(INT64_C(1) << 30, &err));
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < FRAMES * CELLS; i++) {
            uint32_t grey = any(64) * 4;
            bool changes = i < CELLS || round == 0 || (round == 1 && i % CELLS < 30);
            story.pixel[i / CELLS][i % CELLS] =
                changes ? 0xff000000U | grey * 0x010101U : story.pixel[i / CELLS - 1][i % CELLS];
            story.delay_cs[i / CELLS] = 7;
        }
        CHECK(library_run(tell, round == 0 ? &whole : round == 1 ? &part : &none, NULL, &err));
    }
    CHECK(part.length < whole.length / 3);
    CHECK(none.length < part.length - 8 * 20); /* a frame has no fewer bytes than that */
}

/* A delay has 16 bits. */
TEST(image_gif_shows_the_same_for_long)
{
    static struct story story = {.frames = 4};
    struct telling telling = {.story = &story};
    struct error err;
    for (int f = 0; f < 4; f++) {
        story.delay_cs[f] = 30000;
    }
    CHECK(image_engine_start(INT64_C(1) << 30, &err));
    for (uint32_t colour = 0; colour < 2; colour++) {
        for (int i = 0; i < 4 * CELLS; i++) {
            story.pixel[i / CELLS][i % CELLS] = 0xff123456U * colour;
        }
        CHECK(library_run(tell, &telling, NULL, &err));
    }
}

/* What is cleared with what goes is drawn anew in its own colours. */
TEST(image_gif_redraws_what_is_cleared)
{
    static struct story story = {.frames = 3};
    struct telling telling = {.story = &story, .off_max = 0};
    struct error err;
    for (int i = 0; i < 3 * CELLS; i++) {
        uint32_t colour = (uint32_t)(i % CELLS % 200) * 0x010307U % 0x1000000U;
        story.delay_cs[i / CELLS] = 5;
        story.pixel[i / CELLS][i % CELLS] = 0xff000000U | (i < 2 * CELLS ? colour : ~colour);
    }
    story.pixel[1][CELLS / 2] = 0;
    CHECK(image_engine_start(INT64_C(1) << 30, &err));
    CHECK(library_run(tell, &telling, NULL, &err));
}

/* What is cleared is gone only when the next frame comes, also where that draws nothing. */
TEST(image_gif_blinks)
{
    static struct story story = {.frames = 5};
    struct telling telling = {.story = &story};
    struct error err;
    CHECK(image_engine_start(INT64_C(1) << 30, &err));
    for (int size = 1; size <= CELLS; size += CELLS - 1) {
        for (int i = 0; i < 5 * CELLS; i++) {
            bool on = i / CELLS % 3 != 1; /* on, off, on, on, off */
            story.pixel[i / CELLS][i % CELLS] = on && i % CELLS < size ? 0xff123456U : 0;
            story.delay_cs[i / CELLS] = 7;
        }
        check_case("%d pixels", size);
        CHECK(library_run(tell, &telling, NULL, &err));
    }
}

/* ---- stills ---------------------------------------------------------------------------------- */

TEST(image_gif_still_has_256_colours)
{
    struct sample bmp = sample_bmp(16, 16);
    struct image_target target = sample_target(0, 0, IMAGE_GIF);
    struct error err;
    for (int i = 0; i < 256; i++) {
        unsigned char *pixel = bmp.bytes + 54 + 3 * i;
        pixel[0] = (unsigned char)i;
        pixel[1] = (unsigned char)(i * 5);
        pixel[2] = (unsigned char)(255 - i);
    }
    for (int progressive = 0; progressive <= 1; progressive++) {
        struct image_output output;
        target.progressive = progressive == 1;
        check_case("progressive %d", progressive);
        if (!CHECK(sample_render(bmp.bytes, bmp.length, NULL, 0, &target, &output, &err))) {
            continue;
        }
        for (int i = 0; i < 256; i++) {
            unsigned long wanted = (unsigned long)(255 - i) << 24 |
                                   (unsigned long)(i * 5 & 255) << 16 | (unsigned long)i << 8 | 255;
            CHECK(sample_pixel(&output, 0, i % 16, 15 - i / 16) == wanted);
        }
        struct image_limits limits;
        struct image_info info;
        image_limits_default(&limits);
        CHECK(image_probe(output.bytes, output.length, &limits, &info, &err));
        CHECK_INTEGER(info.progressive, progressive);
        CHECK(!info.alpha);
        image_output_release(&output);
    }
    sample_release(&bmp);
}

/* ---- failures -------------------------------------------------------------------------------- */

static bool encode_list(void *context, struct error *err)
{
    const struct image_target target = sample_target(0, 0, IMAGE_GIF);
    struct image_output output;
    if (!gif_encode(context, &target, &output, err)) {
        return false;
    }
    image_output_release(&output);
    return true;
}

struct listing {
    const struct story *story;
    Image *list;
};

static bool make_list(void *context, struct error *err)
{
    struct listing *listing = context;
    listing->list = list_of(listing->story, err);
    return listing->list != NULL;
}

TEST(image_gif_survives_every_allocation_failure)
{
    static struct story story;
    struct listing listing = {&story, NULL};
    struct error err;
    state = 4;
    do {
        make_story(&story, 400, true);
    } while (story.frames < 3);
    CHECK(image_engine_start(INT64_C(1) << 30, &err));
    if (CHECK(library_run(make_list, &listing, NULL, &err))) {
        allocation_check("gif", encode_list, listing.list);
        pixels_destroy(listing.list);
    }
}

static bool encode_wide(void *context, struct error *err)
{
    (void)context;
    Image *list = pixels_new(65536, 1, (PixelPacket){.opacity = OpaqueOpacity}, err);
    bool ok = list != NULL && encode_list(list, err);
    pixels_destroy(list);
    return ok;
}

TEST(image_gif_refuses_what_its_numbers_cannot_say)
{
    struct error err;
    CHECK(image_engine_start(INT64_C(1) << 30, &err));
    CHECK(!library_run(encode_wide, NULL, NULL, &err));
    CHECK_TEXT(err.code, "unsupported");
}
