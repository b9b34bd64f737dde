/*
 * arena.c - memory freed all at once. Called by the expression parsers. One block for each thing:
 * an expression has at most a few hundred nodes, and every overrun stays visible to a sanitizer.
 */
#include "bindings/local/dynamodb/arena.h"

#include <stdlib.h>

struct arena_block {
    struct arena_block *next;
    max_align_t memory[];
};

void *arena_allocate(struct arena *arena, size_t size)
{
    struct arena_block *block = calloc(1, sizeof *block + size);
    if (block == NULL) {
        return NULL;
    }
    block->next = arena->blocks;
    arena->blocks = block;
    return block->memory;
}

void arena_release(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
}
