/*
 * s3_check.c - the checks that S3 makes without a look at what is stored: names, keys, metadata,
 * tags, conditions. Called by every store before anything else.
 */
#include "bindings/s3_store.h"

#include <stdio.h>
#include <string.h>

#include "host/utf8.h"

#define TAG_NAME_MAX  128 /* characters, as the API reference of PutObjectTagging has it */
#define TAG_VALUE_MAX 256

#define ACCOUNT_DIGITS 12
#define VERSION_MAX    1024 /* bytes, as the guide to S3's versions has it */

static bool is_lower_or_digit(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
}

static bool is_letter_or_digit(char byte)
{
    return is_lower_or_digit(byte) || (byte >= 'A' && byte <= 'Z');
}

/* Four groups of digits: a name that a browser would take for an address. */
static bool looks_like_ipv4(const char *bucket, size_t length)
{
    size_t dots = 0;
    for (size_t i = 0; i < length; i++) {
        if (bucket[i] == '.') {
            dots++;
        } else if (bucket[i] < '0' || bucket[i] > '9') {
            return false;
        }
    }
    return dots == 3;
}

static bool is_bucket_name(const char *bucket, size_t length)
{
    if (length < 3 || length > 63 || !is_lower_or_digit(bucket[0]) ||
        !is_lower_or_digit(bucket[length - 1])) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        bool dot = bucket[i] == '.';
        if (!is_lower_or_digit(bucket[i]) && !dot && bucket[i] != '-') {
            return false;
        }
        if (dot && bucket[i + 1] == '.') {
            return false;
        }
    }
    return !looks_like_ipv4(bucket, length);
}

bool s3_check_bucket(const char *bucket, size_t length, struct error *err)
{
    if (length > 0 && is_bucket_name(bucket, length)) {
        return true;
    }
    return s3_fail(
        err, "InvalidBucketName", 400,
        "'%.*s' is no bucket name: 3 to 63 lower-case letters, digits, dots and hyphens, "
        "beginning and ending with a letter or digit",
        (int)(length > 80 ? 80 : length), length == 0 ? "" : bucket);
}

static bool check_key(const char *what, struct s3_text key, struct error *err)
{
    if (key.length == 0) {
        return s3_fail(err, "InvalidArgument", 400, "%s is empty", what);
    }
    if (key.length > S3_KEY_MAX) {
        return s3_fail(err, "KeyTooLongError", 400, "%s has %zu bytes, S3 allows %d", what,
                       key.length, S3_KEY_MAX);
    }
    if (memchr(key.data, '\0', key.length) != NULL || !utf8_valid(key.data, key.length)) {
        return s3_fail(err, "InvalidURI", 400, "%s is not UTF-8, or has a zero byte", what);
    }
    return true;
}

/* What may stand in a header without being changed or changing others. */
bool s3_check_header(const char *what, struct s3_text value, struct error *err)
{
    for (size_t i = 0; i < value.length; i++) {
        unsigned char byte = (unsigned char)value.data[i];
        if (byte < 0x20 || byte > 0x7E) {
            return s3_fail(err, "InvalidArgument", 400,
                           "%s has the byte 0x%02X: only printable ASCII can travel in a header",
                           what, byte);
        }
    }
    if (value.length > 0 && (value.data[0] == ' ' || value.data[value.length - 1] == ' ')) {
        return s3_fail(err, "InvalidArgument", 400, "%s begins or ends with a space", what);
    }
    return true;
}

static bool is_token_byte(char byte)
{
    return is_lower_or_digit(byte) || (byte != '\0' && strchr("!#$&'*+-.^_`|~", byte) != NULL);
}

static bool same_text(struct s3_text a, struct s3_text b)
{
    return a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
}

static bool is_repeated(const struct s3_pair *pairs, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (same_text(pairs[i].name, pairs[index].name)) {
            return true;
        }
    }
    return false;
}

static bool check_metadata_name(struct s3_text name, struct error *err)
{
    bool ok = name.length > 0;
    for (size_t i = 0; ok && i < name.length; i++) {
        ok = is_token_byte(name.data[i]);
    }
    if (!ok) {
        return s3_fail(err, "InvalidArgument", 400,
                       "metadata name '%.*s': use lower-case letters, digits and hyphens (S3 keeps "
                       "no capitals)",
                       (int)(name.length > 80 ? 80 : name.length), name.data);
    }
    return true;
}

static bool check_metadata_size(const struct s3_request *request, struct error *err)
{
    size_t total = 0;
    for (size_t i = 0; i < request->metadata_count; i++) {
        total += request->metadata[i].name.length + request->metadata[i].value.length;
    }
    if (total > S3_METADATA_MAX) {
        return s3_fail(err, "MetadataTooLarge", 400,
                       "the metadata has %zu bytes, names and values together; S3 allows %d", total,
                       S3_METADATA_MAX);
    }
    return true;
}

