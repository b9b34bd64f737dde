/*
 * probe_heif.c - the boxes of a HEIC or AVIF file (ISO/IEC 23008-12): the primary item's size and
 * turn, whether there is alpha, and the sizes of profile and metadata.
 *
 * EXIF orientation is not read: in these files `irot` and `imir` are what counts, and the library
 * applies them.
 */
#include "bindings/image/probe/exif.h"
#include "bindings/image/probe/probe.h"

#define PROPERTIES_MAX 256 /* an index is at most 15 bits; real files have a few dozen */

struct box {
    char type[5];
    struct reader content;
};

struct properties {
    struct reader items[PROPERTIES_MAX];
    char types[PROPERTIES_MAX][5];
    unsigned count;
};

struct meta {
    const void *file;
    uint32_t primary;
    struct properties properties;
    struct reader associations; /* ipma's content */
    bool associated;
    struct reader places; /* iloc's content */
    bool placed;
    uint32_t exif; /* the item that is an EXIF block */
    bool has_exif;
};

/* The next box of `reader`; false at the end or when it is cut off. */
static bool next_box(struct reader *reader, struct box *box)
{
    if (reader_left(reader) < 8) {
        return false;
    }
    uint64_t size = reader_u32(reader);
    memcpy(box->type, reader_take(reader, 4), 4);
    box->type[4] = '\0';
    uint64_t header = 8;
    if (size == 1) {
        size = reader_number(reader, 8);
        header = 16;
    } else if (size == 0) {
        size = header + reader_left(reader);
    }
    if (reader->failed || size < header) {
        return false;
    }
    box->content = reader_part(reader, size - header);
    return !box->content.failed;
}

static void read_property(const struct box *box, struct meta *meta, struct image_info *info)
{
    struct properties *properties = &meta->properties;
    if (properties->count < PROPERTIES_MAX) {
        properties->items[properties->count] = box->content;
        memcpy(properties->types[properties->count], box->type, 5);
        properties->count++;
    }
    struct reader content = box->content;
    if (strcmp(box->type, "colr") == 0 &&
        (reader_at(&content, "prof", 4) || reader_at(&content, "rICC", 4))) {
        info->profile_bytes = (int64_t)content.length - 4;
        reader_take(&content, 4);
        info->profile = probe_span(meta->file, reader_part(&content, content.length - 4));
        info->metadata_bytes += info->profile_bytes;
    }
    if (strcmp(box->type, "auxC") == 0 && content.length > 4) {
        static const char avif[] = "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha";
        static const char heic[] = "urn:mpeg:hevc:2015:auxid:1";
        reader_seek(&content, 4);
        info->alpha |= reader_at(&content, avif, sizeof avif - 1) ||
                       reader_at(&content, heic, sizeof heic - 1);
    }
}

static void read_properties(struct reader reader, struct meta *meta, struct image_info *info)
{
    struct box box, property;
    while (next_box(&reader, &box)) {
        if (strcmp(box.type, "ipco") == 0) {
            while (next_box(&box.content, &property)) {
                read_property(&property, meta, info);
            }
        } else if (strcmp(box.type, "ipma") == 0 && !meta->associated) {
            meta->associations = box.content;
            meta->associated = true;
        }
    }
}

/* iinf: an infe box an item, which says what it is. */
static void read_items(struct reader reader, struct meta *meta)
{
    struct box box;
    bool wide = reader_u8(&reader) != 0;
    reader_take(&reader, 3);
    reader_number(&reader, wide ? 4 : 2);
    while (!meta->has_exif && next_box(&reader, &box)) {
        unsigned version = reader_u8(&box.content);
        reader_take(&box.content, 3);
        uint32_t item = (uint32_t)reader_number(&box.content, version >= 3 ? 4 : 2);
        reader_u16(&box.content);
        meta->has_exif = version >= 2 && reader_at(&box.content, "Exif", 4);
        meta->exif = item;
    }
}

static bool read_meta(struct reader reader, struct meta *meta, struct image_info *info)
{
    struct box box;
    reader_u32(&reader); /* version and flags */
    while (next_box(&reader, &box)) {
        if (strcmp(box.type, "pitm") == 0) {
            bool wide = reader_u8(&box.content) != 0;
            reader_take(&box.content, 3);
            meta->primary = (uint32_t)reader_number(&box.content, wide ? 4 : 2);
        } else if (strcmp(box.type, "iinf") == 0) {
            read_items(box.content, meta);
        } else if (strcmp(box.type, "iloc") == 0) {
            meta->places = box.content;
            meta->placed = true;
        } else if (strcmp(box.type, "iprp") == 0) {
            read_properties(box.content, meta, info);
        }
    }
    return meta->associated && meta->properties.count > 0;
}

