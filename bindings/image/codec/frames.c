/*
 * frames.c - walks an animated GIF or WebP and writes each frame as a still file, byte for byte as
 * it was coded. Called by animation.c. Its input has passed image_probe(), but is hostile still.
 */
#include "bindings/image/codec/frames.h"

/* To finish a GIF's block that is cut off: the longest there is. */
enum { BLOCK_MAX = 255 };

void frames_open(struct frames *frames, const void *bytes, size_t length,
                 const struct image_info *info)
{
    memset(frames, 0, sizeof *frames);
    frames->format = info->format;
    frames->allow_damaged = info->allow_damaged;
    frames->reader = reader_of(bytes, length, false);
    frames->loops = 1;
    buffer_init(&frames->frame.file, length + 64 + BLOCK_MAX);
    if (info->format == IMAGE_GIF) {
        reader_seek(&frames->reader, 10);
        unsigned flags = reader_u8(&frames->reader);
        reader_u16(&frames->reader);
        if ((flags & 0x80) != 0) {
            reader_take(&frames->reader, (uint64_t)3 << ((flags & 7) + 1));
        }
        frames->header_length = frames->reader.position;
    } else {
        reader_seek(&frames->reader, 12);
    }
}

void frames_close(struct frames *frames)
{
    buffer_release(&frames->frame.file);
}

static bool bad_frame(const struct frames *frames, struct error *err)
{
    return error_set(err, "bad_image", "truncated or damaged %s: a frame is cut off",
                     image_format_name(frames->format));
}

/* ---- GIF ----------------------------------------------------------------------------------- */

struct control {
    unsigned flags, transparent;
    int64_t delay_cs;
    bool present;
};

static void skip_blocks(struct reader *reader)
{
    unsigned size = 1;
    while (size != 0 && !reader->failed) {
        size = reader_u8(reader);
        reader_take(reader, size);
    }
}

static void read_control(struct reader reader, struct control *control)
{
    reader_u8(&reader); /* block size: 4 */
    control->flags = reader_u8(&reader);
    control->delay_cs = reader_u16(&reader);
    control->transparent = reader_u8(&reader);
    control->present = !reader.failed;
}

/* The loop extension's count is how often to play *again*; 0 is for ever. */
static void read_loops(struct reader reader, int64_t *loops)
{
    if (!reader_at(&reader, "\x0bNETSCAPE2.0\x03\x01", 14)) {
        return;
    }
    reader_take(&reader, 14);
    unsigned again = reader_u16(&reader);
    if (!reader.failed) {
        *loops = again == 0 ? 0 : (int64_t)again + 1;
    }
}

static void read_extension(struct frames *frames, struct control *control)
{
    unsigned kind = reader_u8(&frames->reader);
    if (kind == 0xf9) {
        read_control(frames->reader, control);
    } else if (kind == 0xff) {
        read_loops(frames->reader, &frames->loops);
    }
    skip_blocks(&frames->reader);
}

static enum frame_disposal disposal_of(const struct control *control)
{
    unsigned disposal = control->flags >> 2 & 7;
    if (disposal == FRAME_CLEAR) {
        return FRAME_CLEAR;
    }
    return disposal == FRAME_RESTORE ? FRAME_RESTORE : FRAME_KEEP;
}

/* Header and palette with the screen cut to the frame, its control block, and the frame at 0, 0. */
static void write_gif(struct frames *frames, const struct control *control, size_t start)
{
    const uint8_t *data = frames->reader.data;
    struct buffer *file = &frames->frame.file;
    buffer_append(file, data, 6);
    buffer_append(file, data + start + 4, 4);
    buffer_append(file, data + 10, frames->header_length - 10);
    if (control->present) {
        const char block[] = {
            0x21, (char)0xf9, 4, (char)(control->flags & 1), 0, 0, (char)control->transparent, 0};
        buffer_append(file, block, sizeof block);
    }
    buffer_append(file, "\x2c\0\0\0", 5);
    buffer_append(file, data + start + 4, frames->reader.position - start - 4);
    if (frames->reader.failed) {
        const char zeros[BLOCK_MAX + 1] = {0};
        buffer_append(file, zeros, sizeof zeros);
    }
    buffer_append_byte(file, '\x3b');
}

