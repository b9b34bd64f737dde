/*
 * squeeze.h - the best quality whose file is small enough.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_CODEC_SQUEEZE_H
#define LUNETTE_BINDINGS_IMAGE_CODEC_SQUEEZE_H

#include "bindings/image/engine.h"

/* How often a picture is encoded at most. */
enum { SQUEEZE_TRIES = 7 };

bool squeeze_has_quality(const struct image_target *target);

/* Encodes one picture at a quality, any number of times. Leaves *output as it was on failure. */
typedef bool squeeze_encode(void *context, int quality, struct image_output *output,
                            struct error *err);

/*
 * Encodes at target->quality and, as long as the file is larger than target->max_bytes, at lower
 * ones down to target->min_quality; sets output->quality. Of 64 qualities the highest that will do
 * is found, of more one near it. `limit` when there is none. The target is resolved.
 */
MUST_CHECK bool squeeze(const struct image_target *target, squeeze_encode *encode, void *context,
                        struct image_output *output, struct error *err);

#endif
