/*
 * endpoint.h - where a request goes: region, switches and overrides made into a scheme, a host and
 * the beginning of a path. Resolving is a pure function; loading reads the environment and, outside
 * Lambda, the profile (profile.h).
 *
 *     AWS_REGION, else AWS_DEFAULT_REGION,     needed, also with an override: it is signed
 *       else the profile's region
 *     AWS_ENDPOINT_URL_S3, _DYNAMODB,          another server; "http://host:port/prefix"
 *       else AWS_ENDPOINT_URL,
 *       else the profile's services' own,
 *       else the profile's endpoint_url
 *     AWS_IGNORE_CONFIGURED_ENDPOINT_URLS      true: these are not asked
 *     AWS_USE_DUALSTACK_ENDPOINT,              true: IPv6, too; FIPS 140 cryptography
 *       AWS_USE_FIPS_ENDPOINT
 *     LUNETTE_S3_ADDRESSING                    auto, path or virtual: is a bucket in the path or
 *                                              in the host's name? auto: in the name where AWS's
 *                                              certificates allow it, in the path elsewhere
 */
#ifndef LUNETTE_BINDINGS_AWS_ENDPOINT_H
#define LUNETTE_BINDINGS_AWS_ENDPOINT_H

#include <stddef.h>

#include "host/buffer.h"
#include "host/error.h"

#define ENDPOINT_REGION_MAX 63  /* bytes: a label of a host name */
#define ENDPOINT_HOST_MAX   330 /* a host name, a bucket before it, a port behind it */
#define ENDPOINT_URL_MAX    512 /* of an override */

enum endpoint_service { ENDPOINT_S3, ENDPOINT_DYNAMODB };

enum endpoint_addressing { ENDPOINT_AUTO, ENDPOINT_PATH, ENDPOINT_VIRTUAL };

/* Plain data. A region other than the configured one is asked by changing `region` in a copy. */
struct endpoint_settings {
    enum endpoint_service service;
    char region[ENDPOINT_REGION_MAX + 1];
    char url[ENDPOINT_URL_MAX + 1]; /* the override; empty: AWS itself */
    bool dualstack, fips;
    enum endpoint_addressing addressing;
};

/* Plain data. A request's address is scheme "://" host path, its Host header is `host`. */
struct endpoint {
    char scheme[6];                   /* "http" or "https" */
    char host[ENDPOINT_HOST_MAX + 1]; /* with its port unless that is the scheme's own */
    /* Encoded; "" or it begins with "/" and does not end with one: an override's prefix, a bucket.
     * endpoint_append_path() appends an object's key. */
    char path[ENDPOINT_URL_MAX + 65];
};

/* Errors: `usage`, which names the variable, or file and line, and what is allowed; `io`;
 * `memory`. */
MUST_CHECK bool endpoint_load(enum endpoint_service service, struct endpoint_settings *settings,
                              struct error *err);

/*
 * `bucket` is NULL for DynamoDB, and for S3 when no bucket is meant. Errors: `usage` (a region or
 * override that is no address, switches that don't go together), InvalidBucketName 400,
 * NotImplemented 501 (a directory bucket: S3 Express signs otherwise).
 */
MUST_CHECK bool endpoint_resolve(const struct endpoint_settings *settings, const char *bucket,
                                 size_t bucket_length, struct endpoint *endpoint,
                                 struct error *err);

/* Is this host, with or without a port, this machine by its name: localhost, 127.0.0.0/8, [::1]? */
bool endpoint_is_loopback(const char *host);

/* Appends the path as it is sent and signed: the endpoint's own, "/", and the key's bytes, encoded
 * once and otherwise as they are. No key: key_length 0. */
void endpoint_append_path(const struct endpoint *endpoint, const char *key, size_t key_length,
                          struct buffer *out);

#endif
