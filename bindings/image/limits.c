/*
 * limits.c - the limits on images: defaults, the environment that raises them, and the checks.
 * Called by the probe before anything is decoded, and by geometry.c for what is asked to be made.
 */
#include "bindings/image/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const struct limits_field limits_fields[LIMITS_FIELDS] = {
    {"pixels", "LUNETTE_MAX_PIXELS", offsetof(struct image_limits, pixels), 50000000},
    {"side", "LUNETTE_MAX_SIDE", offsetof(struct image_limits, side), 16384},
    {"frames", "LUNETTE_MAX_FRAMES", offsetof(struct image_limits, frames), 256},
    {"metadata_bytes", "LUNETTE_MAX_METADATA_BYTES", offsetof(struct image_limits, metadata_bytes),
     1 << 20},
    {"bytes", "LUNETTE_MAX_BYTES", offsetof(struct image_limits, bytes), 50000000},
};

int64_t *limits_value(struct image_limits *limits, const struct limits_field *field)
{
    return (int64_t *)(void *)((char *)limits + field->offset);
}

void image_limits_default(struct image_limits *limits)
{
    *limits = (struct image_limits){.allow_damaged = false};
    for (size_t i = 0; i < LIMITS_FIELDS; i++) {
        *limits_value(limits, &limits_fields[i]) = limits_fields[i].default_value;
    }
}

static bool read_environment(const struct limits_field *field, int64_t *value, struct error *err)
{
    const char *text = getenv(field->environment);
    if (text == NULL || *text == '\0') {
        return true;
    }

    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || number < 1) {
        return error_set(err, "usage", "%s must be a whole number of at least 1, not '%s'",
                         field->environment, text);
    }
    *value = number;
    return true;
}

bool image_limits_from_environment(struct image_limits *limits, struct error *err)
{
    struct image_limits found;
    image_limits_default(&found);
    for (size_t i = 0; i < LIMITS_FIELDS; i++) {
        if (!read_environment(&limits_fields[i], limits_value(&found, &limits_fields[i]), err)) {
            return false;
        }
    }
    *limits = found;
    return true;
}

static const struct limits_field *field_named(const char *name)
{
    for (size_t i = 0; i < LIMITS_FIELDS; i++) {
        if (strcmp(limits_fields[i].name, name) == 0) {
            return &limits_fields[i];
        }
    }
    return NULL;
}

bool limits_check(const char *field_name, int64_t asked, int64_t allowed, struct error *err)
{
    if (asked <= allowed) {
        return true;
    }
    const struct limits_field *field = field_named(field_name);
    if (field == NULL) {
        return error_set(err, "limit", "image limit '%s': %" PRId64 " asked, %" PRId64 " allowed",
                         field_name, asked, allowed);
    }
    int64_t usual = field->default_value;
    bool lowered = read_environment(field, &usual, err) && allowed < usual;
    return error_set(err, "limit", "image limit '%s': %" PRId64 " asked, %" PRId64 " allowed; %s%s",
                     field_name, asked, allowed,
                     lowered ? "the script has lowered it, with limits."
                             : "raise it with the environment variable ",
                     lowered ? field->name : field->environment);
}

bool limits_check_info(const struct image_limits *limits, const struct image_info *info,
                       struct error *err)
{
    int64_t side = info->width > info->height ? info->width : info->height;
    if (!limits_check("side", side, limits->side, err)) {
        return false;
    }
    if (!limits_check("frames", info->frames, limits->frames, err)) {
        return false;
    }
    /* Sides fit 32 bits in every format and frames are counted in the file: no overflow. */
    int64_t frames = info->animated ? info->frames : 1;
    if (info->width > 0 && info->height > INT64_MAX / info->width / (frames > 0 ? frames : 1)) {
        return limits_check("pixels", INT64_MAX, limits->pixels, err);
    }
    if (!limits_check("pixels", info->width * info->height * frames, limits->pixels, err)) {
        return false;
    }
    return limits_check("metadata_bytes", info->metadata_bytes, limits->metadata_bytes, err);
}
