/*
 * date.c - times in AWS's answers; the client reads Date, S3's parser Last-Modified with it.
 */
#include "bindings/aws/date.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* A day that is not in the calendar is refused: timegm would silently take the next month's. */
static bool to_milliseconds(struct tm *parts, int64_t *time_ms)
{
    struct tm same = *parts;
    time_t seconds = timegm(&same);
    if (same.tm_mday != parts->tm_mday || same.tm_mon != parts->tm_mon ||
        same.tm_hour != parts->tm_hour || same.tm_min != parts->tm_min || parts->tm_year < 0) {
        return false;
    }
    *time_ms = (int64_t)seconds * 1000;
    return true;
}

bool date_read_http(const char *text, int64_t *time_ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm parts = {0};
    char month[4];
    int end = 0;
    /* NOLINTNEXTLINE(cert-err34-c): widths keep the numbers small */
    (void)sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &parts.tm_mday, month,
                 &parts.tm_year, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &end);
    if (end == 0 || text[end] != '\0' || strlen(month) != 3) {
        return false;
    }
    const char *found = strstr(months, month);
    if (found == NULL || (found - months) % 3 != 0) {
        return false;
    }
    parts.tm_mon = (int)(found - months) / 3;
    parts.tm_year -= 1900;
    return to_milliseconds(&parts, time_ms);
}

bool date_read_iso(const char *text, int64_t *time_ms)
{
    struct tm parts = {0};
    int end = 0, milliseconds = 0;
    /* NOLINTNEXTLINE(cert-err34-c): widths keep the numbers small */
    (void)sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
                 &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &end);
    if (end == 0) {
        return false;
    }
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    const char *at = text + end;
    if (*at == '.') {
        at++;
        for (int unit = 100; *at >= '0' && *at <= '9'; at++, unit /= 10) {
            milliseconds += (*at - '0') * unit;
        }
    }
    if (strcmp(at, "Z") != 0 || !to_milliseconds(&parts, time_ms)) {
        return false;
    }
    *time_ms += milliseconds;
    return true;
}
