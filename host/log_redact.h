/*
 * log_redact.h - keeps secrets out of log lines: by the name of a field, and by what stands before
 * a value in a signed URL or an Authorization header.
 */
#ifndef LUNETTE_HOST_LOG_REDACT_H
#define LUNETTE_HOST_LOG_REDACT_H

#include <stddef.h>

/*
 * Replaces by "***", in place, the values of `signature` and `security-token`, and that of `policy`
 * where it is a form's (JSON in base64, which holds the session token). A value is what follows `=`
 * or %3D, or stands so in JSON, in a table or in a form's input; names in any case. Returns the new
 * length, which is at most the old one.
 */
size_t log_redact(char *line, size_t length);

#endif
