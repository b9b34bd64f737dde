/*
 * target.c - which format a target gets, and what it must not ask for. Called by the engine for
 * every target before anything is decoded.
 */
#include "bindings/image/target.h"
#include "bindings/image/codec/encode.h"

void image_target_default(struct image_target *target)
{
    *target = (struct image_target){.fit = IMAGE_INSIDE,
                                    .gravity = IMAGE_CENTER,
                                    .effort = IMAGE_DEFAULT_EFFORT,
                                    .alpha_quality = 100,
                                    .background = {255, 255, 255}};
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
    if (info->format != IMAGE_GIF && info->format != IMAGE_WEBP) {
        return error_set(err, "unsupported",
                         "animated: only GIF and WebP are read frame by frame, not %s; leave "
                         "`animated` out for its first frame",
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

static bool check_range(const char *field, int value, int least, int most, struct error *err)
{
    return (value >= least && value <= most) ||
           error_set(err, "usage", "%s must be %d to %d, not %d", field, least, most, value);
}

/* Knobs that a format doesn't have are passed over, since the format may be the source's; a promise
 * that it can't keep is refused. */
static bool resolve_quality(struct image_target *target, struct error *err)
{
    if (target->lossless && target->format != IMAGE_WEBP && target->format != IMAGE_PNG) {
        return error_set(err, "usage", "lossless is for webp and png, not %s",
                         image_format_name(target->format));
    }
    if (target->near_lossless && target->format != IMAGE_WEBP) {
        return error_set(err, "usage", "near_lossless is for webp, not %s",
                         image_format_name(target->format));
    }
    if (target->quality == 0) {
        target->quality = IMAGE_DEFAULT_QUALITY;
    }
    if (target->min_quality == 0) {
        bool below = target->quality < IMAGE_DEFAULT_MIN_QUALITY;
        target->min_quality = below ? target->quality : IMAGE_DEFAULT_MIN_QUALITY;
    }
    if (!check_range("quality", target->quality, 1, 100, err) ||
        !check_range("min_quality", target->min_quality, 1, 100, err)) {
        return false;
    }
    return target->min_quality <= target->quality ||
           error_set(err, "usage", "min_quality %d is above the quality %d", target->min_quality,
                     target->quality);
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
    if (!resolve_quality(&made, err) ||
        !check_range("effort", made.effort, IMAGE_DEFAULT_EFFORT, 6, err) ||
        !check_range("alpha_quality", made.alpha_quality, 0, 100, err)) {
        return false;
    }
    if (made.transparent_background && !encode_has_alpha(made.format)) {
        return error_set(err, "usage", "a transparent background is not possible in %s",
                         image_format_name(made.format));
    }
    made.animated = made.animated && info->animated && info->frames > 1;
    if (made.animated && !check_animation(info, &made, err)) {
        return false;
    }
    *target = made;
    return true;
}
