/*
 * loop_test.c - the loop from the inside: timers, worker jobs, started jobs, cancelling, deadlines,
 * stopping with work in flight. Scripts drive it; the jobs are the test's own.
 */
#include "tests/unit/check.h"

#include <arpa/inet.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bindings/bindings.h"
#include "host/http.h"
#include "host/loop.h"
#include "host/raise.h"

#define THREADS     2
#define A_MINUTE_MS 60000

static atomic_int works_begun, works_ended;
static int starts, cancels, releases;

/* ---- the test's jobs ------------------------------------------------------------------------- */

/* work(ms [, fails]) runs that long on a worker, unless it is stopped; returns its milliseconds. */
struct work_job {
    struct job job;
    int64_t duration_ms;
    bool fails;
};

static bool do_work(struct job *job, struct error *err)
{
    static const struct timespec a_moment = {.tv_nsec = 1000000};
    struct work_job *work = (struct work_job *)job;
    int64_t until_us = loop_now_us() + work->duration_ms * 1000;
    bool stopped = false;
    atomic_fetch_add(&works_begun, 1);
    while (!stopped && loop_now_us() < until_us) {
        stopped = job_stopped(job, err);
        (void)nanosleep(&a_moment, NULL);
    }
    atomic_fetch_add(&works_ended, 1);
    return !stopped && (!work->fails || error_set(err, "broken", "it is broken"));
}

static int push_work(lua_State *L, struct job *job)
{
    lua_pushinteger(L, ((struct work_job *)job)->duration_ms);
    return 1;
}

static void count_release(struct job *job)
{
    (void)job;
    releases++;
}

static int l_work(lua_State *L)
{
    static const struct job_type type = {
        .name = "test.work", .work = do_work, .push = push_work, .release = count_release};
    lua_settop(L, 2);
    struct work_job *work = job_new(L, &type, sizeof *work);
    work->duration_ms = luaL_checkinteger(L, 1);
    work->fails = lua_toboolean(L, 2) != 0;
    return job_run(L);
}

/* hang() starts something that never ends by itself. */
static bool start_hanging(struct job *job, struct error *err)
{
    (void)job;
    (void)err;
    starts++;
    return true;
}

static void cancel_hanging(struct job *job)
{
    (void)job;
    cancels++;
}

static int l_hang(lua_State *L)
{
    static const struct job_type type = {.name = "test.hang",
                                         .start = start_hanging,
                                         .cancel = cancel_hanging,
                                         .release = count_release};
    (void)job_new(L, &type, sizeof(struct job));
    return job_run(L);
}

/* fetch(port) sends a request, and waits 50 ms for the answer. */
struct fetch_job {
    struct job job;
    struct http_transfer *transfer;
    int port;
};

static void fetched(void *context, struct http_response *response, const struct error *err)
{
    (void)response;
    job_finish(context, err);
}

static bool start_fetch(struct job *job, struct error *err)
{
    struct fetch_job *fetch = (struct fetch_job *)job;
    char url[64];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/", fetch->port);
    struct http_request request = {
        .method = "GET", .url = url, .response_max = 10, .timeout_ms = 50, .bypass_proxy = true};
    fetch->transfer = http_start(loop_http(job->loop), &request, fetched, job, err);
    return fetch->transfer != NULL;
}

static void cancel_fetch(struct job *job)
{
    http_cancel(((struct fetch_job *)job)->transfer);
}

static int l_fetch(lua_State *L)
{
    static const struct job_type type = {
        .name = "test.fetch", .start = start_fetch, .cancel = cancel_fetch};
    struct fetch_job *fetch = job_new(L, &type, sizeof *fetch);
    fetch->port = (int)luaL_checkinteger(L, 1);
    return job_run(L);
}

/* stand(ms): a debugger stops the script that long, and the clock with it. */
static int l_stand(lua_State *L)
{
    lua_Integer ms = luaL_checkinteger(L, 1);
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    struct loop_clock clock;
    loop_stop_clock(loop_of(L), &clock);
    (void)nanosleep(&time, NULL);
    loop_start_clock(loop_of(L), &clock);
    return 0;
}

/* ---- a loop with a Lua state ----------------------------------------------------------------- */

