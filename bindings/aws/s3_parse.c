/*
 * s3_parse.c - headers and documents of S3's answers, for s3.c.
 */
#include "bindings/aws/s3_parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bindings/aws/date.h"
#include "bindings/aws/s3_request.h"
#include "bindings/aws/xml.h"
#include "bindings/base64.h"
#include "bindings/crc.h"
#include "bindings/digest.h"
#include "host/env.h"

#define VALUE_MAX     4096 /* of a header that is kept */
#define PART_MAX      96   /* of a Content-Range */
#define MARKER_HEADER "x-amz-meta-" S3_MARKER_NAME

static bool no_memory(struct error *err)
{
    return error_set_memory(err, "reading S3's answer");
}

/* ---- headers --------------------------------------------------------------------------------- */

static bool copy_header(const struct http_response *answer, const char *name, char **to,
                        struct error *err)
{
    char value[VALUE_MAX];
    if (!http_header_value(answer, name, value, sizeof value)) {
        return true;
    }
    *to = strdup(value);
    return *to != NULL || no_memory(err);
}

static int64_t integer_header(const struct http_response *answer, const char *name)
{
    char value[32];
    int64_t number;
    return http_header_value(answer, name, value, sizeof value) && env_parse_integer(value, &number)
               ? number
               : 0;
}

/* ETags have their quotes, whoever forgot them. */
static bool copy_etag(const char *text, size_t length, char **etag, struct error *err)
{
    bool quoted = length >= 2 && text[0] == '"' && text[length - 1] == '"';
    char *made = malloc(length + 3);
    if (made == NULL) {
        return no_memory(err);
    }
    (void)snprintf(made, length + 3, quoted ? "%s" : "\"%s\"", text);
    free(*etag);
    *etag = made;
    return true;
}

static bool read_etag(const struct http_response *answer, char **etag, struct error *err)
{
    char value[256];
    return !http_header_value(answer, "ETag", value, sizeof value) ||
           copy_etag(value, strlen(value), etag, err);
}

/* "x-amz-meta-NAME: value"; names come back in lower case. */
static bool add_metadata(struct s3_object *object, const char *name, size_t name_length,
                         const char *value, size_t value_length, struct error *err)
{
    struct s3_owned_pair *longer =
        realloc(object->metadata, (object->metadata_count + 1) * sizeof *longer);
    if (longer == NULL) {
        return no_memory(err);
    }
    object->metadata = longer;
    struct s3_owned_pair *pair = &longer[object->metadata_count];
    pair->name = strndup(name, name_length);
    pair->value = strndup(value, value_length);
    if (pair->name == NULL || pair->value == NULL) {
        free(pair->name);
        free(pair->value);
        return no_memory(err);
    }
    object->metadata_count++;
    for (char *byte = pair->name; *byte != '\0'; byte++) {
        *byte = *byte >= 'A' && *byte <= 'Z' ? (char)(*byte - 'A' + 'a') : *byte;
    }
    return true;
}

static bool read_metadata(const struct http_response *answer, struct s3_object *object,
                          struct error *err)
{
    static const char prefix[] = "x-amz-meta-";
    const char *line = buffer_text(&answer->headers);
    while (*line != '\0') {
        size_t length = strcspn(line, "\r\n");
        const char *end = line + length, *colon = memchr(line, ':', length);
        bool marker = strncasecmp(line, MARKER_HEADER ":", strlen(MARKER_HEADER ":")) == 0;
        if (colon != NULL && !marker && strncasecmp(line, prefix, strlen(prefix)) == 0) {
            const char *name = line + strlen(prefix), *value = colon + 1;
            value += strspn(value, " \t");
            while (end > value && (end[-1] == ' ' || end[-1] == '\t')) {
                end--;
            }
            size_t value_length = end > value ? (size_t)(end - value) : 0;
            if (!add_metadata(object, name, (size_t)(colon - name), value, value_length, err)) {
                return false;
            }
        }
        line += length;
        line += strspn(line, "\r\n");
    }
    return true;
}

