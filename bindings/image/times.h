/*
 * times.h - how long this process has decoded, resized and encoded so far. The stages add to it
 * from any thread, the module `stages` reads it.
 *
 * Of stages that ran side by side the times are added: they are what the work took, not what
 * somebody waited for it.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_TIMES_H
#define LUNETTE_BINDINGS_IMAGE_TIMES_H

#include <stdint.h>

enum times_stage { TIMES_DECODE, TIMES_RESIZE, TIMES_ENCODE, TIMES_STAGES };

/* Since the process began; nothing ever decreases. */
struct times {
    int64_t stage_us[TIMES_STAGES];
    int64_t pixels;   /* of the photos that were decoded, as stored */
    int64_t pictures; /* that were encoded */
};

int64_t times_begin(void); /* for times_end(); microseconds, monotonic */
void times_end(enum times_stage stage, int64_t began_us);
void times_count(int64_t pixels, int64_t pictures);
void times_read(struct times *times);

#endif
