/*
 * runtime_failure.c - makes the documents that tell Lambda, its caller and X-Ray what went wrong.
 * runtime.c sends them. See runtime_failure.h.
 */
#include "host/runtime_failure.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BODY_MAX   (256 * 1024)
#define CAUSE_MAX  60000 /* X-Ray keeps 64 KB; a header line has to be shorter than that */
#define FRAMES_MAX 64

/* ---- the type -------------------------------------------------------------------------------- */

/* The names that AWS's own runtimes give to what goes wrong before a handler runs. */
static const char *known_type(const char *code)
{
    static const struct {
        const char *code, *type;
    } known[] = {
        {"bad_handler_name", "Runtime.MalformedHandlerName"},
        {"no_handler", "Runtime.ImportModuleError"},
        {"bad_handler", "Runtime.HandlerNotFound"},
        {"syntax", "Runtime.UserCodeSyntaxError"},
        {"lua", "Function.LuaError"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].code, code) == 0) {
            return known[i].type;
        }
    }
    return NULL;
}

/* "bad_image" -> "Function.BadImage": letters only, a capital after anything else. */
void runtime_failure_type(const char *code, char type[RUNTIME_TYPE_MAX])
{
    const char *known = known_type(code);
    size_t length = strlen("Function.");
    bool starts_word = true;
    (void)snprintf(type, RUNTIME_TYPE_MAX, "%s", known == NULL ? "Function." : known);
    if (known != NULL) {
        return;
    }
    for (const char *at = code; *at != '\0' && length + 1 < RUNTIME_TYPE_MAX; at++) {
        if (isalpha((unsigned char)*at)) {
            type[length++] = (char)(starts_word ? toupper((unsigned char)*at) : *at);
        }
        starts_word = !isalpha((unsigned char)*at);
    }
    type[length] = '\0';
    if (length < strlen("Function.Xx")) {
        (void)snprintf(type, RUNTIME_TYPE_MAX, "Function.Error");
    }
}

/* ---- the lines ------------------------------------------------------------------------------- */

/* One line of a traceback, "handler.lua:12: in function 'main'"; points into it. */
struct frame {
    const char *text, *path, *label;
    size_t length, path_length, label_length;
    int line; /* 0: this is no line of a script, but a word between two tasks' lines */
};

static struct frame read_frame(const char *text, size_t length)
{
    struct frame frame = {.text = text, .length = length, .path = text};
    const char *end = text + length;
    for (const char *at = text; at < end; at++) {
        int line = 0, used = 0;
        if (*at == ':' && sscanf(at, ":%9d: in %n", &line, &used) == 1 && used > 0 &&
            at + used <= end) {
            frame.path_length = (size_t)(at - text);
            frame.line = line;
            frame.label = at + used;
            frame.label_length = (size_t)(end - frame.label);
            break;
        }
    }
    return frame;
}

/* What is not the script's own says nothing to its author: C functions and built-in modules. */
static bool is_foreign(const char *text, size_t length)
{
    static const char *const prefixes[] = {"[C]:", "(...", "...", "lunette/"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if (length >= strlen(prefixes[i]) && strncmp(text, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return length == 0;
}

/* Lines of C at the bottom belong to the host: "waited for by:" stays only between two lines. */
static size_t read_frames(const char *text, struct frame frames[FRAMES_MAX])
{
    size_t count = 0;
    while (*text != '\0' && count < FRAMES_MAX) {
        text += strspn(text, " \t\n");
        size_t length = strcspn(text, "\n");
        if (!is_foreign(text, length)) {
            frames[count++] = read_frame(text, length);
        }
        text += length;
    }
    while (count > 0 && frames[count - 1].line == 0) {
        count--;
    }
    return count;
}

/* ---- the documents --------------------------------------------------------------------------- */

static void append_text(struct buffer *out, const char *text)
{
    (void)buffer_append_json(out, text, strlen(text));
}

/* As the error's __tostring says it: what is only a wrong call says no more than its message. */
static void make_message(struct buffer *out, const struct error *err)
{
    bool plain = error_is(err, "usage") || error_is(err, "lua");
    const char *parts[] = {err->where, err->operation, plain ? "" : err->code};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i][0] != '\0') {
            (void)buffer_printf(out, "%s: ", parts[i]);
        }
    }
    (void)buffer_append_text(out, err->message);
}

static void make_stack(struct buffer *out, const struct frame *frames, size_t count)
{
    (void)buffer_append_byte(out, '[');
    for (size_t i = 0; i < count; i++) {
        (void)buffer_append_text(out, i == 0 ? "" : ",");
        (void)buffer_append_json(out, frames[i].text, frames[i].length);
    }
    (void)buffer_append_byte(out, ']');
}

