/*
 * resize.c - the one place that changes the number of pixels. Called by the engine for each
 * target; whoever writes a faster kernel replaces resize_image().
 */
#include "bindings/image/resize.h"
#include "bindings/image/library.h"
#include "bindings/image/pixels.h"

Image *resize_image(const Image *image, int64_t width, int64_t height, struct error *err)
{
    if (width == (int64_t)image->columns && height == (int64_t)image->rows) {
        return pixels_clone(image, err);
    }

    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    Image *made = ResizeImage(image, (unsigned long)width, (unsigned long)height, LanczosFilter,
                              1.0, &exception);
    Image *result = NULL;
    if (!pixels_replace(&result, made, &exception, "resize", err)) {
        return NULL;
    }
    return result;
}

/* The library filters along one axis into a picture of its own, then along the other. */
int64_t resize_memory(int64_t from_width, int64_t from_height, int64_t width, int64_t height)
{
    int64_t across_first = width * from_height, down_first = from_width * height;
    int64_t between = across_first > down_first ? across_first : down_first;
    return (between + width * height) * (int64_t)sizeof(PixelPacket);
}
