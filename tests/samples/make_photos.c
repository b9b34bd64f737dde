/*
 * make_photos.c - makes the sample photos of `make demo` and of the tests that need real pictures.
 *
 *     make-photos FOLDER
 *
 * Everything is computed, so that no picture has to be checked in and nobody's rights are touched.
 * One photo lies on its side with an EXIF orientation and a place, as phones write them; one file
 * is broken on purpose.
 */
#include <magick/api.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/samples/paint.h"

#define PHASES 16

struct photo {
    const char *name;
    const char *format;
    paint_point *scene;
    int width, height; /* as a person sees it */
    double grain;
    unsigned long quality;
    bool from_phone;
    int frames;
    int percent; /* of the file that is written */
};

static const struct photo photos[] = {
    {"sunset.jpg", "JPEG", scene_sunset, 2160, 1440, 0.03, 90, false, 1, 100},
    {"harbour.jpg", "JPEG", scene_harbour, 1680, 1120, 0.025, 88, false, 1, 100},
    {"IMG_2041.jpg", "JPEG", scene_lighthouse, 1080, 1440, 0.03, 90, true, 1, 100},
    {"forest.webp", "WEBP", scene_forest, 1200, 800, 0.015, 82, false, 1, 100},
    {"moon.png", "PNG", scene_moon, 800, 800, 0, 75, false, 1, 100},
    {"phases.gif", "GIF", scene_phases, 240, 240, 0, 0, false, PHASES, 100},
    {"broken.jpg", "JPEG", scene_sunset, 960, 640, 0.03, 85, false, 1, 40},
};

/* EXIF as a phone writes it, little-endian: orientation 6 (turn it a quarter clockwise to look at
 * it), a copyright notice, and a place, which must not be published. */
static const unsigned char phone_exif[] =
    "Exif\0\0II*\0\x08\0\0\0"
    "\x03\0"
    "\x12\x01\x03\0\x01\0\0\0\x06\0\0\0" /* Orientation = 6 */
    "\x98\x82\x02\0\x14\0\0\0\x32\0\0\0" /* Copyright, 20 bytes at 50 */
    "\x25\x88\x04\0\x01\0\0\0\x46\0\0\0" /* GPS directory at 70 */
    "\0\0\0\0"
    "(c) Lunette samples\0"
    "\x04\0"
    "\x01\0\x02\0\x02\0\0\0N\0\0\0"    /* GPSLatitudeRef */
    "\x02\0\x05\0\x03\0\0\0\x7C\0\0\0" /* GPSLatitude at 124 */
    "\x03\0\x02\0\x02\0\0\0W\0\0\0"    /* GPSLongitudeRef */
    "\x04\0\x05\0\x03\0\0\0\x94\0\0\0" /* GPSLongitude at 148 */
    "\0\0\0\0"
    "\x30\0\0\0\x01\0\0\0\x1D\0\0\0\x01\0\0\0\x36\0\0\0\x01\0\0\0"
    "\x05\0\0\0\x01\0\0\0\x03\0\0\0\x01\0\0\0\x09\0\0\0\x01\0\0\0";

static _Noreturn void fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "make-photos: %s: %s\n", what, why);
    exit(1);
}

static Image *paint_frame(const struct photo *photo, double time)
{
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    uint8_t *pixels = malloc((size_t)photo->width * (size_t)photo->height * 4);
    if (pixels == NULL) {
        fail(photo->name, "out of memory");
    }
    paint_scene(photo->scene, photo->width, photo->height, time, photo->grain, pixels);
    Image *image = ConstituteImage((unsigned long)photo->width, (unsigned long)photo->height,
                                   "RGBA", CharPixel, pixels, &exception);
    free(pixels);
    if (image == NULL) {
        fail(photo->name, exception.reason);
    }
    if (photo->scene != scene_moon) {
        image->matte = MagickFalse;
    }
    DestroyExceptionInfo(&exception);
    return image;
}

/* As the sensor saw it: a quarter turn counter-clockwise, and an EXIF block that says so. */
static Image *turn_as_phone(Image *image)
{
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    Image *turned = RotateImage(image, 270, &exception);
    if (turned == NULL ||
        SetImageProfile(turned, "EXIF", phone_exif, sizeof phone_exif - 1) == MagickFail) {
        fail("IMG_2041.jpg", "can't be turned");
    }
    DestroyImage(image);
    DestroyExceptionInfo(&exception);
    return turned;
}

static Image *paint_photo(const struct photo *photo)
{
    Image *list = NULL;
    for (int frame = 0; frame < photo->frames; frame++) {
        Image *image = paint_frame(photo, (double)frame / photo->frames);
        image->delay = 12; /* hundredths of a second */
        image->iterations = 0;
        AppendImageToList(&list, image);
    }
    list = GetFirstImageInList(list); /* appending moves the pointer to the end */
    return photo->from_phone ? turn_as_phone(list) : list;
}

static void write_file(const char *folder, const struct photo *photo, const void *bytes,
                       size_t length)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, photo->name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
        fail(path, "can't be written");
    }
}

static void make_photo(const char *folder, const struct photo *photo)
{
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    Image *image = paint_photo(photo);
    ImageInfo *info = CloneImageInfo(NULL);
    (void)snprintf(info->magick, sizeof info->magick, "%s", photo->format);
    (void)snprintf(image->magick, sizeof image->magick, "%s", photo->format);
    info->quality = photo->quality;
    info->adjoin = MagickTrue;
    info->interlace = NoInterlace;
    size_t length = 0;
    void *bytes = ImageToBlob(info, image, &length, &exception);
    if (bytes == NULL) {
        fail(photo->name, exception.reason);
    }
    write_file(folder, photo, bytes, length * (size_t)photo->percent / 100);
    MagickFree(bytes);
    DestroyImageInfo(info);
    DestroyImageList(image);
    DestroyExceptionInfo(&exception);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fail("usage", "make-photos FOLDER");
    }
    InitializeMagickEx(NULL, MAGICK_OPT_NO_SIGNAL_HANDER, NULL);
    for (size_t i = 0; i < sizeof photos / sizeof *photos; i++) {
        make_photo(argv[1], &photos[i]);
    }
    DestroyMagick();
    return 0;
}
