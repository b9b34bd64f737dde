/*
 * image_sample.c - makes the pictures that the image tests render. Called by image_*_test.c.
 */
#include "tests/unit/image_sample.h"
#include "bindings/image/exif.h"
#include "bindings/image/library.h"
#include "bindings/image/pixels.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CORPUS "../shared/corpus/"

void sample_release(struct sample *sample)
{
    free(sample->bytes);
    *sample = (struct sample){NULL, 0};
}

static struct sample allocate(size_t length)
{
    struct sample sample = {calloc(1, length), length};
    if (sample.bytes == NULL) {
        abort();
    }
    return sample;
}

static void little(unsigned char *at, unsigned long value, int size)
{
    for (int i = 0; i < size; i++) {
        at[i] = (unsigned char)(value >> (8 * i));
    }
}

static void big(unsigned char *at, unsigned long value, int size)
{
    for (int i = 0; i < size; i++) {
        at[i] = (unsigned char)(value >> (8 * (size - 1 - i)));
    }
}

struct sample sample_bmp(int width, int height)
{
    static const unsigned char blue_green_red[4][3] = {
        {0, 0, 255}, {0, 255, 0}, {255, 0, 0}, {255, 255, 255}};
    size_t stride = ((size_t)width * 3 + 3) / 4 * 4;
    struct sample sample = allocate(54 + stride * (size_t)height);
    memcpy(sample.bytes, "BM", 2);
    little(sample.bytes + 2, sample.length, 4);
    little(sample.bytes + 10, 54, 4);
    little(sample.bytes + 14, 40, 4);
    little(sample.bytes + 18, (unsigned long)width, 4);
    little(sample.bytes + 22, (unsigned long)height, 4);
    little(sample.bytes + 26, 1, 2);
    little(sample.bytes + 28, 24, 2);
    for (int y = 0; y < height; y++) {
        unsigned char *row = sample.bytes + 54 + stride * (size_t)(height - 1 - y);
        for (int x = 0; x < width; x++) {
            memcpy(row + 3 * x, blue_green_red[(y * 2 >= height) * 2 + (x * 2 >= width)], 3);
        }
    }
    return sample;
}

bool sample_render(const void *bytes, size_t length, const struct image_step *steps,
                   size_t step_count, const struct image_target *target,
                   struct image_output *output, struct error *err)
{
    struct image_limits limits;
    struct image_info info;
    image_limits_default(&limits);
    return image_engine_start(INT64_C(1) << 30, err) &&
           image_probe(bytes, length, &limits, &info, err) &&
           image_render(bytes, length, &info, &limits, steps, step_count, target, 1, output, NULL,
                        err);
}

struct image_target sample_target(int width, int height, enum image_format format)
{
    struct image_target target;
    image_target_default(&target);
    target.width = width;
    target.height = height;
    target.format = format;
    return target;
}

/* APP1: Exif with orientation, a pointer to a GPS directory (empty) and a copyright. */
static size_t exif_segment(unsigned char *at, int orientation, const char *copyright)
{
    size_t text = copyright != NULL ? strlen(copyright) + 1 : 0;
    size_t entries = copyright != NULL ? 3 : 2;
    size_t directory = 8 + 2 + entries * 12 + 4;
    size_t length = directory + 6 + text;
    memcpy(at, "\xff\xe1", 2);
    big(at + 2, 2 + 6 + length, 2);
    memcpy(at + 4, "Exif\0", 6);
    unsigned char *block = at + 10;
    memcpy(block, "MM\0\x2a\0\0\0\x08", 8);
    big(block + 8, entries, 2);
    unsigned char *entry = block + 10;
    memcpy(entry, "\x01\x12\0\x03\0\0\0\x01", 8);
    big(entry + 8, (unsigned long)orientation, 2);
    if (copyright != NULL) {
        memcpy(entry + 12, "\x82\x98\0\x02", 4);
        big(entry + 16, text, 4);
        big(entry + 20, directory + 6, 4);
        memcpy(block + directory + 6, copyright, text);
    }
    entry += 12 * (entries - 1);
    memcpy(entry, "\x88\x25\0\x04\0\0\0\x01", 8);
    big(entry + 8, directory, 4);
    return 10 + length;
}