/* "bytes 5-9/10"; a star in place of the 10 where the size of the whole is not known. */
static bool parse_part(const char *text, int64_t *first, int64_t *size)
{
    static const char unit[] = "bytes ";
    char part[PART_MAX];
    (void)snprintf(part, sizeof part, "%s", text);
    char *dash = strchr(part, '-'), *slash = strchr(part, '/');
    if (strncmp(part, unit, strlen(unit)) != 0 || dash == NULL || slash == NULL) {
        return false;
    }
    *dash = '\0';
    bool sized = strcmp(slash + 1, "*") != 0;
    return env_parse_integer(part + strlen(unit), first) && *first >= 0 &&
           (!sized || (env_parse_integer(slash + 1, size) && *size >= 0));
}

/* A part that nobody asked for must not pass for the whole, nor for another part. */
static bool read_part(const struct s3_request *request, const struct http_response *answer,
                      struct s3_response *response, struct error *err)
{
    char told[PART_MAX] = "";
    int64_t first = 0;
    if (answer->status != 206) {
        return true;
    }
    (void)http_header_value(answer, "Content-Range", told, sizeof told);
    bool asked = request->ranged && parse_part(told, &first, &response->object.size) &&
                 (request->range_first < 0 || first == request->range_first);
    if (!asked) {
        return error_set(err, "bad_response",
                         "S3 sent a part of the object that was not asked for: '%s'", told);
    }
    response->range_first = first;
    return true;
}

static bool read_object(const struct http_response *answer, struct s3_response *response,
                        struct error *err)
{
    struct s3_object *object = &response->object;
    char date[64];
    if (http_header_value(answer, "Last-Modified", date, sizeof date)) {
        (void)date_read_http(date, &object->last_modified_ms);
    }
    object->size = integer_header(answer, "Content-Length");
    return read_etag(answer, &object->etag, err) &&
           copy_header(answer, "Content-Type", &object->content_type, err) &&
           copy_header(answer, "Cache-Control", &object->cache_control, err) &&
           copy_header(answer, "Content-Disposition", &object->content_disposition, err) &&
           copy_header(answer, "Content-Encoding", &object->content_encoding, err) &&
           copy_header(answer, "x-amz-storage-class", &object->storage_class, err) &&
           copy_header(answer, "x-amz-version-id", &object->version_id, err) &&
           read_metadata(answer, object, err);
}

static bool read_get(const struct s3_request *request, struct http_response *answer,
                     struct s3_response *response, struct error *err)
{
    if (answer->body.length > request->max_bytes) {
        return error_set(err, "too_large",
                         "%zu bytes came, max_bytes allows %zu; give a larger max_bytes or a range",
                         answer->body.length, request->max_bytes);
    }
    if (!read_object(answer, response, err) || !read_part(request, answer, response, err)) {
        return false;
    }
    response->body = buffer_take(&answer->body, &response->body_length);
    return response->body != NULL || no_memory(err);
}

bool s3_parse_has_marker(const struct http_response *answer, const char *marker)
{
    char found[S3_MARKER_SIZE];
    return marker[0] != '\0' && http_header_value(answer, MARKER_HEADER, found, sizeof found) &&
           strcmp(found, marker) == 0;
}

/* ---- checksums ------------------------------------------------------------------------------- */

static bool sum_digest(int kind, const struct buffer *body, unsigned char sum[DIGEST_MAX],
                       size_t *length, struct error *err)
{
    return digest_compute((enum digest_kind)kind, buffer_text(body), body->length, sum, length,
                          err);
}

static bool sum_crc(int kind, const struct buffer *body, unsigned char sum[DIGEST_MAX],
                    size_t *length, struct error *err)
{
    uint64_t crc = crc_update((enum crc_kind)kind, 0, buffer_text(body), body->length);
    (void)err;
    *length = crc_size((enum crc_kind)kind);
    for (size_t i = 0; i < *length; i++) {
        sum[i] = (unsigned char)(crc >> (8 * (*length - 1 - i)));
    }
    return true;
}

