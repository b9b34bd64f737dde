/*
 * s3_place.h - which region a bucket is in, and so who is asked and signed for: the configured one,
 * until a server has said otherwise. Pure; s3.c and s3_upload.c ask for each request.
 */
#ifndef LUNETTE_BINDINGS_AWS_S3_PLACE_H
#define LUNETTE_BINDINGS_AWS_S3_PLACE_H

#include "bindings/aws/endpoint.h"
#include "bindings/s3_store.h"

#define S3_PLACES_MAX 32 /* buckets in other regions that are remembered; then the oldest goes */

/* Plain data. Zeroed is empty. */
struct s3_places {
    struct s3_known_place {
        char bucket[64];
        char region[ENDPOINT_REGION_MAX + 1];
    } known[S3_PLACES_MAX];
    size_t next; /* to be written */
};

/* Plain data. */
struct s3_place {
    struct endpoint endpoint;
    char region[ENDPOINT_REGION_MAX + 1];
};

/* Errors: those of endpoint_resolve(). */
MUST_CHECK bool s3_place_find(const struct s3_places *places,
                              const struct endpoint_settings *settings, struct s3_text bucket,
                              struct s3_place *place, struct error *err);

/*
 * A server says that the bucket is in `region`: changes `place`, and remembers it. Only the host
 * changes, not the path. With an endpoint of the user's own that stays, too: then it is only signed
 * for the other region. False, with nothing changed, for what is no region.
 */
MUST_CHECK bool s3_place_move(struct s3_places *places, const struct endpoint_settings *settings,
                              struct s3_text bucket, const char *region, struct s3_place *place);

#endif
