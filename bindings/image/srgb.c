/*
 * srgb.c - builds an sRGB profile of what a colour engine needs and no more. Called by colour.c.
 *
 * The numbers are those of IEC 61966-2-1, its primaries adapted to the D50 of ICC.1 (Bradford).
 */
#include "bindings/image/srgb.h"

#include <stdint.h>
#include <string.h>

struct writer {
    unsigned char *data;
    size_t length;
};

static void put(struct writer *writer, uint32_t value, int size)
{
    for (int i = size - 1; i >= 0; i--) {
        writer->data[writer->length++] = (unsigned char)(value >> (8 * i));
    }
}

static void put_zeros(struct writer *writer, size_t count)
{
    memset(writer->data + writer->length, 0, count);
    writer->length += count;
}

static void put_signature(struct writer *writer, const char *signature)
{
    memcpy(writer->data + writer->length, signature, 4);
    writer->length += 4;
}

/* s15Fixed16Number */
static void put_fixed(struct writer *writer, double value)
{
    put(writer, (uint32_t)(value * 65536.0 + 0.5), 4);
}

static void put_xyz(struct writer *writer, const double xyz[3])
{
    put_signature(writer, "XYZ ");
    put(writer, 0, 4);
    for (int i = 0; i < 3; i++) {
        put_fixed(writer, xyz[i]);
    }
}

/* Type 3: y = ((x + 0.055) / 1.055) ^ 2.4, and x / 12.92 below 0.04045. */
static void put_curve(struct writer *writer)
{
    static const double parameters[] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    put_signature(writer, "para");
    put(writer, 0, 4);
    put(writer, 3, 2);
    put(writer, 0, 2);
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        put_fixed(writer, parameters[i]);
    }
}

static void put_header(struct writer *writer)
{
    put(writer, 0, 4); /* the profile's size, set at the end */
    put(writer, 0, 4);
    put(writer, 0x04300000, 4); /* version 4.3 */
    put_signature(writer, "mntr");
    put_signature(writer, "RGB ");
    put_signature(writer, "XYZ ");
    put_zeros(writer, 12); /* the time it was made: none */
    put_signature(writer, "acsp");
    put_zeros(writer, 28);
    put_fixed(writer, 0.9642); /* the profile connection space's illuminant: D50 */
    put_fixed(writer, 1.0);
    put_fixed(writer, 0.8249);
    put_zeros(writer, 48);
}

size_t srgb_profile(unsigned char profile[SRGB_PROFILE_MAX])
{
    enum { TAGS = 7, CURVE_LENGTH = 32, XYZ_LENGTH = 20 };
    static const char names[TAGS][5] = {"wtpt", "rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC"};
    static const double colorants[4][3] = {{0.9642, 1.0, 0.8249},
                                           {0.43607, 0.22249, 0.01392},
                                           {0.38515, 0.71687, 0.09708},
                                           {0.14307, 0.06061, 0.71410}};
    struct writer writer = {profile, 0};
    put_header(&writer);
    put(&writer, TAGS, 4);
    uint32_t start = (uint32_t)writer.length + TAGS * 12;
    for (uint32_t i = 0; i < TAGS; i++) {
        put_signature(&writer, names[i]);
        put(&writer, start + (i < 4 ? i : 4) * XYZ_LENGTH, 4); /* the curves are one */
        put(&writer, i < 4 ? XYZ_LENGTH : CURVE_LENGTH, 4);
    }
    for (int i = 0; i < 4; i++) {
        put_xyz(&writer, colorants[i]);
    }
    put_curve(&writer);
    struct writer size = {profile, 0};
    put(&size, (uint32_t)writer.length, 4);
    return writer.length;
}
