/*
 * credentials.c - finds the access key that signs. Called by the AWS client when it starts and when
 * its credentials run out.
 */
#include "bindings/aws/credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bindings/aws/container.h"
#include "bindings/aws/process.h"
#include "bindings/aws/profile.h"
#include "bindings/digest.h"
#include "bindings/document.h"
#include "host/env.h"

#define REFRESH_BEFORE_MS (5 * 60 * 1000)
#define REFRESH_AGAIN_MS  (60 * 1000)

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

/* An access key as it was found, and the names of its parts for whoever has to mend them. */
struct found {
    const char *id, *secret, *token; /* token NULL: none */
    const char *id_name, *secret_name, *token_name;
};

static bool copy_found(const struct found *found, struct credentials *credentials,
                       struct error *err)
{
    struct credentials read = {.expires_ms = 0};
    bool ok =
        copy_text(found->id_name, found->id, read.access_key_id, sizeof read.access_key_id, err) &&
        copy_text(found->secret_name, found->secret, read.secret_access_key,
                  sizeof read.secret_access_key, err) &&
        copy_text(found->token_name, found->token == NULL ? "" : found->token, read.session_token,
                  sizeof read.session_token, err);
    if (ok) {
        *credentials = read;
    }
    credentials_cleanse(&read);
    return ok;
}

/* ---- the environment ------------------------------------------------------------------------- */

