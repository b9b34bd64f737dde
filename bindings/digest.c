/*
 * digest.c - OpenSSL behind digest.h. Called by the embedded store (ETags, file names), the signer
 * of AWS requests, and the hash and uuid modules.
 */
#include "bindings/digest.h"

#include <limits.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

static const EVP_MD *algorithm(enum digest_kind kind)
{
    switch (kind) {
    case DIGEST_MD5:
        return EVP_md5();
    case DIGEST_SHA1:
        return EVP_sha1();
    default:
        return EVP_sha256();
    }
}

bool digest_compute(enum digest_kind kind, const void *bytes, size_t length,
                    unsigned char out[DIGEST_MAX], size_t *out_length, struct error *err)
{
    unsigned int written = 0;
    if (EVP_Digest(bytes, length, out, &written, algorithm(kind), NULL) != 1) {
        return error_set_memory(err, "computing a digest");
    }
    *out_length = written;
    return true;
}

bool digest_hmac(enum digest_kind kind, const void *key, size_t key_length, const void *bytes,
                 size_t length, unsigned char out[DIGEST_MAX], size_t *out_length,
                 struct error *err)
{
    unsigned int written = 0;
    if (key_length > INT_MAX) {
        return error_set(err, "too_large",
                         "the key of an HMAC has %zu bytes, at most %d are allowed", key_length,
                         INT_MAX);
    }
    if (key == NULL) {
        key = ""; /* to OpenSSL NULL means "the key of the call before" */
    }
    if (HMAC(algorithm(kind), key, (int)key_length, bytes, length, out, &written) == NULL) {
        return error_set_memory(err, "computing a digest");
    }
    *out_length = written;
    return true;
}

void digest_hex(const void *bytes, size_t length, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++) {
        out[2 * i] = digits[at[i] >> 4];
        out[2 * i + 1] = digits[at[i] & 15];
    }
    out[2 * length] = '\0';
}

bool digest_random(void *out, size_t length, struct error *err)
{
    if (length > INT_MAX || RAND_bytes(out, (int)length) != 1) {
        return error_set(err, "io", "the system has no random bytes to give");
    }
    return true;
}

void digest_cleanse(void *secret, size_t length)
{
    OPENSSL_cleanse(secret, length);
}
