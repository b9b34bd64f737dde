/*
 * nearest.c - how many letters differ. Called where a command line or an argument is wrong.
 */
#include "host/nearest.h"

#include <string.h>

enum { LONGEST = 32, DISTANCE_MAX = 2, BEGINNING_MIN = 3 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance, by rows, of short words. */
static size_t distance_of(const char *a, size_t a_length, const char *b, size_t b_length)
{
    if (a_length > LONGEST || b_length > LONGEST) {
        return LONGEST;
    }
    size_t row[LONGEST + 1];
    for (size_t j = 0; j <= b_length; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[b_length];
}

struct nearest nearest_to_part(const char *wrong, size_t length)
{
    return (struct nearest){.wrong = wrong, .length = length, .distance = DISTANCE_MAX + 1};
}

struct nearest nearest_to(const char *wrong)
{
    return nearest_to_part(wrong, strlen(wrong));
}

void nearest_try(struct nearest *nearest, const char *name)
{
    size_t distance = distance_of(name, strlen(name), nearest->wrong, nearest->length);
    if (nearest->length >= BEGINNING_MIN && strncmp(name, nearest->wrong, nearest->length) == 0) {
        distance = least(distance, DISTANCE_MAX);
    }
    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->name = name;
    }
}
