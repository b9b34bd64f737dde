/*
 * image_animation_test.c - animations: cut into stills, drawn as their disposals say, kept or
 * reduced to the first frame, and hostile ones.
 */
#include "bindings/image/codec/frames.h"
#include "bindings/image/codec/webp.h"
#include "tests/unit/check.h"
#include "tests/unit/image_sample.h"

#include <stdlib.h>
#include <string.h>

#define RED   0xff0000fful
#define GREEN 0x00ff00fful
#define BLUE  0x0000fffful
#define CLEAR 0x00000000ul

static bool render_gif(const struct sample *gif, bool animated, struct image_output *output)
{
    struct image_target target = sample_target(0, 0, IMAGE_GIF);
    struct error err;
    target.animated = animated;
    if (sample_render(gif->bytes, gif->length, NULL, 0, &target, output, &err)) {
        return true;
    }
    CHECK_TEXT(err.message, "a render");
    return false;
}

TEST(image_animation_keeps_frames_and_their_disposal)
{
    /* What is seen of the third frame at 3, 3, where the second frame was. */
    static const struct {
        int disposal;
        unsigned long seen;
    } rows[] = {{0, GREEN}, {1, GREEN}, {2, CLEAR}, {3, RED}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_case("disposal %d", rows[i].disposal);
        struct sample gif = sample_gif(rows[i].disposal, 0);
        struct image_output output;
        if (CHECK(render_gif(&gif, true, &output))) {
            CHECK_INTEGER(output.frames, 3);
            CHECK_INTEGER(output.width, 8);
            CHECK(sample_pixel(&output, 0, 3, 3) == RED);
            CHECK(sample_pixel(&output, 1, 3, 3) == GREEN);
            CHECK(sample_pixel(&output, 1, 0, 0) == RED);
            CHECK(sample_pixel(&output, 2, 0, 0) == BLUE);
            CHECK(sample_near(sample_pixel(&output, 2, 3, 3) & 0xff, rows[i].seen & 0xff, 0));
            CHECK((rows[i].seen & 0xff) == 0 || sample_pixel(&output, 2, 3, 3) == rows[i].seen);
            CHECK(sample_pixel(&output, 2, 7, 7) == RED);
            image_output_release(&output);
        }
        sample_release(&gif);
    }
}

/* The green square first, alone on its canvas, then all red. */
static struct sample square_first(void)
{
    enum { HEAD = 13 + 128 * 3 + 19, WHOLE = 88, SQUARE = 39 };
    struct sample gif = sample_gif(1, 0);
    unsigned char whole[WHOLE], *frames = gif.bytes + HEAD;
    memcpy(whole, frames, WHOLE);
    memmove(frames, frames + WHOLE, SQUARE);
    memcpy(frames + SQUARE, whole, WHOLE);
    return gif;
}

TEST(image_animation_is_opaque_where_an_earlier_frame_is_not)
{
    struct sample gif = square_first();
    struct image_output output;
    if (CHECK(render_gif(&gif, true, &output))) {
        CHECK_INTEGER(output.frames, 3);
        CHECK(sample_pixel(&output, 0, 0, 0) == CLEAR);
        CHECK(sample_pixel(&output, 0, 3, 3) == GREEN);
        for (int i = 0; i < 64; i++) {
            unsigned long seen = i % 8 < 2 && i / 8 < 2 ? BLUE : RED;
            CHECK(sample_pixel(&output, 1, i % 8, i / 8) == RED);
            CHECK(sample_pixel(&output, 2, i % 8, i / 8) == seen);
        }
        image_output_release(&output);
    }
    sample_release(&gif);
}

