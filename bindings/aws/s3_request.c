/*
 * s3_request.c - S3's REST requests. Names of headers and parameters are those of the S3 API
 * reference; s3.c sends what is made here.
 */
#include "bindings/aws/s3_request.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/aws/xml.h"
#include "bindings/base64.h"
#include "bindings/digest.h"

#define FIXED_HEADERS 24
#define ADDRESS_MAX   8192 /* a key and a version, each byte encoded as three, a bucket */
#define BODY_MAX      ((size_t)16 * 1024 * 1024)
#define ERROR_BODY    ((size_t)256 * 1024)
#define LIST_BODY     ((size_t)32 * 1024 * 1024) /* 1000 keys of 1 KB, thrice as long encoded */

/* ---- texts ----------------------------------------------------------------------------------- */

/* NULL when there is no memory. The wire owns it. */
static char *keep(struct s3_wire *wire, const char *prefix, const char *bytes, size_t length)
{
    size_t prefix_length = strlen(prefix);
    if (wire->text_count == wire->text_room) {
        return NULL;
    }
    char *text = malloc(prefix_length + length + 1);
    if (text != NULL) {
        memcpy(text, prefix, prefix_length);
        if (length > 0) {
            memcpy(text + prefix_length, bytes, length);
        }
        text[prefix_length + length] = '\0';
        wire->texts[wire->text_count++] = text;
    }
    return text;
}

static bool add_named(struct s3_wire *wire, const char *name, const char *value)
{
    if (name == NULL || value == NULL || wire->request.header_count == wire->header_room) {
        return false;
    }
    wire->headers[wire->request.header_count++] = (struct http_header){name, value};
    return true;
}

/* A header that is not given is none; false only when there is no memory. */
static bool add_header(struct s3_wire *wire, const char *name, struct s3_text value)
{
    return value.data == NULL || add_named(wire, name, keep(wire, "", value.data, value.length));
}

static bool add_query(struct s3_wire *wire, const char *name, struct s3_text value)
{
    if (value.data == NULL) {
        return true;
    }
    const char *text = keep(wire, "", value.data, value.length);
    if (text == NULL || wire->request.query_count == S3_QUERY_MAX) {
        return false;
    }
    wire->query[wire->request.query_count++] = (struct uri_parameter){name, text};
    return true;
}

static struct s3_text text_of(const char *text)
{
    return (struct s3_text){text, strlen(text)};
}

/* ---- headers --------------------------------------------------------------------------------- */

static bool add_etag(struct s3_wire *wire, const char *name, struct s3_text etag, bool bare)
{
    bool quoted = etag.length >= 2 && etag.data[0] == '"' && etag.data[etag.length - 1] == '"';
    if (bare && quoted) {
        etag = (struct s3_text){etag.data + 1, etag.length - 2};
    }
    return add_header(wire, name, etag);
}

static bool add_conditions(struct s3_wire *wire, const struct s3_request *request, bool bare)
{
    return add_etag(wire, "If-Match", request->if_match, bare) &&
           add_etag(wire, "If-None-Match", request->if_none_match, bare) &&
           add_etag(wire, "x-amz-copy-source-if-match", request->source_if_match, bare);
}

static bool add_owners(struct s3_wire *wire, const struct s3_request *request)
{
    return add_header(wire, "x-amz-expected-bucket-owner", request->bucket_owner) &&
           add_header(wire, "x-amz-source-expected-bucket-owner", request->source_bucket_owner);
}

static bool add_metadata(struct s3_wire *wire, const struct s3_request *request)
{
    for (size_t i = 0; i < request->metadata_count; i++) {
        const struct s3_pair *pair = &request->metadata[i];
        const char *name = keep(wire, "x-amz-meta-", pair->name.data, pair->name.length);
        if (!add_named(wire, name, keep(wire, "", pair->value.data, pair->value.length))) {
            return false;
        }
    }
    return true;
}