static bool check_metadata(const struct s3_request *request, struct error *err)
{
    if (!check_metadata_size(request, err)) {
        return false;
    }
    for (size_t i = 0; i < request->metadata_count; i++) {
        const struct s3_pair *pair = &request->metadata[i];
        char what[160];
        if (!check_metadata_name(pair->name, err)) {
            return false;
        }
        (void)snprintf(what, sizeof what, "metadata '%.*s'", (int)pair->name.length,
                       pair->name.data);
        if (!s3_check_header(what, pair->value, err)) {
            return false;
        }
        if (is_repeated(request->metadata, i)) {
            return s3_fail(err, "InvalidArgument", 400, "%s is given twice", what);
        }
    }
    return true;
}

/* The number of characters, or SIZE_MAX for bytes that S3 does not allow in a tag. */
static size_t count_tag_characters(struct s3_text text)
{
    size_t characters = 0;
    for (size_t i = 0; i < text.length;) {
        size_t length = utf8_sequence(text.data + i, text.length - i);
        char byte = text.data[i];
        bool ascii_ok = is_letter_or_digit(byte) || (byte != '\0' && strchr(" +-=._:/@", byte));
        if (length == 0 || (length == 1 && !ascii_ok)) {
            return SIZE_MAX;
        }
        i += length;
        characters++;
    }
    return characters;
}

static bool check_tags(const struct s3_request *request, struct error *err)
{
    if (request->tag_count > S3_TAGS_MAX) {
        return s3_fail(err, "BadRequest", 400, "%zu tags are given, S3 allows %d",
                       request->tag_count, S3_TAGS_MAX);
    }
    for (size_t i = 0; i < request->tag_count; i++) {
        const struct s3_pair *tag = &request->tags[i];
        size_t name = count_tag_characters(tag->name), value = count_tag_characters(tag->value);
        if (name == 0 || name > TAG_NAME_MAX || value > TAG_VALUE_MAX ||
            is_repeated(request->tags, i)) {
            return s3_fail(
                err, "InvalidTag", 400,
                "tag '%.*s': names have 1 to %d characters, values up to %d, of letters, "
                "digits, spaces and + - = . _ : / @, each name once",
                (int)(tag->name.length > 80 ? 80 : tag->name.length), tag->name.data, TAG_NAME_MAX,
                TAG_VALUE_MAX);
        }
    }
    return true;
}

static bool check_storage_class(struct s3_text given, struct error *err)
{
    static const char *const classes[] = {
        "STANDARD",        "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING",
        "GLACIER",         "DEEP_ARCHIVE",       "GLACIER_IR",  "OUTPOSTS",   "SNOW",
        "EXPRESS_ONEZONE",
    };
    if (given.data == NULL) {
        return true;
    }
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (strlen(classes[i]) == given.length &&
            memcmp(classes[i], given.data, given.length) == 0) {
            return true;
        }
    }
    return s3_fail(err, "InvalidStorageClass", 400, "S3 has no storage class '%.*s'",
                   (int)(given.length > 80 ? 80 : given.length), given.data);
}

static bool check_headers(const struct s3_request *request, struct error *err)
{
    return s3_check_header("content_type", request->content_type, err) &&
           s3_check_header("cache_control", request->cache_control, err) &&
           s3_check_header("content_disposition", request->content_disposition, err) &&
           s3_check_header("content_encoding", request->content_encoding, err) &&
           check_storage_class(request->storage_class, err) && check_metadata(request, err) &&
           check_tags(request, err);
}

static bool is_star(struct s3_text text)
{
    return text.length == 1 && text.data[0] == '*';
}

/* S3 answers these with 501; to leave them out would be to ignore a condition. */
static bool check_write_conditions(const struct s3_request *request, struct error *err)
{
    struct s3_text match = request->if_match, none_match = request->if_none_match;
    if (match.data != NULL && none_match.data != NULL) {
        return s3_fail(err, "NotImplemented", 501, "if_match and if_none_match exclude each other");
    }
    if (none_match.data != NULL && !is_star(none_match)) {
        return s3_fail(err, "NotImplemented", 501,
                       "if_none_match of a write is \"*\" (only if absent), nothing else");
    }
    if (match.data != NULL && is_star(match)) {
        return s3_fail(err, "NotImplemented", 501,
                       "if_match of a write is the ETag that was read, not \"*\"");
    }
    return true;
}

static bool check_put(const struct s3_request *request, struct error *err)
{
    if ((uint64_t)request->body.length > S3_PUT_MAX) {
        return s3_fail(err, "EntityTooLarge", 400, "body has %zu bytes, S3 allows %lld in one put",
                       request->body.length, (long long)S3_PUT_MAX);
    }
    return check_write_conditions(request, err) && check_headers(request, err);
}

static bool check_copy(const struct s3_request *request, struct error *err)
{
    if (!s3_check_bucket(request->source_bucket.data, request->source_bucket.length, err) ||
        !check_key("source_key", request->source_key, err) ||
        !check_write_conditions(request, err)) {
        return false;
    }
    bool same = same_text(request->bucket, request->source_bucket) &&
                same_text(request->key, request->source_key);
    if (same && !request->replace_metadata) {
        return s3_fail(
            err, "InvalidRequest", 400,
            "an object is copied to itself and nothing would change: give replace_metadata");
    }
    return !request->replace_metadata || check_headers(request, err);
}

