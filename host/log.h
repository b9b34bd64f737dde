/*
 * log.h - one line of log per event, as JSON or as text, to standard error.
 *
 *     {"timestamp":"2026-11-20T21:11:00.123Z","level":"INFO","message":"resized",
 *      "function_request_id":"8f5...","tenant":"acme","key":"a.jpg","ms":12}
 *     [INFO]\t2026-11-20T21:11:00.123Z\t8f5...\tresized tenant=acme key=a.jpg ms=12
 *
 * - A line never contains a line break or another control character of what was logged: nobody can
 *   forge a line. Bytes that are not UTF-8 become U+FFFD.
 * - A line is one write(2) of at most LOG_LINE_MAX bytes. A longer message is cut, a field that
 *   does not fit is left out, and the line says so ("truncated":true).
 * - Fields whose names look like a secret's (log_is_secret) are written as "***", and so are the
 *   credentials in a signed URL, wherever they stand.
 * - Logging allocates nothing, fails silently (there is nobody to tell) and may be done from any
 *   thread.
 */
#ifndef LUNETTE_HOST_LOG_H
#define LUNETTE_HOST_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "host/error.h"

#define LOG_LINE_MAX     65536 /* bytes, the line break included */
#define LOG_APPENDED_MAX 4096  /* bytes of fields that log_append() keeps, rendered */

enum log_level {
    LOG_LEVEL_TRACE,
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARN,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_FATAL,
    LOG_LEVEL_OFF,
    LOG_LEVELS
};

enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

struct log_options {
    enum log_level level; /* less important lines are not written */
    enum log_format format;
    int fd;                  /* borrowed for as long as anybody logs */
    int64_t (*now_ms)(void); /* since the epoch; NULL: the system's clock */
};

/* "trace" to "fatal", "off". Static strings. */
const char *log_level_name(enum log_level level);
MUST_CHECK bool log_level_from_name(const char *name, enum log_level *level); /* any case */

/*
 * The level: LUNETTE_LOG_LEVEL, else AWS_LAMBDA_LOG_LEVEL, else `info` in Lambda and `local_level`
 * elsewhere (a command that shows a table of results wants less log than one that runs one event).
 * The format: AWS_LAMBDA_LOG_FORMAT (Text, JSON), else JSON in Lambda and text elsewhere. To
 * standard error. "In Lambda" means that AWS_LAMBDA_RUNTIME_API is set.
 */
MUST_CHECK bool log_options_from_environment(enum log_level local_level,
                                             struct log_options *options, struct error *err);

/* From now on. Until it is called: text, `warn`, standard error. */
void log_configure(const struct log_options *options);

/* A new invocation: its id goes on every line, appended fields are forgotten. NULL or "" : none. */
void log_begin_invocation(const char *request_id);

enum log_field_kind { LOG_FIELD_TEXT, LOG_FIELD_INTEGER, LOG_FIELD_JSON };

/* Everything is borrowed for the call. */
struct log_field {
    const char *name;
    enum log_field_kind kind;
    const char *text; /* TEXT; or one complete JSON value without line breaks */
    size_t length;
    int64_t integer;
};

struct log_field log_text(const char *name, const char *text);
struct log_field log_integer(const char *name, int64_t value);

/* `fields` may be NULL when `count` is 0. */
void log_write(enum log_level level, const char *message, const struct log_field *fields,
               size_t count);

/* The same for a message with a length, which may hold any byte. */
void log_write_bytes(enum log_level level, const char *message, size_t length,
                     const struct log_field *fields, size_t count);

/* For the handler of a signal that ends the process: level FATAL, and does not wait for a thread
 * that was logging when it happened. */
void log_write_last(const char *message, const struct log_field *fields, size_t count);

/* What a script's print() says: level INFO, and written whatever the level is, but for `off`. */
void log_print(const char *text, size_t length);

/* Would a line of this level be written? To spare the work of building it. */
bool log_enabled(enum log_level level);

/*
 * These fields go on every line of this invocation. A field that was appended before under the same
 * name is replaced. False (`limit`) when they would be more than LOG_APPENDED_MAX bytes; nothing
 * has changed then.
 */
MUST_CHECK bool log_append(const struct log_field *fields, size_t count, struct error *err);

/* Does the name contain secret, token, authorization, password, passwd, signature, credential,
 * cookie, api_key or private_key, in any case and with - or _ or nothing between words? */
bool log_is_secret(const char *name, size_t length);

#endif
