/*
 * arena.h - memory for the syntax trees of one request, freed all at once.
 */
#ifndef LUNETTE_BINDINGS_LOCAL_DYNAMODB_ARENA_H
#define LUNETTE_BINDINGS_LOCAL_DYNAMODB_ARENA_H

#include <stddef.h>

struct arena_block;

/* Zeroed is empty. */
struct arena {
    struct arena_block *blocks;
};

/* Zeroed memory, valid until the arena is released; NULL when there is none left. */
void *arena_allocate(struct arena *arena, size_t size);

void arena_release(struct arena *arena);

#endif