struct fixture {
    struct loop *loop;
    lua_State *L;
};

struct outcome {
    int done;
    bool finished;
    enum task_status status;
    char text[256]; /* the first result, or the error's code */
};

static bool open_fixture(struct fixture *fixture)
{
    struct loop_options options = {.worker_threads = THREADS};
    struct error err;
    fixture->loop = loop_new(&options, &err);
    fixture->L = luaL_newstate();
    if (!CHECK(fixture->loop != NULL && fixture->L != NULL)) {
        return false;
    }
    lua_State *L = fixture->L;
    luaL_openlibs(L);
    raise_open(L);
    loop_attach(fixture->loop, L);
    luaL_requiref(L, "task", luaopen_task, 1);
    lua_pop(L, 1);
    lua_register(L, "work", l_work);
    lua_register(L, "hang", l_hang);
    lua_register(L, "fetch", l_fetch);
    lua_register(L, "stand", l_stand);
    atomic_store(&works_begun, 0);
    atomic_store(&works_ended, 0);
    starts = cancels = releases = 0;
    return true;
}

static void close_fixture(struct fixture *fixture)
{
    loop_stop_all(fixture->loop);
    CHECK(!loop_has_tasks(fixture->loop));
    CHECK_INTEGER(lua_gettop(fixture->L), 0);
    lua_close(fixture->L);
    loop_free(fixture->loop);
}

static void keep(void *context, enum task_status status, lua_State *co, int results)
{
    struct outcome *outcome = context;
    outcome->done++;
    outcome->finished = true;
    outcome->status = status;
    outcome->text[0] = '\0';
    if (status == TASK_FAILED) {
        struct error err;
        raise_read(co, -1, &err);
        (void)snprintf(outcome->text, sizeof outcome->text, "%s", err.code);
    } else if (status == TASK_RETURNED && results > 0) {
        (void)snprintf(outcome->text, sizeof outcome->text, "%s",
                       luaL_tolstring(co, -results, NULL));
    }
}

static struct task *spawn(struct fixture *fixture, const char *code, struct outcome *outcome)
{
    memset(outcome, 0, sizeof *outcome);
    (void)CHECK(luaL_loadstring(fixture->L, code) == LUA_OK);
    return loop_spawn(fixture->L, 0, keep, outcome);
}

static void run_until(struct fixture *fixture, const struct outcome *outcome)
{
    struct error err;
    CHECK(loop_run_until(fixture->loop, &outcome->finished, &err));
}

static void run(struct fixture *fixture, const char *code, struct outcome *outcome)
{
    (void)spawn(fixture, code, outcome);
    run_until(fixture, outcome);
    CHECK_INTEGER(outcome->done, 1);
}

/* In milliseconds from now, as loop_set_deadline() counts. */
static void set_deadline(struct fixture *fixture, int64_t soft_ms, int64_t hard_ms)
{
    int64_t now_ms = loop_now_us() / 1000;
    loop_set_deadline(fixture->loop, now_ms + soft_ms, now_ms + hard_ms);
}

/* ---- timers ---------------------------------------------------------------------------------- */

struct bell {
    struct loop_timer timer;
    char name;
    struct loop_timer *to_stop;
    struct loop *loop;
};

static char rung[16];

static void ring(struct loop_timer *timer)
{
    struct bell *bell = (struct bell *)timer;
    (void)snprintf(rung + strlen(rung), sizeof rung - strlen(rung), "%c", bell->name);
    if (bell->to_stop != NULL) {
        loop_timer_stop(bell->loop, bell->to_stop);
    }
}