/* Whoever wrote the object chose among these; where nobody did, S3 takes CRC-64. */
static const struct sum {
    const char *header, *name;
    bool (*compute)(int kind, const struct buffer *body, unsigned char sum[DIGEST_MAX],
                    size_t *length, struct error *err);
    int kind;
} sums[] = {
    {"x-amz-checksum-sha256", "SHA-256", sum_digest, DIGEST_SHA256},
    {"x-amz-checksum-sha1", "SHA-1", sum_digest, DIGEST_SHA1},
    {"x-amz-checksum-crc64nvme", "CRC-64/NVME", sum_crc, CRC_64_NVME},
    {"x-amz-checksum-crc32c", "CRC-32C", sum_crc, CRC_32C},
    {"x-amz-checksum-crc32", "CRC-32", sum_crc, CRC_32},
};

static bool check_sum(const struct sum *sum, const char *told, const struct buffer *body,
                      struct error *err)
{
    char computed[BASE64_LENGTH(DIGEST_MAX) + 1];
    unsigned char bytes[DIGEST_MAX];
    size_t length;
    if (!sum->compute(sum->kind, body, bytes, &length, err)) {
        return false;
    }
    base64_encode(bytes, length, computed);
    return strcmp(told, computed) == 0 ||
           error_set(err, "checksum", "the body that came has the %s %s, S3 told of %s", sum->name,
                     computed, told);
}

bool s3_parse_checksum(const struct http_response *answer, struct error *err)
{
    char told[128];
    bool of_parts = http_header_value(answer, "x-amz-checksum-type", told, sizeof told) &&
                    strcmp(told, "COMPOSITE") == 0;
    for (size_t i = 0; answer->status == 200 && !of_parts && i < sizeof sums / sizeof *sums; i++) {
        /* One with a dash is made of the parts' checksums, too. */
        if (http_header_value(answer, sums[i].header, told, sizeof told) &&
            strchr(told, '-') == NULL) {
            return check_sum(&sums[i], told, &answer->body, err);
        }
    }
    return true;
}

/* ---- documents ------------------------------------------------------------------------------- */

struct parse {
    const char *root; /* what the document has to be */
    struct s3_response *response;
    struct s3_object object; /* the <Contents> being read */
    struct s3_key_error key_error;
    bool url_encoded, truncated;
    size_t object_room, prefix_room, error_room;
};

/* Room for one more element of an array; doubles. NULL when there is no memory. */
static void *make_room(void *array, size_t count, size_t *room, size_t size)
{
    if (count < *room) {
        return array;
    }
    size_t more = *room == 0 ? 16 : 2 * *room;
    void *longer = realloc(array, more * size);
    if (longer != NULL) {
        *room = more;
    }
    return longer;
}

static bool replace_text(char **to, const char *text, struct error *err)
{
    free(*to);
    *to = strdup(text);
    return *to != NULL || no_memory(err);
}

static int hex_digit(char digit)
{
    return digit >= '0' && digit <= '9'   ? digit - '0'
           : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
           : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                          : -1;
}

/* encoding-type=url: as in forms, "+" is a space. */
static void decode_url(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        int high = from[0] == '%' ? hex_digit(from[1]) : -1;
        int low = high >= 0 ? hex_digit(from[2]) : -1;
        if (low >= 0 && high + low > 0) {
            *to++ = (char)(high * 16 + low);
            from += 2;
        } else {
            *to++ = *from == '+' ? ' ' : *from;
        }
    }
    *to = '\0';
}

static bool end_of_object(struct parse *parse, const char *name, const char *text, size_t length,
                          struct error *err)
{
    struct s3_object *object = &parse->object;
    if (strcmp(name, "Key") == 0) {
        return replace_text(&object->key, text, err);
    }
    if (strcmp(name, "ETag") == 0) {
        return copy_etag(text, length, &object->etag, err);
    }
    if (strcmp(name, "StorageClass") == 0) {
        return replace_text(&object->storage_class, text, err);
    }
    if (strcmp(name, "Size") == 0 &&
        (!env_parse_integer(text, &object->size) || object->size < 0)) {
        return error_set(err, "bad_response", "S3's list has an object of '%.32s' bytes", text);
    }
    if (strcmp(name, "LastModified") == 0) {
        (void)date_read_iso(text, &object->last_modified_ms);
    }
    return true;
}

