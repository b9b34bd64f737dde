/*
 * s3_crash_test.c - the embedded S3 under many threads, many processes, and kill -9.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bindings/digest.h"
#include "bindings/local/s3_local.h"
#include "host/loop.h"
#include "tests/unit/check.h"
#include "tests/unit/s3_client.h"

#define ETAG_ROOM  (2 * DIGEST_MAX + 3)
#define PROCESSES  16
#define INCREMENTS 12

static void make_etag(const void *bytes, size_t length, char etag[ETAG_ROOM])
{
    unsigned char digest[DIGEST_MAX];
    char hex[2 * DIGEST_MAX + 1];
    size_t digest_length;
    struct error err;
    if (!digest_compute(DIGEST_MD5, bytes, length, digest, &digest_length, &err)) {
        abort();
    }
    digest_hex(digest, digest_length, hex);
    (void)snprintf(etag, ETAG_ROOM, "\"%s\"", hex);
}

/* Is the body that came the one that its ETag speaks of? */
static bool is_whole(const struct s3_response *response)
{
    char etag[ETAG_ROOM];
    make_etag(response->body, response->body_length, etag);
    return strcmp(etag, response->object.etag) == 0 &&
           response->object.size == (int64_t)response->body_length;
}

/* ---- processes ------------------------------------------------------------------------------- */

typedef bool process_body(struct s3_client *client, int number);

/* Each opens the store for itself. Returns how many ended well. */
static int run_processes(const char *folder, process_body *body)
{
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            struct s3_client client;
            _exit(client_open_at(&client, folder) && body(&client, i) ? 0 : 1);
        }
    }
    int ended_well = 0;
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;
        (void)wait(&status);
        ended_well += status == 0;
    }
    return ended_well;
}

static bool increment(struct s3_client *client)
{
    for (;;) {
        char etag[64], next[32];
        if (!client_get(client, "counter")) {
            return false;
        }
        (void)snprintf(etag, sizeof etag, "%s", client->response.object.etag);
        (void)snprintf(next, sizeof next, "%d", atoi(client->response.body) + 1);
        struct s3_request put = client_request(S3_PUT, "counter");
        put.body = client_text(next);
        put.if_match = client_text(etag);
        if (client_run(client, &put)) {
            return true;
        }
        if (!error_is(&client->error, "PreconditionFailed")) {
            return false;
        }
    }
}

static bool increment_often(struct s3_client *client, int number)
{
    (void)number;
    for (int i = 0; i < INCREMENTS; i++) {
        if (!increment(client)) {
            return false;
        }
    }
    return true;
}

TEST(s3_sixteen_processes_lose_no_increment)
{
    struct s3_client client;
    client_open(&client);
    CHECK(client_put(&client, "counter", "0"));
    char folder[sizeof client.folder];
    memcpy(folder, client.folder, sizeof folder);
    client_close(&client);
    CHECK_INTEGER(run_processes(folder, increment_often), PROCESSES);
    CHECK(client_open_at(&client, folder));
    CHECK(client_get(&client, "counter"));
    CHECK_INTEGER(atoi(client.response.body), PROCESSES * INCREMENTS);
    CHECK_INTEGER(client_count_files(&client), 1);
    client_close(&client);
}

/* Every process tries to be the first to write each of ten keys, and signs what it won. */
static bool claim_keys(struct s3_client *client, int number)
{
    for (int i = 0; i < 10; i++) {
        char key[32], body[32], won[32];
        (void)snprintf(key, sizeof key, "claim/%d", i);
        (void)snprintf(body, sizeof body, "process %d", number);
        (void)snprintf(won, sizeof won, "won/%d-%d", i, number);
        struct s3_request put = client_request(S3_PUT, key);
        put.body = client_text(body);
        put.if_none_match = TEXT("*");
        bool ok = client_run(client, &put);
        if (ok ? !client_put(client, won, body) : !error_is(&client->error, "PreconditionFailed")) {
            return false;
        }
    }
    return true;
}

TEST(s3_one_of_sixteen_processes_is_the_first)
{
    struct s3_client client;
    char folder[sizeof client.folder];
    (void)snprintf(folder, sizeof folder, "%s", check_folder());
    CHECK_INTEGER(run_processes(folder, claim_keys), PROCESSES); /* opening it at once, too */
    CHECK(client_open_at(&client, folder));
    struct s3_request list = client_request(S3_LIST, NULL);
    list.prefix = TEXT("won/");
    CHECK(client_run(&client, &list));
    CHECK_INTEGER(client.response.object_count, 10);
    CHECK_INTEGER(client_count_files(&client), 20);
    client_close(&client);
}