TEST(loop_timers_fire_in_order)
{
    struct fixture fixture;
    struct outcome outcome;
    if (!open_fixture(&fixture)) {
        return;
    }
    int64_t now_us = loop_now_us();
    struct bell bells[6];
    for (int i = 0; i < 6; i++) {
        bells[i] = (struct bell){{.fire = ring}, (char)('a' + i), NULL, fixture.loop};
    }
    bells[1].to_stop = &bells[5].timer; /* due at the same time, but not rung yet */
    rung[0] = '\0';
    static const int due_ms[] = {9, 3, 6, 3, 1, 3};
    for (int i = 0; i < 6; i++) {
        loop_timer_start(fixture.loop, &bells[i].timer, now_us + due_ms[i] * 1000);
    }
    loop_timer_start(fixture.loop, &bells[4].timer, now_us + 8000); /* moved */
    loop_timer_stop(fixture.loop, &bells[2].timer);
    loop_timer_stop(fixture.loop, &bells[2].timer); /* a second time is nothing */
    run(&fixture, "task.sleep(15)", &outcome);
    CHECK_TEXT(rung, "bdea");
    CHECK(loop_now_us() - now_us >= 15000);
    close_fixture(&fixture);
}

/* ---- jobs ------------------------------------------------------------------------------------ */

TEST(loop_runs_worker_jobs)
{
    static const struct {
        const char *code, *text;
        enum task_status status;
    } cases[] = {
        {"return work(1)", "1", TASK_RETURNED},
        {"return work(1, true)", "broken", TASK_FAILED},
        {"return select(2, pcall(work, 0, true)).operation", "test.work", TASK_RETURNED},
        {"return coroutine.wrap(work)(2)", "2", TASK_RETURNED},
        {"return table.concat(task.map({3, 1, 2, 1, 3}, function(ms) return work(ms) end), ' ')",
         "3 1 2 1 3", TASK_RETURNED},
        {"task.all { function() work(1, true) end, function() work(60000) end }", "broken",
         TASK_FAILED},
        {"local list = {2, 1} table.sort(list, function(a, b) work(1) return a < b end)\n"
         "return list[1]",
         "1", TASK_RETURNED},
    };
    struct fixture fixture;
    if (!open_fixture(&fixture)) {
        return;
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outcome outcome;
        check_case("%s", cases[i].code);
        run(&fixture, cases[i].code, &outcome);
        CHECK_INTEGER(outcome.status, cases[i].status);
        CHECK_TEXT(outcome.text, cases[i].text);
    }
    CHECK_INTEGER(atomic_load(&works_begun), atomic_load(&works_ended));
    close_fixture(&fixture);
}

struct stopper {
    struct loop_timer timer;
    struct loop *loop;
    struct task *task;
    int rounds; /* of the loop, before it stops the task: that has surely begun then */
};

static void stop_task(struct loop_timer *timer)
{
    struct stopper *stopper = (struct stopper *)timer;
    if (stopper->rounds-- > 0) {
        loop_timer_start(stopper->loop, timer, loop_now_us() + 2000);
    } else {
        loop_cancel(stopper->task);
    }
}

TEST(loop_cancels_what_a_task_waits_for)
{
    static const struct {
        const char *code;
        int cancels;
    } cases[] = {
        {"hang()", 1},
        {"work(60000)", 0},
        {"pcall(hang) pcall(hang)", 1},
        {"task.map({1, 2, 3}, hang)", 3},
        {"task.map({1, 2}, function() task.map({1, 2}, hang) end)", 4},
        {"coroutine.wrap(function() task.map({1, 2}, hang) end)() hang()", 2},
        {"pcall(coroutine.wrap(function() task.map({1}, hang) end)) coroutine.wrap(hang)()", 1},
        {"coroutine.wrap(function() task.map({1}, hang) end)() coroutine.yield()", 1},
    };
    struct fixture fixture;
    if (!open_fixture(&fixture)) {
        return;
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outcome outcome;
        check_case("%s", cases[i].code);
        starts = cancels = 0;
        struct task *task = spawn(&fixture, cases[i].code, &outcome);
        struct stopper stopper = {{.fire = stop_task}, fixture.loop, task, 5};
        loop_timer_start(fixture.loop, &stopper.timer, loop_now_us());
        run_until(&fixture, &outcome);
        CHECK_INTEGER(outcome.done, 1);
        CHECK_INTEGER(outcome.status, TASK_CANCELLED);
        CHECK_INTEGER(cancels, cases[i].cancels);
        CHECK_INTEGER(starts, cases[i].cancels);
    }
    close_fixture(&fixture);
}

