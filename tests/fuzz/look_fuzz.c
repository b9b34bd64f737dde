/*
 * look_fuzz.c - any bytes as an EXIF block and as a profile: whatever is told is text in UTF-8 and
 * numbers that make sense.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/image/look/look.h"
#include "host/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_text(const char *text, size_t size)
{
    size_t length = strnlen(text, size);
    if (length == size || !utf8_valid(text, length)) {
        abort();
    }
}

static void check_exif(const uint8_t *bytes, size_t length)
{
    struct image_info info = {.exif = {0, length}};
    struct look_exif exif;
    look_exif(bytes, &info, &exif);
    check_text(exif.make, sizeof exif.make);
    check_text(exif.lens, sizeof exif.lens);
    check_text(exif.copyright, sizeof exif.copyright);
    check_text(exif.taken, sizeof exif.taken);
    if (exif.latitude < -90 || exif.latitude > 90 || exif.longitude < -180 ||
        exif.longitude > 180 || exif.orientation < 0 || exif.orientation > 8 ||
        exif.exposure_seconds < 0 || exif.f_number < 0 || exif.focal_length_mm < 0) {
        abort();
    }
}

static void check_profile(const uint8_t *bytes, size_t length, enum image_format format)
{
    struct image_info info = {.format = format, .profile = {0, length}};
    char name[LOOK_TEXT_MAX];
    look_profile(bytes, &info, name);
    check_text(name, sizeof name);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    check_exif(bytes, length);
    check_profile(bytes, length, IMAGE_JPEG);
    check_profile(bytes, length, IMAGE_PNG); /* as PNG wraps them */
    return 0;
}