/* In a process of its own, which may not write files larger than a megabyte. */
static bool put_more_than_the_disk_takes(struct s3_client *client)
{
    static char body[2 << 20];
    struct rlimit limit = {1 << 20, 1 << 20};
    (void)signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) {
        return false;
    }
    struct s3_request put = client_request(S3_PUT, "k");
    put.body = (struct s3_text){body, sizeof body};
    bool refused = !client_run(client, &put) && error_is(&client->error, "io");
    return refused && client_get(client, "k") && strcmp(client->response.body, "old") == 0;
}

TEST(s3_keeps_the_old_object_when_the_disk_takes_no_more)
{
    struct s3_client client;
    client_open(&client);
    CHECK(client_put(&client, "k", "old"));
    char folder[sizeof client.folder], command[512];
    memcpy(folder, client.folder, sizeof folder);
    client_close(&client);
    if (fork() == 0) {
        _exit(client_open_at(&client, folder) && put_more_than_the_disk_takes(&client) ? 0 : 1);
    }
    int status = -1;
    (void)wait(&status);
    CHECK_INTEGER(status, 0);
    (void)snprintf(command, sizeof command, "test \"$(ls '%s/.tmp')\" = swept", folder);
    CHECK(system(command) == 0);
}

/* ---- threads --------------------------------------------------------------------------------- */

struct crowd {
    struct s3_client client; /* its store is shared, its response is not used */
    atomic_int broken, reads;
};

static void write_and_delete(struct crowd *crowd, unsigned seed)
{
    struct s3_client own = {.store = crowd->client.store};
    for (int i = 0; i < 60; i++) {
        char body[3000];
        size_t length = (size_t)rand_r(&seed) % sizeof body;
        memset(body, 'a' + i % 26, length);
        struct s3_request put = client_request(S3_PUT, "shared");
        put.body = (struct s3_text){body, length};
        bool ok = i % 10 == 9 ? client_delete(&own, "shared") : client_run(&own, &put);
        atomic_fetch_add(&crowd->broken, !ok);
    }
    s3_response_release(&own.response);
}

static void read_often(struct crowd *crowd)
{
    struct s3_client own = {.store = crowd->client.store};
    for (int i = 0; i < 2000; i++) {
        bool got = client_get(&own, "shared");
        atomic_fetch_add(&crowd->reads, got);
        bool ok = got ? is_whole(&own.response) : error_is(&own.error, "NoSuchKey");
        atomic_fetch_add(&crowd->broken, !ok);
    }
    s3_response_release(&own.response);
}

static void *writer(void *context)
{
    write_and_delete(context, (unsigned)(uintptr_t)&context);
    return NULL;
}

static void *reader(void *context)
{
    read_often(context);
    return NULL;
}