static bool load_environment(const char *id, const char *secret, struct credentials *credentials,
                             struct error *err)
{
    if (id == NULL || secret == NULL) {
        return error_set(err, "credentials", "%s is set but %s is not; both are needed",
                         id == NULL ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID",
                         id == NULL ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY");
    }
    const struct found found = {.id = id,
                                .secret = secret,
                                .token = env_text("AWS_SESSION_TOKEN", NULL),
                                .id_name = "AWS_ACCESS_KEY_ID",
                                .secret_name = "AWS_SECRET_ACCESS_KEY",
                                .token_name = "AWS_SESSION_TOKEN"};
    return copy_found(&found, credentials, err);
}

/* ---- a profile ------------------------------------------------------------------------------- */

static bool has_key(const struct profile_file *file)
{
    return file->settings[PROFILE_ACCESS_KEY_ID].text != NULL ||
           file->settings[PROFILE_SECRET_ACCESS_KEY].text != NULL;
}

/* Both halves of a key come from one file: those of two would not fit. */
static bool load_static(const struct profile_file *file, struct credentials *credentials,
                        struct error *err)
{
    const struct profile_setting *id = &file->settings[PROFILE_ACCESS_KEY_ID];
    const struct profile_setting *secret = &file->settings[PROFILE_SECRET_ACCESS_KEY];
    const struct profile_setting *token = &file->settings[PROFILE_SESSION_TOKEN];
    if (id->text == NULL || secret->text == NULL) {
        const struct profile_setting *there = id->text == NULL ? secret : id;
        return error_set(err, "credentials", "%.500s:%d: %s is set but %s is not; both are needed",
                         file->path, there->line, there->name,
                         id->text == NULL ? "aws_access_key_id" : "aws_secret_access_key");
    }
    const struct found found = {.id = id->text,
                                .secret = secret->text,
                                .token = token->text,
                                .id_name = "aws_access_key_id",
                                .secret_name = "aws_secret_access_key",
                                .token_name = "aws_session_token"};
    return copy_found(&found, credentials, err) ||
           error_prefix(err, "%.500s:%d", file->path, id->line);
}

static bool load_process(const char *command, struct credentials *credentials, struct error *err)
{
    char *output;
    size_t length;
    if (!process_run(command, PROCESS_TIMEOUT_MS, &output, &length, err)) {
        return false;
    }
    bool ok = credentials_parse(output, length, credentials, err);
    digest_cleanse(output, length);
    free(output);
    return ok;
}

static bool nothing_found(const struct profile *profile, struct error *err)
{
    const struct profile_setting *unsupported = profile_find(profile, PROFILE_UNSUPPORTED);
    if (unsupported->text != NULL) {
        return error_set(err, "credentials",
                         "profile '%s' uses %s, which is not supported; a second profile with "
                         "credential_process = aws configure export-credentials --profile %s "
                         "--format process does that",
                         profile->name, unsupported->name, profile->name);
    }
    return error_set(err, "credentials",
                     "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                     "aws_access_key_id and aws_secret_access_key in profile '%s' of %.300s",
                     profile->name, profile->files[PROFILE_SHARED].path);
}

/* False with *err untouched and *found false: the profile has nothing. */
static bool use_profile(const struct profile *profile, struct credentials *credentials, bool *found,
                        struct error *err)
{
    const struct profile_setting *process = profile_find(profile, PROFILE_CREDENTIAL_PROCESS);
    *found = true;
    if (has_key(&profile->files[PROFILE_SHARED])) {
        return load_static(&profile->files[PROFILE_SHARED], credentials, err);
    }
    if (process->text != NULL) {
        return load_process(process->text, credentials, err);
    }
    if (has_key(&profile->files[PROFILE_CONFIG])) {
        return load_static(&profile->files[PROFILE_CONFIG], credentials, err);
    }
    *found = false;
    return false;
}

/* ---- a container's endpoint ------------------------------------------------------------------ */

static bool load_container(struct credentials *credentials, struct error *err)
{
    struct buffer answer;
    buffer_init(&answer, CONTAINER_ANSWER_MAX);
    bool ok = container_ask(&answer, err) &&
              (credentials_parse_container(buffer_text(&answer), answer.length, credentials, err) ||
               error_prefix(err, "%s", container_variable()));
    if (answer.data != NULL) {
        digest_cleanse(answer.data, answer.capacity);
    }
    buffer_release(&answer);
    return ok;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static bool load_profile(struct credentials *credentials, struct error *err)
{
    struct profile profile;
    bool found;
    if (!profile_load(&profile, err)) {
        return false;
    }
    bool ok = use_profile(&profile, credentials, &found, err);
    if (!found) {
        ok = container_variable() != NULL ? load_container(credentials, err)
                                          : nothing_found(&profile, err);
    }
    profile_release(&profile);
    return ok;
}

bool credentials_load(struct credentials *credentials, struct error *err)
{
    const char *id = env_text("AWS_ACCESS_KEY_ID", NULL);
    const char *secret = env_text("AWS_SECRET_ACCESS_KEY", NULL);
    if (id != NULL || secret != NULL) {
        return load_environment(id, secret, credentials, err);
    }
    if (env_text("AWS_LAMBDA_FUNCTION_NAME", NULL) == NULL) {
        return load_profile(credentials, err);
    }
    if (container_variable() != NULL) {
        return load_container(credentials, err);
    }
    return error_set(err, "credentials",
                     "no AWS credentials: Lambda sets AWS_ACCESS_KEY_ID and "
                     "AWS_SECRET_ACCESS_KEY, but they are not set");
}

bool credentials_refresh(struct credentials *credentials, int64_t now_ms, struct error *err)
{
    bool expired = credentials->expires_ms != 0 && now_ms >= credentials->expires_ms;
    if (!credentials_stale(credentials, now_ms) ||
        (!expired && now_ms < credentials->ask_again_ms)) {
        return true;
    }
    struct credentials fresh;
    struct error failure;
    bool ok = credentials_load(&fresh, &failure);
    if (ok && fresh.expires_ms != 0 && now_ms >= fresh.expires_ms) {
        credentials_cleanse(&fresh);
        ok = error_set(&failure, "credentials",
                       "the AWS credentials have expired, and asking again gave no fresh ones");
    }
    if (ok) {
        *credentials = fresh;
        credentials_cleanse(&fresh);
    } else if (expired) {
        *err = failure;
        return false;
    }
    credentials->ask_again_ms = now_ms + REFRESH_AGAIN_MS;
    return true;
}

/* ---- documents ------------------------------------------------------------------------------- */

/* Who made it, and how it calls things. */
struct form {
    const char *says, *token;
    bool versioned;
    const char *id_name, *secret_name, *token_name; /* in messages */
};

static const struct form printed = {.says = "the credential_process printed",
                                    .token = "SessionToken",
                                    .versioned = true,
                                    .id_name = "AccessKeyId of the credential_process",
                                    .secret_name = "SecretAccessKey of the credential_process",
                                    .token_name = "SessionToken of the credential_process"};

static const struct form answered = {.says = "the endpoint answered",
                                     .token = "Token",
                                     .id_name = "AccessKeyId of the container's endpoint",
                                     .secret_name = "SecretAccessKey of the container's endpoint",
                                     .token_name = "Token of the container's endpoint"};

static bool bad_output(struct error *err, const struct form *form, const char *what)
{
    return error_set(err, "credentials", "%s %s", form->says, what);
}

/* "2026-11-20T23:45:00", a fraction of a second if there is one, then "Z" or "+01:00". */
static bool parse_time(const char *text, int64_t *time_ms)
{
    struct tm utc = {.tm_year = 0};
    const char *zone = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
    if (zone == NULL) {
        return false;
    }
    if (zone[0] == '.') {
        zone += 1 + strspn(zone + 1, "0123456789");
    }
    int hours = 0, minutes = 0;
    char sign = '+', end = '\0';
    if (strcmp(zone, "Z") != 0 &&
        (sscanf(zone, "%c%2d:%2d%c", &sign, &hours, &minutes, &end) != 3 ||
         (sign != '+' && sign != '-') || hours < 0 || minutes < 0)) {
        return false;
    }
    int64_t east_s = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
    *time_ms = ((int64_t)timegm(&utc) - east_s) * 1000;
    return true;
}

static bool take_document(const json_t *document, const struct form *form,
                          struct credentials *credentials, struct error *err)
{
    const json_t *expiration = json_object_get(document, "Expiration");
    struct found found = {.id = json_string_value(json_object_get(document, "AccessKeyId")),
                          .secret = json_string_value(json_object_get(document, "SecretAccessKey")),
                          .token = json_string_value(json_object_get(document, form->token)),
                          .id_name = form->id_name,
                          .secret_name = form->secret_name,
                          .token_name = form->token_name};
    int64_t expires_ms = 0;
    if (form->versioned && json_integer_value(json_object_get(document, "Version")) != 1) {
        return bad_output(err, form, "no JSON object with \"Version\": 1");
    }
    if (found.id == NULL || found.id[0] == '\0' || found.secret == NULL ||
        found.secret[0] == '\0') {
        return bad_output(err, form, "no AccessKeyId and SecretAccessKey");
    }
    if (expiration != NULL && !json_is_null(expiration) &&
        (!json_is_string(expiration) || !parse_time(json_string_value(expiration), &expires_ms))) {
        return bad_output(err, form, "an Expiration that is no time like 2026-11-20T23:45:00Z");
    }
    if (!copy_found(&found, credentials, err)) {
        return false;
    }
    credentials->expires_ms = expires_ms;
    return true;
}

static bool parse(const char *text, size_t length, const struct form *form,
                  struct credentials *credentials, struct error *err)
{
    /* The parser's own message could quote the text. */
    struct error ignored;
    json_t *document = document_parse(text, length, &ignored);
    if (document == NULL) {
        return error_is(&ignored, "memory") ? error_set_memory(err, "reading credentials")
                                            : bad_output(err, form, "something that is not JSON");
    }
    bool ok = take_document(document, form, credentials, err);
    json_decref(document);
    return ok;
}

bool credentials_parse(const char *text, size_t length, struct credentials *credentials,
                       struct error *err)
{
    return parse(text, length, &printed, credentials, err);
}

bool credentials_parse_container(const char *text, size_t length, struct credentials *credentials,
                                 struct error *err)
{
    return parse(text, length, &answered, credentials, err);
}

bool credentials_stale(const struct credentials *credentials, int64_t now_ms)
{
    return credentials->expires_ms != 0 && now_ms >= credentials->expires_ms - REFRESH_BEFORE_MS;
}

void credentials_cleanse(struct credentials *credentials)
{
    digest_cleanse(credentials, sizeof *credentials);
}
