/*
 * exif_read.c - what the camera wrote down (Exif 3.0, CIPA DC-008): three directories, each read
 * once. Called by the `image` module for photo:exif().
 */
#include "bindings/image/probe/exif_directory.h"
#include "bindings/image/look/look.h"
#include "bindings/image/look/text.h"

#include <stdio.h>

enum directory { IMAGE, PHOTO, GPS, DIRECTORIES };

enum { TIME_LENGTH = 19, PART_MAX = 12 };

/* When something was, in the three tags that say so. */
struct moment {
    char time[TIME_LENGTH + 1], fraction[PART_MAX], offset[PART_MAX];
};

/* What is found, and what is put together only at the end. Not said: 0, of `flash` and the GPS
 * numbers -1, which none of them can be. */
struct reading {
    struct look_exif exif;
    struct moment original, digitized;
    int64_t directories[DIRECTORIES]; /* offsets in the block */
    int64_t flash, below_sea;
    char north_south[2], east_west[2];
    double latitude, longitude, altitude_m;
};

/* ---- values -------------------------------------------------------------------------------- */

static double ratio(const struct exif_entry *entry, struct reader *value)
{
    bool is_signed = entry->type == EXIF_SIGNED_RATIONAL;
    uint32_t over = reader_u32(value), under = reader_u32(value);
    if (value->failed || under == 0) {
        return -1;
    }
    return is_signed ? (double)(int32_t)over / (int32_t)under : (double)over / under;
}

static bool is_ratio(const struct exif_entry *entry, uint32_t count)
{
    return (entry->type == EXIF_RATIONAL || entry->type == EXIF_SIGNED_RATIONAL) &&
           entry->count == count;
}

static void read_text(const struct exif_entry *entry, void *out, size_t size)
{
    struct reader value = entry->value;
    bool text = entry->type == EXIF_ASCII || entry->type == EXIF_BYTE ||
                entry->type == EXIF_UNDEFINED || entry->type == EXIF_UTF8;
    const uint8_t *bytes = text ? reader_take(&value, entry->count) : NULL;
    if (bytes != NULL) {
        text_read(bytes, entry->count, out, size);
    }
}

static void read_integer(const struct exif_entry *entry, void *out, size_t size)
{
    (void)size;
    *(int64_t *)out = (int64_t)exif_integer(entry);
}

static void read_number(const struct exif_entry *entry, void *out, size_t size)
{
    (void)size;
    struct reader value = entry->value;
    double number = is_ratio(entry, 1) ? ratio(entry, &value) : (double)exif_integer(entry);
    if (number >= 0) {
        *(double *)out = number;
    }
}

/* Degrees, minutes and seconds. */
static void read_degrees(const struct exif_entry *entry, void *out, size_t size)
{
    (void)size;
    struct reader value = entry->value;
    if (!is_ratio(entry, 3)) {
        return;
    }
    double degrees = ratio(entry, &value);
    double minutes = ratio(entry, &value);
    double seconds = ratio(entry, &value);
    /* Some write 0/0 where they mean that the minutes have all that there is. */
    if (degrees >= 0) {
        *(double *)out =
            degrees + (minutes > 0 ? minutes / 60 : 0) + (seconds > 0 ? seconds / 3600 : 0);
    }
}

/* ---- the tags ------------------------------------------------------------------------------ */

/* clang-format off: a table */
#define FIELD(directory, tag, read, name)                                                          \
    {                                                                                              \
        directory, tag, read, offsetof(struct reading, name), sizeof(((struct reading *)0)->name)  \
    }
static const struct field {
    enum directory directory;
    unsigned tag;
    void (*read)(const struct exif_entry *entry, void *out, size_t size);
    size_t offset, size;
} fields[] = {
    FIELD(IMAGE, 0x010e, read_text, exif.description),
    FIELD(IMAGE, 0x010f, read_text, exif.make),
    FIELD(IMAGE, 0x0110, read_text, exif.model),
    FIELD(IMAGE, 0x0112, read_integer, exif.orientation),
    FIELD(IMAGE, 0x0131, read_text, exif.software),
    FIELD(IMAGE, 0x013b, read_text, exif.artist),
    FIELD(IMAGE, 0x8298, read_text, exif.copyright),
    FIELD(IMAGE, 0x8769, read_integer, directories[PHOTO]),
    FIELD(IMAGE, 0x8825, read_integer, directories[GPS]),
    FIELD(PHOTO, 0x829a, read_number, exif.exposure_seconds),
    FIELD(PHOTO, 0x829d, read_number, exif.f_number),
    FIELD(PHOTO, 0x8827, read_integer, exif.iso),
    FIELD(PHOTO, 0x9003, read_text, original.time),
    FIELD(PHOTO, 0x9004, read_text, digitized.time),
    FIELD(PHOTO, 0x9011, read_text, original.offset),
    FIELD(PHOTO, 0x9012, read_text, digitized.offset),
    FIELD(PHOTO, 0x9209, read_integer, flash),
    FIELD(PHOTO, 0x920a, read_number, exif.focal_length_mm),
    FIELD(PHOTO, 0x9291, read_text, original.fraction),
    FIELD(PHOTO, 0x9292, read_text, digitized.fraction),
    FIELD(PHOTO, 0xa405, read_integer, exif.focal_length_35mm),
    FIELD(PHOTO, 0xa433, read_text, exif.lens_make),
    FIELD(PHOTO, 0xa434, read_text, exif.lens),
    FIELD(GPS, 1, read_text, north_south),
    FIELD(GPS, 2, read_degrees, latitude),
    FIELD(GPS, 3, read_text, east_west),
    FIELD(GPS, 4, read_degrees, longitude),
    FIELD(GPS, 5, read_integer, below_sea),
    FIELD(GPS, 6, read_number, altitude_m),
};
/* clang-format on */