TEST(loop_cancels_a_task_that_has_not_begun)
{
    struct fixture fixture;
    struct outcome outcome;
    if (!open_fixture(&fixture)) {
        return;
    }
    struct task *task = spawn(&fixture, "hang()", &outcome);
    loop_cancel(task);
    loop_cancel(task);
    run_until(&fixture, &outcome);
    CHECK_INTEGER(outcome.status, TASK_CANCELLED);
    CHECK_INTEGER(starts, 0);
    close_fixture(&fixture);
}

/* Two works run, the others wait for a thread; a hanging job and sleeping tasks besides. */
TEST(loop_stops_with_workers_in_flight)
{
    struct fixture fixture;
    struct outcome outcomes[3];
    if (!open_fixture(&fixture)) {
        return;
    }
    (void)spawn(&fixture, "task.map({1, 2, 3, 4, 5}, function() work(60000) end)", &outcomes[0]);
    (void)spawn(&fixture,
                "local guard <close> = setmetatable({}, {__close = function() work(1) end})"
                " hang()",
                &outcomes[1]);
    (void)spawn(&fixture, "task.sleep(60000)", &outcomes[2]);
    struct outcome nap;
    for (int i = 0; i < 2000 && atomic_load(&works_begun) < THREADS; i++) {
        run(&fixture, "task.sleep(5)", &nap);
    }
    CHECK_INTEGER(atomic_load(&works_begun), THREADS);
    loop_stop_all(fixture.loop);
    for (int i = 0; i < 3; i++) {
        CHECK_INTEGER(outcomes[i].done, 1);
        CHECK_INTEGER(outcomes[i].status, TASK_CANCELLED);
    }
    CHECK_INTEGER(cancels, 1);
    CHECK_INTEGER(atomic_load(&works_begun), THREADS + 1); /* what had not begun did not begin */
    CHECK_INTEGER(atomic_load(&works_ended), THREADS + 1);
    close_fixture(&fixture);
    CHECK_INTEGER(releases, 7);
}

TEST(loop_looks_at_the_network_while_tasks_are_busy)
{
    struct fixture fixture;
    struct outcome outcome;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int silent = socket(AF_INET, SOCK_STREAM, 0);
    if (!CHECK(bind(silent, (struct sockaddr *)&address, size) == 0 && listen(silent, 4) == 0 &&
               getsockname(silent, (struct sockaddr *)&address, &size) == 0) ||
        !open_fixture(&fixture)) {
        return;
    }
    char code[256];
    (void)snprintf(code, sizeof code,
                   "local done = false\n"
                   "task.all { function() pcall(fetch, %d) done = true end,\n"
                   "  function() while not done do task.sleep(0) end end }\n"
                   "return 'done'",
                   ntohs(address.sin_port));
    set_deadline(&fixture, A_MINUTE_MS / 2, A_MINUTE_MS);
    run(&fixture, code, &outcome);
    CHECK_TEXT(outcome.text, "done");
    close_fixture(&fixture);
    (void)close(silent);
}

/* ---- deadlines ------------------------------------------------------------------------------- */

/* Each returns the codes of its calls: "-" for one that went well. */
#define CALLS                                                                                      \
    "local function piece() work(1) end\n"                                                         \
    "local codes = {}\n"                                                                           \
    "local function try(f, ...)\n"                                                                 \
    "  local ok, err = pcall(f, ...)\n"                                                            \
    "  codes[#codes + 1] = ok and '-' or err.code\n"                                               \
    "end\n"                                                                                        \
    "local function answer() return table.concat(codes, ' ') end\n"

