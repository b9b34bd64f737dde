/*
 * blend.h - one pixel over another (Porter and Duff's "over"), in the library's pixels: not
 * multiplied by alpha, and opacity counted upside down.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_STEPS_BLEND_H
#define LUNETTE_BINDINGS_IMAGE_STEPS_BLEND_H

#include <magick/api.h>

static inline Quantum blend_channel(double front, double back, double share)
{
    return (Quantum)(back + (front - back) * share + 0.5);
}

/* `front` with `alpha` (0 to 1) over *back; `matte`: has *back alpha itself? */
static inline void blend_over(PixelPacket *back, bool matte, const PixelPacket *front, double alpha)
{
    double behind = matte ? (double)(MaxRGB - back->opacity) / MaxRGB : 1;
    double seen = alpha + behind * (1 - alpha);
    double share = seen > 0 ? alpha / seen : 0;
    back->red = blend_channel(front->red, back->red, share);
    back->green = blend_channel(front->green, back->green, share);
    back->blue = blend_channel(front->blue, back->blue, share);
    back->opacity = (Quantum)(MaxRGB - seen * MaxRGB + 0.5);
}

#endif
