/*
 * jpeg_read.c - libjpeg's decoder, and before it jpeg_skim.c where that will do. Called by lane.c
 * and jpeg_profiles.c.
 */
#include "bindings/image/lane/jpeg_read.h"
#include "bindings/image/lane/jpeg_skim.h"
#include "bindings/image/lane/jpeg_trouble.h"
#include "bindings/image/library.h"

#include <stdlib.h>
#include <string.h>

/* The most rows of one plane that libjpeg gives at a time: 4 blocks of 8. */
enum { ROWS_MAX = 32 };

/* A hostile file can have scans without end, each of which takes as long as the picture. Photos
 * have about 10. */
enum { SCANS_MAX = 100 };

/* How often libjpeg reports progress between two questions whether to go on. */
enum { PATIENCE = 16 };

struct jpeg_reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_trouble trouble;
    struct jpeg_progress_mgr progress;
    unsigned reports;
    JSAMPROW row[PLANES_MAX][ROWS_MAX];
    struct jpeg_skim *skim; /* reads instead of libjpeg; NULL: doesn't, or not any more */
    unsigned skimmed;       /* times that it gave rows */
};

static bool damaged(const struct jpeg_reader *reader, struct error *err)
{
    return jpeg_trouble_report(&reader->trouble, "bad_image", "truncated or damaged jpeg", err);
}

/* libjpeg asks for this while it reads a whole file and at every row of blocks. */
static void on_progress(j_common_ptr jpeg)
{
    struct jpeg_reader *reader = (struct jpeg_reader *)jpeg->client_data;
    struct error err;
    if (reader->jpeg.input_scan_number > SCANS_MAX) {
        (void)error_set(&err, "bad_image", "damaged jpeg: more than %d scans", SCANS_MAX);
        jpeg_trouble_escape(&reader->trouble, &err);
    }
    if (reader->reports++ % PATIENCE == 0 && library_stopped(&err)) {
        jpeg_trouble_escape(&reader->trouble, &err);
    }
}

/* ---- header -------------------------------------------------------------------------------- */

/* The coefficients of a progressive file, when none of its colours is halved, and a bit. */
static long memory_allowed(const struct image_info *info)
{
    return (long)(info->width * info->height * info->channels * 2 + (8 << 20));
}

/* libjpeg reads APP0 and APP14 itself. `most`: bytes of each that are kept; 0: none is. */
static void save_profiles(struct jpeg_decompress_struct *jpeg, unsigned most)
{
    for (int i = 1; i < 16; i++) {
        if (i != 14) {
            jpeg_save_markers(jpeg, JPEG_APP0 + i, most);
        }
    }
}

static bool read_header(struct jpeg_reader *reader, const void *bytes, size_t length,
                        const struct image_info *info, struct error *err)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    jpeg->err = jpeg_trouble_begin(&reader->trouble);
    if (setjmp(reader->trouble.escape) != 0) {
        return damaged(reader, err);
    }
    jpeg_create_decompress(jpeg);
    reader->progress.progress_monitor = on_progress;
    jpeg->progress = &reader->progress;
    jpeg->client_data = reader;
    jpeg->mem->max_memory_to_use = memory_allowed(info);
    save_profiles(jpeg, 0xffff);
    jpeg_mem_src(jpeg, bytes, (unsigned long)length);
    (void)jpeg_read_header(jpeg, TRUE);
    save_profiles(jpeg, 0); /* between scans there may be any number of them */
    if (reader->trouble.warned) {
        return damaged(reader, err);
    }
    /* The limits were checked on what the probe saw. */
    if ((int64_t)jpeg->image_width != info->width || (int64_t)jpeg->image_height != info->height) {
        return error_set(err, "bad_image", "damaged jpeg: its size is not what its header says");
    }
    return true;
}

bool jpeg_reader_open(struct jpeg_reader **reader, const void *bytes, size_t length,
                      const struct image_info *info, struct error *err)
{
    struct jpeg_reader *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set_memory(err, "reading a jpeg");
    }
    if (!read_header(made, bytes, length, info, err)) {
        jpeg_reader_close(made);
        return false;
    }
    *reader = made;
    return true;
}

void jpeg_reader_close(struct jpeg_reader *reader)
{
    if (reader != NULL) {
        jpeg_skim_close(reader->skim);
        jpeg_destroy_decompress(&reader->jpeg);
        free(reader);
    }
}

/* ---- metadata ------------------------------------------------------------------------------ */

bool jpeg_reader_segment(struct jpeg_reader *reader, struct jpeg_segment *segment)
{
    jpeg_saved_marker_ptr marker = segment->next == NULL
                                       ? reader->jpeg.marker_list
                                       : ((jpeg_saved_marker_ptr)segment->next)->next;
    if (marker == NULL) {
        return false;
    }
    *segment = (struct jpeg_segment){.number = marker->marker - JPEG_APP0,
                                     .bytes = marker->data,
                                     .length = marker->data_length,
                                     .next = marker};
    return true;
}

bool jpeg_reader_icc(struct jpeg_reader *reader, void **profile, size_t *length)
{
    JOCTET *bytes = NULL;
    unsigned size = 0;
    bool warned = reader->trouble.warned;
    if (setjmp(reader->trouble.escape) != 0) {
        reader->trouble.warned = warned;
        return false;
    }
    bool found = jpeg_read_icc_profile(&reader->jpeg, &bytes, &size);
    reader->trouble.warned = warned;
    if (found) {
        *profile = bytes;
        *length = size;
    }
    return found;
}