static void apply_property(const struct meta *meta, unsigned index, struct image_info *info,
                           bool *turned)
{
    if (index == 0 || index > meta->properties.count) {
        return;
    }
    struct reader content = meta->properties.items[index - 1];
    const char *type = meta->properties.types[index - 1];
    if (strcmp(type, "ispe") == 0) {
        reader_u32(&content);
        info->width = reader_u32(&content);
        info->height = reader_u32(&content);
    } else if (strcmp(type, "irot") == 0) {
        *turned = (reader_u8(&content) & 1) != 0;
    } else if (strcmp(type, "pixi") == 0) {
        reader_u32(&content);
        unsigned channels = reader_u8(&content);
        info->channels = channels == 1 ? 1 : 3;
        info->depth = reader_u8(&content);
    }
}

/* ipma: for each item the indices of its properties; those of the primary one count. */
static void apply_associations(const struct meta *meta, struct image_info *info)
{
    struct reader reader = meta->associations;
    bool turned = false;
    unsigned version = reader_u8(&reader);
    bool wide = (reader_number(&reader, 3) & 1) != 0;
    uint32_t items = reader_u32(&reader);
    for (uint32_t i = 0; i < items && !reader.failed; i++) {
        uint32_t item = (uint32_t)reader_number(&reader, version < 1 ? 2 : 4);
        unsigned count = reader_u8(&reader);
        for (unsigned k = 0; k < count && !reader.failed; k++) {
            unsigned index = (unsigned)reader_number(&reader, wide ? 2 : 1);
            if (item == meta->primary) {
                apply_property(meta, index & (wide ? 0x7fff : 0x7f), info, &turned);
            }
        }
    }
    if (turned) {
        int64_t width = info->width;
        info->width = info->height;
        info->height = width;
    }
}

/* iloc: for each item where it lies. Of the one wanted its first part, when that is counted from
 * the beginning of the file. */
static bool find_item(struct reader reader, uint32_t wanted, uint64_t *offset, uint64_t *length)
{
    unsigned version = reader_u8(&reader);
    reader_take(&reader, 3);
    unsigned sizes = reader_u8(&reader), more = reader_u8(&reader);
    unsigned offset_size = sizes >> 4, length_size = sizes & 15, base_size = more >> 4;
    unsigned index_size = version >= 1 ? more & 15 : 0;
    uint64_t items = reader_number(&reader, version >= 2 ? 4 : 2);
    if (offset_size == 0 && length_size == 0 && index_size == 0) {
        return false; /* parts of no bytes could be counted for ever */
    }
    for (uint64_t i = 0; i < items && !reader.failed; i++) {
        uint64_t item = reader_number(&reader, version >= 2 ? 4 : 2);
        unsigned method = version >= 1 ? reader_u16(&reader) & 15 : 0;
        reader_u16(&reader);
        uint64_t base = reader_number(&reader, base_size);
        unsigned parts = reader_u16(&reader);
        for (unsigned k = 0; k < parts && !reader.failed; k++) {
            reader_number(&reader, index_size);
            uint64_t start = reader_number(&reader, offset_size);
            *length = reader_number(&reader, length_size);
            if (item == wanted) {
                *offset = base + start;
                return method == 0 && !reader.failed && *offset >= base;
            }
        }
    }
    return false;
}

/* The item is how far ahead the block begins, and then that. It does not say which way up. */
static void note_exif(struct reader file, const struct meta *meta, struct image_info *info)
{
    uint64_t offset = 0, length = 0;
    if (!meta->has_exif || !meta->placed ||
        !find_item(meta->places, meta->exif, &offset, &length)) {
        return;
    }
    reader_seek(&file, offset);
    struct reader item = reader_part(&file, length);
    reader_take(&item, reader_u32(&item));
    struct reader block = reader_part(&item, reader_left(&item));
    if (!block.failed && exif_valid(block.data, block.length)) {
        info->exif = probe_span(file.data, block);
        info->metadata_bytes += (int64_t)block.length;
    }
}

/* A hidden item may be larger than the primary one, and the decoder might decode that. A tile of
 * the usual 512 x 512 may stand for a small picture. */
static bool items_fit(const struct properties *properties, const struct image_info *info)
{
    double most = 4.0 * (double)info->width * (double)info->height;
    if (most < 1 << 20) {
        most = 1 << 20;
    }
    for (unsigned i = 0; i < properties->count; i++) {
        if (strcmp(properties->types[i], "ispe") != 0) {
            continue;
        }
        struct reader content = properties->items[i];
        reader_u32(&content);
        double width = reader_u32(&content);
        if (width * reader_u32(&content) > most) {
            return false;
        }
    }
    return true;
}

bool probe_heif(const void *bytes, size_t length, struct image_info *info, struct error *err)
{
    struct reader reader = reader_of(bytes, length, true);
    struct box box;
    info->depth = 8;
    info->channels = 3;
    while (next_box(&reader, &box)) {
        if (strcmp(box.type, "meta") != 0) {
            continue;
        }
        struct meta meta = {.file = bytes};
        if (!read_meta(box.content, &meta, info)) {
            break;
        }
        apply_associations(&meta, info);
        note_exif(reader_of(bytes, length, true), &meta, info);
        return items_fit(&meta.properties, info) ||
               probe_bad(err, info, "an item is larger than the picture");
    }
    return probe_bad(err, info, "no picture in its boxes");
}
