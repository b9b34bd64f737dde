/*
 * image_floor.c - what no program that goes through libjpeg-turbo can undercut: the photo's planes
 * are decoded at the scale that lunette decodes at, and as many samples as each target has are
 * encoded, without a resize between. Started by image_bench.py, and answers as image_lunette.lua.
 *
 *     image-floor JOB PHOTO
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

enum { SIZES_MAX = 8, ROWS_MAX = 32 };

struct job {
    int sizes[SIZES_MAX];
    int count;
    int cover;
};

struct plane {
    unsigned char *samples;
    size_t stride, height;
};

static struct job read_job(const char *text)
{
    struct job job = {.cover = strncmp(text, "cover", 5) == 0};
    const char *digits = "0123456789";
    while (job.count < SIZES_MAX && (text = strpbrk(text, digits)) != NULL) {
        job.sizes[job.count++] = (int)strtol(text, NULL, 10);
        text += strspn(text, digits);
    }
    return job;
}

/* A target's sides, as the photo is stored. */
static void target_size(const struct jpeg_decompress_struct *from, const struct job *job, int i,
                        unsigned size[2])
{
    double across = (double)job->sizes[i] / from->image_width;
    double down = (double)job->sizes[i] / from->image_height;
    double scale = (across < down) != (job->cover != 0) ? across : down;
    scale = scale < 1 ? scale : 1;
    size[0] = (unsigned)(from->image_width * scale + 0.5);
    size[1] = (unsigned)(from->image_height * scale + 0.5);
}

static unsigned divisor_of(const struct jpeg_decompress_struct *from, const struct job *job)
{
    unsigned size[2];
    target_size(from, job, 0, size);
    for (unsigned divisor = 8; divisor > 1; divisor /= 2) {
        if (from->image_width * 10 >= size[0] * 12 * divisor &&
            from->image_height * 10 >= size[1] * 12 * divisor) {
            return divisor;
        }
    }
    return 1;
}

static void make_planes(const struct jpeg_decompress_struct *from, struct plane planes[3])
{
    for (int i = 0; i < 3; i++) {
        const jpeg_component_info *part = &from->comp_info[i];
        size_t side = (size_t)part->DCT_scaled_size;
        planes[i].stride = (part->width_in_blocks + 4) * side;
        planes[i].height = (part->height_in_blocks + 4) * side;
        planes[i].samples = malloc(planes[i].stride * planes[i].height);
    }
}

static void read_planes(struct jpeg_decompress_struct *from, struct plane planes[3])
{
    JSAMPROW row[3][ROWS_MAX];
    JSAMPARRAY rows[3] = {row[0], row[1], row[2]};
    JSAMPROW next[3] = {planes[0].samples, planes[1].samples, planes[2].samples};
    int group = from->max_v_samp_factor * from->min_DCT_scaled_size;
    while (from->output_scanline < from->output_height) {
        for (int i = 0; i < 3; i++) {
            int count = from->comp_info[i].v_samp_factor * from->comp_info[i].DCT_scaled_size;
            for (int y = 0; y < count; y++) {
                row[i][y] = next[i];
                next[i] += planes[i].stride;
            }
        }
        (void)jpeg_read_raw_data(from, rows, (unsigned)group);
    }
}

static void encode(const struct plane planes[3], unsigned width, unsigned height)
{
    struct jpeg_compress_struct to;
    struct jpeg_error_mgr errors;
    unsigned char *file = NULL;
    unsigned long length = 0;
    JSAMPROW row[3][2 * DCTSIZE];
    JSAMPARRAY rows[3] = {row[0], row[1], row[2]};
    to.err = jpeg_std_error(&errors);
    jpeg_create_compress(&to);
    jpeg_mem_dest(&to, &file, &length);
    to.image_width = width;
    to.image_height = height;
    to.input_components = 3;
    to.in_color_space = JCS_YCbCr;
    jpeg_set_defaults(&to);
    jpeg_set_quality(&to, 70, TRUE);
    to.raw_data_in = TRUE;
    to.optimize_coding = TRUE;
    jpeg_start_compress(&to, TRUE);
    for (size_t done = 0; to.next_scanline < height; done++) {
        for (int i = 0; i < 3; i++) {
            size_t count = i == 0 ? 2 * DCTSIZE : DCTSIZE;
            for (size_t y = 0; y < count; y++) {
                size_t at = done * count + y;
                row[i][y] = planes[i].samples + at % planes[i].height * planes[i].stride;
            }
        }
        (void)jpeg_write_raw_data(&to, rows, 2 * DCTSIZE);
    }
    jpeg_finish_compress(&to);
    jpeg_destroy_compress(&to);
    free(file);
}

/* `planes` are made for the first time and then used again: new memory is not what is measured. */
static void work(const unsigned char *bytes, size_t length, const struct job *job,
                 struct plane planes[3])
{
    struct jpeg_decompress_struct from;
    struct jpeg_error_mgr errors;
    from.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&from);
    jpeg_mem_src(&from, bytes, length);
    (void)jpeg_read_header(&from, TRUE);
    from.scale_denom = divisor_of(&from, job);
    from.out_color_space = JCS_YCbCr;
    from.raw_data_out = TRUE;
    (void)jpeg_start_decompress(&from);
    if (planes[0].samples == NULL) {
        make_planes(&from, planes);
    }
    read_planes(&from, planes);
    for (int i = 0; i < job->count; i++) {
        unsigned size[2];
        target_size(&from, job, i, size);
        if (job->cover) {
            size[0] = size[1] = (unsigned)job->sizes[i];
        }
        encode(planes, size[0], size[1]);
    }
    (void)jpeg_finish_decompress(&from);
    jpeg_destroy_decompress(&from);
}

int main(int count, char **arguments)
{
    char line[32];
    FILE *file = count > 2 ? fopen(arguments[2], "rb") : NULL;
    if (file == NULL) {
        return 2;
    }
    (void)fseek(file, 0, SEEK_END);
    size_t length = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(length);
    if (bytes == NULL || fread(bytes, 1, length, file) != length) {
        return 2;
    }
    (void)fclose(file);
    const struct job job = read_job(arguments[1]);
    struct plane planes[3] = {{.samples = NULL}};
    while (fgets(line, sizeof line, stdin) != NULL) {
        for (long i = strtol(line, NULL, 10); i > 0; i--) {
            work(bytes, length, &job, planes);
        }
        (void)puts("done");
        (void)fflush(stdout);
    }
    free(bytes);
    return 0;
}