static bool cut_gif_frame(struct frames *frames, const struct control *control, struct error *err)
{
    struct reader *reader = &frames->reader;
    size_t start = reader->position;
    frames->frame.x = reader_u16(reader);
    frames->frame.y = reader_u16(reader);
    reader_u32(reader); /* width and height */
    unsigned flags = reader_u8(reader);
    if ((flags & 0x80) != 0) {
        reader_take(reader, (uint64_t)3 << ((flags & 7) + 1));
    }
    reader_u8(reader); /* code size */
    bool header = !reader->failed;
    skip_blocks(reader);
    if (reader->failed && !(header && frames->allow_damaged)) {
        return bad_frame(frames, err);
    }
    if (reader->failed) {
        reader->position = reader->length;
    }
    frames->frame.disposal = disposal_of(control);
    frames->frame.delay_cs = control->delay_cs;
    write_gif(frames, control, start);
    return buffer_check(&frames->frame.file, "a frame", err);
}

static bool next_gif(struct frames *frames, bool *ended, struct error *err)
{
    struct control control = {.present = false};
    while (reader_left(&frames->reader) > 0) {
        unsigned block = reader_u8(&frames->reader);
        if (block == 0x2c) {
            return cut_gif_frame(frames, &control, err);
        }
        if (block == 0x21) {
            read_extension(frames, &control);
        } else if (block != 0) {
            break;
        }
    }
    *ended = true;
    return false;
}

/* ---- WebP ---------------------------------------------------------------------------------- */

static void append_number(struct buffer *buffer, uint64_t value, int size)
{
    for (int i = 0; i < size; i++) {
        buffer_append_byte(buffer, (char)(value >> (8 * i) & 0xff));
    }
}

/* VP8X with the frame's size, then the frame's own chunks: ALPH and VP8, or VP8L. */
static void write_webp(struct buffer *file, uint64_t width_less_1, uint64_t height_less_1,
                       struct reader chunks)
{
    size_t length = reader_left(&chunks);
    bool alpha = reader_at(&chunks, "ALPH", 4) || reader_at(&chunks, "VP8L", 4);
    buffer_append(file, "RIFF", 4);
    append_number(file, 4 + 8 + 10 + length, 4);
    buffer_append(file, "WEBPVP8X", 8);
    append_number(file, 10, 4);
    append_number(file, alpha ? 0x10 : 0, 4);
    append_number(file, width_less_1, 3);
    append_number(file, height_less_1, 3);
    buffer_append(file, chunks.data + chunks.position, length);
}

static bool cut_webp_frame(struct frames *frames, struct reader content, struct error *err)
{
    frames->frame.x = (int64_t)reader_number(&content, 3) * 2;
    frames->frame.y = (int64_t)reader_number(&content, 3) * 2;
    uint64_t width_less_1 = reader_number(&content, 3);
    uint64_t height_less_1 = reader_number(&content, 3);
    frames->frame.delay_cs = ((int64_t)reader_number(&content, 3) + 5) / 10;
    unsigned flags = reader_u8(&content);
    if (content.failed) {
        return bad_frame(frames, err);
    }
    frames->frame.disposal = (flags & 1) != 0 ? FRAME_CLEAR : FRAME_KEEP;
    frames->frame.replaces = (flags & 2) != 0;
    write_webp(&frames->frame.file, width_less_1, height_less_1, content);
    return buffer_check(&frames->frame.file, "a frame", err);
}

/* A background that nobody draws, then how often it plays; 0 is for ever. */
static void read_webp_loops(struct reader content, int64_t *loops)
{
    reader_u32(&content);
    unsigned count = reader_u16(&content);
    if (!content.failed) {
        *loops = count;
    }
}

static bool next_webp(struct frames *frames, bool *ended, struct error *err)
{
    struct reader *reader = &frames->reader;
    while (reader_left(reader) >= 8) {
        bool frame = reader_at(reader, "ANMF", 4), head = reader_at(reader, "ANIM", 4);
        reader_u32(reader);
        uint32_t size = reader_u32(reader);
        if (frames->allow_damaged && size > reader_left(reader)) {
            size = (uint32_t)reader_left(reader);
        }
        struct reader content = reader_part(reader, size);
        if (size % 2 != 0 && reader_left(reader) > 0) {
            reader_u8(reader);
        }
        if (frame || content.failed) {
            return content.failed ? bad_frame(frames, err) : cut_webp_frame(frames, content, err);
        }
        if (head) {
            read_webp_loops(content, &frames->loops);
        }
    }
    *ended = true;
    return false;
}

bool frames_next(struct frames *frames, bool *ended, struct error *err)
{
    *ended = false;
    buffer_reset(&frames->frame.file);
    return frames->format == IMAGE_GIF ? next_gif(frames, ended, err)
                                       : next_webp(frames, ended, err);
}