TEST(image_animation_gives_its_first_frame_unless_asked)
{
    static const enum image_format formats[] = {IMAGE_GIF, IMAGE_PNG, IMAGE_WEBP, IMAGE_JPEG};
    struct sample gif = sample_gif(1, 0);
    for (size_t i = 0; i < 4; i++) {
        struct image_target target = sample_target(4, 4, formats[i]);
        struct image_output output;
        struct error err;
        check_case("%s", image_format_name(formats[i]));
        if (CHECK(sample_render(gif.bytes, gif.length, NULL, 0, &target, &output, &err))) {
            CHECK_INTEGER(output.frames, 1);
            CHECK(sample_near(sample_pixel(&output, 0, 2, 2), RED, 4));
            image_output_release(&output);
        }
        target.animated = formats[i] != IMAGE_GIF;
        if (target.animated) {
            CHECK(!sample_render(gif.bytes, gif.length, NULL, 0, &target, &output, &err));
            CHECK_TEXT(err.code, "unsupported");
        }
    }
    sample_release(&gif);
}

static void check_loops_and_delays(const struct image_output *gif, int64_t loops,
                                   const int *delays_cs, int count)
{
    struct frames frames;
    struct error err;
    bool ended = false;
    struct image_info info = {.format = IMAGE_GIF};
    frames_open(&frames, gif->bytes, gif->length, &info);
    for (int i = 0; i < count; i++) {
        CHECK(frames_next(&frames, &ended, &err));
        CHECK_INTEGER(frames.frame.delay_cs, delays_cs[i]);
    }
    CHECK(!frames_next(&frames, &ended, &err));
    CHECK(ended);
    CHECK_INTEGER(frames.loops, loops);
    frames_close(&frames);
}

TEST(image_animation_is_resized_and_keeps_its_loops_and_delays)
{
    static const int agains[] = {0, 1, 4};
    for (size_t i = 0; i < sizeof agains / sizeof agains[0]; i++) {
        struct sample gif = sample_gif(1, agains[i]);
        struct image_target target = sample_target(16, 0, IMAGE_GIF);
        struct image_output output;
        struct error err;
        check_case("again %d", agains[i]);
        target.animated = target.enlarge = true;
        if (CHECK(sample_render(gif.bytes, gif.length, NULL, 0, &target, &output, &err))) {
            CHECK_INTEGER(output.width, 16);
            CHECK_INTEGER(output.frames, 3);
            static const int delays[] = {10, 10, 10};
            check_loops_and_delays(&output, agains[i] == 0 ? 0 : agains[i] + 1, delays, 3);
            image_output_release(&output);
        }
        sample_release(&gif);
    }
}

TEST(image_animation_applies_steps_to_every_frame)
{
    struct sample gif = sample_gif(1, 0);
    const struct image_step step = {.kind = IMAGE_ROTATE, .angle = 180};
    struct image_target target = sample_target(0, 0, IMAGE_GIF);
    struct image_output output;
    struct error err;
    target.animated = true;
    if (CHECK(sample_render(gif.bytes, gif.length, &step, 1, &target, &output, &err))) {
        CHECK(sample_pixel(&output, 2, 7, 7) == BLUE);
        CHECK(sample_pixel(&output, 2, 0, 0) == RED);
        image_output_release(&output);
    }
    sample_release(&gif);
}

/* Renders all frames of a copy of exactly this length; any answer will do, a crash won't. */
static void render_copy(const unsigned char *bytes, size_t length, enum image_format format)
{
    struct sample copy = {malloc(length > 0 ? length : 1), length};
    struct image_target target = sample_target(4, 4, format);
    struct image_output output;
    struct error err = {.code = ""};
    if (!CHECK(copy.bytes != NULL)) {
        return;
    }
    memcpy(copy.bytes, bytes, length);
    target.animated = format == IMAGE_GIF;
    if (sample_render(copy.bytes, length, NULL, 0, &target, &output, &err)) {
        image_output_release(&output);
    } else {
        CHECK(err.code[0] != '\0');
    }
    sample_release(&copy);
}

static void cut_and_change(const unsigned char *bytes, size_t length, size_t from,
                           enum image_format format)
{
    static const unsigned char changes[] = {0x00, 0xff, 0x7f, 0x01};
    struct sample changed = {malloc(length), length};
    if (!CHECK(changed.bytes != NULL)) {
        return;
    }
    for (size_t i = from; i < length; i++) {
        render_copy(bytes, i, format);
        for (size_t k = 0; k < sizeof changes; k++) {
            memcpy(changed.bytes, bytes, length);
            changed.bytes[i] = changes[k];
            render_copy(changed.bytes, length, format);
        }
    }
    sample_release(&changed);
}

