/*
 * image_fuzz.c - any bytes into image_probe(): refused with a reason, or an image within the
 * limits.
 */
#include <stdint.h>
#include <stdlib.h>

#include "bindings/image/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct image_limits limits;
    image_limits_default(&limits);
    struct image_info info;
    struct error err = {.code = ""};
    if (!image_probe(bytes, length, &limits, &info, &err)) {
        if (err.code[0] == '\0' || err.message[0] == '\0') {
            abort();
        }
        return 0;
    }
    if (info.width < 1 || info.height < 1 || info.width > limits.side ||
        info.height > limits.side || info.frames < 1 || info.frames > limits.frames ||
        info.orientation < 1 || info.orientation > 8) {
        abort();
    }
    return 0;
}
