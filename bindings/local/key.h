/*
 * key.h - from an S3 key to a file name that a person recognises and that never leaves the folder.
 *
 *     photos/cat.jpg    photos/cat~4f1c09aa.jpg
 *     ../../x           %2E./%2E./x~4f1c09aa
 *     a//b/             a/%/b/%~4f1c09aa
 *
 * Several keys may share a name but for the tag; the object's row, not the name, says whose body
 * a file is.
 */
#ifndef LUNETTE_BINDINGS_LOCAL_KEY_H
#define LUNETTE_BINDINGS_LOCAL_KEY_H

#include <stddef.h>

#include "host/buffer.h"
#include "host/error.h"

#define KEY_TAG_LENGTH  8   /* what follows the `~`, in hex digits */
#define KEY_SEGMENT_MAX 120 /* bytes of a folder's name; longer ones end in a hash */
#define KEY_FOLDERS_MAX 24  /* deeper keys go to the folder of the long ones */
#define KEY_PATH_MAX    640 /* bytes of the whole relative path, likewise */

/* Appends the path, relative to the bucket's folder. `key` is a legal S3 key (s3_check_request),
 * `tag` KEY_TAG_LENGTH hex digits. Fails with `memory`. */
MUST_CHECK bool key_file_name(const char *key, size_t length, const char *tag, struct buffer *path,
                              struct error *err);

/* True for names that key_file_name can have made for a body: what the sweep may delete. */
bool key_is_file_name(const char *name);

#endif
