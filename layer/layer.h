/*
 * layer.h - what the program does, first of all, when it was built as the Lambda layer: one static
 * executable that has to run on systems it has never seen. Only main.c includes it, and only there.
 */
#ifndef LUNETTE_LAYER_LAYER_H
#define LUNETTE_LAYER_LAYER_H

/* To be called before anything looks up a name, starts a thread, or uses OpenSSL. */
void layer_start(void);

/* The Debian packages that were linked, with their versions, one a line; for --version. */
extern const char layer_packages[];

#endif
