/*
 * digest.h - hashes and random bytes. With digest.c the only place that includes OpenSSL.
 */
#ifndef LUNETTE_BINDINGS_DIGEST_H
#define LUNETTE_BINDINGS_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "host/error.h"

enum digest_kind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256 };

#define DIGEST_MAX 32 /* bytes of the longest */

/* Writes the digest to `out` and its length (16, 20 or 32) to *out_length. Fails with `memory`. */
MUST_CHECK bool digest_compute(enum digest_kind kind, const void *bytes, size_t length,
                               unsigned char out[DIGEST_MAX], size_t *out_length,
                               struct error *err);

MUST_CHECK bool digest_hmac(enum digest_kind kind, const void *key, size_t key_length,
                            const void *bytes, size_t length, unsigned char out[DIGEST_MAX],
                            size_t *out_length, struct error *err);

/* Writes 2 * length lower-case digits and a NUL. */
void digest_hex(const void *bytes, size_t length, char *out);

/* Bytes that nobody can guess; safe after fork. */
MUST_CHECK bool digest_random(void *out, size_t length, struct error *err);

/* Overwrites a secret with zeros, also where the compiler sees that nobody reads them. */
void digest_cleanse(void *secret, size_t length);

#endif
