/*
 * steps_blur.c - blur and sharpen. Called by steps.c.
 */
#include "bindings/image/steps/flatten.h"
#include "bindings/image/library.h"
#include "bindings/image/resize.h"
#include "bindings/image/steps/steps.h"

#include <math.h>

/* A wide blur leaves nothing that a smaller picture could not hold: it is done on one, and that is
 * enlarged. With this many pixels of it to a sigma the difference is below what can be seen, and
 * the time no longer grows with sigma. */
#define SMALL_SIGMA 2.0
#define WIDE_SIGMA  (2 * SMALL_SIGMA)

static bool gauss(Image **image, double sigma, struct error *err)
{
    if (!flatten_premultiply(*image, err)) {
        return false;
    }
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    Image *made = BlurImage(*image, 0.0, sigma, &exception);
    return pixels_replace(image, made, &exception, "blur", err) &&
           flatten_unpremultiply(*image, err);
}

/* By means of triangles; *image is replaced. */
static bool scale(Image **image, int64_t width, int64_t height, struct error *err)
{
    struct resize resize = {.width = width,
                            .height = height,
                            .part = {0, 0, width, height},
                            .orientation = 1,
                            .filter = IMAGE_TRIANGLE};
    Image *made = resize_image(*image, &resize, err);
    if (made == NULL) {
        return false;
    }
    pixels_destroy(*image);
    *image = made;
    return true;
}

static int64_t shrunk(int64_t side, double factor)
{
    int64_t made = (int64_t)ceil((double)side / factor);
    return made > 1 ? made : 1;
}

/* Shrinking and enlarging by triangles blurs, too: by a sixth of the factor's square each. */
static bool gauss_small(Image **image, double sigma, struct error *err)
{
    int64_t width = (int64_t)(*image)->columns, height = (int64_t)(*image)->rows;
    double factor = sigma / SMALL_SIGMA;
    double left = SMALL_SIGMA * SMALL_SIGMA - 2 / 6.0;
    return scale(image, shrunk(width, factor), shrunk(height, factor), err) &&
           gauss(image, sqrt(left), err) && scale(image, width, height, err);
}

bool steps_blur(Image **image, const struct image_step *step, struct error *err)
{
    return step->sigma < WIDE_SIGMA ? gauss(image, step->sigma, err)
                                    : gauss_small(image, step->sigma, err);
}

bool steps_sharpen(Image **image, const struct image_step *step, struct error *err)
{
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    Image *made = UnsharpMaskImage(*image, 0.0, step->sigma, 1.0, 0.0, &exception);
    return pixels_replace(image, made, &exception, "sharpen", err);
}
