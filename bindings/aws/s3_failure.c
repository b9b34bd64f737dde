/*
 * s3_failure.c - completes the failures of S3's operations. Called by s3.c and s3_upload.c.
 */
#include "bindings/aws/s3_failure.h"

#include <stdio.h>

void s3_failure_name(struct error *failure, const struct s3_request *request)
{
    bool keyed = request->operation != S3_LIST && request->operation != S3_DELETE_ALL;
    int key_length = keyed ? (int)(request->key.length > 200 ? 200 : request->key.length) : 0;
    (void)error_prefix(failure, "%.*s%s%.*s", (int)request->bucket.length, request->bucket.data,
                       keyed ? "/" : "", key_length, keyed ? request->key.data : "");
}

void s3_failure_leave_open(struct error *failure)
{
    if (failure->status == 412) {
        (void)snprintf(failure->code, sizeof failure->code, "network");
        failure->retryable = true;
    }
    (void)error_prefix(failure, "whether the object was written is not known");
}
