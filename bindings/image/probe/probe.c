/*
 * probe.c - image_probe(): sniff, read the header, hold it against the limits. Called before every
 * decode, so that what is too large or not an image costs microseconds.
 */
#include "bindings/image/probe/probe.h"
#include "bindings/image/probe/exif.h"
#include "bindings/image/limits.h"

static probe_parser *const parsers[IMAGE_FORMATS] = {
    [IMAGE_JPEG] = probe_jpeg, [IMAGE_PNG] = probe_png,   [IMAGE_WEBP] = probe_webp,
    [IMAGE_GIF] = probe_gif,   [IMAGE_TIFF] = probe_tiff, [IMAGE_BMP] = probe_bmp,
    [IMAGE_HEIC] = probe_heif, [IMAGE_AVIF] = probe_heif,
};

bool probe_bad(struct error *err, const struct image_info *info, const char *what)
{
    return error_set(err, "bad_image", "truncated or damaged %s: %s",
                     image_format_name(info->format), what);
}

bool probe_unsupported(struct error *err, const struct image_info *info, const char *what)
{
    return error_set(err, "unsupported", "%s: %s", image_format_name(info->format), what);
}

int probe_exif(const void *file, struct reader content, struct image_info *info)
{
    if (reader_at(&content, EXIF_PREFIX, EXIF_PREFIX_LENGTH)) {
        reader_take(&content, EXIF_PREFIX_LENGTH);
        content = reader_part(&content, reader_left(&content));
    }
    int orientation = exif_orientation(content.data, content.length);
    if (orientation != 0) {
        info->orientation = orientation;
    }
    if (orientation != 0 || (info->exif.length == 0 && exif_valid(content.data, content.length))) {
        info->exif = probe_span(file, content);
    }
    return orientation;
}

static bool refuse_stranger(const void *bytes, size_t length, struct error *err)
{
    if (length == 0) {
        return error_set(err, "bad_image", "not an image: no bytes at all");
    }
    const char *stranger = sniff_stranger(bytes, length);
    return error_set(err, "bad_image",
                     "not an image of a kind that is read (jpeg, png, webp, gif, tiff, bmp, heic, "
                     "avif)%s%s",
                     stranger != NULL ? "; it looks like " : "", stranger != NULL ? stranger : "");
}

static void orient(struct image_info *info)
{
    bool swapped = info->orientation >= 5;
    info->oriented_width = swapped ? info->height : info->width;
    info->oriented_height = swapped ? info->width : info->height;
}

bool image_probe(const void *bytes, size_t length, const struct image_limits *limits,
                 struct image_info *info, struct error *err)
{
    if (!limits_check("bytes", (int64_t)length, limits->bytes, err)) {
        return false;
    }

    struct image_info found = {
        .orientation = 1, .frames = 1, .allow_damaged = limits->allow_damaged};
    found.format = sniff_format(bytes, length);
    if (found.format == IMAGE_UNKNOWN) {
        return refuse_stranger(bytes, length, err);
    }
    if (!parsers[found.format](bytes, length, &found, err)) {
        return false;
    }
    if (found.width < 1 || found.height < 1) {
        return probe_bad(err, &found, "an image without pixels");
    }
    if (!limits_check_info(limits, &found, err)) {
        return false;
    }
    orient(&found);
    *info = found;
    return true;
}
