/*
 * profile_fuzz.c - any bytes as a shared file of AWS's tools, as a credential_process' command and
 * as what it prints: taken or refused, and what is taken lies within what was given.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/aws/credentials.h"
#include "bindings/aws/process.h"
#include "bindings/aws/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

struct range {
    const char *start;
    size_t length;
};

static void check_within(const struct range *range, const char *text)
{
    size_t offset = (size_t)(text - range->start);
    if (offset > range->length || offset + strlen(text) > range->length) {
        abort();
    }
}

static void check_line(void *context, const struct profile_line *line)
{
    check_within(context, line->section);
    check_within(context, line->name);
    check_within(context, line->value);
    if (line->name[0] == '\0' || line->line < 2) {
        abort();
    }
}

static void split(const char *command)
{
    char *arguments[PROCESS_ARGUMENTS_MAX + 1];
    struct error err;
    struct range range = {.length = strlen(command)};
    char *text = malloc(range.length + 1);
    if (text != NULL && process_split(command, text, arguments, &err)) {
        range.start = text;
        for (size_t i = 0; arguments[i] != NULL; i++) {
            check_within(&range, arguments[i]);
        }
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char *text = malloc(length + 1);
    struct credentials credentials;
    struct error err;
    if (text == NULL) {
        return 0;
    }
    if (length > 0) {
        memcpy(text, bytes, length);
    }
    text[length] = '\0';
    split(text);
    if (credentials_parse(text, length, &credentials, &err) &&
        (credentials.access_key_id[0] == '\0' || strpbrk(credentials.secret_access_key, " \n"))) {
        abort();
    }
    struct range range = {.start = text, .length = length};
    (void)(profile_parse(text, "f", check_line, &range, &err) ? 0 : 1);
    free(text);
    return 0;
}
