/*
 * container.h - credentials from the endpoint that ECS, EKS and their like put beside a container.
 *
 *     AWS_CONTAINER_CREDENTIALS_RELATIVE_URI       "/v2/credentials/...", at 169.254.170.2; else
 *     AWS_CONTAINER_CREDENTIALS_FULL_URI           https, or http at the addresses below
 *     AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE       what its Authorization header says: read each
 *                                                  time, for it changes; else
 *     AWS_CONTAINER_AUTHORIZATION_TOKEN
 *
 * A key that goes over plain http must not leave the machine: http is for 127.0.0.0/8, ::1,
 * localhost, 169.254.170.2 (ECS), 169.254.170.23 and fd00:ec2::23 (EKS).
 */
#ifndef LUNETTE_BINDINGS_AWS_CONTAINER_H
#define LUNETTE_BINDINGS_AWS_CONTAINER_H

#include "host/buffer.h"
#include "host/error.h"

#define CONTAINER_URL_MAX    2048
#define CONTAINER_TOKEN_MAX  16384
#define CONTAINER_ANSWER_MAX 65536
#define CONTAINER_TIMEOUT_MS 2000 /* of an attempt */
#define CONTAINER_ATTEMPTS   3    /* after 5xx, and what never answered */

/* The variable that names such an endpoint, for messages; NULL: none does. */
const char *container_variable(void);

/*
 * Asks it and waits for the answer, CONTAINER_ATTEMPTS * CONTAINER_TIMEOUT_MS at most; no proxy is
 * asked. *answer: the JSON document, owned by the caller (digest_cleanse(), buffer_release()).
 * Errors: `credentials`, which names the variable; `memory`.
 */
MUST_CHECK bool container_ask(struct buffer *answer, struct error *err);

/* The address alone, of the two variables' values (NULL: not set; not both). */
MUST_CHECK bool container_url(const char *relative, const char *full, struct buffer *url,
                              struct error *err);

#endif
