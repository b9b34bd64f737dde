/*
 * folder.h - folders below the store's own, without ever following a link out of it.
 */
#ifndef LUNETTE_BINDINGS_LOCAL_FOLDER_H
#define LUNETTE_BINDINGS_LOCAL_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

/* Opens the folder `path` (its first `length` bytes, segments between slashes, none of them empty
 * or dots; length 0 is `at` itself) below `at`. With `create`, what is missing is made, durably.
 * A descriptor, or -1 with errno: ENOENT, ENOTDIR or ELOOP where a link or a file stands, ... */
int folder_open(int at, const char *path, size_t length, bool create);

/* Removes the folder and then those above it, as long as they are empty; never `at` itself. */
void folder_remove_empty(int at, const char *path, size_t length);

/* Makes the folder at `path` and those above it, where missing. False with errno. */
bool folder_make_all(const char *path);

/* The bytes of `path` before its last slash: its folder; 0 when it has none. */
size_t folder_length(const char *path);

#endif