TEST(s3_threads_read_whole_objects_while_others_replace_them)
{
    struct crowd crowd = {.broken = 0};
    client_open(&crowd.client);
    CHECK(client_put(&crowd.client, "shared", "first"));
    pthread_t threads[8];
    for (int i = 0; i < 8; i++) {
        CHECK(pthread_create(&threads[i], NULL, i % 2 == 0 ? writer : reader, &crowd) == 0);
    }
    for (int i = 0; i < 8; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    CHECK_INTEGER(atomic_load(&crowd.broken), 0);
    CHECK(atomic_load(&crowd.reads) > 0);
    client_close(&crowd.client);
}

/* ---- kill -9 --------------------------------------------------------------------------------- */

#define VICTIM_KEYS 12
#define BODY_MAX    60000
#define ROUNDS      40

/* What the victim says through the pipe: before a put `done` is false, after it true. */
struct message {
    int key, version;
    bool done;
};

struct ledger {
    int acknowledged[VICTIM_KEYS], begun[VICTIM_KEYS]; /* versions; 0: none */
};

/* The body of a version: its length and its bytes follow from the numbers. */
static size_t make_body(int key, int version, char *body)
{
    size_t mix = (size_t)key * 7919 + (size_t)version * 104729, length = mix % BODY_MAX;
    for (size_t i = 0; i < length; i++) {
        body[i] = (char)(mix + (i * i >> 3));
    }
    return length;
}

static void key_name(int key, char name[32])
{
    (void)snprintf(name, 32, "folder%d/photo%d.jpg", key % 3, key);
}

static _Noreturn void be_victim(const char *folder, int pipe_end, int version, unsigned seed)
{
    static char body[BODY_MAX];
    struct s3_client client;
    bool ok = client_open_at(&client, folder);
    while (ok) {
        char name[32];
        struct message message = {rand_r(&seed) % VICTIM_KEYS, ++version, false};
        key_name(message.key, name);
        struct s3_request put = client_request(S3_PUT, name);
        put.body = (struct s3_text){body, make_body(message.key, version, body)};
        ok = write(pipe_end, &message, sizeof message) == sizeof message;
        ok = ok && client_run(&client, &put);
        message.done = true;
        ok = ok && write(pipe_end, &message, sizeof message) == sizeof message;
    }
    _exit(1);
}

static bool read_message(int pipe_end, struct message *message, struct ledger *ledger)
{
    if (read(pipe_end, message, sizeof *message) != sizeof *message) {
        return false;
    }
    ledger->begun[message->key] = message->version;
    if (message->done) {
        ledger->acknowledged[message->key] = message->version;
    }
    return true;
}

/* A slow machine may not have got anywhere by then: the time to live begins with the first put
 * (every other round: with the first one acknowledged). */
static void wait_for_first(int pipe_end, bool acknowledged, struct ledger *ledger)
{
    struct message message = {0, 0, false};
    while (read_message(pipe_end, &message, ledger) && acknowledged && !message.done) {
    }
}

static void read_ledger(int pipe_end, struct ledger *ledger)
{
    struct message message;
    while (read_message(pipe_end, &message, ledger)) {
    }
}

/* Lets a process write for a while, kills it, and notes what it had said. */
static void run_victim(const char *folder, int round, struct ledger *ledger)
{
    int ends[2];
    if (!CHECK(pipe(ends) == 0)) {
        return;
    }
    pid_t child = fork();
    if (child == 0) {
        be_victim(folder, ends[1], round * 100000, (unsigned)round);
    }
    (void)close(ends[1]);
    wait_for_first(ends[0], round % 2 == 0, ledger);
    unsigned seed = (unsigned)round;
    struct timespec pause = {0, (rand_r(&seed) % 30) * 1000000L};
    (void)nanosleep(&pause, NULL);
    (void)kill(child, SIGKILL);
    int status;
    (void)waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status)); /* it had not failed before */
    read_ledger(ends[0], ledger);
    (void)close(ends[0]);
}

static bool is_version(const struct s3_response *response, int key, int version)
{
    static char body[BODY_MAX];
    size_t length = make_body(key, version, body);
    return response->body_length == length && memcmp(response->body, body, length) == 0;
}

/* Every acknowledged put is there, or the one that was on its way when the process died. */
static void check_ledger(const char *folder, struct ledger *ledger)
{
    struct s3_client client;
    if (!CHECK(client_open_at(&client, folder))) {
        return;
    }
    for (int key = 0; key < VICTIM_KEYS; key++) {
        char name[32];
        key_name(key, name);
        bool there = client_get(&client, name);
        if (!there) {
            CHECK_TEXT(client.error.code, "NoSuchKey");
            CHECK_INTEGER(ledger->acknowledged[key], 0);
            continue;
        }
        CHECK(is_whole(&client.response));
        bool begun = is_version(&client.response, key, ledger->begun[key]);
        CHECK(begun || is_version(&client.response, key, ledger->acknowledged[key]));
        ledger->acknowledged[key] = begun ? ledger->begun[key] : ledger->acknowledged[key];
        ledger->begun[key] = ledger->acknowledged[key]; /* what was lost must not come back */
    }
    client_close(&client);
}

static int64_t tomorrow_ms(void)
{
    return loop_wall_ms() + (int64_t)24 * 60 * 60 * 1000;
}

TEST(s3_keeps_every_acknowledged_put_when_its_writers_are_killed)
{
    char folder[256];
    struct ledger ledger = {{0}, {0}};
    (void)snprintf(folder, sizeof folder, "%s", check_folder());
    for (int round = 1; round <= ROUNDS; round++) {
        check_case("round %d", round);
        run_victim(folder, round, &ledger);
        check_ledger(folder, &ledger);
    }
    struct s3_client client;
    CHECK(client_open_at(&client, folder));
    int objects = 0;
    for (int key = 0; key < VICTIM_KEYS; key++) {
        objects += ledger.acknowledged[key] != 0;
    }
    CHECK(objects > 0);
    struct s3_local *s3 = (struct s3_local *)local_store_s3(client.store);
    s3->now_ms = tomorrow_ms;
    s3_sweep(s3);
    CHECK_INTEGER(client_count_files(&client), objects);
    client_close(&client);
}
