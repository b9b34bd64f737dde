/*
 * log_redact.h - keeps secrets out of log lines: by the name of a field, and by what stands before
 * a value in a signed URL or an Authorization header.
 */
#ifndef LUNETTE_HOST_LOG_REDACT_H
#define LUNETTE_HOST_LOG_REDACT_H

#include <stddef.h>

/* Replaces what follows `signature=` and `security-token=` (also with %3D; any case) by "***", in
 * place. Returns the new length, which is at most the old one. */
size_t log_redact(char *line, size_t length);

#endif
