/*
 * samples.c - reads the library's 16 bits a channel as bytes. Called by encode.c for the encoders
 * that are not the library's.
 */
#include "bindings/image/codec/samples.h"
#include "bindings/image/library.h"

#include <stdlib.h>

/* What a row's pixels differ in: bits of its opacities, and between its colours. */
struct bits {
    unsigned opacity, colours;
};

static uint8_t byte_of(Quantum value)
{
    return (uint8_t)((value * 255U + 32895U) >> 16);
}

static void read_row(uint8_t *to, const PixelPacket *from, size_t count, bool alpha,
                     struct bits *bits)
{
    for (size_t i = 0; i < count; i++, to += 4) {
        uint8_t red = byte_of(from[i].red), green = byte_of(from[i].green);
        uint8_t blue = byte_of(from[i].blue);
        uint8_t opacity = alpha ? byte_of(from[i].opacity) : 0;
        to[0] = red;
        to[1] = green;
        to[2] = blue;
        to[3] = (uint8_t)(255 - opacity);
        bits->opacity |= opacity;
        bits->colours |= (unsigned)(red ^ green) | (unsigned)(green ^ blue);
    }
}

static bool read_rows(const Image *image, struct samples *samples, struct error *err)
{
    struct bits bits = {0, 0};
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    bool ok = true;
    for (int64_t y = 0; y < samples->height; y++) {
        const PixelPacket *pixels =
            AcquireImagePixels(image, 0, (long)y, image->columns, 1, &exception);
        if (pixels == NULL) {
            ok = library_failed(&exception, "memory", "reading pixels", err);
            break;
        }
        read_row(samples->rgba + y * samples->width * 4, pixels, image->columns, image->matte != 0,
                 &bits);
    }
    DestroyExceptionInfo(&exception);
    samples->opaque = bits.opacity == 0;
    samples->grey = bits.colours == 0;
    return ok;
}

bool samples_of(const Image *image, struct samples *samples, struct error *err)
{
    struct samples made = {.width = (int64_t)image->columns, .height = (int64_t)image->rows};
    made.rgba = malloc((size_t)made.width * (size_t)made.height * 4);
    if (made.rgba == NULL) {
        return error_set_memory(err, "encoding an image");
    }
    if (!read_rows(image, &made, err)) {
        samples_release(&made);
        return false;
    }
    *samples = made;
    return true;
}

void samples_release(struct samples *samples)
{
    free(samples->rgba);
    samples->rgba = NULL;
}