TEST(image_animation_survives_every_cut_and_change)
{
    struct sample gif = sample_gif(3, 0);
    cut_and_change(gif.bytes, 13, 6, IMAGE_GIF);
    cut_and_change(gif.bytes, gif.length, 13 + 128 * 3, IMAGE_GIF);
    sample_release(&gif);
}

/* ---- WebP ------------------------------------------------------------------------------------ */

/* One frame of an animated WebP of 8 x 8 pixels. */
struct patch {
    int x, y, side;
    uint32_t colour; /* 0xrrggbbaa */
    int flags;       /* 1: its place is cleared after it, 2: it replaces what is there */
    int delay_ms;
};

static void put_number(unsigned char *to, size_t value, int size)
{
    for (int i = 0; i < size; i++) {
        to[i] = (unsigned char)(value >> (8 * i));
    }
}

static size_t put_patch(unsigned char *to, const struct patch *patch)
{
    uint8_t rgba[8 * 8 * 4];
    for (int i = 0; i < patch->side * patch->side * 4; i++) {
        rgba[i] = (uint8_t)(patch->colour >> (24 - 8 * (i % 4)));
    }
    struct webp_pixels pixels = {.width = patch->side, .height = patch->side, .rgba = rgba};
    struct image_target target = sample_target(0, 0, IMAGE_WEBP);
    struct metadata_blocks none = {.exif = {NULL, 0}};
    struct image_output still;
    struct error err;
    target.lossless = true;
    if (!CHECK(webp_encode(&pixels, &target, 90, &none, &still, &err))) {
        return 0;
    }
    size_t length = still.length - 12;
    memcpy(to, "ANMF", 4);
    put_number(to + 4, 16 + length, 4);
    put_number(to + 8, (size_t)patch->x / 2, 3);
    put_number(to + 11, (size_t)patch->y / 2, 3);
    put_number(to + 14, (size_t)patch->side - 1, 3);
    put_number(to + 17, (size_t)patch->side - 1, 3);
    put_number(to + 20, (size_t)patch->delay_ms, 3);
    to[23] = (unsigned char)patch->flags;
    memcpy(to + 24, (char *)still.bytes + 12, length);
    image_output_release(&still);
    return 24 + length;
}

static struct sample webp_of(const struct patch *patches, size_t count, unsigned loops)
{
    struct sample webp = {calloc(1, 44 + count * 256), 44};
    memcpy(webp.bytes, "RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x12\0\0\0\7\0\0\7\0\0ANIM\6", 35);
    put_number(webp.bytes + 42, loops, 2);
    for (size_t i = 0; i < count; i++) {
        webp.length += put_patch(webp.bytes + webp.length, &patches[i]);
    }
    put_number(webp.bytes + 4, webp.length - 8, 4);
    return webp;
}

TEST(image_animation_plays_webp)
{
    static const struct patch patches[] = {
        {0, 0, 8, 0xff0000ff, 0, 500},  /* red */
        {0, 0, 4, 0x00ff0080, 0, 120},  /* half green over it */
        {4, 0, 4, 0x0000ff40, 2, 1004}, /* a quarter blue: too little for a GIF to be seen */
        {0, 4, 4, 0x0000ffff, 1, 1},    /* blue, and gone */
        {4, 4, 2, 0x00ff00ff, 0, 100},  /* green */
    };
    enum { FRAMES = sizeof patches / sizeof patches[0] };
    /* At 1, 1, then 5, 1, then 1, 5, then 5, 5. */
    static const unsigned long seen[FRAMES][4] = {
        {RED, RED, RED, RED},
        {0x7f8000ff, RED, RED, RED},
        {0x7f8000ff, CLEAR, RED, RED},
        {0x7f8000ff, CLEAR, BLUE, RED},
        {0x7f8000ff, CLEAR, CLEAR, GREEN},
    };
    struct sample webp = webp_of(patches, FRAMES, 3);
    struct image_output output;
    if (CHECK(render_gif(&webp, true, &output))) {
        CHECK_INTEGER(output.frames, FRAMES);
        for (int i = 0; i < FRAMES * 4; i++) {
            unsigned long got = sample_pixel(&output, i / 4, 1 + i % 2 * 4, 1 + i % 4 / 2 * 4);
            check_case("frame %d, place %d: %08lx", i / 4, i % 4, got);
            unsigned long wanted = seen[i / 4][i % 4];
            CHECK(wanted == CLEAR ? (got & 255) == 0 : sample_near(got, wanted, 8));
        }
        static const int delays[FRAMES] = {50, 12, 100, 10, 10};
        check_loops_and_delays(&output, 3, delays, FRAMES);
        image_output_release(&output);
    }
    cut_and_change(webp.bytes, webp.length, 12, IMAGE_GIF);
    sample_release(&webp);
}

