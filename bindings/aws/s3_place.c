/*
 * s3_place.c - remembers which buckets are in other regions. See s3_place.h.
 */
#include "bindings/aws/s3_place.h"

#include <stdio.h>
#include <string.h>

static bool is_bucket(const struct s3_known_place *known, struct s3_text bucket)
{
    return strlen(known->bucket) == bucket.length &&
           memcmp(known->bucket, bucket.data, bucket.length) == 0;
}

static bool resolve(const struct endpoint_settings *settings, struct s3_text bucket,
                    const char *region, struct s3_place *place, struct error *err)
{
    struct endpoint_settings there = *settings;
    (void)snprintf(there.region, sizeof there.region, "%s", region);
    if (!endpoint_resolve(&there, bucket.data, bucket.length, &place->endpoint, err)) {
        return false;
    }
    (void)snprintf(place->region, sizeof place->region, "%s", region);
    return true;
}

bool s3_place_find(const struct s3_places *places, const struct endpoint_settings *settings,
                   struct s3_text bucket, struct s3_place *place, struct error *err)
{
    const char *region = settings->region;
    for (size_t i = 0; i < S3_PLACES_MAX; i++) {
        if (is_bucket(&places->known[i], bucket)) {
            region = places->known[i].region;
        }
    }
    return resolve(settings, bucket, region, place, err);
}

static struct s3_known_place *find_slot(struct s3_places *places, struct s3_text bucket)
{
    for (size_t i = 0; i < S3_PLACES_MAX; i++) {
        if (is_bucket(&places->known[i], bucket)) {
            return &places->known[i];
        }
    }
    struct s3_known_place *oldest = &places->known[places->next];
    places->next = (places->next + 1) % S3_PLACES_MAX;
    return oldest;
}

bool s3_place_move(struct s3_places *places, const struct endpoint_settings *settings,
                   struct s3_text bucket, const char *region, struct s3_place *place)
{
    struct s3_place moved;
    struct error ignored;
    if (strlen(region) > ENDPOINT_REGION_MAX ||
        !resolve(settings, bucket, region, &moved, &ignored)) {
        return false;
    }
    struct s3_known_place *known = find_slot(places, bucket);
    (void)snprintf(known->bucket, sizeof known->bucket, "%.*s", (int)bucket.length, bucket.data);
    (void)snprintf(known->region, sizeof known->region, "%s", region);
    *place = moved;
    return true;
}
