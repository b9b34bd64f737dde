/*
 * process.h - runs a profile's credential_process and takes what it prints. For local use; blocks.
 */
#ifndef LUNETTE_BINDINGS_AWS_PROCESS_H
#define LUNETTE_BINDINGS_AWS_PROCESS_H

#include <stddef.h>

#include "host/error.h"

#define PROCESS_OUTPUT_MAX    65536 /* bytes */
#define PROCESS_ARGUMENTS_MAX 64
#define PROCESS_TIMEOUT_MS    60000 /* a person may have to confirm on a phone */

/*
 * Runs `command` and waits until it ends. No shell: the text is split at blanks, with '...', "..."
 * and backslashes as a shell has them; $, *, | and the like mean nothing. A program that needs a
 * shell says `sh -c '...'`. Its input is empty, its error output is ours.
 *
 * *output: what it printed, NUL-terminated, owned by the caller (digest_cleanse(), free()). Errors:
 * `credentials` (the command can't be read or run, did not end in time or with status 0, or printed
 * too much), `memory`, `io`.
 */
MUST_CHECK bool process_run(const char *command, int timeout_ms, char **output, size_t *length,
                            struct error *err);

/* The splitting alone. Writes the words into `text` (at least strlen(command) + 1 bytes) and their
 * addresses, NULL after the last, into `arguments`. Errors: `credentials`. */
MUST_CHECK bool process_split(const char *command, char *text,
                              char *arguments[PROCESS_ARGUMENTS_MAX + 1], struct error *err);

#endif
