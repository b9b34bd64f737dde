/*
 * credentials.c - finds the access key that signs. Called by the AWS client when it starts and when
 * its credentials run out.
 */
#include "bindings/aws/credentials.h"

#include <string.h>

#include "bindings/digest.h"
#include "host/env.h"

#define REFRESH_BEFORE_MS (5 * 60 * 1000)

/* Copies `value` into `out` of `size` bytes if it can travel in a header as it is. */
static bool copy_text(const char *where, const char *value, char *out, size_t size,
                      struct error *err)
{
    size_t length = strlen(value);
    if (length >= size) {
        return error_set(err, "credentials", "%s has %zu bytes, at most %zu are allowed", where,
                         length, size - 1);
    }
    for (size_t i = 0; i < length; i++) {
        if (value[i] <= ' ' || value[i] > '~') {
            return error_set(err, "credentials",
                             "%s has the byte 0x%02X at position %zu: only printable ASCII "
                             "without blanks is allowed",
                             where, (unsigned char)value[i], i + 1);
        }
    }
    memcpy(out, value, length + 1);
    return true;
}

static bool copy_all(const char *id, const char *secret, const char *token,
                     struct credentials *credentials, struct error *err)
{
    struct credentials read = {.expires_ms = 0};
    bool ok =
        copy_text("AWS_ACCESS_KEY_ID", id, read.access_key_id, sizeof read.access_key_id, err) &&
        copy_text("AWS_SECRET_ACCESS_KEY", secret, read.secret_access_key,
                  sizeof read.secret_access_key, err) &&
        copy_text("AWS_SESSION_TOKEN", token, read.session_token, sizeof read.session_token, err);
    if (ok) {
        *credentials = read;
    }
    credentials_cleanse(&read);
    return ok;
}

bool credentials_load(struct credentials *credentials, struct error *err)
{
    const char *id = env_text("AWS_ACCESS_KEY_ID", NULL);
    const char *secret = env_text("AWS_SECRET_ACCESS_KEY", NULL);
    if (id == NULL && secret == NULL) {
        return error_set(err, "credentials",
                         "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    }
    if (id == NULL || secret == NULL) {
        return error_set(err, "credentials", "%s is set but %s is not; both are needed",
                         id == NULL ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID",
                         id == NULL ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY");
    }
    return copy_all(id, secret, env_text("AWS_SESSION_TOKEN", ""), credentials, err);
}

bool credentials_stale(const struct credentials *credentials, int64_t now_ms)
{
    return credentials->expires_ms != 0 && now_ms >= credentials->expires_ms - REFRESH_BEFORE_MS;
}

void credentials_cleanse(struct credentials *credentials)
{
    digest_cleanse(credentials, sizeof *credentials);
}
