/*
 * s3_failure.h - what S3's failures lack when they come from the wire: which object, and what is
 * not known. s3.c and s3_upload.c finish with it.
 */
#ifndef LUNETTE_BINDINGS_AWS_S3_FAILURE_H
#define LUNETTE_BINDINGS_AWS_S3_FAILURE_H

#include "bindings/s3_store.h"

/* Puts "BUCKET/KEY: " before the message: S3 speaks of "the specified key". */
void s3_failure_name(struct error *failure, const struct s3_request *request);

/* What is left to say of a write that lost its condition when it was repeated: when nobody could
 * look, the object there may be its own, and the script must not be told of a conflict. */
void s3_failure_leave_open(struct error *failure);

#endif
