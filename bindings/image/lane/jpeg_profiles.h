/*
 * jpeg_profiles.h - a JPEG's segments as the library's profiles, and back. Both are called inside
 * library_run().
 */
#ifndef LUNETTE_BINDINGS_IMAGE_LANE_JPEG_PROFILES_H
#define LUNETTE_BINDINGS_IMAGE_LANE_JPEG_PROFILES_H

#include <magick/api.h>

#include "bindings/image/lane/jpeg_read.h"
#include "host/buffer.h"

/* Gives `image` what the library's decoder would: EXIF, XMP, IPTC, ICM, APP3, ... */
MUST_CHECK bool jpeg_profiles_read(struct jpeg_reader *reader, Image *image, struct error *err);

/* Appends a segment for each of the profiles, but for ICM. One that is too long for a segment is
 * left out. */
MUST_CHECK bool jpeg_profiles_append(const Image *image, struct buffer *segments,
                                     struct error *err);

#endif