TEST(image_animation_of_one_frame_is_a_still)
{
    static const struct patch patch = {0, 0, 8, 0xff0000ff, 0, 500};
    struct sample webp = webp_of(&patch, 1, 0);
    struct image_target target = sample_target(0, 0, IMAGE_JPEG);
    struct image_output output;
    struct error err;
    target.animated = true;
    if (CHECK(sample_render(webp.bytes, webp.length, NULL, 0, &target, &output, &err))) {
        CHECK_INTEGER(output.frames, 1);
        image_output_release(&output);
    }
    sample_release(&webp);
}

/* An animated WebP made of a still: VP8X, ANIM, one ANMF that holds the still's own chunk. */
static struct sample animated_webp(const struct image_output *still, int x, int y, int canvas)
{
    const unsigned char *chunks = (const unsigned char *)still->bytes + 12;
    size_t length = still->length - 12;
    struct sample webp = {calloc(1, length + 128), 0};
    unsigned char *at = webp.bytes;
    memcpy(at, "RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x12\0\0\0", 24);
    at[24] = (unsigned char)(canvas - 1);
    at[27] = (unsigned char)(canvas - 1);
    memcpy(at + 30, "ANIM\x06\0\0\0\0\0\0\0\0\0ANMF", 18);
    at += 48;
    at[0] = (unsigned char)(16 + length);
    at[1] = (unsigned char)((16 + length) >> 8);
    at[4] = (unsigned char)(x / 2);
    at[7] = (unsigned char)(y / 2);
    at[10] = (unsigned char)(still->width - 1);
    at[13] = (unsigned char)(still->height - 1);
    at[16] = 100;
    memcpy(at + 20, chunks, length);
    webp.length = (size_t)(at + 20 + length - webp.bytes);
    webp.bytes[4] = (unsigned char)(webp.length - 8);
    webp.bytes[5] = (unsigned char)((webp.length - 8) >> 8);
    return webp;
}

TEST(image_animation_reads_the_first_frame_of_a_webp)
{
    struct sample bmp = sample_bmp(8, 8);
    struct image_target target = sample_target(0, 0, IMAGE_WEBP);
    struct image_output still, output;
    struct error err;
    target.lossless = true;
    CHECK(sample_render(bmp.bytes, bmp.length, NULL, 0, &target, &still, &err));
    sample_release(&bmp);
    struct sample webp = animated_webp(&still, 4, 6, 20);
    target = sample_target(0, 0, IMAGE_PNG);
    if (CHECK(sample_render(webp.bytes, webp.length, NULL, 0, &target, &output, &err))) {
        CHECK_INTEGER(output.width, 20);
        CHECK(sample_pixel(&output, 0, 5, 7) == RED);
        CHECK(sample_pixel(&output, 0, 11, 7) == GREEN);
        CHECK_INTEGER(sample_pixel(&output, 0, 0, 0) & 0xff, 0);
        image_output_release(&output);
    } else {
        CHECK_TEXT(err.message, "a render");
    }
    cut_and_change(webp.bytes, webp.length, 12, IMAGE_PNG);
    sample_release(&webp);
    image_output_release(&still);
}
