/*
 * log.c - writes log lines. The `log` module, print() and the host's own commands call it; see
 * log.h for what a line is. The one place of the process that has a destination for logs, hence
 * the one with file-scope state. A line is built in static memory: a log that needs malloc is
 * silent exactly when memory has run out.
 */
#include "host/log.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "host/buffer.h"
#include "host/env.h"
#include "host/log_redact.h"
#include "host/utf8.h"

#define APPENDED_FIELDS_MAX 64
#define LINE_TAIL           64 /* bytes kept for what closes a line */
#define MESSAGE_MAX         (LOG_LINE_MAX / 2)
#define REQUEST_ID_SIZE     128

/* Fields that outlive the call: texts are offsets into `bytes`, so that the whole can be copied. */
struct appended {
    struct appended_field {
        enum log_field_kind kind;
        size_t name, text, length;
        int64_t integer;
    } fields[APPENDED_FIELDS_MAX];
    size_t count;
    char bytes[LOG_APPENDED_MAX];
    size_t used;
};

static struct {
    pthread_mutex_t lock; /* of everything below */
    struct log_options options;
    char request_id[REQUEST_ID_SIZE];
    struct appended appended;
    char line[LOG_LINE_MAX + 1];
} logger = {.lock = PTHREAD_MUTEX_INITIALIZER,
            .options = {.level = LOG_LEVEL_WARN, .fd = STDERR_FILENO}};

static atomic_int threshold = LOG_LEVEL_WARN; /* logger.options.level, for log_enabled() */

static const char *const level_names[LOG_LEVELS] = {
    [LOG_LEVEL_TRACE] = "trace", [LOG_LEVEL_DEBUG] = "debug", [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARN] = "warn",   [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_FATAL] = "fatal",
    [LOG_LEVEL_OFF] = "off",
};

static const char *const upper_names[LOG_LEVELS] = {"TRACE", "DEBUG", "INFO", "WARN",
                                                    "ERROR", "FATAL", "OFF"};

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

