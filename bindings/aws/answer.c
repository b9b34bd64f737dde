/*
 * answer.c - error documents; the client calls it when an attempt has not succeeded.
 */
#include "bindings/aws/answer.h"

#include <stdio.h>
#include <string.h>

#include "bindings/aws/xml.h"
#include "bindings/document.h"

#define SHOWN_MAX 160 /* bytes shown of a body that is no error document */

static void copy_text(char *to, size_t size, const char *from)
{
    (void)snprintf(to, size, "%s", from);
}

/* ---- no document ----------------------------------------------------------------------------- */

static const char *name_of_status(int status)
{
    static const struct {
        int status;
        const char *name;
    } names[] = {
        {301, "PermanentRedirect"},  {307, "TemporaryRedirect"},  {400, "BadRequest"},
        {401, "Unauthorized"},       {403, "Forbidden"},          {404, "NotFound"},
        {405, "MethodNotAllowed"},   {409, "Conflict"},           {411, "MissingContentLength"},
        {412, "PreconditionFailed"}, {413, "EntityTooLarge"},     {416, "InvalidRange"},
        {429, "TooManyRequests"},    {500, "InternalError"},      {501, "NotImplemented"},
        {502, "BadGateway"},         {503, "ServiceUnavailable"}, {504, "GatewayTimeout"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].status == status) {
            return names[i].name;
        }
    }
    return NULL;
}

/* What stands behind a refusal that says nothing, as every one of a HEAD does. */
static const char *likely_reason(int status)
{
    switch (status) {
    case 400:
        return " and no reason: credentials that have expired, or another region's server";
    case 401:
    case 403:
        return " and no reason: wrong or expired keys, or no permission (for what isn't there: "
               "none to list the bucket)";
    default:
        return "";
    }
}

/* One line of what a person may recognise: a proxy's page, say. */
static void describe_body(const struct buffer *body, struct error *err)
{
    char shown[SHOWN_MAX + 1];
    size_t length = 0;
    const char *text = buffer_text(body);
    for (size_t i = 0; i < body->length && length < SHOWN_MAX; i++) {
        bool plain = text[i] > ' ' && text[i] < 0x7F;
        if (plain || (length > 0 && shown[length - 1] != ' ')) {
            shown[length++] = plain ? text[i] : ' ';
        }
    }
    shown[length] = '\0';
    (void)snprintf(err->message, sizeof err->message, "the server answered with status %d%s%s",
                   err->status, length > 0 ? " and: " : likely_reason(err->status), shown);
}

static void from_status(const struct http_response *response, struct error *err)
{
    const char *name = name_of_status(response->status);
    if (name != NULL) {
        copy_text(err->code, sizeof err->code, name);
    } else {
        (void)snprintf(err->code, sizeof err->code, "HTTP %d", response->status);
    }
    describe_body(&response->body, err);
}

/* ---- XML ------------------------------------------------------------------------------------- */

struct xml_error {
    struct error *err;
    bool is_error; /* the root is <Error>, or <ErrorResponse><Error> */
    char region[64];
};

static bool on_begin(void *context, const char *name, int depth, struct error *err)
{
    struct xml_error *found = context;
    (void)err;
    if (depth <= 2 && strcmp(name, "Error") == 0) {
        found->is_error = depth == 1 || found->is_error;
    }
    return true;
}

static bool on_end(void *context, const char *name, int depth, const char *text, size_t length,
                   struct error *err)
{
    struct xml_error *found = context;
    (void)length;
    (void)err;
    if (depth != 2 || !found->is_error) {
        return true;
    }
    if (strcmp(name, "Code") == 0) {
        copy_text(found->err->code, sizeof found->err->code, text);
    } else if (strcmp(name, "Message") == 0) {
        copy_text(found->err->message, sizeof found->err->message, text);
    } else if (strcmp(name, "RequestId") == 0) {
        copy_text(found->err->request_id, sizeof found->err->request_id, text);
    } else if (strcmp(name, "Region") == 0) {
        copy_text(found->region, sizeof found->region, text);
    }
    return true;
}

