/*
 * metadata.h - what a picture says about itself: gone, but for whose it is.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_CODEC_METADATA_H
#define LUNETTE_BINDINGS_IMAGE_CODEC_METADATA_H

#include <magick/api.h>

#include "bindings/image/engine.h"
#include "bindings/image/probe/exif.h"

struct metadata {
    char copyright[EXIF_TEXT_MAX]; /* empty: none found */
    Image *profiles;               /* a one-pixel picture with the source's profiles; may be NULL */
};

/* What the decoder found: a copyright in EXIF, IPTC (2:116), XMP (dc:rights) or a PNG text, and
 * with `keep` all profiles but ICC, the EXIF orientation set to upright. */
MUST_CHECK bool metadata_read(const Image *source, bool keep, struct metadata *metadata,
                              struct error *err);
void metadata_release(struct metadata *metadata);

/* Strips everything off `image`, then puts back what `keep` says: all of it, or the copyright. */
MUST_CHECK bool metadata_write(Image *image, const struct metadata *metadata, bool keep,
                               enum image_format format, struct error *err);

/* What a picture carries, for encoders that are not the library's. Borrowed until it changes; none
 * has length 0. */
struct metadata_block {
    const void *bytes;
    size_t length;
};
struct metadata_blocks {
    struct metadata_block exif; /* from its TIFF header on */
    struct metadata_block xmp;
    struct metadata_block iptc; /* its data sets, or Photoshop's resources around them */
};
struct metadata_blocks metadata_blocks(const Image *image);

#endif
