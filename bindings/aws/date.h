/*
 * date.h - the two forms in which AWS writes times. Pure C, no locale.
 */
#ifndef LUNETTE_BINDINGS_AWS_DATE_H
#define LUNETTE_BINDINGS_AWS_DATE_H

#include <stdbool.h>
#include <stdint.h>

/* "Fri, 20 Nov 2026 22:39:16 GMT", of HTTP headers; milliseconds since the epoch. */
bool date_read_http(const char *text, int64_t *time_ms);

/* "2026-11-20T22:39:16.123Z", of S3's documents; the fraction may be absent. */
bool date_read_iso(const char *text, int64_t *time_ms);

#endif