TEST(loop_deadline_is_told_once_and_then_for_good)
{
    static const struct {
        int64_t soft_ms, hard_ms;
        const char *code, *text;
    } cases[] = {
        {30, A_MINUTE_MS, "try(hang) try(work, 1) try(task.sleep, 1) return answer()",
         "deadline - -"},
        {30, A_MINUTE_MS, "try(work, 60000) try(work, 1) return answer()", "deadline -"},
        {30, A_MINUTE_MS, "try(coroutine.wrap(hang)) try(work, 1) return answer()", "deadline -"},
        {30, A_MINUTE_MS, "try(task.map, {1, 2}, hang) try(work, 1) return answer()", "deadline -"},
        {0, A_MINUTE_MS, "try(work, 1) try(work, 1) try(task.map, {1}, piece) return answer()",
         "deadline - -"},
        {0, A_MINUTE_MS, "try(task.map, {1}, piece) try(work, 1) return answer()", "deadline -"},
        {0, 30, "try(work, 1) try(hang) try(work, 1) return answer()",
         "deadline deadline deadline"},
        {0, 0, "try(work, 1) try(task.sleep, 1) try(task.map, {1}, piece) return answer()",
         "deadline deadline deadline"},
        /* Pieces that go on running while the time passes: only a group is in flight. */
        {30, A_MINUTE_MS,
         "task.all { function()\n"
         "  while task.remaining_ms() > 0 do end\n"
         "  try(work, 1) try(work, 1)\n"
         "end }\n"
         "return answer()",
         "deadline -"},
    };
    struct fixture fixture;
    if (!open_fixture(&fixture)) {
        return;
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char code[1024];
        struct outcome outcome;
        check_case("%s", cases[i].code);
        (void)snprintf(code, sizeof code, CALLS "%s", cases[i].code);
        set_deadline(&fixture, cases[i].soft_ms, cases[i].hard_ms);
        run(&fixture, code, &outcome);
        CHECK_TEXT(outcome.text, cases[i].text);
    }
    close_fixture(&fixture);
}

TEST(loop_group_that_never_began_is_forgotten)
{
    struct fixture fixture;
    struct outcome outcome;
    if (!open_fixture(&fixture)) {
        return;
    }
    set_deadline(&fixture, 0, 0);
    run(&fixture,
        "local weak = setmetatable({}, {__mode = 'k'})\n"
        "for i = 1, 10 do\n"
        "  local function piece() return i end\n"
        "  weak[piece] = true\n"
        "  pcall(task.map, {1}, piece)\n"
        "end\n"
        "collectgarbage()\n"
        "collectgarbage()\n"
        "return next(weak)",
        &outcome);
    CHECK_TEXT(outcome.text, "nil");
    close_fixture(&fixture);
}

TEST(loop_is_hurried_until_it_is_calmed)
{
    struct fixture fixture;
    struct outcome outcome;
    if (!open_fixture(&fixture)) {
        return;
    }
    loop_hurry(fixture.loop, 0);
    run(&fixture, "return work(60000)", &outcome);
    CHECK_TEXT(outcome.text, "deadline");
    loop_set_deadline(fixture.loop, LOOP_NO_DEADLINE, LOOP_NO_DEADLINE);
    run(&fixture, "return work(60000)", &outcome);
    CHECK_TEXT(outcome.text, "deadline"); /* the next invocation is hurried, too */
    loop_calm(fixture.loop);
    run(&fixture, "return work(5)", &outcome);
    CHECK_TEXT(outcome.text, "5");
    close_fixture(&fixture);
}

TEST(loop_jobs_in_flight_wait_while_the_clock_is_stopped)
{
    struct fixture fixture;
    struct outcome outcome;
    CHECK(open_fixture(&fixture));
    set_deadline(&fixture, 1500, A_MINUTE_MS); /* a busy machine may need some of it */
    run(&fixture, "return task.map({work, stand}, function(f) return f(2000) end)[1]", &outcome);
    CHECK_TEXT(outcome.text, "2000");
    close_fixture(&fixture);
}

struct held {
    struct fixture *fixture;
    struct loop_timer timer;
    bool ended;
};

static void end_held(struct loop_timer *timer)
{
    struct held *held = (struct held *)((char *)timer - offsetof(struct held, timer));
    held->ended = true;
    loop_let_go(held->fixture->loop);
}

TEST(loop_waits_for_what_holds_it)
{
    struct fixture fixture;
    if (!open_fixture(&fixture)) {
        return;
    }
    struct held held = {.fixture = &fixture, .timer = {.fire = end_held}};
    loop_hold(fixture.loop);
    loop_timer_start(fixture.loop, &held.timer, loop_now_us() + 20000);
    loop_stop_all(fixture.loop);
    CHECK(held.ended);
    loop_stop_all(fixture.loop); /* at once: nothing holds it any more */
    close_fixture(&fixture);
}
