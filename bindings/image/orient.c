/*
 * orient.c - the eight EXIF orientations. Called by the engine after the resize, when there are
 * fewer pixels to turn, or before the steps, which speak of displayed pixels.
 */
#include "bindings/image/orient.h"
#include "bindings/image/pixels.h"

bool orient_image(Image **image, int orientation, struct error *err)
{
    if (orientation <= 1 || orientation > 8) {
        return true;
    }
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    /* The library's numbers for orientations are EXIF's. */
    Image *made = AutoOrientImage(*image, (OrientationType)orientation, &exception);
    return pixels_replace(image, made, &exception, "orient", err);
}
