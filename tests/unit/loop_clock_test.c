/*
 * loop_clock_test.c - the loop's clock is stopped while a person looks at a script.
 */
#include "host/loop.h"
#include "tests/unit/check.h"

#include <time.h>

#define A_MINUTE_MS 60000

TEST(loop_deadline_waits_while_the_clock_is_stopped)
{
    static const struct timespec a_while = {.tv_nsec = 60 * 1000000};
    struct loop_options options = {.worker_threads = 1};
    struct loop_clock clock;
    struct error err;
    struct loop *loop = loop_new(&options, &err);
    if (!CHECK(loop != NULL)) {
        return;
    }
    int64_t now_ms = loop_now_us() / 1000;
    loop_set_deadline(loop, now_ms + A_MINUTE_MS / 2, now_ms + A_MINUTE_MS);
    loop_stop_clock(loop, &clock);
    CHECK(loop_remaining_ms(loop) == INT64_MAX);
    (void)nanosleep(&a_while, NULL);
    int64_t stood_ms = (loop_now_us() - clock.stopped_us) / 1000;
    loop_start_clock(loop, &clock);
    CHECK(stood_ms >= 60);
    int64_t left_ms = loop_remaining_ms(loop);
    CHECK(left_ms <= A_MINUTE_MS / 2);
    CHECK(clock.soft_ms + stood_ms - loop_now_us() / 1000 <= left_ms);
    CHECK(loop_hard_remaining_ms(loop) > left_ms);
    loop_set_deadline(loop, LOOP_NO_DEADLINE, LOOP_NO_DEADLINE);
    loop_stop_clock(loop, &clock);
    loop_start_clock(loop, &clock);
    CHECK(loop_remaining_ms(loop) == INT64_MAX); /* none stays none */
    loop_free(loop);
}
