/*
 * vm_internal.h - what vm.c and vm_invoke.c share. For nobody else.
 */
#ifndef LUNETTE_HOST_VM_INTERNAL_H
#define LUNETTE_HOST_VM_INTERNAL_H

#include "host/vm.h"

struct vm {
    lua_State *L;
    struct loop *loop;
    size_t memory, memory_max, memory_peak;
    const char *library_folder;
    bool any_entry;
    int handler;      /* registry reference */
    lua_Hook on_line; /* see vm_watch_lines() */
};

/* Looks at the clock now and then while L runs; new coroutines inherit it. */
void vm_arm_hook(lua_State *L);

#endif
