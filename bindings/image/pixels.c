/*
 * pixels.c - rows, copies and canvases, in terms of GraphicsMagick's pixel cache. Called by the
 * stages of the image engine.
 */
#include "bindings/image/pixels.h"
#include "bindings/image/steps/blend.h"
#include "bindings/image/library.h"

PixelPacket pixels_opaque(const uint8_t rgb[3])
{
    PixelPacket pixel;
    pixel.red = ScaleCharToQuantum(rgb[0]);
    pixel.green = ScaleCharToQuantum(rgb[1]);
    pixel.blue = ScaleCharToQuantum(rgb[2]);
    pixel.opacity = OpaqueOpacity;
    return pixel;
}

bool pixels_replace(Image **image, Image *made, ExceptionInfo *exception, const char *what,
                    struct error *err)
{
    /* A stopped or failed operation may return a picture that is done in part. */
    bool ok = made != NULL && exception->severity < ErrorException;
    if (!ok) {
        (void)library_failed(exception, "bad_image", what, err);
    }
    ok = ok && !library_stopped(err);
    DestroyExceptionInfo(exception);
    if (!ok) {
        pixels_destroy(made);
        return false;
    }
    pixels_destroy(*image);
    *image = made;
    pixels_forget_page(made);
    return true;
}

bool pixels_each_row(Image *image, pixels_row *row, const void *context, struct error *err)
{
    for (unsigned long y = 0; y < image->rows; y++) {
        PixelPacket *pixels = GetImagePixels(image, 0, (long)y, image->columns, 1);
        if (pixels == NULL) {
            return library_failed(&image->exception, "memory", "reading pixels", err);
        }
        row(pixels, image->columns, context);
        if (!SyncImagePixels(image)) {
            return library_failed(&image->exception, "memory", "writing pixels", err);
        }
        if (y % 64 == 0 && library_stopped(err)) {
            return false;
        }
    }
    return true;
}

Image *pixels_new(int64_t width, int64_t height, PixelPacket color, struct error *err)
{
    Image *image = AllocateImage(NULL);
    image->columns = (unsigned long)width;
    image->rows = (unsigned long)height;
    image->storage_class = DirectClass;
    image->depth = 8;
    image->matte = color.opacity != OpaqueOpacity;
    image->background_color = color;
    if (!SetImageColor(image, &color)) {
        (void)library_failed(&image->exception, "memory", "making a canvas", err);
        pixels_destroy(image);
        return NULL;
    }
    return image;
}

static void copy_row(PixelPacket *to, const PixelPacket *from, size_t count, bool matte)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = from[i];
        to[i].opacity = matte ? from[i].opacity : OpaqueOpacity;
    }
}

static void lay_row(PixelPacket *to, bool to_matte, const PixelPacket *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (from[i].opacity == OpaqueOpacity) {
            to[i] = from[i];
        } else if (from[i].opacity != TransparentOpacity) {
            blend_over(&to[i], to_matte, &from[i], (double)(MaxRGB - from[i].opacity) / MaxRGB);
        }
    }
}

bool pixels_paste(Image *canvas, const Image *part, int64_t x, int64_t y, bool over,
                  struct error *err)
{
    int64_t width = (int64_t)part->columns, height = (int64_t)part->rows;
    if (width > (int64_t)canvas->columns - x) {
        width = (int64_t)canvas->columns - x;
    }
    if (height > (int64_t)canvas->rows - y) {
        height = (int64_t)canvas->rows - y;
    }
    for (int64_t row = 0; row < height && width > 0; row++) {
        const PixelPacket *from =
            AcquireImagePixels(part, 0, (long)row, (unsigned long)width, 1, &canvas->exception);
        PixelPacket *to = GetImagePixels(canvas, (long)x, (long)(y + row), (unsigned long)width, 1);
        if (from == NULL || to == NULL) {
            return library_failed(&canvas->exception, "memory", "copying pixels", err);
        }
        if (over && part->matte) {
            lay_row(to, canvas->matte != 0, from, (size_t)width);
        } else {
            copy_row(to, from, (size_t)width, part->matte != 0);
        }
        if (!SyncImagePixels(canvas)) {
            return library_failed(&canvas->exception, "memory", "copying pixels", err);
        }
    }
    return !library_stopped(err);
}

Image *pixels_clone(const Image *image, struct error *err)
{
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    Image *clone = CloneImage(image, 0, 0, MagickTrue, &exception);
    if (clone == NULL) {
        (void)library_failed(&exception, "memory", "copying an image", err);
    }
    DestroyExceptionInfo(&exception);
    return clone;
}

bool pixels_crop(Image **image, struct pixels_area area, struct error *err)
{
    if (area.x == 0 && area.y == 0 && area.width == (int64_t)(*image)->columns &&
        area.height == (int64_t)(*image)->rows) {
        return true;
    }
    const RectangleInfo rectangle = {(unsigned long)area.width, (unsigned long)area.height,
                                     (long)area.x, (long)area.y};
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    Image *made = CropImage(*image, &rectangle, &exception);
    return pixels_replace(image, made, &exception, "crop", err);
}

void pixels_forget_page(Image *image)
{
    image->page = (RectangleInfo){0, 0, 0, 0};
}

void pixels_destroy(Image *image)
{
    if (image != NULL) {
        DestroyImageList(image);
    }
}
