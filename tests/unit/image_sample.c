/*
 * image_sample.c - makes the pictures that the image tests render. Called by image_*_test.c.
 */
#include "tests/unit/image_sample.h"
#include "bindings/image/codec/animation.h"
#include "bindings/image/probe/exif.h"
#include "bindings/image/library.h"
#include "bindings/image/pixels.h"
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

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

/* A frame of one colour, uncompressed: each pixel a 9-bit code of its own, and a clear code before
 * the table would grow. */
static size_t put_gif_frame(unsigned char *at, int x, int y, int side, int colour, int disposal)
{
    unsigned char *start = at;
    const unsigned char control[] = {0x21, 0xf9, 4, (unsigned char)(disposal << 2), 10, 0, 0, 0};
    memcpy(at, control, sizeof control);
    at += sizeof control;
    *at++ = 0x2c;
    little(at, (unsigned long)x, 2);
    little(at + 2, (unsigned long)y, 2);
    little(at + 4, (unsigned long)side, 2);
    little(at + 6, (unsigned long)side, 2);
    at[8] = 0;
    at[9] = 7; /* codes of 8 bits: a byte each */
    at += 10;
    unsigned char *count = at++;
    for (int i = 0; i < side * side; i++) {
        if (i % 32 == 0) {
            *at++ = 0x80; /* clear */
        }
        *at++ = (unsigned char)colour;
    }
    *at++ = 0x81; /* end */
    *count = (unsigned char)(at - count - 1);
    *at++ = 0;
    return (size_t)(at - start);
}

struct sample sample_gif(int disposal, int again)
{
    struct sample sample = allocate(1024);
    unsigned char *at = sample.bytes;
    memcpy(at, "GIF89a\x08\0\x08\0\xf6\0", 12); /* a palette of 128 colours */
    at += 13;
    memcpy(at, "\xff\0\0\0\xff\0\0\0\xff", 9); /* red, green, blue */
    at += 128 * 3;
    memcpy(at, "\x21\xff\x0bNETSCAPE2.0\x03\x01", 16);
    little(at + 16, (unsigned long)again, 2);
    at += 19;
    at += put_gif_frame(at, 0, 0, 8, 0, 1);
    at += put_gif_frame(at, 2, 2, 4, 1, disposal);
    at += put_gif_frame(at, 0, 0, 2, 2, 1);
    *at++ = ';';
    sample.length = (size_t)(at - sample.bytes);
    return sample;
}

/* ---- reading back -------------------------------------------------------------------------- */

static Image *decode_output(const struct image_output *output, ExceptionInfo *exception)
{
    ImageInfo *decoder = CloneImageInfo(NULL);
    (void)snprintf(decoder->filename, sizeof decoder->filename, "%s:x",
                   library_coder(output->format));
    Image *image = BlobToImage(decoder, output->bytes, output->length, exception);
    DestroyImageInfo(decoder);
    return image;
}

static Image *keep_canvas(const Image *canvas, void *context, struct error *err)
{
    (void)context;
    return pixels_clone(canvas, err);
}

/* The frames of a GIF as they are seen. */
static Image *play_output(const struct image_output *output, struct error *err)
{
    struct image_limits limits;
    struct image_info info;
    image_limits_default(&limits);
    return image_probe(output->bytes, output->length, &limits, &info, err)
               ? animation_play(output->bytes, output->length, &info, keep_canvas, NULL, err)
               : NULL;
}

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
    Image *list = read->output->frames > 1 ? play_output(read->output, err)
                                           : decode_output(read->output, &exception);
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

struct comparison {
    const struct image_output *a, *b;
    double difference;
};

static double row_difference(const PixelPacket *a, const PixelPacket *b, unsigned long count)
{
    double sum = 0;
    for (unsigned long x = 0; x < count; x++) {
        sum += abs((int)a[x].red - (int)b[x].red) + abs((int)a[x].green - (int)b[x].green) +
               abs((int)a[x].blue - (int)b[x].blue);
    }
    return sum;
}

static bool compare(void *context, struct error *err)
{
    struct comparison *comparison = context;
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    Image *a = decode_output(comparison->a, &exception);
    Image *b = decode_output(comparison->b, &exception);
    bool ok = a != NULL && b != NULL && a->columns == b->columns && a->rows == b->rows;
    double sum = 0;
    for (long y = 0; ok && y < (long)a->rows; y++) {
        const PixelPacket *row_a = AcquireImagePixels(a, 0, y, a->columns, 1, &exception);
        const PixelPacket *row_b = AcquireImagePixels(b, 0, y, b->columns, 1, &exception);
        ok = row_a != NULL && row_b != NULL;
        sum += ok ? row_difference(row_a, row_b, a->columns) : 0;
    }
    if (ok) {
        comparison->difference =
            sum / (3.0 * (double)a->columns * (double)a->rows) * 255.0 / MaxRGB;
    }
    pixels_destroy(a);
    pixels_destroy(b);
    DestroyExceptionInfo(&exception);
    return ok || error_set(err, "bad_image", "not to be compared");
}

double sample_difference(const struct image_output *a, const struct image_output *b)
{
    struct comparison comparison = {a, b, 255};
    struct error err;
    return library_run(compare, &comparison, NULL, &err) ? comparison.difference : 255;
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

void sample_ignore_leaks(bool ignore, enum image_format format)
{
#ifdef __SANITIZE_ADDRESS__
    if (format == IMAGE_JPEG && ignore) {
        __lsan_disable();
    } else if (format == IMAGE_JPEG) {
        __lsan_enable();
    }
#else
    (void)ignore;
    (void)format;
#endif
}
