/*
 * nearest.h - what a misspelt word was meant to be.
 *
 *     struct nearest nearest = nearest_to("hight");
 *     nearest_try(&nearest, "width");
 *     nearest_try(&nearest, "height");
 *     nearest.name                       "height"; NULL when nothing is like it
 */
#ifndef LUNETTE_HOST_NEAREST_H
#define LUNETTE_HOST_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *wrong; /* borrowed */
    size_t length;     /* of `wrong`, in bytes */
    const char *name;  /* the most alike so far, the first of several */
    size_t distance;
};

struct nearest nearest_to(const char *wrong);

/* Of a text that goes on behind the word. */
struct nearest nearest_to_part(const char *wrong, size_t length);

/* Alike: two letters at most differ, are missing, too many or swapped with their neighbour, and no
 * more than half of `wrong`; or `wrong` are three or more letters with which the name begins. The
 * name is borrowed. */
void nearest_try(struct nearest *nearest, const char *name);

#endif
