/*
 * profile.h - the files that AWS's tools share: ~/.aws/credentials and ~/.aws/config. For local
 * use; nobody reads them in Lambda.
 *
 *     AWS_PROFILE                    the profile's name, else "default"
 *     AWS_SHARED_CREDENTIALS_FILE    instead of ~/.aws/credentials: sections [NAME]
 *     AWS_CONFIG_FILE                instead of ~/.aws/config: sections [profile NAME], [default]
 *
 * A line is "name = value", "[section]", a comment (# or ;), or indented: then it belongs to the
 * setting before it. " #" and " ;" end a value. Names are the same in any case; of two settings of
 * one name the last counts.
 */
#ifndef LUNETTE_BINDINGS_AWS_PROFILE_H
#define LUNETTE_BINDINGS_AWS_PROFILE_H

#include <stddef.h>

#include "host/error.h"

#define PROFILE_FILE_MAX (1024 * 1024) /* bytes */
#define PROFILE_PATH_MAX 1024
#define PROFILE_NAME_MAX 128

enum profile_key {
    PROFILE_ACCESS_KEY_ID,
    PROFILE_SECRET_ACCESS_KEY,
    PROFILE_SESSION_TOKEN,
    PROFILE_CREDENTIAL_PROCESS,
    PROFILE_REGION,
    PROFILE_ENDPOINT_URL,
    PROFILE_SERVICES,              /* names the section [services NAME] */
    PROFILE_S3_ENDPOINT_URL,       /* these two are in there: "s3 =", and indented under it */
    PROFILE_DYNAMODB_ENDPOINT_URL, /* "endpoint_url = ..." */
    PROFILE_UNSUPPORTED,           /* a setting for a sign-in that is not done here: SSO, roles */
    PROFILE_KEYS
};

/* `text` is NULL when there is none. */
struct profile_setting {
    const char *name, *text;
    int line; /* from 1 */
};

struct profile_file {
    char path[PROFILE_PATH_MAX + 1];
    char *bytes; /* owned; NULL: there is no such file */
    size_t length;
    struct profile_setting settings[PROFILE_KEYS]; /* of the chosen profile */
};

/* The config file is read twice where a profile has services: they may stand before it. */
enum { PROFILE_SHARED, PROFILE_CONFIG, PROFILE_CONFIG_SERVICES, PROFILE_FILES };

/* Owned by the caller: profile_release(), after success only. */
struct profile {
    char name[PROFILE_NAME_MAX + 1];
    bool found; /* in one of the files */
    struct profile_file files[PROFILE_FILES];
};

/*
 * Reads both files; one that isn't there is empty. Errors: `usage`, which names file and line, also
 * when AWS_PROFILE names a profile that is in neither, or a profile services that are not there;
 * `io`; `memory`.
 */
MUST_CHECK bool profile_load(struct profile *profile, struct error *err);

/* The credentials file's setting before the config file's; its text is NULL when no file has it.
 * Borrowed until profile_release(). */
const struct profile_setting *profile_find(const struct profile *profile, enum profile_key key);

void profile_release(struct profile *profile);

/* ---- beneath it ------------------------------------------------------------------------------ */

/* Texts are borrowed from what is parsed. */
struct profile_line {
    const char *section, *name, *value;
    const char *parent; /* the setting that this one is indented under; NULL: none */
    int line;
};

typedef void profile_visit(void *context, const struct profile_line *line);

/* Calls `visit` for each setting; an indented line is one if it has a name and "=". Writes into
 * `text`. Errors: `usage`, which begins with "PATH:LINE: ". */
MUST_CHECK bool profile_parse(char *text, const char *path, profile_visit *visit, void *context,
                              struct error *err);

#endif