static bool keep_object(struct parse *parse, struct error *err)
{
    struct s3_response *response = parse->response;
    struct s3_object *longer =
        make_room(response->objects, response->object_count, &parse->object_room, sizeof *longer);
    if (longer == NULL) {
        return no_memory(err);
    }
    response->objects = longer;
    if (parse->object.key == NULL) {
        return error_set(err, "bad_response", "S3's list has an object without a key");
    }
    longer[response->object_count++] = parse->object;
    parse->object = (struct s3_object){0};
    return true;
}

static bool keep_prefix(struct parse *parse, const char *text, struct error *err)
{
    struct s3_response *response = parse->response;
    char **longer =
        make_room(response->prefixes, response->prefix_count, &parse->prefix_room, sizeof *longer);
    if (longer == NULL) {
        return no_memory(err);
    }
    response->prefixes = longer;
    longer[response->prefix_count] = strdup(text);
    if (longer[response->prefix_count] == NULL) {
        return no_memory(err);
    }
    response->prefix_count++;
    return true;
}

/* Which parent a depth-3 element has is not told by its end; in a list the names are enough, as
 * only <CommonPrefixes> has a <Prefix> at that depth. */
static bool on_list_end(void *context, const char *name, int depth, const char *text, size_t length,
                        struct error *err)
{
    struct parse *parse = context;
    if (depth == 3 && strcmp(name, "Prefix") == 0) {
        return keep_prefix(parse, text, err);
    }
    if (depth == 3) {
        return end_of_object(parse, name, text, length, err);
    }
    if (depth == 2 && strcmp(name, "Contents") == 0) {
        return keep_object(parse, err);
    }
    if (depth == 2 && strcmp(name, "NextContinuationToken") == 0) {
        return replace_text(&parse->response->next_token, text, err);
    }
    if (depth == 2 && strcmp(name, "IsTruncated") == 0) {
        parse->truncated = strcmp(text, "true") == 0;
    } else if (depth == 2 && strcmp(name, "EncodingType") == 0) {
        parse->url_encoded = strcmp(text, "url") == 0;
    }
    return true;
}

static bool finish_list(struct parse *parse, struct error *err)
{
    struct s3_response *response = parse->response;
    for (size_t i = 0; parse->url_encoded && i < response->object_count; i++) {
        decode_url(response->objects[i].key);
    }
    for (size_t i = 0; parse->url_encoded && i < response->prefix_count; i++) {
        decode_url(response->prefixes[i]);
    }
    if (!parse->truncated) {
        free(response->next_token);
        response->next_token = NULL;
    } else if (response->next_token == NULL || response->next_token[0] == '\0') {
        return error_set(err, "bad_response", "S3's list goes on, but no token says where");
    }
    return true;
}

static bool on_delete_end(void *context, const char *name, int depth, const char *text,
                          size_t length, struct error *err)
{
    struct parse *parse = context;
    struct s3_response *response = parse->response;
    (void)length;
    if (depth == 3) {
        char **to = strcmp(name, "Key") == 0       ? &parse->key_error.key
                    : strcmp(name, "Code") == 0    ? &parse->key_error.code
                    : strcmp(name, "Message") == 0 ? &parse->key_error.message
                                                   : NULL;
        return to == NULL || replace_text(to, text, err);
    }
    if (depth != 2 || strcmp(name, "Error") != 0) {
        return true;
    }
    struct s3_key_error *longer = make_room(response->key_errors, response->key_error_count,
                                            &parse->error_room, sizeof *longer);
    if (longer == NULL) {
        return no_memory(err);
    }
    response->key_errors = longer;
    longer[response->key_error_count++] = parse->key_error;
    parse->key_error = (struct s3_key_error){0};
    return true;
}

static bool on_copy_end(void *context, const char *name, int depth, const char *text, size_t length,
                        struct error *err)
{
    struct parse *parse = context;
    if (depth == 2 && strcmp(name, "ETag") == 0) {
        return copy_etag(text, length, &parse->response->object.etag, err);
    }
    if (depth == 2 && strcmp(name, "LastModified") == 0) {
        (void)date_read_iso(text, &parse->response->object.last_modified_ms);
    }
    return true;
}

