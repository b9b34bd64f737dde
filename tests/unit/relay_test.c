/*
 * relay_test.c - two threads in step: nothing is used before it is made, nothing is overwritten
 * before it is used, and the end comes through.
 */
#include "bindings/image/relay.h"
#include "tests/unit/check.h"

#include <pthread.h>

enum { GROUPS = 2000, SLOTS_MAX = 8 };

/* What is made is written into a ring, as rows are; sanitizers watch, too. */
struct stream {
    struct relay relay;
    int64_t ring[SLOTS_MAX], slots;
    int64_t groups;
};

static void *make(void *context)
{
    struct stream *stream = context;
    for (int64_t i = 0; i < stream->groups; i++) {
        relay_begin(&stream->relay);
        stream->ring[i % stream->slots] = i;
        relay_add(&stream->relay);
    }
    relay_end(&stream->relay);
    return NULL;
}

TEST(relay_keeps_two_threads_in_step)
{
    static const struct {
        int64_t ahead, groups;
    } rows[] = {{0, GROUPS}, {1, GROUPS}, {SLOTS_MAX - 1, GROUPS}, {4, 3}, {4, 1}, {4, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct stream stream = {.slots = rows[i].ahead + 1, .groups = rows[i].groups};
        pthread_t maker;
        int64_t group, expected = 0;
        check_case("row %zu", i);
        relay_open(&stream.relay, rows[i].ahead);
        CHECK(pthread_create(&maker, NULL, make, &stream) == 0);
        bool in_order = true;
        while (relay_next(&stream.relay, &group)) {
            in_order &= group == expected && stream.ring[group % stream.slots] == group;
            expected++;
            relay_done(&stream.relay);
        }
        CHECK(in_order);
        CHECK_INTEGER(expected, rows[i].groups);
        (void)pthread_join(maker, NULL);
        relay_close(&stream.relay);
    }
}
