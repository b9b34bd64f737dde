/*
 * glance.c - one small decode for everything that is said of a picture's look: a JPEG at an eighth
 * of its size. Called by the `image` module on a worker thread.
 */
#include "bindings/image/look/glance.h"
#include "bindings/image/budget.h"
#include "bindings/image/colour.h"
#include "bindings/image/look/glance_image.h"
#include "bindings/image/library.h"
#include "bindings/image/sized.h"

struct taking {
    const void *bytes;
    size_t length;
    const struct plan *plan;
    struct glance *glance;
};

static void copy_row(uint8_t *to, const PixelPacket *from, size_t count, bool alpha)
{
    for (size_t i = 0; i < count; i++, to += 4) {
        to[0] = ScaleQuantumToChar(from[i].red);
        to[1] = ScaleQuantumToChar(from[i].green);
        to[2] = ScaleQuantumToChar(from[i].blue);
        to[3] = alpha ? ScaleQuantumToChar(MaxRGB - from[i].opacity) : 255;
    }
}

static bool copy_pixels(Image *image, struct glance *glance, struct error *err)
{
    glance->width = (int)image->columns;
    glance->height = (int)image->rows;
    for (unsigned long y = 0; y < image->rows; y++) {
        const PixelPacket *row =
            AcquireImagePixels(image, 0, (long)y, image->columns, 1, &image->exception);
        if (row == NULL) {
            return library_failed(&image->exception, "memory", "reading pixels", err);
        }
        copy_row(glance->rgba + 4 * y * image->columns, row, image->columns, image->matte != 0);
    }
    return true;
}

/* Never less than a pixel of a side. */
static int64_t shrunk(int64_t side, int64_t longer)
{
    int64_t made = (side * GLANCE_SIDE + longer / 2) / longer;
    return longer <= GLANCE_SIDE ? side : made > 0 ? made : 1;
}

bool glance_image(const Image *image, int orientation, bool srgb, struct glance *glance,
                  struct error *err)
{
    int64_t width = (int64_t)image->columns, height = (int64_t)image->rows;
    int64_t longer = width > height ? width : height;
    struct resize resize = {.width = shrunk(width, longer),
                            .height = shrunk(height, longer),
                            .orientation = orientation,
                            .filter = IMAGE_BOX};
    resize.part = (struct pixels_area){0, 0, resize.width, resize.height};
    Image *small = resize_image(image, &resize, err);
    bool ok =
        small != NULL && (srgb || colour_to_srgb(small, err)) && copy_pixels(small, glance, err);
    pixels_destroy(small);
    return ok;
}

static bool take(void *context, struct error *err)
{
    const struct taking *taking = context;
    Image *image = sized_make(taking->bytes, taking->length, taking->plan, err);
    bool ok = image != NULL && copy_pixels(image, taking->glance, err);
    pixels_destroy(image);
    return ok;
}

bool glance_take(const void *bytes, size_t length, const struct image_info *info,
                 const struct image_limits *limits, struct glance *glance,
                 const struct image_control *control, struct error *err)
{
    struct plan plan;
    if (!sized_plan(&plan, info, limits, GLANCE_SIDE, GLANCE_SIDE, IMAGE_INSIDE, err)) {
        return false;
    }
    struct taking taking = {bytes, length, &plan, glance};
    bool ok = budget_take(plan.memory, control, err);
    if (ok) {
        ok = library_run(take, &taking, control, err);
        budget_give_back(plan.memory);
    }
    plan_release(&plan);
    return ok;
}
