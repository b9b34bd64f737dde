/*
 * s3_file.c - bodies as files: written beside their place, made durable, moved there under a name
 * of their own, and never changed again. Called by the operations of the embedded S3.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bindings/digest.h"
#include "bindings/local/folder.h"
#include "bindings/local/key.h"
#include "bindings/local/s3_local.h"
#include "host/buffer.h"
#include "host/loop.h"

#define PLACE_ATTEMPTS 32
#define TEMPORARY_NAME 33 /* 32 hex digits and a NUL */

static bool is_stopped(const struct s3_call *call, struct error *err)
{
    return call->job != NULL && job_stopped(call->job, err);
}

static bool write_chunk(int descriptor, const char *bytes, size_t length, struct error *err)
{
    while (length > 0) {
        ssize_t written = write(descriptor, bytes, length);
        if (written < 0 && errno != EINTR) {
            return error_set_system(err, errno, "writing a body of the local store");
        }
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
        }
    }
    return true;
}

static bool write_bytes(const struct s3_call *call, int descriptor, const char *bytes,
                        size_t length, struct error *err)
{
    for (size_t at = 0; at < length; at += S3_LOCAL_CHUNK) {
        size_t chunk = length - at < S3_LOCAL_CHUNK ? length - at : S3_LOCAL_CHUNK;
        if (is_stopped(call, err) || !write_chunk(descriptor, bytes + at, chunk, err)) {
            return false;
        }
    }
    return true;
}

static bool copy_bytes(const struct s3_call *call, int descriptor, const struct s3_body *body,
                       struct error *err)
{
    size_t size = body->length < S3_LOCAL_CHUNK ? body->length : S3_LOCAL_CHUNK;
    char *chunk = malloc(size + 1);
    if (chunk == NULL) {
        return error_set_memory(err, "copying an object");
    }
    bool ok = true;
    for (size_t at = 0; ok && at < body->length; at += size) {
        size_t length = body->length - at < size ? body->length - at : size;
        ok = s3_file_read(call, body->descriptor, (int64_t)at, chunk, length, err) &&
             write_chunk(descriptor, chunk, length, err);
    }
    free(chunk);
    return ok;
}

static bool fill(const struct s3_call *call, int descriptor, const struct s3_body *body,
                 struct error *err)
{
    bool ok = body->bytes != NULL ? write_bytes(call, descriptor, body->bytes, body->length, err)
                                  : copy_bytes(call, descriptor, body, err);
    if (ok && fsync(descriptor) != 0) {
        return error_set_system(err, errno, "making a body of the local store durable");
    }
    return ok;
}

static bool write_temporary(const struct s3_call *call, const struct s3_body *body,
                            char name[TEMPORARY_NAME], struct error *err)
{
    unsigned char random[16];
    if (!digest_random(random, sizeof random, err)) {
        return false;
    }
    digest_hex(random, sizeof random, name);
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int descriptor = openat(call->s3->temporary, name, flags, 0666);
    if (descriptor < 0) {
        return error_set_system(err, errno, "making a file in the local store's folder .tmp");
    }
    bool ok = fill(call, descriptor, body, err);
    if (close(descriptor) != 0 && ok) {
        ok = error_set_system(err, errno, "closing a body of the local store");
    }
    if (!ok) {
        (void)unlinkat(call->s3->temporary, name, 0);
    }
    return ok;
}

static int open_bucket(const struct s3_local *s3, struct s3_text bucket, bool create)
{
    return folder_open(s3->directory, bucket.data, bucket.length, create);
}

/* Moves the temporary file to `path`. False with errno EEXIST when that name is taken: renaming
 * would replace it, so the name is first taken with an empty file that can only be ours. */