/* Tags travel as a query string in a header. */
static bool add_tags(struct s3_wire *wire, const struct s3_request *request)
{
    struct buffer tags;
    if (request->tag_count == 0) {
        return true;
    }
    buffer_init(&tags, HTTP_HEADERS_MAX);
    for (size_t i = 0; i < request->tag_count; i++) {
        const struct s3_pair *tag = &request->tags[i];
        (void)buffer_append_text(&tags, i == 0 ? "" : "&");
        uri_append_encoded(&tags, tag->name.data, tag->name.length);
        (void)buffer_append_byte(&tags, '=');
        uri_append_encoded(&tags, tag->value.data, tag->value.length);
    }
    bool ok = tags.state == BUFFER_OK &&
              add_header(wire, "x-amz-tagging", (struct s3_text){tags.data, tags.length});
    buffer_release(&tags);
    return ok;
}

static bool add_object_headers(struct s3_wire *wire, const struct s3_request *request)
{
    return add_header(wire, "Content-Type", request->content_type) &&
           add_header(wire, "Cache-Control", request->cache_control) &&
           add_header(wire, "Content-Disposition", request->content_disposition) &&
           add_header(wire, "Content-Encoding", request->content_encoding) &&
           add_metadata(wire, request) && add_tags(wire, request);
}

/* `text` gets what is sent. */
static bool add_digest(struct s3_wire *wire, const char *name, enum digest_kind kind,
                       char text[BASE64_LENGTH(DIGEST_MAX) + 1], struct error *err)
{
    unsigned char digest[DIGEST_MAX];
    size_t length;
    const void *body = wire->request.body_length == 0 ? "" : wire->request.body;
    if (!digest_compute(kind, body, wire->request.body_length, digest, &length, err)) {
        return false;
    }
    if (kind == DIGEST_SHA256) { /* a large body is read once, for the checksum and the signature */
        digest_hex(digest, length, wire->body_sha256);
        wire->request.body_sha256 = wire->body_sha256;
    }
    base64_encode(digest, length, text);
    return add_header(wire, name, text_of(text)) || error_set_memory(err, "preparing a request");
}

/* ---- operations ------------------------------------------------------------------------------ */

static bool make_range(struct s3_wire *wire, const struct s3_request *request)
{
    char text[64];
    if (!request->ranged) {
        return true;
    }
    if (request->range_first < 0) {
        (void)snprintf(text, sizeof text, "bytes=%" PRId64, request->range_first);
    } else if (request->range_last == -1) {
        (void)snprintf(text, sizeof text, "bytes=%" PRId64 "-", request->range_first);
    } else {
        (void)snprintf(text, sizeof text, "bytes=%" PRId64 "-%" PRId64, request->range_first,
                       request->range_last);
    }
    return add_header(wire, "Range", text_of(text));
}

static bool make_get(struct s3_wire *wire, const struct s3_request *request)
{
    wire->request.method = "GET";
    if (request->max_bytes > ERROR_BODY) {
        wire->request.response_max = request->max_bytes;
    }
    return make_range(wire, request) && add_header(wire, "x-amz-checksum-mode", text_of("ENABLED"));
}

static bool make_copy(struct s3_wire *wire, const struct s3_request *request)
{
    struct buffer source;
    wire->request.method = "PUT";
    buffer_init(&source, ADDRESS_MAX);
    (void)buffer_append(&source, request->source_bucket.data, request->source_bucket.length);
    (void)buffer_append_byte(&source, '/');
    uri_append_path(&source, request->source_key.data, request->source_key.length);
    if (request->source_version_id.data != NULL) {
        (void)buffer_append_text(&source, "?versionId=");
        uri_append_encoded(&source, request->source_version_id.data,
                           request->source_version_id.length);
    }
    const char *directive = request->replace_metadata ? "REPLACE" : "COPY";
    bool ok = source.state == BUFFER_OK &&
              add_header(wire, "x-amz-copy-source", (struct s3_text){source.data, source.length}) &&
              add_header(wire, "x-amz-metadata-directive", text_of(directive)) &&
              add_header(wire, "x-amz-tagging-directive", text_of(directive)) &&
              add_header(wire, "x-amz-storage-class", request->storage_class) &&
              (!request->replace_metadata || add_object_headers(wire, request));
    buffer_release(&source);
    return ok;
}