static void read_entry(const struct exif_entry *entry, enum directory which,
                       struct reading *reading)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (fields[i].directory == which && fields[i].tag == entry->tag) {
            fields[i].read(entry, (char *)reading + fields[i].offset, fields[i].size);
        }
    }
}

static void read_directories(const void *block, size_t length, struct reading *reading)
{
    struct exif_directory first, directory;
    if (!exif_open(&first, block, length)) {
        return;
    }
    for (int which = IMAGE; which < DIRECTORIES; which++) {
        if (which == IMAGE) {
            directory = first;
        } else if (reading->directories[which] == 0 ||
                   !exif_open_at(&directory, &first, (uint64_t)reading->directories[which])) {
            continue;
        }
        struct exif_entry entry;
        while (exif_next(&directory, &entry)) {
            read_entry(&entry, (enum directory)which, reading);
        }
    }
}

/* ---- what is put together ------------------------------------------------------------------ */

/* Does it look like this, with 0 for any digit? */
static bool has_form(const char *text, const char *form)
{
    for (; *form != '\0'; text++, form++) {
        if (*form == '0' ? *text < '0' || *text > '9' : *text != *form) {
            return false;
        }
    }
    return *text == '\0';
}

static bool has_digits(const char *text)
{
    return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}

/* "2026:03:01 12:30:05": cameras without a clock write zeros or blanks. */
static bool tell_time(const struct moment *moment, char taken[LOOK_TIME_MAX])
{
    const char *time = moment->time;
    if (!has_form(time, "0000:00:00 00:00:00") || memcmp(time, "0000", 4) == 0 ||
        memcmp(time + 5, "00", 2) == 0 || memcmp(time + 5, "12", 2) > 0 ||
        memcmp(time + 8, "00", 2) == 0 || memcmp(time + 8, "31", 2) > 0 ||
        memcmp(time + 11, "23", 2) > 0 || memcmp(time + 14, "59", 2) > 0 ||
        memcmp(time + 17, "60", 2) > 0) {
        return false;
    }
    bool fraction = has_digits(moment->fraction);
    bool offset = has_form(moment->offset, "+00:00") || has_form(moment->offset, "-00:00");
    (void)snprintf(taken, LOOK_TIME_MAX, "%.4s-%.2s-%.2sT%.8s%s%s%s", time, time + 5, time + 8,
                   time + 11, fraction ? "." : "", fraction ? moment->fraction : "",
                   offset ? moment->offset : "");
    return true;
}

static void tell_position(const struct reading *reading, struct look_exif *exif)
{
    bool north = reading->north_south[0] == 'N', east = reading->east_west[0] == 'E';
    exif->has_position = (north || reading->north_south[0] == 'S') &&
                         (east || reading->east_west[0] == 'W') && reading->latitude >= 0 &&
                         reading->latitude <= 90 && reading->longitude >= 0 &&
                         reading->longitude <= 180;
    if (exif->has_position) {
        exif->latitude = north ? reading->latitude : -reading->latitude;
        exif->longitude = east ? reading->longitude : -reading->longitude;
    }
    exif->has_altitude = exif->has_position && reading->altitude_m >= 0;
    if (exif->has_altitude) {
        exif->altitude_m = reading->below_sea == 1 ? -reading->altitude_m : reading->altitude_m;
    }
}

void look_exif(const void *bytes, const struct image_info *info, struct look_exif *exif)
{
    struct reading reading = {.flash = -1, .latitude = -1, .longitude = -1, .altitude_m = -1};
    read_directories((const char *)bytes + info->exif.offset, info->exif.length, &reading);

    *exif = reading.exif;
    if (!tell_time(&reading.original, exif->taken)) {
        (void)tell_time(&reading.digitized, exif->taken);
    }
    if (exif->orientation < 1 || exif->orientation > 8) {
        exif->orientation = 0;
    }
    exif->has_flash = reading.flash >= 0;
    exif->flash = exif->has_flash && (reading.flash & 1) != 0;
    tell_position(&reading, exif);
}
