/*
 * key.c - S3 keys to safe file names; see key.h. Called by the embedded store for every new body.
 */
#include "bindings/local/key.h"

#include <string.h>

#include "bindings/digest.h"
#include "host/utf8.h"

#define LONG_FOLDER   "%long" /* "%l" is no escape: no key's own segment has this name */
#define KEEP_BYTES    88      /* of a long segment, before its hash */
#define HASH_BYTES    8
#define EXTENSION_MAX 10

/* Bytes that some file system or shell gives a meaning, and the two that our names give one. */
static bool is_unsafe_byte(unsigned char byte)
{
    return byte < 0x20 || byte == 0x7F || strchr("%~/\\:*?\"<>|", byte) != NULL;
}

/* C1 controls, line separators and bidirectional marks: they would lie to whoever lists the
 * folder in a terminal. */
static bool is_unsafe_sequence(const char *at, size_t length)
{
    const unsigned char *byte = (const unsigned char *)at;
    if (length == 2) {
        return byte[0] == 0xC2 && byte[1] < 0xA0;
    }
    if (length != 3 || byte[0] != 0xE2) {
        return false;
    }
    return (byte[1] == 0x80 && (byte[2] == 0x8E || byte[2] == 0x8F)) ||
           (byte[1] == 0x80 && byte[2] >= 0xA8 && byte[2] <= 0xAE) ||
           (byte[1] == 0x81 && byte[2] >= 0xA6 && byte[2] <= 0xA9);
}

static void append_escaped(struct buffer *name, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        (void)buffer_printf(name, "%%%02X", (unsigned char)bytes[i]);
    }
}

/* A first dot is escaped: no `.`, no `..`, nothing hidden. */
static void append_character(struct buffer *name, const char *at, size_t length, bool first)
{
    bool unsafe = length == 1 ? is_unsafe_byte((unsigned char)*at) || (first && *at == '.')
                              : is_unsafe_sequence(at, length);
    if (unsafe) {
        append_escaped(name, at, length);
    } else {
        (void)buffer_append(name, at, length);
    }
}

/* Appends the hash of all of the segment, so that long names that begin alike stay apart. */
static bool append_hash(struct buffer *name, const char *bytes, size_t length, size_t hash_bytes,
                        struct error *err)
{
    unsigned char digest[DIGEST_MAX];
    char hex[2 * DIGEST_MAX + 1];
    size_t digest_length;
    if (!digest_compute(DIGEST_SHA256, bytes, length, digest, &digest_length, err)) {
        return false;
    }
    digest_hex(digest, hash_bytes, hex);
    (void)buffer_append_text(name, hex);
    return true;
}

static bool append_segment(struct buffer *path, const char *segment, size_t length,
                           struct error *err)
{
    size_t begin = path->length, keep = path->length;
    if (length == 0) {
        (void)buffer_append_byte(path, '%');
    }
    for (size_t i = 0; i < length;) {
        size_t character = utf8_sequence(segment + i, length - i);
        character = character == 0 ? 1 : character;
        append_character(path, segment + i, character, i == 0);
        i += character;
        if (path->length - begin <= KEEP_BYTES) {
            keep = path->length;
        }
    }
    if (path->length - begin <= KEY_SEGMENT_MAX) {
        return true;
    }
    path->length = keep;
    path->data[keep] = '\0';
    (void)buffer_append_byte(path, '~');
    return append_hash(path, segment, length, HASH_BYTES, err);
}

/* Where a last segment's extension begins: a dot and up to EXTENSION_MAX letters and digits, with
 * something before it. `length` when there is none. */
static size_t find_extension(const char *segment, size_t length)
{
    size_t i = length;
    while (i > 0 && length - i <= EXTENSION_MAX) {
        unsigned char byte = (unsigned char)segment[i - 1];
        if (byte == '.') {
            return i > 1 && i < length ? i - 1 : length;
        }
        bool alphanumeric =
            (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
        if (!alphanumeric) {
            return length;
        }
        i--;
    }
    return length;
}

static bool append_folders(struct buffer *path, const char *key, size_t length, struct error *err)
{
    size_t begin = 0;
    for (size_t i = 0; i < length; i++) {
        if (key[i] == '/') {
            if (!append_segment(path, key + begin, i - begin, err)) {
                return false;
            }
            (void)buffer_append_byte(path, '/');
            begin = i + 1;
        }
    }
    return true;
}

static size_t count_folders(const char *key, size_t length)
{
    size_t folders = 0;
    for (size_t i = 0; i < length; i++) {
        folders += key[i] == '/';
    }
    return folders;
}

bool key_file_name(const char *key, size_t length, const char *tag, struct buffer *path,
                   struct error *err)
{
    size_t last = length;
    while (last > 0 && key[last - 1] != '/') {
        last--;
    }
    size_t begin = path->length;
    size_t extension = last + find_extension(key + last, length - last);
    bool fits = count_folders(key, last) <= KEY_FOLDERS_MAX;
    if (fits && !append_folders(path, key, last, err)) {
        return false;
    }
    if (!fits || path->length - begin > KEY_PATH_MAX - KEY_SEGMENT_MAX) {
        path->length = begin;
        (void)buffer_append_text(path, LONG_FOLDER "/");
        if (!append_hash(path, key, length, 2 * HASH_BYTES, err)) {
            return false;
        }
    } else if (!append_segment(path, key + last, extension - last, err)) {
        return false;
    }
    (void)buffer_printf(path, "~%.*s", KEY_TAG_LENGTH, tag);
    (void)buffer_append(path, key + extension, length - extension);
    return buffer_check(path, "the name of a body's file", err);
}

bool key_is_file_name(const char *name)
{
    const char *tilde = strrchr(name, '~');
    if (tilde == NULL || strspn(tilde + 1, "0123456789abcdef") < KEY_TAG_LENGTH) {
        return false;
    }
    const char *rest = tilde + 1 + KEY_TAG_LENGTH;
    return *rest == '\0' || *rest == '.';
}