/* S3 takes the keys as XML 1.0, which has no way to write most control bytes, U+FFFE and U+FFFF. */
static bool xml_can_hold(struct s3_text key)
{
    for (size_t i = 0; i < key.length; i++) {
        const char *at = key.data + i;
        bool control = (unsigned char)*at < 0x20 && strchr("\t\n\r", *at) == NULL;
        bool no_character = key.length - i >= 3 && (memcmp(at, "\xEF\xBF\xBE", 3) == 0 ||
                                                    memcmp(at, "\xEF\xBF\xBF", 3) == 0);
        if (control || no_character) {
            return false;
        }
    }
    return true;
}

static bool check_keys(const struct s3_request *request, struct error *err)
{
    if (request->key_count == 0 || request->key_count > S3_DELETE_MAX) {
        return s3_fail(err, "MalformedXML", 400, "keys has %zu entries, S3 allows 1 to %d",
                       request->key_count, S3_DELETE_MAX);
    }
    for (size_t i = 0; i < request->key_count; i++) {
        char what[32];
        (void)snprintf(what, sizeof what, "keys[%zu]", i + 1);
        if (!check_key(what, request->keys[i], err)) {
            return false;
        }
        if (!xml_can_hold(request->keys[i])) {
            return s3_fail(err, "MalformedXML", 400,
                           "%s has a control character, which a list of keys can't hold: delete "
                           "it alone, with s3.delete",
                           what);
        }
    }
    return true;
}

static bool check_list(const struct s3_request *request, struct error *err)
{
    if (request->max_keys < 1 || request->max_keys > S3_LIST_MAX) {
        return s3_fail(err, "InvalidArgument", 400, "max_keys is %d, expected 1 to %d",
                       request->max_keys, S3_LIST_MAX);
    }
    const struct s3_text texts[] = {request->prefix, request->delimiter, request->start_after};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        bool ok = texts[i].data == NULL ||
                  (texts[i].length <= S3_KEY_MAX && utf8_valid(texts[i].data, texts[i].length) &&
                   memchr(texts[i].data, '\0', texts[i].length) == NULL);
        if (!ok) {
            return s3_fail(err, "InvalidArgument", 400,
                           "prefix, delimiter and start_after are UTF-8 of up to %d bytes",
                           S3_KEY_MAX);
        }
    }
    return true;
}

static bool check_delete(const struct s3_request *request, struct error *err)
{
    if (request->if_none_match.data != NULL) {
        return s3_fail(err, "NotImplemented", 501, "a delete has no if_none_match");
    }
    return true;
}

/* Another length is no account, and a bucket of any owner must not pass for one of his. */
static bool check_owner(const char *what, struct s3_text owner, struct error *err)
{
    bool ok = owner.length == ACCOUNT_DIGITS;
    for (size_t i = 0; ok && i < owner.length; i++) {
        ok = owner.data[i] >= '0' && owner.data[i] <= '9';
    }
    if (!ok && owner.data != NULL) {
        return s3_fail(err, "InvalidArgument", 400, "%s is '%.*s', expected an account: %d digits",
                       what, (int)(owner.length > 80 ? 80 : owner.length), owner.data,
                       ACCOUNT_DIGITS);
    }
    return true;
}

static bool check_version(const char *what, struct s3_text version, struct error *err)
{
    if (version.data == NULL) {
        return true;
    }
    if (version.length == 0 || version.length > VERSION_MAX) {
        return s3_fail(err, "InvalidArgument", 400, "%s has %zu bytes, expected 1 to %d", what,
                       version.length, VERSION_MAX);
    }
    return s3_check_header(what, version, err);
}

static bool check_owners_and_versions(const struct s3_request *request, struct error *err)
{
    return check_owner("expected_bucket_owner", request->bucket_owner, err) &&
           check_owner("source_expected_bucket_owner", request->source_bucket_owner, err) &&
           check_version("version_id", request->version_id, err) &&
           check_version("source_version_id", request->source_version_id, err);
}

static bool check_conditions(const struct s3_request *request, struct error *err)
{
    return s3_check_header("if_match", request->if_match, err) &&
           s3_check_header("if_none_match", request->if_none_match, err) &&
           s3_check_header("source_if_match", request->source_if_match, err);
}

bool s3_check_request(const struct s3_request *request, struct error *err)
{
    if (!s3_check_bucket(request->bucket.data, request->bucket.length, err) ||
        !check_owners_and_versions(request, err) || !check_conditions(request, err)) {
        return false;
    }
    bool keyed = request->operation != S3_LIST && request->operation != S3_DELETE_ALL;
    if (keyed && !check_key("key", request->key, err)) {
        return false;
    }
    switch (request->operation) {
    case S3_PUT:
        return check_put(request, err);
    case S3_COPY:
        return check_copy(request, err);
    case S3_DELETE:
        return check_delete(request, err);
    case S3_DELETE_ALL:
        return check_keys(request, err);
    case S3_LIST:
        return check_list(request, err);
    default:
        return true;
    }
}
