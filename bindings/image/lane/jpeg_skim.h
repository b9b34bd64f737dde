/*
 * jpeg_skim.h - a photo's planes as libjpeg makes them, in less time. Most of it goes into finding
 * where one number of a block of 8 x 8 samples ends and the next one begins, which libjpeg does one
 * by one. This takes two at a time; and at an eighth of the photo's size, where only the first one
 * counts, the mean, it skips several.
 *
 * It only reads files that are as they should be. Of any other it says so, and libjpeg has to do
 * it: what is wrong with a file, and what is made of it nevertheless, is told in one place.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_LANE_JPEG_SKIM_H
#define LUNETTE_BINDINGS_IMAGE_LANE_JPEG_SKIM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>

#include "host/error.h"

struct jpeg_skim;

/*
 * After jpeg_start_decompress() with raw_data_out, before anything is read from it. `jpeg` and its
 * bytes, all of which its source holds, are borrowed until jpeg_skim_close() and stay as they are.
 * *skim is NULL for what libjpeg has to do: progressive files and rare ones. Fails with `memory`.
 */
MUST_CHECK bool jpeg_skim_open(struct jpeg_skim **skim, const struct jpeg_decompress_struct *jpeg,
                               struct error *err);
void jpeg_skim_close(struct jpeg_skim *skim); /* NULL, too */

/*
 * What jpeg_read_raw_data() would give next: a row of blocks of each component, to to[i],
 * to[i] + stride[i], ..., as many bytes wide as the blocks are, those that only fill up the last
 * ones included. With the last row the file has been seen to end as it should. False where the
 * file isn't sound; from then on always.
 */
bool jpeg_skim_rows(struct jpeg_skim *skim, uint8_t *const *to, const int64_t *stride);

#endif
