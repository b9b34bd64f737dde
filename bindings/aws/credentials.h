/*
 * credentials.h - who signs: where the access key comes from. Reads the environment and files, may
 * run a program, or ask the endpoint beside a container.
 *
 * The first of these that has anything:
 *
 *   1. AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN.
 *   2. the profile (profile.h): the access key of the credentials file; what its
 *      credential_process prints; the access key of the config file. Not in Lambda
 *      (AWS_LAMBDA_FUNCTION_NAME is set).
 *   3. the container's endpoint (container.h), where the environment names one.
 *
 * SSO and roles are for a credential_process to do, and the error says how.
 */
#ifndef LUNETTE_BINDINGS_AWS_CREDENTIALS_H
#define LUNETTE_BINDINGS_AWS_CREDENTIALS_H

#include <stddef.h>
#include <stdint.h>

#include "host/error.h"

#define CREDENTIALS_KEY_MAX   256  /* bytes of an access key's id, and of its secret */
#define CREDENTIALS_TOKEN_MAX 8192 /* bytes; S3 takes no more than 8 KB of headers */

/* Plain data of fixed size: needs no release, may be copied; credentials_cleanse() before it goes
 * out of scope. Texts are printable ASCII without blanks. */
struct credentials {
    char access_key_id[CREDENTIALS_KEY_MAX + 1];
    char secret_access_key[CREDENTIALS_KEY_MAX + 1];
    char session_token[CREDENTIALS_TOKEN_MAX + 1]; /* empty: none */
    int64_t expires_ms;                            /* since the epoch; 0: not known, or never */
    int64_t ask_again_ms;                          /* credentials_refresh()'s */
};

/*
 * Reads the credentials anew. May block: a credential_process for PROCESS_TIMEOUT_MS at most, an
 * endpoint for three times CONTAINER_TIMEOUT_MS. For when a client starts.
 * Errors: `credentials`, which names the variable, or file and line, and what to do; `usage` (a
 * profile that is not there or can't be read); `io`; `memory`.
 */
MUST_CHECK bool credentials_load(struct credentials *credentials, struct error *err);

/*
 * Before every request: loads anew what is stale. While that fails, what there is serves until it
 * has expired, and once a minute it is tried again. So it blocks, as above, once in the life of a
 * set of credentials: other transfers wait that long, and no request waits for another one's.
 */
MUST_CHECK bool credentials_refresh(struct credentials *credentials, int64_t now_ms,
                                    struct error *err);

/* Do they expire within five minutes of `now_ms`, or have they? */
bool credentials_stale(const struct credentials *credentials, int64_t now_ms);

void credentials_cleanse(struct credentials *credentials);

/*
 * Takes what a credential_process prints: {"Version": 1, "AccessKeyId": ..., "SecretAccessKey":
 * ..., "SessionToken": ..., "Expiration": "2026-11-20T23:45:00Z"}, the last two if there are any.
 */
MUST_CHECK bool credentials_parse(const char *text, size_t length, struct credentials *credentials,
                                  struct error *err);

/* Likewise what a container's endpoint answers: no Version, and the token's name is Token. */
MUST_CHECK bool credentials_parse_container(const char *text, size_t length,
                                            struct credentials *credentials, struct error *err);

#endif