static bool make_list(struct s3_wire *wire, const struct s3_request *request)
{
    char count[16];
    wire->request.method = "GET";
    wire->request.response_max = LIST_BODY;
    (void)snprintf(count, sizeof count, "%d", request->max_keys);
    return add_query(wire, "list-type", text_of("2")) &&
           add_query(wire, "encoding-type", text_of("url")) &&
           add_query(wire, "max-keys", text_of(count)) &&
           add_query(wire, "prefix", request->prefix) &&
           add_query(wire, "delimiter", request->delimiter) &&
           add_query(wire, "start-after", request->start_after) &&
           add_query(wire, "continuation-token", request->continuation_token);
}

static size_t metadata_size(const struct s3_request *request)
{
    size_t total = strlen(S3_MARKER_NAME) + S3_MARKER_SIZE;
    for (size_t i = 0; i < request->metadata_count; i++) {
        total += request->metadata[i].name.length + request->metadata[i].value.length;
    }
    return total;
}

/* Left out where the script's own metadata needs all the room there is. */
static bool add_marker(struct s3_wire *wire, const struct s3_request *request, struct error *err)
{
    unsigned char bytes[(S3_MARKER_SIZE - 1) / 2];
    if (metadata_size(request) > S3_METADATA_MAX) {
        return true;
    }
    if (!digest_random(bytes, sizeof bytes, err)) {
        return false;
    }
    digest_hex(bytes, sizeof bytes, wire->marker);
    return add_named(wire, "x-amz-meta-" S3_MARKER_NAME, wire->marker) ||
           error_set_memory(err, "preparing a request");
}

static bool make_put(struct s3_wire *wire, const struct s3_request *request, struct error *err)
{
    wire->request.method = "PUT";
    wire->request.body = request->body.data;
    wire->request.body_length = request->body.length;
    if (!add_object_headers(wire, request) ||
        !add_header(wire, "x-amz-storage-class", request->storage_class)) {
        return error_set_memory(err, "preparing a request");
    }
    char sum[BASE64_LENGTH(DIGEST_MAX) + 1];
    return (!wire->request.once || add_marker(wire, request, err)) &&
           add_digest(wire, "x-amz-checksum-sha256", DIGEST_SHA256, sum, err);
}