struct sample sample_jpeg(int width, int height, int orientation, const char *copyright)
{
    struct sample bmp = sample_bmp(width, height);
    struct image_target target = sample_target(0, 0, IMAGE_JPEG);
    struct image_output output;
    struct error err;
    target.quality = 95;
    if (!sample_render(bmp.bytes, bmp.length, NULL, 0, &target, &output, &err)) {
        (void)fprintf(stderr, "sample_jpeg: %s\n", err.message);
        abort();
    }
    sample_release(&bmp);
    struct sample sample = allocate(output.length + 1024);
    memcpy(sample.bytes, output.bytes, 2);
    size_t used = 2;
    if (orientation != 0) {
        used += exif_segment(sample.bytes + 2, orientation, copyright);
    }
    memcpy(sample.bytes + used, (char *)output.bytes + 2, output.length - 2);
    sample.length = used + output.length - 2;
    image_output_release(&output);
    return sample;
}

static size_t put_chunk(unsigned char *at, const char *type, const void *content, size_t length)
{
    big(at, length, 4);
    memcpy(at + 4, type, 4);
    if (length > 0) {
        memcpy(at + 8, content, length);
    }
    return 12 + length;
}

struct sample sample_png_header(int width, int height, const char *type, const void *content,
                                size_t length)
{
    unsigned char header[13] = {0};
    big(header, (unsigned long)width, 4);
    big(header + 4, (unsigned long)height, 4);
    header[8] = 8;
    header[9] = 2;
    struct sample sample = allocate(128 + length);
    memcpy(sample.bytes, "\x89PNG\r\n\x1a\n", 8);
    size_t used = 8;
    used += put_chunk(sample.bytes + used, "IHDR", header, sizeof header);
    if (type != NULL) {
        used += put_chunk(sample.bytes + used, type, content, length);
    }
    used += put_chunk(sample.bytes + used, "IDAT", "", 0);
    used += put_chunk(sample.bytes + used, "IEND", "", 0);
    sample.length = used;
    return sample;
}

/* ---- reading back -------------------------------------------------------------------------- */

struct pixel_read {
    const struct image_output *output;
    int frame, x, y;
    unsigned long color;
};

static bool read_pixel(void *context, struct error *err)
{
    struct pixel_read *read = context;
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    ImageInfo *decoder = CloneImageInfo(NULL);
    (void)snprintf(decoder->filename, sizeof decoder->filename, "%s:x",
                   library_coder(read->output->format));
    Image *list = BlobToImage(decoder, read->output->bytes, read->output->length, &exception);
    DestroyImageInfo(decoder);
    Image *image = list != NULL ? GetImageFromList(list, read->frame) : NULL;
    const PixelPacket *pixel =
        image != NULL ? AcquireImagePixels(image, read->x, read->y, 1, 1, &exception) : NULL;
    if (pixel != NULL) {
        unsigned alpha = image->matte ? 255 - ScaleQuantumToChar(pixel->opacity) : 255;
        read->color = (unsigned long)ScaleQuantumToChar(pixel->red) << 24 |
                      (unsigned long)ScaleQuantumToChar(pixel->green) << 16 |
                      (unsigned long)ScaleQuantumToChar(pixel->blue) << 8 | alpha;
    }
    pixels_destroy(list);
    DestroyExceptionInfo(&exception);
    return pixel != NULL || error_set(err, "bad_image", "no such pixel");
}

unsigned long sample_pixel(const struct image_output *output, int frame, int x, int y)
{
    struct pixel_read read = {output, frame, x, y, 0};
    struct error err;
    if (!library_run(read_pixel, &read, NULL, &err)) {
        return 0;
    }
    return read.color;
}

bool sample_near(unsigned long a, unsigned long b, int tolerance)
{
    for (int shift = 0; shift < 32; shift += 8) {
        if (abs((int)(a >> shift & 255) - (int)(b >> shift & 255)) > tolerance) {
            return false;
        }
    }
    return true;
}

/* ---- the corpus ---------------------------------------------------------------------------- */

bool sample_corpus_present(void)
{
    struct stat status;
    return stat(CORPUS "photos", &status) == 0;
}

struct sample sample_corpus(const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, CORPUS "%s", name);
    FILE *file = fopen(path, "rb");
    struct stat status;
    if (file == NULL || fstat(fileno(file), &status) != 0) {
        return (struct sample){NULL, 0};
    }
    struct sample sample = allocate((size_t)status.st_size + 1);
    sample.length = fread(sample.bytes, 1, (size_t)status.st_size, file);
    (void)fclose(file);
    return sample;
}
