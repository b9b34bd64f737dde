/*
 * target.c - which format a target gets, and what it must not ask for. Called by the engine for
 * every target before anything is decoded.
 */
#include "bindings/image/target.h"
#include "bindings/image/encode.h"

void image_target_default(struct image_target *target)
{
    *target = (struct image_target){
        .fit = IMAGE_INSIDE, .gravity = IMAGE_CENTER, .background = {255, 255, 255}};
}

static enum image_format choose_format(const struct image_info *info)
{
    if (image_format_writable(info->format)) {
        return info->format;
    }
    return info->alpha ? IMAGE_PNG : IMAGE_JPEG;
}

static bool check_animation(const struct image_info *info, const struct image_target *target,
                            struct error *err)
{
    if (info->format != IMAGE_GIF) {
        return error_set(err, "unsupported",
                         "animated: only GIF is read frame by frame, not %s; leave `animated` out "
                         "for its first frame",
                         image_format_name(info->format));
    }
    if (target->format != IMAGE_GIF) {
        return error_set(err, "unsupported",
                         "animated: only GIF is written with several frames, not %s; leave "
                         "`animated` out for the first frame",
                         image_format_name(target->format));
    }
    return true;
}

bool target_resolve(const struct image_info *info, const struct image_target *wanted,
                    struct image_target *target, struct error *err)
{
    struct image_target made = *wanted;
    if (made.format == IMAGE_UNKNOWN) {
        made.format = choose_format(info);
    }
    if (!image_format_writable(made.format)) {
        return error_set(err, "unsupported", "%s can't be written", image_format_name(made.format));
    }
    if (made.quality < 0 || made.quality > 100) {
        return error_set(err, "usage", "quality must be 1 to 100, not %d", made.quality);
    }
    if (made.lossless && made.format != IMAGE_WEBP && made.format != IMAGE_PNG) {
        return error_set(err, "usage", "lossless is for webp and png, not %s",
                         image_format_name(made.format));
    }
    if (made.transparent_background && !encode_has_alpha(made.format)) {
        return error_set(err, "usage", "a transparent background is not possible in %s",
                         image_format_name(made.format));
    }
    made.animated = made.animated && info->animated;
    if (made.animated && !check_animation(info, &made, err)) {
        return false;
    }
    *target = made;
    return true;
}
