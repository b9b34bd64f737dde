/*
 * format.c - the formats there are, and what each is called. Called by everyone who has to name
 * one: the probe, the `image` module, error messages.
 */
#include "bindings/image/engine.h"
#include "bindings/image/library.h"

#include <string.h>

static const struct {
    const char *name, *content_type, *extension;
    bool writable;
} formats[IMAGE_FORMATS] = {
    [IMAGE_UNKNOWN] = {"unknown", "application/octet-stream", "bin", false},
    [IMAGE_JPEG] = {"jpeg", "image/jpeg", "jpg", true},
    [IMAGE_PNG] = {"png", "image/png", "png", true},
    [IMAGE_WEBP] = {"webp", "image/webp", "webp", true},
    [IMAGE_GIF] = {"gif", "image/gif", "gif", true},
    [IMAGE_TIFF] = {"tiff", "image/tiff", "tif", false},
    [IMAGE_BMP] = {"bmp", "image/bmp", "bmp", false},
    [IMAGE_HEIC] = {"heic", "image/heic", "heic", false},
    [IMAGE_AVIF] = {"avif", "image/avif", "avif", false},
};

static enum image_format known(enum image_format format)
{
    return format < IMAGE_FORMATS ? format : IMAGE_UNKNOWN;
}

const char *image_format_name(enum image_format format)
{
    return formats[known(format)].name;
}

const char *image_format_content_type(enum image_format format)
{
    return formats[known(format)].content_type;
}

const char *image_format_extension(enum image_format format)
{
    return formats[known(format)].extension;
}

enum image_format image_format_from_name(const char *name)
{
    if (strcmp(name, "jpg") == 0) {
        return IMAGE_JPEG;
    }
    for (int i = IMAGE_UNKNOWN + 1; i < IMAGE_FORMATS; i++) {
        if (strcmp(name, formats[i].name) == 0) {
            return (enum image_format)i;
        }
    }
    return IMAGE_UNKNOWN;
}

bool image_format_readable(enum image_format format)
{
    return library_can_read(known(format));
}

bool image_format_writable(enum image_format format)
{
    return formats[known(format)].writable && library_can_write(format);
}