/* ---- pixels -------------------------------------------------------------------------------- */

static bool colours_of(const struct jpeg_decompress_struct *jpeg, enum planes_colours *colours)
{
    *colours = jpeg->jpeg_color_space == JCS_GRAYSCALE ? PLANES_GREY
               : jpeg->jpeg_color_space == JCS_RGB     ? PLANES_RGB
                                                       : PLANES_YCC;
    return jpeg->num_components == (*colours == PLANES_GREY ? 1 : PLANES_MAX) &&
           (*colours != PLANES_YCC || jpeg->jpeg_color_space == JCS_YCbCr);
}

static struct plane plane_of(const struct jpeg_decompress_struct *jpeg, int i)
{
    const jpeg_component_info *part = &jpeg->comp_info[i];
    double across =
        (double)jpeg->max_h_samp_factor * DCTSIZE / (part->h_samp_factor * part->DCT_scaled_size);
    double down =
        (double)jpeg->max_v_samp_factor * DCTSIZE / (part->v_samp_factor * part->DCT_scaled_size);
    /* A row of blocks may end beyond the picture. */
    int64_t blocks = (part->width_in_blocks + part->h_samp_factor - 1) / part->h_samp_factor *
                     part->h_samp_factor;
    return (struct plane){.width = part->downsampled_width,
                          .height = part->downsampled_height,
                          .stride = blocks * part->DCT_scaled_size,
                          .across = across,
                          .down = down};
}

static struct jpeg_picture describe(const struct jpeg_decompress_struct *jpeg,
                                    enum planes_colours colours)
{
    struct jpeg_picture picture = {.colours = colours, .count = jpeg->num_components};
    for (int i = 0; i < picture.count; i++) {
        picture.plane[i] = plane_of(jpeg, i);
        picture.rows[i] = jpeg->comp_info[i].v_samp_factor * jpeg->comp_info[i].DCT_scaled_size;
    }
    return picture;
}

bool jpeg_reader_begin(struct jpeg_reader *reader, int divisor, struct jpeg_picture *picture,
                       struct error *err)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    enum planes_colours colours;
    if (!colours_of(jpeg, &colours)) {
        return error_set(err, "unsupported", "jpeg: its colours are neither YCbCr, RGB nor grey");
    }
    if (setjmp(reader->trouble.escape) != 0) {
        return damaged(reader, err);
    }
    jpeg->scale_num = 1;
    jpeg->scale_denom = (unsigned)divisor;
    jpeg->out_color_space = jpeg->jpeg_color_space;
    jpeg->raw_data_out = TRUE;
    (void)jpeg_start_decompress(jpeg);
    if (reader->trouble.warned) {
        return damaged(reader, err);
    }
    if (!jpeg_skim_open(&reader->skim, jpeg, err)) {
        return false;
    }
    *picture = describe(jpeg, colours);
    return true;
}

static bool read_rows(struct jpeg_reader *reader, uint8_t *const *to, const int64_t *stride,
                      struct error *err)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    JSAMPARRAY planes[PLANES_MAX];
    for (int i = 0; i < jpeg->num_components; i++) {
        int rows = jpeg->comp_info[i].v_samp_factor * jpeg->comp_info[i].DCT_scaled_size;
        for (int y = 0; y < rows; y++) {
            reader->row[i][y] = to[i] + y * stride[i];
        }
        planes[i] = reader->row[i];
    }
    if (setjmp(reader->trouble.escape) != 0) {
        return damaged(reader, err);
    }
    (void)jpeg_read_raw_data(jpeg, planes,
                             (unsigned)(jpeg->max_v_samp_factor * jpeg->min_DCT_scaled_size));
    return !reader->trouble.warned || damaged(reader, err);
}

/* From the beginning, past what was skimmed, which is read once more. */
static bool read_from_start(struct jpeg_reader *reader, uint8_t *const *to, const int64_t *stride,
                            struct error *err)
{
    jpeg_skim_close(reader->skim);
    reader->skim = NULL;
    for (unsigned i = 0; i < reader->skimmed; i++) {
        if (!read_rows(reader, to, stride, err)) {
            return false;
        }
    }
    return read_rows(reader, to, stride, err);
}

bool jpeg_reader_rows(struct jpeg_reader *reader, uint8_t *const *to, const int64_t *stride,
                      struct error *err)
{
    if (reader->skim == NULL) {
        return read_rows(reader, to, stride, err);
    }
    if (reader->skimmed % PATIENCE == 0 && library_stopped(err)) {
        return false;
    }
    if (!jpeg_skim_rows(reader->skim, to, stride)) {
        return read_from_start(reader, to, stride, err);
    }
    reader->skimmed++;
    return true;
}

bool jpeg_reader_end(struct jpeg_reader *reader, struct error *err)
{
    if (reader->skim != NULL) {
        return true; /* it has seen the end */
    }
    if (setjmp(reader->trouble.escape) != 0) {
        return damaged(reader, err);
    }
    (void)jpeg_finish_decompress(&reader->jpeg);
    return !reader->trouble.warned || damaged(reader, err);
}