/* Another document says nothing of what was asked: an empty list of failures, say, it is not. */
static bool on_begin(void *context, const char *name, int depth, struct error *err)
{
    const struct parse *parse = context;
    return depth > 1 || strcmp(name, parse->root) == 0 ||
           error_set(err, "bad_response", "S3 answered with a document <%.64s>, not <%s>", name,
                     parse->root);
}

static bool read_document(struct parse *parse, const struct http_response *answer,
                          bool (*end)(void *, const char *, int, const char *, size_t,
                                      struct error *),
                          struct error *err)
{
    struct xml_reader reader = {.begin = on_begin, .end = end, .context = parse};
    bool ok = xml_read(buffer_text(&answer->body), answer->body.length, &reader, err);
    s3_object_release(&parse->object);
    free(parse->key_error.key);
    free(parse->key_error.code);
    free(parse->key_error.message);
    return ok;
}

/* ---- uploads in parts ------------------------------------------------------------------------ */

static bool on_upload_end(void *context, const char *name, int depth, const char *text,
                          size_t length, struct error *err)
{
    (void)length;
    return depth != 2 || strcmp(name, "UploadId") != 0 || replace_text(context, text, err);
}

bool s3_parse_upload_id(const struct http_response *answer, char **upload_id, struct error *err)
{
    char *found = NULL;
    struct xml_reader reader = {.end = on_upload_end, .context = &found};
    bool ok = xml_read(buffer_text(&answer->body), answer->body.length, &reader, err);
    if (ok && (found == NULL || found[0] == '\0')) {
        ok = error_set(err, "bad_response", "S3's answer names no upload");
    }
    if (!ok) {
        free(found);
        return false;
    }
    *upload_id = found;
    return true;
}

bool s3_parse_part(const struct http_response *answer, char **etag, struct error *err)
{
    char *found = NULL;
    if (!read_etag(answer, &found, err)) {
        return false;
    }
    if (found == NULL) {
        return error_set(err, "bad_response", "S3's answer to a part has no ETag");
    }
    *etag = found;
    return true;
}

bool s3_parse_completed(const struct http_response *answer, struct s3_response *response,
                        struct error *err)
{
    struct s3_response made = {0};
    struct parse parse = {.root = "CompleteMultipartUploadResult", .response = &made};
    bool ok = copy_header(answer, "x-amz-version-id", &made.object.version_id, err) &&
              read_document(&parse, answer, on_copy_end, err);
    if (ok && (made.object.etag == NULL || strcmp(made.object.etag, "\"\"") == 0)) {
        ok = error_set(err, "bad_response", "S3's answer to a completed upload has no ETag");
    }
    if (!ok) {
        s3_response_release(&made);
        return false;
    }
    *response = made;
    return true;
}

/* ---------------------------------------------------------------------------------------------- */

static bool parse_answer(const struct s3_request *request, struct http_response *answer,
                         struct s3_response *response, struct error *err)
{
    static const char *const roots[] = {[S3_COPY] = "CopyObjectResult",
                                        [S3_DELETE_ALL] = "DeleteResult",
                                        [S3_LIST] = "ListBucketResult"};
    struct parse parse = {.root = roots[request->operation], .response = response};
    switch (request->operation) {
    case S3_GET:
        return read_get(request, answer, response, err);
    case S3_HEAD:
    case S3_PUT:
        return read_object(answer, response, err);
    case S3_COPY:
        return copy_header(answer, "x-amz-version-id", &response->object.version_id, err) &&
               read_document(&parse, answer, on_copy_end, err);
    case S3_DELETE:
        return true;
    case S3_DELETE_ALL:
        /* With nothing to tell some servers send nothing. */
        return answer->body.length == 0 || read_document(&parse, answer, on_delete_end, err);
    case S3_LIST:
        return read_document(&parse, answer, on_list_end, err) && finish_list(&parse, err);
    }
    return true;
}

bool s3_parse(const struct s3_request *request, struct http_response *answer,
              struct s3_response *response, struct error *err)
{
    struct s3_response made = {0};
    if (answer->status == 304) {
        made.not_modified = true;
    } else if (!parse_answer(request, answer, &made, err)) {
        s3_response_release(&made);
        return false;
    }
    *response = made;
    return true;
}
