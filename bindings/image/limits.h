/*
 * limits.h - what an image may ask of us, and the errors that say so.
 *
 * A script may only lower a limit: whoever reads its wishes calls image_limits_lower().
 */
#ifndef LUNETTE_BINDINGS_IMAGE_LIMITS_H
#define LUNETTE_BINDINGS_IMAGE_LIMITS_H

#include "bindings/image/engine.h"

/* One row a limit: its name in scripts, the variable that raises it, and where it is. */
struct limits_field {
    const char *name;        /* "pixels" */
    const char *environment; /* "LUNETTE_MAX_PIXELS" */
    size_t offset;           /* of the int64_t in struct image_limits */
    int64_t default_value;
};

#define LIMITS_FIELDS 5
extern const struct limits_field limits_fields[LIMITS_FIELDS];

int64_t *limits_value(struct image_limits *limits, const struct limits_field *field);

/* `limit` unless `asked` is more than `allowed`. `field_name` is a row's name. */
MUST_CHECK bool limits_check(const char *field_name, int64_t asked, int64_t allowed,
                             struct error *err);

/* The file as a whole and what its header says, against every limit. */
MUST_CHECK bool limits_check_info(const struct image_limits *limits, const struct image_info *info,
                                  struct error *err);

#endif
