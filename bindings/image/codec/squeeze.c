/*
 * squeeze.c - `max_bytes`: looks for the quality by halving. Called by whatever encodes a target,
 * since only that knows its picture.
 */
#include "bindings/image/codec/squeeze.h"

#include <inttypes.h>
#include <stdio.h>

bool squeeze_has_quality(const struct image_target *target)
{
    return target->format == IMAGE_JPEG || (target->format == IMAGE_WEBP && !target->lossless);
}

static bool small_enough(const struct image_target *target, const struct image_output *output)
{
    return target->max_bytes == 0 || (int64_t)output->length <= target->max_bytes;
}

static bool refuse(const struct image_target *target, const struct image_output *output,
                   struct error *err)
{
    char at[32] = "";
    if (output->quality > 0) {
        (void)snprintf(at, sizeof at, " at quality %d", output->quality);
    }
    return error_set(err, "limit",
                     "max_bytes: the %s of %" PRId64 " x %" PRId64 " has %zu bytes%s, %" PRId64
                     " allowed; make it smaller%s",
                     image_format_name(target->format), output->width, output->height,
                     output->length, at, target->max_bytes,
                     output->quality > 1 ? ", or lower min_quality" : "");
}

/* Puts `made` in the place of *output when it is better: small enough, and if both are, of the
 * higher quality. */
static void keep_better(const struct image_target *target, struct image_output *output,
                        struct image_output made)
{
    bool fits = small_enough(target, &made);
    bool better = small_enough(target, output) ? fits && made.quality > output->quality
                                               : fits || made.length < output->length;
    struct image_output *worse = better ? output : &made;
    image_output_release(worse);
    if (better) {
        *output = made;
    }
}

/* *output is the first, too large try. More quality is taken to mean more bytes; where that is not
 * so, what is found still fits, though a higher quality might have. */
static bool search(const struct image_target *target, squeeze_encode *encode, void *context,
                   struct image_output *output, struct error *err)
{
    int least = target->min_quality, most = target->quality - 1;
    for (int tries = 1; tries < SQUEEZE_TRIES && least <= most; tries++) {
        bool last = tries == SQUEEZE_TRIES - 1;
        int quality = last && !small_enough(target, output) ? target->min_quality
                                                            : least + (most - least) / 2;
        struct image_output made;
        if (!encode(context, quality, &made, err)) {
            return false;
        }
        made.quality = quality;
        if (small_enough(target, &made)) {
            least = quality + 1;
        } else {
            most = quality - 1;
        }
        keep_better(target, output, made);
    }
    return true;
}

bool squeeze(const struct image_target *target, squeeze_encode *encode, void *context,
             struct image_output *output, struct error *err)
{
    bool has_quality = squeeze_has_quality(target);
    struct image_output made;
    if (!encode(context, target->quality, &made, err)) {
        return false;
    }
    made.quality = has_quality ? target->quality : 0;
    bool ok =
        small_enough(target, &made) || !has_quality || search(target, encode, context, &made, err);
    ok = ok && (small_enough(target, &made) || refuse(target, &made, err));
    if (!ok) {
        image_output_release(&made);
        return false;
    }
    *output = made;
    return true;
}
