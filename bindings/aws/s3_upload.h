/*
 * s3_upload.h - a put in parts: what s3.c does with bodies that are too large for one request.
 *
 * Create, the parts (some at a time), complete. Whatever goes wrong, the parts that are there are
 * removed, for they would be paid for until somebody finds them: on failure before the job ends,
 * with what could not be removed in its error; on cancellation and at the deadline afterwards,
 * while it holds the loop, for S3_UPLOAD_ABORT_MS at most, with what could not in the log.
 */
#ifndef LUNETTE_BINDINGS_AWS_S3_UPLOAD_H
#define LUNETTE_BINDINGS_AWS_S3_UPLOAD_H

#include "bindings/aws/s3.h"

#define S3_UPLOAD_ABORT_MS 1000

/* The size of the parts of a body: S3's guide to performance wants 8 to 16 MiB, and what has to be
 * sent again is no more; larger where 10,000 would not do, smaller where uploads begin earlier. */
size_t s3_upload_part_size(size_t body_length, size_t upload_above);

/* For s3_store.start, with a request that has been checked. */
MUST_CHECK bool s3_upload_start(struct s3_aws *s3, const struct s3_request *request,
                                struct s3_response *response, struct job *job, struct error *err);

/* Nothing, where none of the uploads is this job's. The job may be freed afterwards. */
void s3_upload_cancel(struct s3_aws *s3, const struct job *job);

#endif
