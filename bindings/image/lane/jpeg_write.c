/*
 * jpeg_write.c - libjpeg's encoder. Called by lane_encode.c.
 */
#include "bindings/image/lane/jpeg_write.h"
#include "bindings/image/lane/jpeg_trouble.h"
#include "bindings/image/library.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 1 << 14, GROUPS_BETWEEN_QUESTIONS = 8 };

/* Rows of a plane that are written at a time, where it has the most. */
enum { ROWS_MAX = 2 * DCTSIZE };

struct jpeg_writer {
    struct jpeg_compress_struct jpeg;
    struct jpeg_trouble trouble;
    struct jpeg_destination_mgr destination;
    struct buffer *to;
    JSAMPROW row[PLANES_MAX][ROWS_MAX];
    JOCTET chunk[CHUNK_BYTES];
};

/* ---- where the bytes go -------------------------------------------------------------------- */

static void next_chunk(struct jpeg_writer *writer)
{
    writer->destination.next_output_byte = writer->chunk;
    writer->destination.free_in_buffer = sizeof writer->chunk;
}

static void append(struct jpeg_writer *writer, size_t length)
{
    struct error err;
    (void)buffer_append(writer->to, writer->chunk, length);
    if (!buffer_check(writer->to, "a jpeg", &err)) {
        jpeg_trouble_escape(&writer->trouble, &err);
    }
    next_chunk(writer);
}

static void on_begin(j_compress_ptr jpeg)
{
    next_chunk(jpeg->client_data);
}

static boolean on_full(j_compress_ptr jpeg)
{
    append(jpeg->client_data, CHUNK_BYTES);
    return TRUE;
}

static void on_end(j_compress_ptr jpeg)
{
    append(jpeg->client_data, CHUNK_BYTES - jpeg->dest->free_in_buffer);
}

/* ---- segments ------------------------------------------------------------------------------ */

/* Each is a marker of two bytes, a length of two, which counts itself, and as much as that says. */
static void write_segments(struct jpeg_compress_struct *jpeg, const struct buffer *segments)
{
    const uint8_t *at = (const uint8_t *)segments->data;
    for (size_t left = segments->length; left > 0;) {
        size_t length = (size_t)at[2] << 8 | at[3];
        jpeg_write_marker(jpeg, at[1], at + 4, (unsigned)length - 2);
        at += length + 2;
        left -= length + 2;
    }
}

/* ---- pixels -------------------------------------------------------------------------------- */

static void describe(struct jpeg_compress_struct *jpeg, const struct planes *planes,
                     const struct jpeg_settings *settings)
{
    jpeg->image_width = (JDIMENSION)planes->width;
    jpeg->image_height = (JDIMENSION)planes->height;
    jpeg->input_components = planes->count;
    jpeg->in_color_space = planes->colours == PLANES_GREY ? JCS_GRAYSCALE : JCS_YCbCr;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, settings->quality, TRUE);
    jpeg->raw_data_in = TRUE;
    jpeg->optimize_coding = TRUE;
    int halved = planes->count > 1 && planes->plane[1].across > 1 ? 2 : 1;
    for (int i = 0; i < planes->count; i++) {
        jpeg->comp_info[i].h_samp_factor = jpeg->comp_info[i].v_samp_factor = i == 0 ? halved : 1;
    }
    if (settings->progressive) {
        jpeg_simple_progression(jpeg);
    }
}

static void write_rows(struct jpeg_writer *writer, const struct planes *planes, int64_t group)
{
    JSAMPARRAY arrays[PLANES_MAX];
    for (int i = 0; i < planes->count; i++) {
        const struct plane *plane = &planes->plane[i];
        int rows = writer->jpeg.comp_info[i].v_samp_factor * DCTSIZE;
        for (int64_t y = 0; y < rows; y++) {
            int64_t at = group * rows + y;
            at = at < plane->height ? at : plane->height - 1;
            writer->row[i][y] = plane->samples + at * plane->stride;
        }
        arrays[i] = writer->row[i];
    }
    (void)jpeg_write_raw_data(&writer->jpeg, arrays,
                              (unsigned)(writer->jpeg.max_v_samp_factor * DCTSIZE));
}

static void write_all(struct jpeg_writer *writer, const struct planes *planes)
{
    struct error err;
    struct jpeg_compress_struct *jpeg = &writer->jpeg;
    for (int64_t group = 0; jpeg->next_scanline < jpeg->image_height; group++) {
        write_rows(writer, planes, group);
        if (group % GROUPS_BETWEEN_QUESTIONS == 0 && library_stopped(&err)) {
            jpeg_trouble_escape(&writer->trouble, &err);
        }
    }
}

/* Everything between the two calls that an escape may skip. */
static bool write_file(struct jpeg_writer *writer, const struct planes *planes,
                       const struct jpeg_settings *settings, struct error *err)
{
    struct jpeg_compress_struct *jpeg = &writer->jpeg;
    jpeg->err = jpeg_trouble_begin(&writer->trouble);
    if (setjmp(writer->trouble.escape) != 0) {
        return jpeg_trouble_report(&writer->trouble, "unsupported", "encoding jpeg", err);
    }
    jpeg_create_compress(jpeg);
    writer->destination = (struct jpeg_destination_mgr){
        .init_destination = on_begin, .empty_output_buffer = on_full, .term_destination = on_end};
    jpeg->dest = &writer->destination;
    jpeg->client_data = writer;
    describe(jpeg, planes, settings);
    jpeg_start_compress(jpeg, TRUE);
    if (settings->segments != NULL) {
        write_segments(jpeg, settings->segments);
    }
    write_all(writer, planes);
    jpeg_finish_compress(jpeg);
    return true;
}

bool jpeg_write(const struct planes *planes, const struct jpeg_settings *settings,
                struct buffer *to, struct error *err)
{
    struct jpeg_writer *writer = malloc(sizeof *writer);
    if (writer == NULL) {
        return error_set_memory(err, "encoding a jpeg");
    }
    memset(&writer->jpeg, 0, sizeof writer->jpeg);
    writer->to = to;
    bool ok = write_file(writer, planes, settings, err);
    jpeg_destroy_compress(&writer->jpeg);
    free(writer);
    return ok;
}

/* Of the header that this was compiled with; libjpeg doesn't tell its own. */
const char *jpeg_version(void)
{
#define TEXT(number)   #number
#define NUMBER(number) TEXT(number)
    return "libjpeg-turbo " NUMBER(LIBJPEG_TURBO_VERSION);
}
