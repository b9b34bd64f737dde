/*
 * jpeg_planes.h - is what jpeg_skim.c makes of a file what libjpeg makes of it? For the unit tests
 * and for the fuzzer.
 */
#ifndef LUNETTE_TESTS_JPEG_PLANES_H
#define LUNETTE_TESTS_JPEG_PLANES_H

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/image/lane/jpeg_skim.h"

enum skim_outcome {
    SKIM_LEFT,    /* to libjpeg, all or the rest of it; or it isn't a JPEG */
    SKIM_ALIKE,   /* all samples are */
    SKIM_DIFFERS, /* libjpeg makes other samples of it, or complains of what was all skimmed */
};

enum { SKIM_PARTS = 4, SKIM_ROWS = 32 };

struct skim_trial {
    struct jpeg_error_mgr manager; /* first: libjpeg knows this much of it */
    jmp_buf escape;
    struct jpeg_decompress_struct jpeg;
    uint8_t *ours[SKIM_PARTS], *theirs[SKIM_PARTS];
    int64_t stride[SKIM_PARTS], rows[SKIM_PARTS];
    unsigned groups; /* rows of MCUs that were skimmed */
    unsigned divisor;
    enum skim_outcome outcome;
};

static inline void skim_on_error(j_common_ptr jpeg)
{
    longjmp(((struct skim_trial *)jpeg->err)->escape, 1);
}

static inline void skim_on_message(j_common_ptr jpeg, int level)
{
    jpeg->err->num_warnings += level < 0;
}

/* With zeros, so that what neither fills in is alike. */
static inline void skim_allocate(struct skim_trial *trial)
{
    const struct jpeg_decompress_struct *jpeg = &trial->jpeg;
    for (int i = 0; i < jpeg->num_components; i++) {
        const jpeg_component_info *part = &jpeg->comp_info[i];
        unsigned across = (part->width_in_blocks / (unsigned)part->h_samp_factor + 1) *
                          (unsigned)part->h_samp_factor;
        trial->stride[i] = (int64_t)across * part->DCT_scaled_size;
        trial->rows[i] = (int64_t)part->v_samp_factor * part->DCT_scaled_size;
        size_t bytes = (size_t)(trial->stride[i] * trial->rows[i] * jpeg->total_iMCU_rows);
        trial->ours[i] = calloc(1, bytes);
        trial->theirs[i] = calloc(1, bytes);
        if (trial->ours[i] == NULL || trial->theirs[i] == NULL) {
            abort();
        }
    }
}

static inline void skim_ours(struct skim_trial *trial)
{
    struct jpeg_skim *skim;
    struct error err;
    if (!jpeg_skim_open(&skim, &trial->jpeg, &err)) {
        abort();
    }
    while (skim != NULL && trial->groups < trial->jpeg.total_iMCU_rows) {
        uint8_t *to[SKIM_PARTS];
        for (int i = 0; i < trial->jpeg.num_components; i++) {
            to[i] = trial->ours[i] + trial->groups * trial->rows[i] * trial->stride[i];
        }
        if (!jpeg_skim_rows(skim, to, trial->stride)) {
            break;
        }
        trial->groups++;
    }
    jpeg_skim_close(skim);
}

static inline void skim_theirs(struct skim_trial *trial)
{
    struct jpeg_decompress_struct *jpeg = &trial->jpeg;
    for (unsigned group = 0; group < trial->groups; group++) {
        JSAMPROW row[SKIM_PARTS][SKIM_ROWS];
        JSAMPARRAY planes[SKIM_PARTS];
        for (int i = 0; i < jpeg->num_components; i++) {
            for (int64_t y = 0; y < trial->rows[i]; y++) {
                row[i][y] = trial->theirs[i] + (group * trial->rows[i] + y) * trial->stride[i];
            }
            planes[i] = row[i];
        }
        int lines = jpeg->max_v_samp_factor * jpeg->min_DCT_scaled_size;
        (void)jpeg_read_raw_data(jpeg, planes, (JDIMENSION)lines);
    }
}

static inline bool skim_planes_alike(const struct skim_trial *trial)
{
    bool alike = true;
    for (int i = 0; i < trial->jpeg.num_components; i++) {
        const jpeg_component_info *part = &trial->jpeg.comp_info[i];
        int64_t rows = trial->rows[i] * trial->groups;
        for (int64_t y = 0; y < rows && y < part->downsampled_height; y++) {
            alike = alike &&
                    memcmp(trial->ours[i] + y * trial->stride[i],
                           trial->theirs[i] + y * trial->stride[i], part->downsampled_width) == 0;
        }
    }
    return alike;
}

static inline void skim_both(struct skim_trial *trial, const void *bytes, size_t length)
{
    struct jpeg_decompress_struct *jpeg = &trial->jpeg;
    jpeg->err = jpeg_std_error(&trial->manager);
    trial->manager.error_exit = skim_on_error;
    trial->manager.emit_message = skim_on_message;
    if (setjmp(trial->escape) != 0) {
        return;
    }
    jpeg_create_decompress(jpeg);
    jpeg_mem_src(jpeg, bytes, (unsigned long)length);
    (void)jpeg_read_header(jpeg, TRUE);
    if (jpeg->image_width * jpeg->image_height > 1 << 22 || jpeg_has_multiple_scans(jpeg)) {
        return;
    }
    jpeg->scale_num = 1;
    jpeg->scale_denom = trial->divisor;
    jpeg->out_color_space = jpeg->jpeg_color_space;
    jpeg->raw_data_out = TRUE;
    (void)jpeg_start_decompress(jpeg);
    if (trial->manager.num_warnings > 0) {
        return;
    }
    skim_allocate(trial);
    skim_ours(trial);
    bool all = trial->groups == jpeg->total_iMCU_rows;
    trial->outcome = all ? SKIM_DIFFERS : SKIM_LEFT;
    skim_theirs(trial);
    if (!skim_planes_alike(trial)) {
        trial->outcome = all || trial->manager.num_warnings == 0 ? SKIM_DIFFERS : SKIM_LEFT;
    } else if (all) {
        (void)jpeg_finish_decompress(jpeg);
        trial->outcome = trial->manager.num_warnings == 0 ? SKIM_ALIKE : SKIM_DIFFERS;
    }
}

/* At 1/divisor of its size. */
static inline enum skim_outcome skim_compare(const void *bytes, size_t length, unsigned divisor)
{
    struct skim_trial *trial = calloc(1, sizeof *trial);
    if (trial == NULL) {
        abort();
    }
    trial->divisor = divisor;
    skim_both(trial, bytes, length);
    for (int i = 0; i < SKIM_PARTS; i++) {
        free(trial->ours[i]);
        free(trial->theirs[i]);
    }
    jpeg_destroy_decompress(&trial->jpeg);
    enum skim_outcome outcome = trial->outcome;
    free(trial);
    return outcome;
}

#endif
