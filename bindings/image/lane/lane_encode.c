/*
 * lane_encode.c - the files that are made of planes as they are. Called by the engine for each
 * picture that lane.c made.
 */
#include "bindings/image/codec/encode.h"
#include "bindings/image/lane/jpeg_profiles.h"
#include "bindings/image/lane/jpeg_write.h"
#include "bindings/image/lane/lane.h"
#include "bindings/image/library.h"
#include "bindings/image/pixels.h"
#include "bindings/image/codec/squeeze.h"
#include "bindings/image/times.h"
#include "bindings/image/codec/webp.h"

#include <limits.h>
#include <string.h>

static bool padded(const struct plan_item *item)
{
    const struct geometry *geometry = &item->geometry;
    return geometry->canvas_width != geometry->crop_width ||
           geometry->canvas_height != geometry->crop_height;
}

/* Other kinds of WebP want every pixel's own colours. */
static bool is_plain_webp(const struct image_target *target)
{
    return target->format == IMAGE_WEBP && !target->lossless && !target->near_lossless &&
           !target->smart_subsample;
}

bool lane_encodes(const struct plan_item *item)
{
    const struct image_target *target = &item->target;
    return !padded(item) && target->after_count == 0 &&
           (target->format == IMAGE_JPEG || is_plain_webp(target));
}

bool lane_encodes_halved(const struct plan_item *item)
{
    const struct image_target *target = &item->target;
    return lane_encodes(item) &&
           (target->format == IMAGE_WEBP || !encode_full_chroma(target, target->quality));
}

/* ---- JPEG ---------------------------------------------------------------------------------- */

struct jpeg_work {
    const struct planes *planes;
    const struct image_target *target;
    const struct buffer *segments;
};

static bool write_file(const struct jpeg_work *work, int quality, const struct planes *planes,
                       struct image_output *output, struct error *err)
{
    struct jpeg_settings settings = {quality, work->target->progressive, work->segments};
    struct buffer file;
    buffer_init(&file, INT_MAX);
    if (!jpeg_write(planes, &settings, &file, err)) {
        buffer_release(&file);
        return false;
    }
    *output = (struct image_output){
        .width = planes->width, .height = planes->height, .frames = 1, .format = IMAGE_JPEG};
    output->bytes = buffer_take(&file, &output->length);
    return true;
}

/* A lower quality than the first one may share its colours among more pixels. */
static bool encode_jpeg(void *context, int quality, struct image_output *output, struct error *err)
{
    const struct jpeg_work *work = context;
    if (work->planes->count == 1 || planes_halved(work->planes) ||
        encode_full_chroma(work->target, quality)) {
        return write_file(work, quality, work->planes, output, err);
    }
    struct planes halved;
    if (!planes_halve(work->planes, &halved, err)) {
        return false;
    }
    bool ok = write_file(work, quality, &halved, output, err);
    planes_release(&halved);
    return ok;
}

/* ---- WebP ---------------------------------------------------------------------------------- */

struct webp_work {
    struct planes planes; /* of video range, in place of the picture's own; grey ones, too */
    const struct image_target *target;
    struct metadata_blocks metadata;
};

/* From 0 .. 255 to 16 .. 235, or 16 .. 240 (ITU-R BT.601). */
static void narrow(const struct plane *from, int range, struct plane *to)
{
    uint8_t level[256];
    for (int i = 0; i < 256; i++) {
        level[i] = (uint8_t)(16 + (2 * i * range + 255) / (2 * 255));
    }
    for (int64_t i = 0; i < from->stride * from->height; i++) {
        to->samples[i] = level[from->samples[i]];
    }
}

static bool narrow_planes(const struct planes *planes, struct planes *made, struct error *err)
{
    struct planes_layout layout = {PLANES_YCC, planes->width, planes->height, true, 1};
    if (!planes_make(made, &layout, err)) {
        return false;
    }
    narrow(&planes->plane[0], 219, &made->plane[0]);
    for (int i = 1; i < PLANES_MAX; i++) {
        struct plane *plane = &made->plane[i];
        if (planes->count == 1) {
            memset(plane->samples, 128, (size_t)(plane->stride * plane->height));
        } else {
            narrow(&planes->plane[i], 224, plane);
        }
    }
    return true;
}

static bool encode_webp(void *context, int quality, struct image_output *output, struct error *err)
{
    const struct webp_work *work = context;
    const struct plane *plane = work->planes.plane;
    struct webp_pixels pixels = {.width = work->planes.width,
                                 .height = work->planes.height,
                                 .opaque = true,
                                 .y = plane[0].samples,
                                 .u = plane[1].samples,
                                 .v = plane[2].samples,
                                 .y_stride = plane[0].stride,
                                 .uv_stride = plane[1].stride};
    return webp_encode(&pixels, work->target, quality, &work->metadata, output, err);
}

static bool make_webp(const struct planes *planes, const struct image_target *target,
                      const Image *profiles, struct image_output *output, struct error *err)
{
    struct webp_work work = {.target = target};
    if (profiles != NULL) {
        work.metadata = metadata_blocks(profiles);
    }
    if (!narrow_planes(planes, &work.planes, err)) {
        return false;
    }
    bool ok = squeeze(target, encode_webp, &work, output, err);
    planes_release(&work.planes);
    return ok;
}

/* ---- both ---------------------------------------------------------------------------------- */

struct profiles {
    const struct image_target *target;
    const struct metadata *metadata;
    Image *image; /* without pixels: what is to be written */
    struct buffer segments;
};

static bool gather(void *context, struct error *err)
{
    struct profiles *profiles = context;
    const struct image_target *target = profiles->target;
    profiles->image = AllocateImage(NULL);
    return metadata_write(profiles->image, profiles->metadata, target->keep_metadata,
                          target->format, err) &&
           (target->format != IMAGE_JPEG ||
            jpeg_profiles_append(profiles->image, &profiles->segments, err));
}

static bool encode(const struct planes *planes, const struct profiles *profiles,
                   struct image_output *output, struct error *err)
{
    const struct image_target *target = profiles->target;
    if (target->format == IMAGE_WEBP) {
        return make_webp(planes, target, profiles->image, output, err);
    }
    struct jpeg_work work = {planes, target, &profiles->segments};
    return squeeze(target, encode_jpeg, &work, output, err);
}

/* The library may escape from its session: it gets one of its own, so that nothing of ours is
 * lost. */
bool lane_encode(const struct planes *planes, const struct image_target *target,
                 const struct metadata *metadata, struct image_output *output, struct error *err)
{
    int64_t began_us = times_begin();
    struct profiles profiles = {.target = target, .metadata = metadata};
    buffer_init(&profiles.segments, INT_MAX);
    bool any = metadata->copyright[0] != '\0' || (target->keep_metadata && metadata->profiles);
    bool ok = (!any || library_run(gather, &profiles, NULL, err)) &&
              encode(planes, &profiles, output, err);
    pixels_destroy(profiles.image);
    buffer_release(&profiles.segments);
    times_end(TIMES_ENCODE, began_us);
    times_count(0, ok ? 1 : 0);
    return ok;
}
