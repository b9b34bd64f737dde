/*
 * target.h - a target checked and completed against its source.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_TARGET_H
#define LUNETTE_BINDINGS_IMAGE_TARGET_H

#include "bindings/image/engine.h"

/*
 * *wanted with its format chosen and `animated` true only when there will be more than one frame.
 * Fails with `usage` for values out of range or that contradict each other, and `unsupported` for
 * what can't be written.
 */
MUST_CHECK bool target_resolve(const struct image_info *info, const struct image_target *wanted,
                               struct image_target *target, struct error *err);

#endif
