/*
 * probe.h - the header parsers' seam: one per format, all alike. Only probe.c calls them.
 *
 * A parser fills *info (which comes with format set, orientation 1, frames 1, everything else
 * zero) from the header and checks no limit: probe.c does that for all. What it must do itself is
 * to stay linear in the file's length and to stop counting frames beyond PROBE_FRAMES_MAX.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_PROBE_PROBE_H
#define LUNETTE_BINDINGS_IMAGE_PROBE_PROBE_H

#include "bindings/image/engine.h"
#include "bindings/image/probe/reader.h"

#define PROBE_FRAMES_MAX 1000000

/* What the first bytes say; IMAGE_UNKNOWN for anything that is not one of ours. */
enum image_format sniff_format(const void *bytes, size_t length);

/* "an SVG document", for the error message; NULL when these bytes remind us of nothing. */
const char *sniff_stranger(const void *bytes, size_t length);

typedef bool probe_parser(const void *bytes, size_t length, struct image_info *info,
                          struct error *err);
probe_parser probe_jpeg, probe_png, probe_webp, probe_gif, probe_tiff, probe_bmp, probe_heif;

/* Where in the file `content` is, which is all of it. */
static inline struct image_span probe_span(const void *file, struct reader content)
{
    return (struct image_span){(size_t)(content.data - (const uint8_t *)file), content.length};
}

/* Notes an EXIF block, with or without the "Exif\0\0" that JPEG puts before it, and which way up it
 * says, which is returned: 1 to 8, 0 for nothing. The first block counts, but one that says which
 * way up goes before one that does not. */
int probe_exif(const void *file, struct reader content, struct image_info *info);

/* Sets `bad_image`: "truncated or damaged FORMAT: WHAT". Returns false. */
bool probe_bad(struct error *err, const struct image_info *info, const char *what);

/* Sets `unsupported`: "FORMAT: WHAT". Returns false. */
bool probe_unsupported(struct error *err, const struct image_info *info, const char *what);

#endif
