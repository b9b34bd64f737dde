/*
 * png_layout.c - counts colours and packs bits. Called by png.c before it filters.
 */
#include "bindings/image/codec/png_layout.h"

#include <string.h>

static uint32_t colour_at(const uint8_t *rgba)
{
    uint32_t colour;
    memcpy(&colour, rgba, sizeof colour);
    return colour;
}

static uint8_t alpha_of(uint32_t colour)
{
    uint8_t rgba[4];
    memcpy(rgba, &colour, sizeof rgba);
    return rgba[3];
}

/* ---- grey and full colour ------------------------------------------------------------------ */

/* The fewest bits whose levels are all that there are: of 1 bit 0 and 255, of 2 multiples of 85. */
static int grey_depth(const struct samples *samples)
{
    static const uint8_t unit[] = {255, 85, 17, 1};
    int least = 0;
    int64_t pixels = samples->width * samples->height;
    for (int64_t i = 0; i < pixels && least < 3; i++) {
        while (samples->rgba[i * 4] % unit[least] != 0) {
            least++;
        }
    }
    return 1 << least;
}

void png_layout_plain(struct png_layout *layout, const struct samples *samples)
{
    layout->count = layout->transparent = 0;
    layout->depth = 8;
    if (samples->grey) {
        layout->colour = samples->opaque ? PNG_GREY : PNG_GREY_ALPHA;
        layout->depth = samples->opaque ? grey_depth(samples) : 8;
        layout->pixel_bits = (size_t)layout->depth * (samples->opaque ? 1 : 2);
    } else {
        layout->colour = samples->opaque ? PNG_RGB : PNG_RGB_ALPHA;
        layout->pixel_bits = samples->opaque ? 24 : 32;
    }
}

/* ---- the palette --------------------------------------------------------------------------- */

/* The slot that holds the colour, or the empty one where it belongs. */
static size_t slot_of(const struct png_layout *layout, uint32_t colour)
{
    size_t slot = (uint32_t)(colour * 2654435761U) / (UINT32_MAX / PNG_SLOTS + 1);
    while (layout->slots[slot] >= 0 && layout->palette[layout->slots[slot]] != colour) {
        slot = (slot + 1) % PNG_SLOTS;
    }
    return slot;
}

static bool count_colours(struct png_layout *layout, const struct samples *samples)
{
    layout->count = 0;
    memset(layout->slots, -1, sizeof layout->slots);
    int64_t pixels = samples->width * samples->height;
    uint32_t before = ~colour_at(samples->rgba);
    for (int64_t i = 0; i < pixels; i++) {
        uint32_t colour = colour_at(samples->rgba + i * 4);
        if (colour == before) {
            continue;
        }
        before = colour;
        size_t slot = slot_of(layout, colour);
        if (layout->slots[slot] >= 0) {
            continue;
        }
        if (layout->count == PNG_COLOURS_MAX) {
            return false;
        }
        layout->palette[layout->count] = colour;
        layout->slots[slot] = (int16_t)layout->count++;
    }
    return true;
}

/* The list of alphas ends with the last colour that isn't opaque. */
static void put_transparent_first(struct png_layout *layout)
{
    uint32_t colours[PNG_COLOURS_MAX];
    memcpy(colours, layout->palette, sizeof colours);
    size_t placed = 0;
    for (size_t i = 0; i < layout->count; i++) {
        if (alpha_of(colours[i]) < 255) {
            layout->palette[placed++] = colours[i];
        }
    }
    layout->transparent = placed;
    for (size_t i = 0; i < layout->count; i++) {
        if (alpha_of(colours[i]) == 255) {
            layout->palette[placed++] = colours[i];
        }
    }
    memset(layout->slots, -1, sizeof layout->slots);
    for (size_t i = 0; i < layout->count; i++) {
        layout->slots[slot_of(layout, layout->palette[i])] = (int16_t)i;
    }
}

bool png_layout_palette(struct png_layout *layout, const struct samples *samples)
{
    if (!count_colours(layout, samples)) {
        return false;
    }
    put_transparent_first(layout);
    layout->colour = PNG_PALETTE;
    layout->depth = 1;
    while ((size_t)1 << layout->depth < layout->count) {
        layout->depth *= 2;
    }
    layout->pixel_bits = (size_t)layout->depth;
    return true;
}

/* ---- packing ------------------------------------------------------------------------------- */

size_t png_layout_row(const struct png_layout *layout, int64_t width)
{
    return ((size_t)width * layout->pixel_bits + 7) / 8;
}

/* What stands for a pixel in a channel or an index of `depth` bits. */
static unsigned value_of(const struct png_layout *layout, const uint8_t *rgba)
{
    if (layout->colour == PNG_GREY) {
        return (unsigned)rgba[0] >> (8 - layout->depth);
    }
    return (unsigned)layout->slots[slot_of(layout, colour_at(rgba))];
}

static void pack_bits(const struct png_layout *layout, uint8_t *to, const uint8_t *rgba,
                      int64_t width)
{
    unsigned bits = 0, filled = 0;
    for (int64_t i = 0; i < width; i++) {
        bits = bits << layout->depth | value_of(layout, rgba + i * 4);
        filled += (unsigned)layout->depth;
        if (filled == 8) {
            *to++ = (uint8_t)bits;
            bits = filled = 0;
        }
    }
    if (filled > 0) {
        *to = (uint8_t)(bits << (8 - filled));
    }
}

void png_layout_pack(const struct png_layout *layout, uint8_t *to, const uint8_t *rgba,
                     int64_t width)
{
    switch (layout->colour) {
    case PNG_RGB_ALPHA:
        memcpy(to, rgba, (size_t)width * 4);
        break;
    case PNG_RGB:
        for (int64_t i = 0; i < width; i++) {
            memcpy(to + i * 3, rgba + i * 4, 3);
        }
        break;
    case PNG_GREY_ALPHA:
        for (int64_t i = 0; i < width; i++) {
            to[i * 2] = rgba[i * 4];
            to[i * 2 + 1] = rgba[i * 4 + 3];
        }
        break;
    default:
        pack_bits(layout, to, rgba, width);
        break;
    }
}