static bool move_to(const struct s3_local *s3, const char *name, int bucket, const char *path)
{
    size_t length = folder_length(path);
    const char *base = length == 0 ? path : path + length + 1;
    int folder = folder_open(bucket, path, length, true);
    if (folder < 0) {
        return false;
    }
    int taken = openat(folder, base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    bool ok = taken >= 0;
    if (ok) {
        (void)close(taken);
        ok = renameat(s3->temporary, name, folder, base) == 0 && fsync(folder) == 0;
    }
    int kept = errno;
    (void)close(folder);
    errno = kept;
    return ok;
}

static bool choose_path(const struct s3_call *call, struct buffer *path, struct error *err)
{
    unsigned char random[KEY_TAG_LENGTH / 2];
    char tag[KEY_TAG_LENGTH + 1];
    if (!digest_random(random, sizeof random, err)) {
        return false;
    }
    digest_hex(random, sizeof random, tag);
    buffer_reset(path);
    return key_file_name(call->request->key.data, call->request->key.length, tag, path, err);
}

/* Tries names until one is free. A folder may go away under us, when the last other file in it is
 * deleted: that is ENOENT, and the next attempt makes it again. */
static bool place(const struct s3_call *call, const char *name, struct buffer *path,
                  struct error *err)
{
    int bucket = open_bucket(call->s3, call->request->bucket, true);
    if (bucket < 0) {
        return error_set_system(err, errno, "opening the folder of bucket %.*s",
                                (int)call->request->bucket.length, call->request->bucket.data);
    }
    bool placed = false, ok = true;
    for (int attempt = 0; ok && !placed && attempt < PLACE_ATTEMPTS; attempt++) {
        ok = choose_path(call, path, err);
        if (ok) {
            placed = move_to(call->s3, name, bucket, buffer_text(path));
            ok = placed || errno == EEXIST || errno == ENOENT ||
                 error_set_system(err, errno, "placing %s", buffer_text(path));
        }
    }
    (void)close(bucket);
    if (ok && !placed) {
        return error_set(err, "io", "placing %s: no free name was found", buffer_text(path));
    }
    return ok;
}

bool s3_file_write(const struct s3_call *call, const struct s3_body *body, char **file,
                   struct error *err)
{
    char name[TEMPORARY_NAME];
    if (!write_temporary(call, body, name, err)) {
        return false;
    }
    struct buffer path;
    buffer_init(&path, 4096);
    if (!place(call, name, &path, err)) {
        (void)unlinkat(call->s3->temporary, name, 0);
        buffer_release(&path);
        return false;
    }
    *file = buffer_take(&path, NULL);
    return true;
}

/* The folder that holds the file and the file's own name in it, or -1 with errno. */
static int open_folder_of(const struct s3_local *s3, struct s3_text bucket, const char *file,
                          const char **base)
{
    int folder = open_bucket(s3, bucket, false);
    if (folder < 0) {
        return -1;
    }
    size_t length = folder_length(file);
    *base = length == 0 ? file : file + length + 1;
    int inner = folder_open(folder, file, length, false);
    int kept = errno;
    (void)close(folder);
    errno = kept;
    return inner;
}

bool s3_file_open(const struct s3_local *s3, struct s3_text bucket, const char *file,
                  int *descriptor, struct error *err)
{
    const char *base;
    int folder = open_folder_of(s3, bucket, file, &base);
    int opened = folder < 0 ? -1 : openat(folder, base, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int reason = errno;
    if (folder >= 0) {
        (void)close(folder);
    }
    if (opened < 0 && reason != ENOENT) {
        return error_set_system(err, reason, "%.*s/%s", (int)bucket.length, bucket.data, file);
    }
    *descriptor = opened;
    return true;
}

bool s3_file_exists(const struct s3_local *s3, struct s3_text bucket, const char *file)
{
    const char *base;
    int folder = open_folder_of(s3, bucket, file, &base);
    if (folder < 0) {
        return false;
    }
    struct stat info;
    bool exists = fstatat(folder, base, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode);
    (void)close(folder);
    return exists;
}

static bool read_chunk(int descriptor, int64_t offset, char *to, size_t length, struct error *err)
{
    while (length > 0) {
        ssize_t got = pread(descriptor, to, length, (off_t)offset);
        if (got == 0) {
            return error_set(err, "io", "a body of the local store is shorter than it was written");
        }
        if (got < 0 && errno != EINTR) {
            return error_set_system(err, errno, "reading a body of the local store");
        }
        if (got > 0) {
            to += got;
            offset += got;
            length -= (size_t)got;
        }
    }
    return true;
}

bool s3_file_read(const struct s3_call *call, int descriptor, int64_t offset, char *to,
                  size_t length, struct error *err)
{
    for (size_t at = 0; at < length; at += S3_LOCAL_CHUNK) {
        size_t chunk = length - at < S3_LOCAL_CHUNK ? length - at : S3_LOCAL_CHUNK;
        if (is_stopped(call, err) ||
            !read_chunk(descriptor, offset + (int64_t)at, to + at, chunk, err)) {
            return false;
        }
    }
    return true;
}

void s3_file_remove(const struct s3_local *s3, struct s3_text bucket, const char *file)
{
    int folder = open_bucket(s3, bucket, false);
    if (folder < 0) {
        return;
    }
    size_t length = folder_length(file);
    int inner = folder_open(folder, file, length, false);
    if (inner >= 0) {
        (void)unlinkat(inner, length == 0 ? file : file + length + 1, 0);
        (void)close(inner);
        folder_remove_empty(folder, file, length);
    }
    (void)close(folder);
}