static bool read_xml(const struct http_response *response, struct xml_error *found)
{
    struct error ignored;
    struct xml_reader reader = {.begin = on_begin, .end = on_end, .context = found};
    return xml_read(buffer_text(&response->body), response->body.length, &reader, &ignored) &&
           found->is_error && found->err->code[0] != '\0';
}

static bool from_xml(const struct http_response *response, struct error *err)
{
    struct error read = {0};
    struct xml_error found = {.err = &read};
    if (!read_xml(response, &found)) {
        return false;
    }
    read.status = response->status;
    *err = read;
    return true;
}

bool answer_is_xml_error(const struct http_response *response)
{
    struct error ignored;
    return from_xml(response, &ignored);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* "com.amazonaws.dynamodb.v20120810#ValidationException:http://..." -> "ValidationException" */
static void copy_type(const char *type, struct error *err)
{
    const char *begin = strrchr(type, '#');
    begin = begin == NULL ? type : begin + 1;
    (void)snprintf(err->code, sizeof err->code, "%.*s", (int)strcspn(begin, ":"), begin);
}

static const char *json_text(const json_t *document, const char *name, const char *other)
{
    const char *text = json_string_value(json_object_get(document, name));
    return text != NULL ? text : json_string_value(json_object_get(document, other));
}

static bool from_json(const struct http_response *response, struct error *err)
{
    struct error ignored;
    json_t *document =
        document_parse(buffer_text(&response->body), response->body.length, &ignored);
    if (document == NULL) {
        return false;
    }
    char header[128] = "";
    (void)http_header_value(response, "x-amzn-ErrorType", header, sizeof header);
    const char *type = json_text(document, "__type", "code");
    const char *message = json_text(document, "message", "Message");
    type = type != NULL ? type : header;
    if (type[0] != '\0') {
        copy_type(type, err);
        copy_text(err->message, sizeof err->message,
                  message == NULL || message[0] == '\0' ? err->code : message);
    }
    bool found = type[0] != '\0';
    json_decref(document);
    return found;
}

/* ---------------------------------------------------------------------------------------------- */

void answer_request_id(const struct http_response *response, char *id, size_t size)
{
    id[0] = '\0';
    if (!http_header_value(response, "x-amz-request-id", id, size)) {
        (void)http_header_value(response, "x-amzn-RequestId", id, size);
    }
}

/* HEAD is answered without a document: 400 where GET is told AuthorizationHeaderMalformed. */
bool answer_is_elsewhere(const struct http_response *response, const struct error *failure)
{
    int status = response->status;
    return status == 301 || status == 302 || status == 307 || status == 308 ||
           error_is(failure, "AuthorizationHeaderMalformed") ||
           error_is(failure, "IllegalLocationConstraintException") ||
           (status == 400 && response->body.length == 0);
}

bool answer_region(const struct http_response *response, char *region, size_t size)
{
    struct error read = {0};
    struct xml_error found = {.err = &read};
    if (http_header_value(response, "x-amz-bucket-region", region, size)) {
        return true;
    }
    if (!read_xml(response, &found) || found.region[0] == '\0' || strlen(found.region) >= size) {
        return false;
    }
    copy_text(region, size, found.region);
    return true;
}

void answer_read_error(const struct http_response *response, struct error *err)
{
    struct error made = {.status = response->status};
    const char *text = buffer_text(&response->body);
    char first = text[strspn(text, " \t\r\n")];
    bool found =
        (first == '<' && from_xml(response, &made)) || (first == '{' && from_json(response, &made));
    if (!found) {
        from_status(response, &made);
    }
    if (made.message[0] == '\0') {
        copy_text(made.message, sizeof made.message, made.code);
    }
    if (made.request_id[0] == '\0') {
        answer_request_id(response, made.request_id, sizeof made.request_id);
    }
    *err = made;
}
