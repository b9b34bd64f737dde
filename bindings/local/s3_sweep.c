/*
 * s3_sweep.c - removes the files that a killed process left: written, but never any row's. Called
 * when the store is opened.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bindings/local/key.h"
#include "bindings/local/s3_local.h"
#include "host/buffer.h"

#define MARK_NAME "swept" /* in .tmp; its time of change is that of the last sweep */

struct sweep {
    struct s3_local *s3;
    const char *bucket;
    struct buffer path; /* of the folder being read, below the bucket's */
};

static int64_t age_ms(const struct s3_local *s3, const struct stat *info)
{
    int64_t changed_ms = (int64_t)info->st_mtim.tv_sec * 1000 + info->st_mtim.tv_nsec / 1000000;
    return s3->now_ms() - changed_ms;
}

/* False when somebody swept not long ago. Marks first, so that of several only one begins. */
static bool is_due(struct s3_local *s3)
{
    struct stat info;
    if (fstatat(s3->temporary, MARK_NAME, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
        age_ms(s3, &info) < S3_LOCAL_SWEEP_MS) {
        return false;
    }
    int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
    int mark = openat(s3->temporary, MARK_NAME, flags, 0666);
    if (mark < 0) {
        return false;
    }
    bool marked = futimens(mark, NULL) == 0;
    (void)close(mark);
    return marked;
}

static bool is_old_file(const struct s3_local *s3, int folder, const char *name)
{
    struct stat info;
    return fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode) &&
           age_ms(s3, &info) > S3_LOCAL_GRACE_MS;
}

/* A reader of the folder's entries that leaves `folder` open. */
static DIR *read_folder(int folder)
{
    int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);
    if (entries == NULL && copy >= 0) {
        (void)close(copy);
    }
    return entries;
}

static void sweep_temporary(struct s3_local *s3)
{
    DIR *entries = read_folder(s3->temporary);
    if (entries == NULL) {
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(entries)) != NULL) {
        if (strcmp(entry->d_name, MARK_NAME) != 0 &&
            is_old_file(s3, s3->temporary, entry->d_name)) {
            (void)unlinkat(s3->temporary, entry->d_name, 0);
        }
    }
    (void)closedir(entries);
}

static bool is_nobodys(struct sweep *sweep, struct database_connection *connection)
{
    struct error ignored;
    bool owned = true;
    return s3_row_owns_file(connection, sweep->bucket, buffer_text(&sweep->path), &owned,
                            &ignored) &&
           !owned;
}

/* Asks again under the write lock: a put that is slower than the grace finds its file gone before
 * it commits, or commits before we look. */
static void remove_orphan(struct sweep *sweep)
{
    struct error ignored;
    struct database_connection *connection = database_acquire(sweep->s3->database, NULL, &ignored);
    if (connection == NULL) {
        return;
    }
    if (is_nobodys(sweep, connection) && database_begin(connection, &ignored)) {
        if (is_nobodys(sweep, connection)) {
            struct s3_text bucket = {sweep->bucket, strlen(sweep->bucket)};
            s3_file_remove(sweep->s3, bucket, buffer_text(&sweep->path));
        }
        database_rollback(connection);
    }
    database_release(connection);
}

static void truncate_path(struct buffer *path, size_t length)
{
    path->length = length;
    if (path->data != NULL) {
        path->data[length] = '\0';
    }
}

static void sweep_folder(struct sweep *sweep, int folder, int depth);

static void sweep_entry(struct sweep *sweep, int folder, const char *name, int depth)
{
    if (key_is_file_name(name)) {
        if (is_old_file(sweep->s3, folder, name)) {
            remove_orphan(sweep);
        }
        return;
    }
    int below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (below >= 0) {
        (void)buffer_append_byte(&sweep->path, '/');
        sweep_folder(sweep, below, depth + 1);
        (void)close(below);
    }
}

static void sweep_folder(struct sweep *sweep, int folder, int depth)
{
    DIR *entries = depth > KEY_FOLDERS_MAX ? NULL : read_folder(folder);
    if (entries == NULL) {
        return;
    }
    size_t length = sweep->path.length;
    const struct dirent *entry;
    while ((entry = readdir(entries)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        if (buffer_append_text(&sweep->path, entry->d_name)) {
            sweep_entry(sweep, folder, entry->d_name, depth);
        }
        truncate_path(&sweep->path, length);
    }
    (void)closedir(entries);
}

static void sweep_bucket(struct s3_local *s3, const char *bucket)
{
    struct error ignored;
    if (!s3_check_bucket(bucket, strlen(bucket), &ignored)) {
        return;
    }
    int folder = openat(s3->directory, bucket, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) {
        return;
    }
    struct sweep sweep = {.s3 = s3, .bucket = bucket};
    buffer_init(&sweep.path, 65536);
    sweep_folder(&sweep, folder, 0);
    buffer_release(&sweep.path);
    (void)close(folder);
}

void s3_sweep(struct s3_local *s3)
{
    if (!is_due(s3)) {
        return;
    }
    sweep_temporary(s3);
    DIR *entries = read_folder(s3->directory);
    if (entries == NULL) {
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(entries)) != NULL) {
        sweep_bucket(s3, entry->d_name);
    }
    (void)closedir(entries);
}
