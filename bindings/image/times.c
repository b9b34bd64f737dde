/*
 * times.c - how long the stages of the image engine took. decode.c, resize.c and encode.c add to
 * it; see times.h.
 */
#include "bindings/image/times.h"

#include <stdatomic.h>
#include <time.h>

static atomic_llong stage_us[TIMES_STAGES], pixels_read, pictures_made;

int64_t times_begin(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void times_end(enum times_stage stage, int64_t began_us)
{
    (void)atomic_fetch_add(&stage_us[stage], times_begin() - began_us);
}

void times_count(int64_t pixels, int64_t pictures)
{
    (void)atomic_fetch_add(&pixels_read, pixels);
    (void)atomic_fetch_add(&pictures_made, pictures);
}

void times_read(struct times *times)
{
    for (int i = 0; i < TIMES_STAGES; i++) {
        times->stage_us[i] = atomic_load(&stage_us[i]);
    }
    times->pixels = atomic_load(&pixels_read);
    times->pictures = atomic_load(&pictures_made);
}