static void make_body(struct runtime_failure *failure, const char *request_id)
{
    struct buffer *out = &failure->body;
    (void)buffer_append_text(out, "{\"errorMessage\":");
    (void)buffer_append_json(out, buffer_text(&failure->message), failure->message.length);
    (void)buffer_printf(out, ",\"errorType\":\"%s\",\"stackTrace\":%s", failure->type,
                        buffer_text(&failure->stack));
    if (request_id != NULL) {
        (void)buffer_append_text(out, ",\"requestId\":");
        append_text(out, request_id);
    }
    (void)buffer_append_byte(out, '}');
}

static bool is_new_path(const struct frame *frames, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (frames[i].path_length == frames[index].path_length &&
            memcmp(frames[i].path, frames[index].path, frames[i].path_length) == 0) {
            return false;
        }
    }
    return frames[index].line > 0;
}

static void append_paths(struct buffer *out, const struct frame *frames, size_t count)
{
    const char *comma = "";
    for (size_t i = 0; i < count; i++) {
        if (is_new_path(frames, i)) {
            (void)buffer_append_text(out, comma);
            (void)buffer_append_json(out, frames[i].path, frames[i].path_length);
            comma = ",";
        }
    }
}

static void append_frames(struct buffer *out, const struct frame *frames, size_t count)
{
    const char *comma = "";
    for (size_t i = 0; i < count; i++) {
        if (frames[i].line > 0) {
            (void)buffer_printf(out, "%s{\"path\":", comma);
            (void)buffer_append_json(out, frames[i].path, frames[i].path_length);
            (void)buffer_printf(out, ",\"line\":%d,\"label\":", frames[i].line);
            (void)buffer_append_json(out, frames[i].label, frames[i].label_length);
            (void)buffer_append_byte(out, '}');
            comma = ",";
        }
    }
}

static void make_cause(struct runtime_failure *failure, const struct frame *frames, size_t count)
{
    struct buffer *out = &failure->cause;
    char folder[1024];
    (void)buffer_append_text(out, "{\"working_directory\":");
    append_text(out, getcwd(folder, sizeof folder) == NULL ? "" : folder);
    (void)buffer_printf(out, ",\"exceptions\":[{\"type\":\"%s\",\"message\":", failure->type);
    (void)buffer_append_json(out, buffer_text(&failure->message), failure->message.length);
    (void)buffer_append_text(out, ",\"stack\":[");
    append_frames(out, frames, count);
    (void)buffer_append_text(out, "]}],\"paths\":[");
    append_paths(out, frames, count);
    (void)buffer_append_text(out, "]}");
    if (memchr(buffer_text(out), '\x7F', out->length) != NULL) {
        out->state = BUFFER_FULL; /* legal in JSON, but not in the header that this becomes */
    }
}

void runtime_failure_make(struct runtime_failure *failure, const struct error *err,
                          const struct buffer *traceback, const char *request_id)
{
    struct frame frames[FRAMES_MAX];
    size_t count = read_frames(buffer_text(traceback), frames);
    buffer_init(&failure->message, sizeof *err);
    buffer_init(&failure->stack, BODY_MAX / 2);
    buffer_init(&failure->body, BODY_MAX);
    buffer_init(&failure->cause, CAUSE_MAX);
    runtime_failure_type(err->code, failure->type);
    make_message(&failure->message, err);
    make_stack(&failure->stack, frames, count);
    make_body(failure, request_id);
    make_cause(failure, frames, count);
    if (failure->message.state != BUFFER_OK || failure->stack.state != BUFFER_OK) {
        failure->body.state = failure->cause.state = BUFFER_FULL;
    }
}

void runtime_failure_release(struct runtime_failure *failure)
{
    buffer_release(&failure->message);
    buffer_release(&failure->stack);
    buffer_release(&failure->body);
    buffer_release(&failure->cause);
}

const char *runtime_failure_body(const struct runtime_failure *failure)
{
    return failure->body.state == BUFFER_OK
               ? buffer_text(&failure->body)
               : "{\"errorMessage\":\"out of memory while an error was told\","
                 "\"errorType\":\"Function.Memory\",\"stackTrace\":[]}";
}

const char *runtime_failure_cause(const struct runtime_failure *failure)
{
    return failure->cause.state == BUFFER_OK ? buffer_text(&failure->cause) : NULL;
}
