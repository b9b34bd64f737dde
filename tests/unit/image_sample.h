/*
 * image_sample.h - pictures for the image tests, made here, and pixels read back.
 */
#ifndef LUNETTE_TESTS_IMAGE_SAMPLE_H
#define LUNETTE_TESTS_IMAGE_SAMPLE_H

#include "bindings/image/engine.h"

struct sample {
    unsigned char *bytes; /* owned by the caller: sample_release() */
    size_t length;
};
void sample_release(struct sample *sample);

/* A 24-bit BMP with four quarters: red, green above blue, white. */
struct sample sample_bmp(int width, int height);

/* The same as JPEG with an EXIF block of this orientation, a GPS directory's tag and a copyright
 * (NULL: none); the pixels are not turned. */
struct sample sample_jpeg(int width, int height, int orientation, const char *copyright);

/* A PNG with IHDR, these chunks between it and one IDAT that need not hold pixels, and IEND. For
 * parsers; the checksums are zero. */
struct sample sample_png_header(int width, int height, const char *type, const void *content,
                                size_t length);

/* Renders with default limits, starting the engine first. */
bool sample_render(const void *bytes, size_t length, const struct image_step *steps,
                   size_t step_count, const struct image_target *target,
                   struct image_output *output, struct error *err);

/* A target with this size in this format. */
struct image_target sample_target(int width, int height, enum image_format format);

/* The colour at x, y of an encoded picture, as it is seen while frame `frame` is shown, as
 * 0xRRGGBBAA; 0 when it can't be read. */
unsigned long sample_pixel(const struct image_output *output, int frame, int x, int y);

/* The mean difference of two encoded pictures of one size, in 255ths a channel; 255 when they can't
 * be compared. */
double sample_difference(const struct image_output *a, const struct image_output *b);

/* An animated GIF of 8 x 8 pixels with three frames: all red; a green 4 x 4 at 2, 2 that is then
 * disposed of as `disposal` says (1 keep, 2 clear, 3 restore); a blue 2 x 2 at 0, 0. It plays
 * `again` more times after the first (0: for ever). */
struct sample sample_gif(int disposal, int again);

/* True when every channel of the two differs by at most `tolerance`. */
bool sample_near(unsigned long a, unsigned long b, int tolerance);

/* GraphicsMagick's encoder of JPEG loses 5 kB when it is stopped: around a render that may be. */
void sample_ignore_leaks(bool ignore, enum image_format format);

/* A file below ../shared/corpus; bytes NULL when the corpus isn't there. */
struct sample sample_corpus(const char *name);
bool sample_corpus_present(void);

#endif
