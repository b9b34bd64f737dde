/*
 * s3.h - S3 over HTTP behind struct s3_store: what bindings/aws/store.c opens for the `s3` module.
 */
#ifndef LUNETTE_BINDINGS_AWS_S3_H
#define LUNETTE_BINDINGS_AWS_S3_H

#include "bindings/aws/client.h"
#include "bindings/aws/operation.h"
#include "bindings/aws/s3_place.h"
#include "bindings/s3_store.h"

struct s3_aws {
    struct s3_store store; /* first */
    struct aws_client client;
    struct s3_places places;
    struct aws_operation *calls, *uploads; /* running */
    bool bare_etags;     /* LUNETTE_S3_BARE_ETAGS: conditions without the quotes */
    size_t upload_above; /* LUNETTE_S3_MULTIPART_BYTES: larger bodies are put in parts */
};

/* Reads the settings; see aws_client_init(). Release with s3_aws_close() when nothing runs. */
MUST_CHECK bool s3_aws_open(struct s3_aws *s3, struct credentials *credentials, struct error *err);
void s3_aws_close(struct s3_aws *s3);

#endif
