/*
 * render_fuzz.c - any bytes through the whole of image_render(): an error with a code, or a picture
 * of the size that was asked for. The last byte chooses target and steps.
 */
#include <stdint.h>
#include <stdlib.h>

#include "bindings/image/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* dav1d 1.0.0 forgets 40 bytes when an AVIF holds no data for its picture. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libdav1d.so\n";
}

static struct image_target target_of(uint8_t choice)
{
    static const enum image_format formats[] = {IMAGE_JPEG, IMAGE_PNG, IMAGE_WEBP, IMAGE_GIF};
    struct image_target target;
    image_target_default(&target);
    target.width = 16;
    target.height = 12;
    target.fit = (enum image_fit)(choice & 3);
    target.format = formats[choice >> 2 & 3];
    target.animated = target.format == IMAGE_GIF;
    target.keep_metadata = (choice >> 4 & 1) != 0;
    return target;
}

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct image_limits limits = {200000, 1000, 20, 65536, 1 << 20};
    struct image_info info;
    struct image_output output;
    struct error err = {.code = ""};
    if (length == 0 || !image_probe(bytes, length, &limits, &info, &err)) {
        return 0;
    }
    require(image_engine_start(256 << 20, &err));
    struct image_target target = target_of(bytes[length - 1]);
    const struct image_step steps[] = {{.kind = IMAGE_ROTATE, .angle = 90},
                                       {.kind = IMAGE_PIXELATE, .width = 3, .height = 3}};
    size_t step_count = bytes[length - 1] >> 5 & 3;
    if (!image_render(bytes, length, &info, &limits, steps, step_count < 2 ? step_count : 2,
                      &target, 1, &output, NULL, &err)) {
        require(err.code[0] != '\0' && err.message[0] != '\0');
        return 0;
    }
    require(output.width >= 1 && output.width <= 16 && output.height >= 1 && output.height <= 12);
    require(output.length > 0 && output.frames >= 1);
    image_output_release(&output);
    return 0;
}
