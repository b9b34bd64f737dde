/*
 * credentials.h - who signs: where the access key comes from.
 *
 * From AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, the only source in Lambda.
 */
#ifndef LUNETTE_BINDINGS_AWS_CREDENTIALS_H
#define LUNETTE_BINDINGS_AWS_CREDENTIALS_H

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
};

/*
 * Reads the credentials anew. May block: call it when a client starts and when credentials_stale()
 * says so, not for each request. Errors: `credentials`, which names the variable and what to do.
 */
MUST_CHECK bool credentials_load(struct credentials *credentials, struct error *err);

/* Do they expire within five minutes of `now_ms`, or have they? */
bool credentials_stale(const struct credentials *credentials, int64_t now_ms);

void credentials_cleanse(struct credentials *credentials);

#endif
