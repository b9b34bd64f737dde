/*
 * render_fuzz.c - any bytes through the whole of image_render(): an error with a code, or a picture
 * of the size that was asked for. The last four bytes choose target and steps.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "bindings/image/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* dav1d 1.0.0 forgets 40 bytes when an AVIF holds no data for its picture. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libdav1d.so\n";
}

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t length, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t most, unsigned seed);

static uint32_t big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* No mutation would ever get past the checksums of a PNG: they are made right again. */
static void repair_checksums(uint8_t *bytes, size_t length)
{
    if (length < 8 || memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) != 0) {
        return;
    }
    for (size_t at = 8; at + 12 <= length;) {
        uint64_t size = big_endian(bytes + at);
        if (size > length - at - 12) {
            return;
        }
        uint32_t sum = (uint32_t)crc32(0, bytes + at + 4, (uInt)size + 4);
        for (size_t i = 0; i < 4; i++) {
            bytes[at + 8 + size + i] = (uint8_t)(sum >> (24 - 8 * i));
        }
        at += 12 + size;
    }
}

/* One in sixteen keeps its wrong checksums. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t most, unsigned seed)
{
    size_t made = LLVMFuzzerMutate(bytes, length, most);
    if (seed % 16 != 0) {
        repair_checksums(bytes, made);
    }
    return made;
}

enum { WIDTH = 16, HEIGHT = 12, CHOICES = 4 };

static struct image_target target_of(const uint8_t choice[CHOICES])
{
    static const enum image_format formats[] = {IMAGE_JPEG, IMAGE_PNG, IMAGE_WEBP, IMAGE_GIF};
    struct image_target target;
    image_target_default(&target);
    target.width = (choice[2] & 1) != 0 ? 0 : WIDTH;
    target.height = (choice[2] & 2) != 0 ? 0 : HEIGHT;
    target.fit = (enum image_fit)(choice[0] % (IMAGE_OUTSIDE + 1));
    target.gravity = (enum image_gravity)(choice[1] % (IMAGE_NORTHWEST + 1));
    target.filter = (enum image_filter)(choice[2] >> 2 & 3);
    target.enlarge = (choice[2] & 16) != 0;
    target.format = formats[choice[3] & 3];
    target.animated = target.format == IMAGE_GIF;
    target.progressive = (choice[3] & 4) != 0;
    target.quality = (choice[3] & 8) != 0 ? 90 : 0;
    target.keep_metadata = (choice[3] & 16) != 0;
    return target;
}

static size_t steps_of(uint8_t choice, struct image_step steps[2])
{
    steps[0] = (struct image_step){.kind = IMAGE_ROTATE, .angle = 90};
    steps[1] = (struct image_step){.kind = IMAGE_PIXELATE, .width = 3, .height = 3};
    return (choice >> 5) % 3;
}

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check_output(const struct image_output *output, const struct image_target *target)
{
    bool both = target->width != 0 && target->height != 0;
    require(output->width >= 1 && output->height >= 1 && output->length > 0);
    require(output->frames >= 1 && (target->animated || output->frames == 1));
    if (both && target->fit != IMAGE_OUTSIDE) {
        require(output->width <= WIDTH && output->height <= HEIGHT);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length <= CHOICES) {
        return 0;
    }
    const uint8_t *choice = bytes + length - CHOICES;
    struct image_limits limits = {100000, 1000, 20, 65536, 1 << 20, choice[3] >> 7 != 0};
    struct image_info info;
    struct image_output output;
    struct error err = {.code = ""};
    if (!image_probe(bytes, length, &limits, &info, &err)) {
        return 0;
    }
    require(image_engine_start(256 << 20, &err));
    struct image_target target = target_of(choice);
    struct image_step steps[2];
    size_t step_count = steps_of(choice[3], steps);
    if (!image_render(bytes, length, &info, &limits, steps, step_count, &target, 1, &output, NULL,
                      &err)) {
        require(err.code[0] != '\0' && err.message[0] != '\0');
        return 0;
    }
    check_output(&output, &target);
    image_output_release(&output);
    return 0;
}
