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

/* Damerau's distance of short words: letters that differ, are missing, too many or swapped. The
 * rows are those of the last three letters of `a`, in turns. */
static size_t distance_of(const char *a, size_t a_length, const char *b, size_t b_length)
{
    if (a_length > LONGEST || b_length > LONGEST) {
        return LONGEST;
    }
    size_t rows[3][LONGEST + 1];
    for (size_t j = 0; j <= b_length; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *last = rows[(i + 2) % 3], *last_but_one = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t replaced = last[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(replaced, least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = least(row[j], last_but_one[j - 2] + 1);
            }
        }
    }
    return rows[a_length % 3][b_length];
}

/* Of three letters, two others are another word. */
static size_t distance_max(size_t length)
{
    return least(DISTANCE_MAX, length / 2);
}

struct nearest nearest_to_part(const char *wrong, size_t length)
{
    return (struct nearest){.wrong = wrong, .length = length, .distance = distance_max(length) + 1};
}

struct nearest nearest_to(const char *wrong)
{
    return nearest_to_part(wrong, strlen(wrong));
}

void nearest_try(struct nearest *nearest, const char *name)
{
    size_t distance = distance_of(name, strlen(name), nearest->wrong, nearest->length);
    if (nearest->length >= BEGINNING_MIN && strncmp(name, nearest->wrong, nearest->length) == 0) {
        distance = least(distance, distance_max(nearest->length));
    }
    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->name = name;
    }
}
