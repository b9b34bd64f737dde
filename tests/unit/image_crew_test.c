/*
 * image_crew_test.c - a render on several threads: the same pictures, each handed out once; the
 * first failure stops it, whichever thread it comes from, and nothing is left behind.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/image/budget.h"
#include "tests/unit/allocation.h"
#include "tests/unit/check.h"
#include "tests/unit/image_sample.h"

#define TARGETS 6

/* Who renders, with a pool beside it; and what has been handed out. */
struct caller {
    struct worker_pool *pool;
    atomic_int asked, handed_over;
    int stops_after; /* questions; 0: never */
    pthread_mutex_t mutex;
    int order[TARGETS], count;
    struct image_output outputs[TARGETS];
};

static bool stopped(void *context, struct error *err)
{
    struct caller *caller = context;
    int asked = atomic_fetch_add(&caller->asked, 1) + 1;
    if (caller->stops_after == 0 || asked < caller->stops_after) {
        return false;
    }
    (void)error_set(err, "deadline", "question %d", asked);
    return true;
}

static bool hand_over(void *context, struct worker_item *part)
{
    struct caller *caller = context;
    bool taken = worker_hand_over(caller->pool, part);
    atomic_fetch_add(&caller->handed_over, taken);
    return taken;
}

static void ready(void *context, size_t index, const struct image_output *output)
{
    struct caller *caller = context;
    (void)pthread_mutex_lock(&caller->mutex);
    if (CHECK(caller->count < TARGETS && caller->outputs[index].bytes == NULL)) {
        caller->order[caller->count++] = (int)index;
        caller->outputs[index] = *output;
    }
    (void)pthread_mutex_unlock(&caller->mutex);
}

static void caller_open(struct caller *caller, int threads)
{
    struct error err;
    *caller = (struct caller){.pool = worker_pool_new(threads, &err)};
    (void)pthread_mutex_init(&caller->mutex, NULL);
}

static void caller_close(struct caller *caller)
{
    worker_pool_free(caller->pool);
    for (int i = 0; i < TARGETS; i++) {
        image_output_release(&caller->outputs[i]);
    }
    (void)pthread_mutex_destroy(&caller->mutex);
}

static struct image_control control_of(struct caller *caller, int hands)
{
    return (struct image_control){.stopped = stopped,
                                  .context = caller,
                                  .hand_over = hand_over,
                                  .hands = hands,
                                  .ready = ready};
}

static bool render(const struct sample *sample, const struct image_target *targets,
                   struct image_output *outputs, const struct image_control *control,
                   struct error *err)
{
    struct image_limits limits;
    struct image_info info;
    image_limits_default(&limits);
    return image_engine_start(INT64_C(1) << 30, err) &&
           image_probe(sample->bytes, sample->length, &limits, &info, err) &&
           image_render(sample->bytes, sample->length, &info, &limits, NULL, 0, targets, TARGETS,
                        outputs, control, err);
}

/* Two of them are made of others, one is cut, one is padded. */
static void six_targets(struct image_target *targets)
{
    targets[0] = sample_target(40, 40, IMAGE_WEBP);
    targets[1] = sample_target(400, 0, IMAGE_JPEG);
    targets[1].progressive = true;
    targets[2] = sample_target(200, 0, IMAGE_PNG);
    targets[3] = sample_target(100, 0, IMAGE_GIF);
    targets[4] = sample_target(120, 120, IMAGE_PNG);
    targets[4].fit = IMAGE_CONTAIN;
    targets[5] = sample_target(90, 90, IMAGE_JPEG);
    targets[5].fit = IMAGE_COVER;
    targets[5].keep_metadata = true;
}

TEST(image_crew_makes_the_same_pictures_on_any_number_of_threads)
{
    struct sample jpeg = sample_jpeg(900, 700, 6, "somebody");
    struct image_target targets[TARGETS];
    struct image_output alone[TARGETS];
    struct error err = {.message = ""};
    six_targets(targets);
    if (!CHECK(render(&jpeg, targets, alone, NULL, &err))) {
        (void)printf("    %s\n", err.message);
        return;
    }
    for (int threads = 1; threads <= 4; threads++) {
        struct caller caller;
        caller_open(&caller, threads);
        check_case("%d threads", threads);
        struct image_control control = control_of(&caller, threads + 1);
        CHECK(render(&jpeg, targets, NULL, &control, &err));
        CHECK_INTEGER(caller.count, TARGETS);
        CHECK(atomic_load(&caller.handed_over) > 0);
        for (int i = 0; i < TARGETS; i++) {
            CHECK(caller.outputs[i].length == alone[i].length &&
                  memcmp(caller.outputs[i].bytes, alone[i].bytes, alone[i].length) == 0);
        }
        caller_close(&caller);
    }
    CHECK_INTEGER(budget_in_use(), 0);
    for (int i = 0; i < TARGETS; i++) {
        image_output_release(&alone[i]);
    }
    sample_release(&jpeg);
}

