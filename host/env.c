/*
 * env.c - reads environment variables as text, integers and flags. Everybody who has a knob calls
 * it; what a variable means is documented where it is asked for.
 */
#include "host/env.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <strings.h>

const char *env_text(const char *name, const char *fallback)
{
    const char *value = getenv(name);
    return value == NULL || value[0] == '\0' ? fallback : value;
}

bool env_parse_integer(const char *text, int64_t *value)
{
    const char *digits = text[0] == '-' ? text + 1 : text;
    if (!isdigit((unsigned char)digits[0])) {
        return false;
    }
    char *end;
    errno = 0;
    long long parsed = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0') {
        return false;
    }
    *value = parsed;
    return true;
}

bool env_integer(const char *name, int64_t fallback, int64_t minimum, int64_t maximum,
                 int64_t *value, struct error *err)
{
    const char *text = env_text(name, NULL);
    if (text == NULL) {
        *value = fallback;
        return true;
    }
    int64_t parsed;
    if (!env_parse_integer(text, &parsed) || parsed < minimum || parsed > maximum) {
        return error_set(err, "usage",
                         "environment variable %s is '%.100s'; it must be an integer from %" PRId64
                         " to %" PRId64,
                         name, text, minimum, maximum);
    }
    *value = parsed;
    return true;
}

bool env_flag(const char *name, bool fallback, bool *value, struct error *err)
{
    static const char *const words[2][4] = {{"0", "false", "no", "off"},
                                            {"1", "true", "yes", "on"}};
    const char *text = env_text(name, NULL);
    if (text == NULL) {
        *value = fallback;
        return true;
    }
    for (size_t i = 0; i < 4; i++) {
        for (int flag = 0; flag < 2; flag++) {
            if (strcasecmp(text, words[flag][i]) == 0) {
                *value = flag == 1;
                return true;
            }
        }
    }
    return error_set(err, "usage",
                     "environment variable %s is '%.100s'; it must be 1, true, yes, on, 0, false, "
                     "no or off",
                     name, text);
}
