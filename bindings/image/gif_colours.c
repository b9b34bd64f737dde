/*
 * gif_colours.c - reduces the colours of pictures to palettes before the library writes them as
 * GIF. Its own writer would do that, too, but goes on when the reduction is stopped or has no
 * memory, and then reads indices that are not there. Called by encode.c.
 */
#include "bindings/image/gif_colours.h"
#include "bindings/image/library.h"

#include <string.h>

enum { COLOURS = 256 };

static bool has_alpha(const Image *list)
{
    for (; list != NULL; list = GetNextImageInList(list)) {
        if (list->matte) {
            return true;
        }
    }
    return false;
}

static bool reduce(Image *frame, unsigned long colours, struct error *err)
{
    QuantizeInfo how;
    GetQuantizeInfo(&how);
    how.dither = MagickTrue;
    how.number_colors = colours;
    /* What the decoder said of a damaged file must not be taken for what is said now. */
    DestroyExceptionInfo(&frame->exception);
    GetExceptionInfo(&frame->exception);
    bool ok = QuantizeImage(&how, frame) && frame->storage_class == PseudoClass &&
              frame->colormap != NULL && frame->exception.severity < ErrorException;
    return ok ? !library_stopped(err)
              : library_failed(&frame->exception, "memory", "reducing the colours", err);
}

static void shift_row(IndexPacket *indices, const PixelPacket *pixels, size_t count, bool alpha)
{
    for (size_t i = 0; i < count; i++) {
        bool transparent = alpha && pixels[i].opacity == TransparentOpacity;
        indices[i] = transparent ? 0 : indices[i] + 1;
    }
}

/* The writer takes the index of the last frame that has transparent pixels for that of those after
 * it that have none: so it is the same in all, and no other pixel has it. */
static bool make_room_for_transparent(Image *frame, struct error *err)
{
    unsigned int colours = frame->colors;
    if (!ReallocateImageColormap(frame, colours + 1)) {
        return error_set_memory(err, "working on an image");
    }
    memmove(frame->colormap + 1, frame->colormap, colours * sizeof *frame->colormap);
    frame->colormap[0] = (PixelPacket){.opacity = OpaqueOpacity};
    for (unsigned long y = 0; y < frame->rows; y++) {
        const PixelPacket *pixels = GetImagePixels(frame, 0, (long)y, frame->columns, 1);
        IndexPacket *indices = pixels != NULL ? AccessMutableIndexes(frame) : NULL;
        if (indices == NULL) {
            return library_failed(&frame->exception, "memory", "reading pixels", err);
        }
        shift_row(indices, pixels, frame->columns, frame->matte != 0);
        if (!SyncImagePixels(frame)) {
            return library_failed(&frame->exception, "memory", "writing pixels", err);
        }
    }
    return true;
}

bool gif_colours(Image *list, struct error *err)
{
    bool alpha = has_alpha(list);
    for (Image *frame = list; frame != NULL; frame = GetNextImageInList(frame)) {
        if (!reduce(frame, alpha ? COLOURS - 1 : COLOURS, err) ||
            (alpha && !make_room_for_transparent(frame, err))) {
            return false;
        }
    }
    return true;
}
