/*
 * salvage.h - of a damaged file, a sound one that shows what there is.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_CODEC_SALVAGE_H
#define LUNETTE_BINDINGS_IMAGE_CODEC_SALVAGE_H

#include "bindings/image/engine.h"
#include "host/buffer.h"

/*
 * Writes the file anew into `file` (initialised here; released by the caller, on failure too): what
 * is missing of a PNG's pixels is transparent or black, of a still WebP's whatever its decoder
 * makes of zeros, of a BMP's black. Of a format that salvage_knows(). Fails with `bad_image` where
 * nothing can be saved, with `memory`, and as library_stopped() does. Called inside library_run().
 */
MUST_CHECK bool salvage_file(const void *bytes, size_t length, const struct image_info *info,
                             struct buffer *file, struct error *err);

/* The same of a GIF that is one frame, which comes first; what is missing is transparent, or its
 * palette's first colour. `file` is there. */
MUST_CHECK bool salvage_gif(const void *bytes, size_t length, const struct image_info *info,
                            struct buffer *file, struct error *err);

bool salvage_knows(enum image_format format);

/* The most bytes that such a file has beyond the damaged one's. */
int64_t salvage_memory(const struct image_info *info);

#endif