static bool make_delete_all(struct s3_wire *wire, const struct s3_request *request,
                            struct error *err)
{
    wire->request.method = "POST";
    wire->request.response_max = LIST_BODY;
    (void)buffer_append_text(&wire->body,
                             "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                             "<Quiet>true</Quiet>");
    for (size_t i = 0; i < request->key_count; i++) {
        (void)buffer_append_text(&wire->body, "<Object><Key>");
        xml_escape(&wire->body, request->keys[i].data, request->keys[i].length);
        (void)buffer_append_text(&wire->body, "</Key></Object>");
    }
    (void)buffer_append_text(&wire->body, "</Delete>");
    wire->request.body = wire->body.data;
    wire->request.body_length = wire->body.length;
    if (wire->body.state != BUFFER_OK || !add_query(wire, "delete", text_of("")) ||
        !add_header(wire, "Content-Type", text_of("application/xml"))) {
        return error_set_memory(err, "preparing a request");
    }
    /* S3 wants a checksum here, and servers that only speak its older dialect want this one. */
    char sum[BASE64_LENGTH(DIGEST_MAX) + 1];
    return add_digest(wire, "Content-MD5", DIGEST_MD5, sum, err) &&
           add_digest(wire, "x-amz-checksum-sha256", DIGEST_SHA256, sum, err);
}

static bool make_operation(struct s3_wire *wire, const struct s3_request *request,
                           struct error *err)
{
    bool ok = true;
    switch (request->operation) {
    case S3_GET:
        ok = make_get(wire, request);
        break;
    case S3_HEAD:
        wire->request.method = "HEAD";
        break;
    case S3_PUT:
        return make_put(wire, request, err);
    case S3_COPY:
        ok = make_copy(wire, request);
        break;
    case S3_DELETE:
        wire->request.method = "DELETE";
        break;
    case S3_DELETE_ALL:
        return make_delete_all(wire, request, err);
    case S3_LIST:
        ok = make_list(wire, request);
        break;
    }
    return ok || error_set_memory(err, "preparing a request");
}

static bool is_conditional_write(const struct s3_request *request)
{
    bool writes = request->operation == S3_PUT || request->operation == S3_COPY ||
                  request->operation == S3_DELETE;
    return writes && (request->if_match.data != NULL || request->if_none_match.data != NULL);
}

static bool make_room(struct s3_wire *wire, const struct s3_request *request, struct error *err)
{
    wire->header_room = FIXED_HEADERS + request->metadata_count;
    wire->text_room = FIXED_HEADERS + S3_QUERY_MAX + 2 * request->metadata_count;
    wire->headers = calloc(wire->header_room, sizeof *wire->headers);
    wire->texts = calloc(wire->text_room, sizeof *wire->texts);
    return (wire->headers != NULL && wire->texts != NULL) ||
           error_set_memory(err, "preparing a request");
}

/* All but what the operation adds. */
static bool begin(struct s3_wire *wire, const struct s3_request *request,
                  const struct endpoint *endpoint, bool bare_etags, struct error *err)
{
    *wire = (struct s3_wire){.request = {.endpoint = endpoint, .response_max = ERROR_BODY}};
    buffer_init(&wire->path, ADDRESS_MAX);
    buffer_init(&wire->body, BODY_MAX);
    wire->request.once = is_conditional_write(request);
    bool keyed = request->operation != S3_LIST && request->operation != S3_DELETE_ALL;
    endpoint_append_path(endpoint, keyed ? request->key.data : "", keyed ? request->key.length : 0,
                         &wire->path);
    return buffer_check(&wire->path, "an object's address", err) && make_room(wire, request, err) &&
           ((add_conditions(wire, request, bare_etags) && add_owners(wire, request) &&
             add_query(wire, "versionId", request->version_id)) ||
            error_set_memory(err, "preparing a request"));
}

static bool finish(struct s3_wire *wire, bool ok)
{
    wire->request.path = buffer_text(&wire->path);
    wire->request.query = wire->query;
    wire->request.headers = wire->headers;
    if (!ok) {
        s3_wire_release(wire);
    }
    return ok;
}

bool s3_wire_make(struct s3_wire *wire, const struct s3_request *request,
                  const struct endpoint *endpoint, bool bare_etags, struct error *err)
{
    return finish(wire, begin(wire, request, endpoint, bare_etags, err) &&
                            make_operation(wire, request, err));
}

/* ---- for others to send ---------------------------------------------------------------------- */

static bool make_shared_put(struct s3_wire *wire, const struct s3_request *request,
                            const struct s3_share *share)
{
    char length[24];
    (void)snprintf(length, sizeof length, "%" PRId64, share->content_length);
    return add_object_headers(wire, request) &&
           add_header(wire, "x-amz-storage-class", request->storage_class) &&
           (!share->sized || add_header(wire, "Content-Length", text_of(length)));
}

static bool make_shared(struct s3_wire *wire, const struct s3_request *request,
                        const struct s3_share *share)
{
    static const char *const methods[S3_LIST + 1] = {
        [S3_GET] = "GET", [S3_HEAD] = "HEAD", [S3_PUT] = "PUT", [S3_DELETE] = "DELETE"};
    wire->request.method = methods[request->operation];
    if (request->operation == S3_PUT) {
        return make_shared_put(wire, request, share);
    }
    return add_query(wire, "response-content-type", share->response_content_type) &&
           add_query(wire, "response-cache-control", share->response_cache_control) &&
           add_query(wire, "response-content-disposition", share->response_content_disposition) &&
           add_query(wire, "response-content-encoding", share->response_content_encoding);
}

bool s3_wire_make_shared(struct s3_wire *wire, const struct s3_request *request,
                         const struct s3_share *share, const struct endpoint *endpoint,
                         struct error *err)
{
    return finish(wire, begin(wire, request, endpoint, false, err) &&
                            (make_shared(wire, request, share) ||
                             error_set_memory(err, "preparing an address")));
}

/* ---- a put in parts -------------------------------------------------------------------------- */

/* What names the object; for the steps that have no conditions. */
static struct s3_request only_names(const struct s3_request *request)
{
    return (struct s3_request){.operation = S3_PUT,
                               .bucket = request->bucket,
                               .bucket_owner = request->bucket_owner,
                               .key = request->key};
}

static bool make_create(struct s3_wire *wire, const struct s3_request *request, struct error *err)
{
    wire->request.method = "POST";
    if (!add_query(wire, "uploads", text_of("")) || !add_object_headers(wire, request) ||
        !add_header(wire, "x-amz-storage-class", request->storage_class) ||
        !add_header(wire, "x-amz-checksum-algorithm", text_of("SHA256"))) {
        return error_set_memory(err, "preparing an upload");
    }
    return add_marker(wire, request, err);
}

bool s3_wire_make_create(struct s3_wire *wire, const struct s3_request *request,
                         const struct endpoint *endpoint, struct error *err)
{
    struct s3_request unconditional = *request;
    unconditional.if_match = unconditional.if_none_match = (struct s3_text){0};
    return finish(wire, begin(wire, &unconditional, endpoint, false, err) &&
                            make_create(wire, request, err));
}

static bool make_part(struct s3_wire *wire, const char *upload_id, size_t number,
                      struct s3_part *part, struct error *err)
{
    char text[16];
    wire->request.method = "PUT";
    (void)snprintf(text, sizeof text, "%zu", number);
    if (!add_query(wire, "partNumber", text_of(text)) ||
        !add_query(wire, "uploadId", text_of(upload_id))) {
        return error_set_memory(err, "preparing a part");
    }
    return add_digest(wire, "x-amz-checksum-sha256", DIGEST_SHA256, part->sum, err);
}

bool s3_wire_make_part(struct s3_wire *wire, const struct s3_request *request,
                       const struct endpoint *endpoint, const char *upload_id, size_t number,
                       struct s3_text bytes, struct s3_part *part, struct error *err)
{
    struct s3_request named = only_names(request);
    bool ok = begin(wire, &named, endpoint, false, err);
    wire->request.body = bytes.data;
    wire->request.body_length = bytes.length;
    return finish(wire, ok && make_part(wire, upload_id, number, part, err));
}

static bool make_complete(struct s3_wire *wire, const char *upload_id, const struct s3_part *parts,
                          size_t count, struct error *err)
{
    struct buffer *body = &wire->body;
    wire->request.method = "POST";
    (void)buffer_append_text(
        body, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (size_t i = 0; i < count; i++) {
        (void)buffer_printf(body, "<Part><PartNumber>%zu</PartNumber><ETag>", i + 1);
        xml_escape(body, parts[i].etag, strlen(parts[i].etag));
        (void)buffer_printf(body, "</ETag><ChecksumSHA256>%s</ChecksumSHA256></Part>",
                            parts[i].sum);
    }
    (void)buffer_append_text(body, "</CompleteMultipartUpload>");
    wire->request.body = body->data;
    wire->request.body_length = body->length;
    return (body->state == BUFFER_OK && add_query(wire, "uploadId", text_of(upload_id)) &&
            add_header(wire, "Content-Type", text_of("application/xml"))) ||
           error_set_memory(err, "completing an upload");
}

bool s3_wire_make_complete(struct s3_wire *wire, const struct s3_request *request,
                           const struct endpoint *endpoint, bool bare_etags, const char *upload_id,
                           const struct s3_part *parts, size_t count, struct error *err)
{
    struct s3_request named = only_names(request);
    named.if_match = request->if_match;
    named.if_none_match = request->if_none_match;
    return finish(wire, begin(wire, &named, endpoint, bare_etags, err) &&
                            make_complete(wire, upload_id, parts, count, err));
}

bool s3_wire_make_abort(struct s3_wire *wire, const struct s3_request *request,
                        const struct endpoint *endpoint, const char *upload_id, struct error *err)
{
    struct s3_request named = only_names(request);
    bool ok = begin(wire, &named, endpoint, false, err);
    wire->request.method = "DELETE";
    return finish(wire, ok && (add_query(wire, "uploadId", text_of(upload_id)) ||
                               error_set_memory(err, "aborting an upload")));
}

void s3_wire_release(struct s3_wire *wire)
{
    buffer_release(&wire->path);
    buffer_release(&wire->body);
    for (size_t i = 0; i < wire->text_count; i++) {
        free(wire->texts[i]);
    }
    free(wire->texts);
    free(wire->headers);
    *wire = (struct s3_wire){0};
}