TEST(image_crew_hands_out_in_turn_without_other_hands)
{
    struct sample jpeg = sample_jpeg(900, 700, 0, NULL);
    static const int largest_first[] = {1, 2, 4, 5, 3, 0};
    struct image_target targets[TARGETS];
    struct caller caller;
    struct error err;
    six_targets(targets);
    caller_open(&caller, 1);
    struct image_control control = control_of(&caller, 1);
    CHECK(render(&jpeg, targets, NULL, &control, &err));
    CHECK_INTEGER(atomic_load(&caller.handed_over), 0);
    for (int i = 0; i < TARGETS; i++) {
        check_case("turn %d", i);
        CHECK_INTEGER(caller.order[i], largest_first[i]);
    }
    caller_close(&caller);
    sample_release(&jpeg);
}

/* No WebP is wider than 16,383 pixels: that encode fails, wherever it is done. */
TEST(image_crew_stops_at_the_first_failure)
{
    struct sample jpeg = sample_jpeg(900, 700, 0, NULL);
    for (int bad = 0; bad < TARGETS; bad++) {
        for (int hands = 1; hands <= 4; hands++) {
            struct image_target targets[TARGETS];
            struct caller caller;
            struct error err = {.message = ""};
            six_targets(targets);
            targets[bad] = sample_target(16384, 8, IMAGE_WEBP);
            targets[bad].fit = IMAGE_FILL;
            targets[bad].enlarge = true;
            caller_open(&caller, hands);
            check_case("target %d, %d hands", bad, hands);
            struct image_control control = control_of(&caller, hands);
            CHECK(!render(&jpeg, targets, NULL, &control, &err));
            CHECK_TEXT(err.code, "unsupported");
            CHECK(caller.count < TARGETS);
            CHECK(caller.outputs[bad].bytes == NULL);
            CHECK_INTEGER(budget_in_use(), 0);
            caller_close(&caller);
        }
    }
    sample_release(&jpeg);
}

/* Whenever it is told to stop it stops, and says what it was told first. */
TEST(image_crew_stops_when_it_is_told_to)
{
    struct sample jpeg = sample_jpeg(900, 700, 0, NULL);
    struct image_target targets[TARGETS];
    bool finished = false;
    six_targets(targets);
    for (int i = 0; i < TARGETS; i++) {
        targets[i].format = IMAGE_PNG; /* the library's other encoders leak when they are stopped */
        targets[i].progressive = false;
    }
    for (int after = 1; !finished; after += after / 3 + 1) {
        struct caller caller;
        struct error err = {.message = ""};
        caller_open(&caller, 2);
        caller.stops_after = after;
        check_case("after %d questions", after);
        struct image_control control = control_of(&caller, 3);
        finished = render(&jpeg, targets, NULL, &control, &err);
        CHECK(finished == (caller.count == TARGETS));
        CHECK_TEXT(finished ? "deadline" : err.code, "deadline");
        CHECK_INTEGER(budget_in_use(), 0);
        caller_close(&caller);
    }
    sample_release(&jpeg);
}

/* Only our own: what the library can't allocate leaves its pictures behind. */
TEST(image_crew_survives_any_of_its_allocations_failing)
{
    enum { OWN = 4 }; /* plan, outputs, sources, parts */
    struct sample jpeg = sample_jpeg(900, 700, 0, NULL);
    struct image_target targets[TARGETS];
    six_targets(targets);
    for (int n = 1; n <= OWN; n++) {
        struct caller caller;
        struct error err = {.message = ""};
        caller_open(&caller, 2);
        check_case("allocation %d", n);
        struct image_control control = control_of(&caller, 3);
        allocation_fail(n);
        CHECK(!render(&jpeg, targets, NULL, &control, &err));
        CHECK(allocation_has_failed());
        allocation_fail(0);
        CHECK_TEXT(err.code, "memory");
        CHECK_INTEGER(caller.count, 0);
        CHECK_INTEGER(budget_in_use(), 0);
        caller_close(&caller);
    }
    sample_release(&jpeg);
}
