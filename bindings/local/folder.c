/*
 * folder.c - opening and removing folders step by step; see folder.h. Called by the embedded S3
 * for every body.
 */
#include "bindings/local/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static void close_keeping_errno(int descriptor)
{
    int kept = errno;
    (void)close(descriptor);
    errno = kept;
}

/* The sync is due even when the folder was there: another process may have made it just now. */
static bool make_durably(int at, const char *name)
{
    if (mkdirat(at, name, 0777) != 0 && errno != EEXIST) {
        return false;
    }
    return fsync(at) == 0;
}

/* One step down, or -1. Consumes `at`. */
static int step_into(int at, const char *segment, size_t length, bool create)
{
    char name[NAME_MAX + 1];
    int below = -1;
    if (length > NAME_MAX) {
        errno = ENAMETOOLONG;
    } else {
        memcpy(name, segment, length);
        name[length] = '\0';
        if (!create || make_durably(at, name)) {
            below = openat(at, name, OPEN_FOLDER);
        }
    }
    close_keeping_errno(at);
    return below;
}

int folder_open(int at, const char *path, size_t length, bool create)
{
    int folder = openat(at, ".", OPEN_FOLDER);
    size_t begin = 0;
    while (folder >= 0 && begin < length) {
        const char *slash = memchr(path + begin, '/', length - begin);
        size_t end = slash == NULL ? length : (size_t)(slash - path);
        folder = step_into(folder, path + begin, end - begin, create);
        begin = end + 1;
    }
    return folder;
}

static size_t parent_length(const char *path, size_t length)
{
    while (length > 0 && path[length - 1] != '/') {
        length--;
    }
    return length == 0 ? 0 : length - 1;
}

size_t folder_length(const char *path)
{
    return parent_length(path, strlen(path));
}

static bool remove_one(int at, const char *path, size_t length)
{
    size_t parent = parent_length(path, length);
    size_t begin = parent == 0 ? 0 : parent + 1;
    char name[NAME_MAX + 1];
    if (length - begin > NAME_MAX) {
        return false;
    }
    memcpy(name, path + begin, length - begin);
    name[length - begin] = '\0';
    int folder = folder_open(at, path, parent, false);
    if (folder < 0) {
        return false;
    }
    bool removed = unlinkat(folder, name, AT_REMOVEDIR) == 0;
    (void)close(folder);
    return removed;
}

void folder_remove_empty(int at, const char *path, size_t length)
{
    while (length > 0 && remove_one(at, path, length)) {
        length = parent_length(path, length);
    }
}

static bool make_one(const char *path)
{
    struct stat info;
    if (mkdir(path, 0777) == 0) {
        return true;
    }
    return errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool folder_make_all(const char *path)
{
    char *copy = strdup(path);
    if (copy == NULL) {
        return false;
    }
    bool ok = true;
    for (char *slash = strchr(copy + 1, '/'); ok && slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        ok = make_one(copy);
        *slash = '/';
    }
    ok = ok && make_one(copy);
    int kept = errno;
    free(copy);
    errno = kept;
    return ok;
}