bool log_level_from_name(const char *name, enum log_level *level)
{
    for (int i = 0; i < LOG_LEVELS; i++) {
        if (strcasecmp(name, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* ---- options ---- */

static bool level_from_environment(const char *variable, enum log_level *level, struct error *err)
{
    const char *name = env_text(variable, NULL);
    if (name == NULL || log_level_from_name(name, level)) {
        return true;
    }
    return error_set(err, "usage",
                     "environment variable %s is '%.100s'; it must be trace, debug, info, warn, "
                     "error, fatal or off",
                     variable, name);
}

static bool format_from_environment(enum log_format *format, struct error *err)
{
    const char *name = env_text("AWS_LAMBDA_LOG_FORMAT", NULL);
    if (name == NULL) {
        return true;
    }
    if (strcasecmp(name, "json") == 0 || strcasecmp(name, "text") == 0) {
        *format = strcasecmp(name, "json") == 0 ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT;
        return true;
    }
    return error_set(err, "usage",
                     "environment variable AWS_LAMBDA_LOG_FORMAT is '%.100s'; it must be Text or "
                     "JSON",
                     name);
}

bool log_options_from_environment(enum log_level local_level, struct log_options *options,
                                  struct error *err)
{
    bool in_lambda = env_text("AWS_LAMBDA_RUNTIME_API", NULL) != NULL;
    struct log_options chosen = {.level = in_lambda ? LOG_LEVEL_INFO : local_level,
                                 .format = in_lambda ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT,
                                 .fd = STDERR_FILENO};
    if (!level_from_environment("AWS_LAMBDA_LOG_LEVEL", &chosen.level, err) ||
        !level_from_environment("LUNETTE_LOG_LEVEL", &chosen.level, err) ||
        !format_from_environment(&chosen.format, err)) {
        return false;
    }
    *options = chosen;
    return true;
}

void log_configure(const struct log_options *options)
{
    (void)pthread_mutex_lock(&logger.lock);
    logger.options = *options;
    atomic_store(&threshold, (int)options->level);
    (void)pthread_mutex_unlock(&logger.lock);
}

void log_begin_invocation(const char *request_id)
{
    (void)pthread_mutex_lock(&logger.lock);
    (void)snprintf(logger.request_id, sizeof logger.request_id, "%s",
                   request_id == NULL ? "" : request_id);
    logger.appended.count = 0;
    logger.appended.used = 0;
    (void)pthread_mutex_unlock(&logger.lock);
}

bool log_enabled(enum log_level level)
{
    return (int)level >= atomic_load(&threshold);
}

/* ---- fields ---- */

struct log_field log_text(const char *name, const char *text)
{
    return (struct log_field){
        .name = name, .kind = LOG_FIELD_TEXT, .text = text, .length = strlen(text)};
}

struct log_field log_integer(const char *name, int64_t value)
{
    return (struct log_field){.name = name, .kind = LOG_FIELD_INTEGER, .integer = value};
}

static bool has_field(const struct log_field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static struct log_field appended_at(const struct appended *appended, size_t i)
{
    const struct appended_field *field = &appended->fields[i];
    return (struct log_field){.name = appended->bytes + field->name,
                              .kind = field->kind,
                              .text = appended->bytes + field->text,
                              .length = field->length,
                              .integer = field->integer};
}

static bool keep_bytes(struct appended *appended, const char *bytes, size_t length, size_t *at)
{
    if (length >= sizeof appended->bytes - appended->used) {
        return false;
    }
    *at = appended->used;
    if (length > 0) {
        memcpy(appended->bytes + appended->used, bytes, length);
    }
    appended->bytes[appended->used + length] = '\0';
    appended->used += length + 1;
    return true;
}

static bool keep_field(struct appended *appended, const struct log_field *field)
{
    if (appended->count == APPENDED_FIELDS_MAX) {
        return false;
    }
    struct appended_field kept = {
        .kind = field->kind, .length = field->length, .integer = field->integer};
    if (!keep_bytes(appended, field->name, strlen(field->name), &kept.name) ||
        !keep_bytes(appended, field->text, field->length, &kept.text)) {
        return false;
    }
    appended->fields[appended->count++] = kept;
    return true;
}

static bool append_locked(const struct log_field *fields, size_t count)
{
    struct appended next = {.count = 0};
    bool fits = true;
    for (size_t i = 0; i < logger.appended.count && fits; i++) {
        struct log_field old = appended_at(&logger.appended, i);
        fits = has_field(fields, count, old.name) || keep_field(&next, &old);
    }
    for (size_t i = 0; i < count && fits; i++) {
        fits = keep_field(&next, &fields[i]);
    }
    if (fits) {
        logger.appended = next;
    }
    return fits;
}

bool log_append(const struct log_field *fields, size_t count, struct error *err)
{
    (void)pthread_mutex_lock(&logger.lock);
    bool fits = append_locked(fields, count);
    (void)pthread_mutex_unlock(&logger.lock);
    if (fits) {
        return true;
    }
    return error_set(err, "limit",
                     "appended log fields are more than %d bytes or %d fields; log large values "
                     "once, in the line they belong to",
                     LOG_APPENDED_MAX, APPENDED_FIELDS_MAX);
}

/* ---- a line ---- */

static void append_timestamp(struct buffer *line, int64_t now_ms)
{
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm utc;
    char text[32] = "1970-01-01T00:00:00";
    if (gmtime_r(&seconds, &utc) != NULL) {
        (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    }
    (void)buffer_printf(line, "%s.%03dZ", text, (int)(now_ms % 1000));
}

/* For the text format: as it is, but what would break or fake a line is escaped. */
static void append_escaped(struct buffer *line, const char *text, size_t length)
{
    size_t i = 0;
    while (i < length) {
        size_t sequence = utf8_sequence(text + i, length - i);
        unsigned char byte = (unsigned char)text[i];
        if (sequence == 0) {
            (void)buffer_append_text(line, "\xEF\xBF\xBD");
            sequence = 1;
        } else if (byte < 0x20 || byte == 0x7F) {
            (void)buffer_printf(line, byte == '\n' ? "\\n" : "\\x%02x", byte);
        } else if (byte == 0xC2 && (unsigned char)text[i + 1] < 0xA0) {
            (void)buffer_printf(line, "\\x%02x", (unsigned char)text[i + 1]);
        } else {
            (void)buffer_append(line, text + i, sequence);
        }
        i += sequence;
    }
}

static bool is_bare_word(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte <= ' ' || byte >= 0x7F || byte == '"' || byte == '=' || byte == '\\') {
            return false;
        }
    }
    return length > 0;
}

/* Raw control bytes can only be blanks between the tokens of a JSON text. */
static void append_json_value(struct buffer *line, const char *text, size_t length)
{
    size_t start = line->length;
    if (!buffer_append(line, text, length)) {
        return;
    }
    for (size_t i = start; i < line->length; i++) {
        if ((unsigned char)line->data[i] < 0x20) {
            line->data[i] = ' ';
        }
    }
}

static void append_value(struct buffer *line, enum log_format format, const struct log_field *field)
{
    if (log_is_secret(field->name, strlen(field->name))) {
        (void)buffer_append_text(line, format == LOG_FORMAT_JSON ? "\"***\"" : "***");
    } else if (field->kind == LOG_FIELD_INTEGER) {
        (void)buffer_printf(line, "%" PRId64, field->integer);
    } else if (field->kind == LOG_FIELD_JSON) {
        append_json_value(line, field->text, field->length);
    } else if (format == LOG_FORMAT_TEXT && is_bare_word(field->text, field->length)) {
        (void)buffer_append(line, field->text, field->length);
    } else {
        (void)buffer_append_json(line, field->text, field->length);
    }
}

static bool is_reserved(const char *name)
{
    static const char *const reserved[] = {"timestamp", "level", "message", "function_request_id"};
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        if (strcmp(name, reserved[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void append_field(struct buffer *line, enum log_format format, const struct log_field *field)
{
    /* A second "message" would hide the first from most readers. */
    const char *suffix = is_reserved(field->name) ? "_" : "";
    char name[128];
    (void)snprintf(name, sizeof name, "%s%s", field->name, suffix);
    if (format == LOG_FORMAT_JSON) {
        (void)buffer_append_byte(line, ',');
        (void)buffer_append_json(line, name, strlen(name));
        (void)buffer_append_byte(line, ':');
    } else {
        (void)buffer_append_byte(line, ' ');
        append_escaped(line, name, strlen(name));
        (void)buffer_append_byte(line, '=');
    }
    append_value(line, format, field);
}

/* Takes back what did not fit; true when there was something. */
static bool roll_back(struct buffer *line, size_t length)
{
    if (line->state == BUFFER_OK) {
        return false;
    }
    line->state = BUFFER_OK;
    line->length = length;
    return true;
}

static bool append_message(struct buffer *line, enum log_format format, const char *message,
                           size_t length)
{
    size_t start = line->length;
    size_t cut = length < MESSAGE_MAX ? length : MESSAGE_MAX;
    do { /* escaping may make it six times as long */
        while (cut > 0 && cut < length && ((unsigned char)message[cut] & 0xC0) == 0x80) {
            cut--;
        }
        if (format == LOG_FORMAT_JSON) {
            (void)buffer_append_json(line, message, cut);
        } else {
            append_escaped(line, message, cut);
        }
        cut = line->state == BUFFER_OK ? cut : cut / 2;
    } while (roll_back(line, start));
    return cut == length;
}

static bool append_fields(struct buffer *line, enum log_format format,
                          const struct log_field *fields, size_t count)
{
    bool complete = true;
    for (size_t i = 0; i < logger.appended.count; i++) {
        struct log_field field = appended_at(&logger.appended, i);
        size_t start = line->length;
        if (!has_field(fields, count, field.name)) {
            append_field(line, format, &field);
        }
        complete = !roll_back(line, start) && complete;
    }
    for (size_t i = 0; i < count; i++) {
        size_t start = line->length;
        append_field(line, format, &fields[i]);
        complete = !roll_back(line, start) && complete;
    }
    return complete;
}

static void append_head(struct buffer *line, enum log_format format, enum log_level level,
                        int64_t now_ms)
{
    const char *id = logger.request_id;
    if (format == LOG_FORMAT_TEXT) {
        (void)buffer_printf(line, "[%s]\t", upper_names[level]);
        append_timestamp(line, now_ms);
        (void)buffer_append_byte(line, '\t');
        append_escaped(line, id, strlen(id));
        (void)buffer_append_text(line, id[0] == '\0' ? "" : "\t");
        return;
    }
    (void)buffer_append_text(line, "{\"timestamp\":\"");
    append_timestamp(line, now_ms);
    (void)buffer_printf(line, "\",\"level\":\"%s\",", upper_names[level]);
    if (id[0] != '\0') {
        (void)buffer_append_text(line, "\"function_request_id\":");
        (void)buffer_append_json(line, id, strlen(id));
        (void)buffer_append_byte(line, ',');
    }
    (void)buffer_append_text(line, "\"message\":");
}

static int64_t system_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return;
        }
        bytes += written;
        length -= (size_t)written;
    }
}

static void write_locked(enum log_level level, const char *message, size_t length,
                         const struct log_field *fields, size_t count)
{
    const struct log_options *options = &logger.options;
    struct buffer line = {
        .data = logger.line, .capacity = sizeof logger.line, .max = LOG_LINE_MAX - LINE_TAIL};
    bool json = options->format == LOG_FORMAT_JSON;
    append_head(&line, options->format, level,
                options->now_ms == NULL ? system_now_ms() : options->now_ms());
    bool complete = append_message(&line, options->format, message, length);
    complete = append_fields(&line, options->format, fields, count) && complete;
    line.max = LOG_LINE_MAX;
    if (!complete) {
        (void)buffer_append_text(&line, json ? ",\"truncated\":true" : " truncated=true");
    }
    (void)buffer_append_text(&line, json ? "}" : "");
    line.length = log_redact(line.data, line.length);
    (void)buffer_append_byte(&line, '\n');
    write_all(options->fd, line.data, line.length);
}

static void write_line(enum log_level level, const char *message, size_t length,
                       const struct log_field *fields, size_t count)
{
    int saved_errno = errno;
    (void)pthread_mutex_lock(&logger.lock);
    write_locked(level, message, length, fields, count);
    (void)pthread_mutex_unlock(&logger.lock);
    errno = saved_errno;
}

void log_write_bytes(enum log_level level, const char *message, size_t length,
                     const struct log_field *fields, size_t count)
{
    if (log_enabled(level)) {
        write_line(level, message, length, fields, count);
    }
}

void log_write(enum log_level level, const char *message, const struct log_field *fields,
               size_t count)
{
    log_write_bytes(level, message, strlen(message), fields, count);
}

/* A tenth of a second is more than any line takes: who still has the lock then is who crashed. */
void log_write_last(const char *message, const struct log_field *fields, size_t count)
{
    static const struct timespec a_moment = {.tv_nsec = 1000000};
    if (!log_enabled(LOG_LEVEL_FATAL)) {
        return;
    }
    for (int i = 0; i < 100 && pthread_mutex_trylock(&logger.lock) != 0; i++) {
        (void)nanosleep(&a_moment, NULL);
    }
    write_locked(LOG_LEVEL_FATAL, message, strlen(message), fields, count);
}

void log_print(const char *text, size_t length)
{
    if (atomic_load(&threshold) < LOG_LEVEL_OFF) {
        write_line(LOG_LEVEL_INFO, text, length, NULL, 0);
    }
}
