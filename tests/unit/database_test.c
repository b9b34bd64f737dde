/*
 * database_test.c - the SQLite helper: bindings, errors that wait for the first step, the cache of
 * statements, the write lock between threads and processes.
 */
#include "bindings/local/database.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/loop_internal.h"
#include "tests/unit/check.h"

#define SCHEMA                                                                                     \
    "CREATE TABLE IF NOT EXISTS t (name TEXT PRIMARY KEY, value INTEGER, bytes BLOB) STRICT"

static struct database *open_fresh(const char **path)
{
    static char name[512];
    (void)snprintf(name, sizeof name, "%s/test.db", check_folder());
    *path = name;
    struct error err;
    struct database *database = database_open(name, &err);
    if (!CHECK(database != NULL) || !CHECK(database_execute(database, SCHEMA, &err))) {
        return NULL;
    }
    return database;
}

static bool insert(struct database_connection *connection, const char *name, int64_t value,
                   struct error *err)
{
    struct database_query *query =
        database_prepare(connection, "INSERT INTO t (name, value, bytes) VALUES (?1, ?2, ?3)");
    database_bind_text(query, 1, name, strlen(name));
    database_bind_integer(query, 2, value);
    database_bind_blob(query, 3, NULL, 0);
    return database_run(query, err);
}

static int64_t value_of(struct database *database, const char *name)
{
    struct error err;
    struct database_connection *connection = database_acquire(database, NULL, &err);
    struct database_query *query =
        database_prepare(connection, "SELECT value FROM t WHERE name = ?1");
    database_bind_text(query, 1, name, strlen(name));
    int64_t value =
        database_step(query, &err) == DATABASE_ROW ? database_integer(query, 0) : INT64_MIN;
    database_finish(query);
    database_release(connection);
    return value;
}

TEST(database_keeps_what_was_committed)
{
    const char *path;
    struct database *database = open_fresh(&path);
    struct error err;
    struct database_connection *connection = database_acquire(database, NULL, &err);
    CHECK(database_begin(connection, &err));
    CHECK(insert(connection, "one", 1, &err));
    CHECK_INTEGER(database_changes(connection), 1);
    CHECK(database_commit(connection, &err));
    CHECK(database_begin(connection, &err));
    CHECK(insert(connection, "two", 2, &err));
    database_release(connection); /* rolls back */
    CHECK_INTEGER(value_of(database, "one"), 1);
    CHECK_INTEGER(value_of(database, "two"), INT64_MIN);
    database_close(database);
}

TEST(database_reports_bad_sql_and_binds_at_the_first_step)
{
    const char *path;
    struct database *database = open_fresh(&path);
    struct error err = {.code = ""};
    struct database_connection *connection = database_acquire(database, NULL, &err);
    struct database_query *query = database_prepare(connection, "SELEKT 1");
    database_bind_integer(query, 7, 1);
    CHECK(database_step(query, &err) == DATABASE_FAILED);
    CHECK_TEXT(err.code, "io");
    CHECK(strstr(err.message, "SELEKT") != NULL);
    CHECK(strstr(err.message, path) != NULL);
    database_finish(query);
    query = database_prepare(connection, "SELECT 1");
    database_bind_integer(query, 7, 1);
    CHECK(database_step(query, &err) == DATABASE_FAILED);
    database_release(connection);
    database_close(database);
}

TEST(database_hands_out_one_statement_twice_at_once)
{
    const char *path;
    struct database *database = open_fresh(&path);
    struct error err;
    struct database_connection *connection = database_acquire(database, NULL, &err);
    CHECK(insert(connection, "a", 1, &err) && insert(connection, "b", 2, &err));
    const char *sql = "SELECT name FROM t ORDER BY name";
    struct database_query *first = database_prepare(connection, sql);
    struct database_query *second = database_prepare(connection, sql);
    CHECK(first != second);
    CHECK(database_step(first, &err) == DATABASE_ROW && database_step(first, &err) == DATABASE_ROW);
    CHECK(database_step(second, &err) == DATABASE_ROW);
    size_t length;
    CHECK_TEXT(database_text(first, 0, &length), "b");
    CHECK_TEXT(database_text(second, 0, &length), "a");
    CHECK_INTEGER(length, 1);
    database_release(connection); /* finishes both */
    database_close(database);
}

TEST(database_replaces_the_longest_unused_statement)
{
    const char *path;
    struct database *database = open_fresh(&path);
    struct error err;
    struct database_connection *connection = database_acquire(database, NULL, &err);
    struct database_query *held = database_prepare(connection, "SELECT -1");
    CHECK(database_step(held, &err) == DATABASE_ROW);
    for (int i = 0; i < DATABASE_QUERIES_MAX * 3; i++) {
        char sql[32];
        (void)snprintf(sql, sizeof sql, "SELECT %d", i);
        struct database_query *query = database_prepare(connection, sql);
        CHECK(database_step(query, &err) == DATABASE_ROW);
        CHECK_INTEGER(database_integer(query, 0), i);
        database_finish(query);
    }
    CHECK_INTEGER(database_integer(held, 0), -1);
    database_release(connection);
    database_close(database);
}

TEST(database_says_when_too_many_statements_are_held)
{
    const char *path;
    struct database *database = open_fresh(&path);
    struct error err;
    struct database_connection *connection = database_acquire(database, NULL, &err);
    for (int i = 0; i < DATABASE_QUERIES_MAX; i++) {
        struct database_query *query = database_prepare(connection, "SELECT 1");
        CHECK(database_step(query, &err) == DATABASE_ROW);
    }
    struct database_query *query = database_prepare(connection, "SELECT 1");
    database_bind_integer(query, 1, 1);
    CHECK(database_step(query, &err) == DATABASE_FAILED);
    CHECK_TEXT(err.code, "usage");
    database_finish(query);
    database_release(connection);
    database_close(database);
}

TEST(database_names_a_file_that_is_no_database)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/notes.db", check_folder());
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 200; i++) {
        (void)fputs("this is a text file\n", file);
    }
    (void)fclose(file);
    struct error err = {.code = ""};
    CHECK(database_open(path, &err) == NULL);
    CHECK_TEXT(err.code, "io");
    CHECK(strstr(err.message, path) != NULL);
    CHECK(database_open("/nowhere/at/all.db", &err) == NULL);
    CHECK(strstr(err.message, "/nowhere/at/all.db") != NULL);
}

TEST(database_stops_waiting_for_the_lock_with_its_job)
{
    const char *path;
    struct database *database = open_fresh(&path);
    struct error err = {.code = ""};
    struct job job = {.deadline_ms = LOOP_NO_DEADLINE};
    atomic_store(&job.stop, LOOP_STOP_CANCELLED);
    struct database_connection *holder = database_acquire(database, NULL, &err);
    struct database_connection *waiter = database_acquire(database, &job, &err);
    CHECK(database_begin(holder, &err));
    CHECK(!database_begin(waiter, &err));
    CHECK_TEXT(err.code, "cancelled");
    database_rollback(holder);
    CHECK(database_begin(waiter, &err)); /* nothing is left of it */
    database_release(waiter);
    database_release(holder);
    database_close(database);
}

#define INCREMENTS 40

static bool increment(struct database *database)
{
    struct error err;
    struct database_connection *connection = database_acquire(database, NULL, &err);
    bool ok = connection != NULL && database_begin(connection, &err);
    if (ok) {
        struct database_query *query =
            database_prepare(connection, "SELECT value FROM t WHERE name = 'n'");
        ok = database_step(query, &err) == DATABASE_ROW;
        int64_t value = ok ? database_integer(query, 0) : 0;
        database_finish(query);
        query = database_prepare(connection, "UPDATE t SET value = ?1 WHERE name = 'n'");
        database_bind_integer(query, 1, value + 1);
        ok = database_run(query, &err) && ok && database_commit(connection, &err);
    }
    database_release(connection);
    return ok;
}

static void *increment_often(void *context)
{
    for (int i = 0; i < INCREMENTS; i++) {
        if (!increment(context)) {
            return context;
        }
    }
    return NULL;
}

static struct database *open_with_counter(const char **path)
{
    struct database *database = open_fresh(path);
    struct error err;
    struct database_connection *connection = database_acquire(database, NULL, &err);
    CHECK(insert(connection, "n", 0, &err));
    database_release(connection);
    return database;
}

TEST(database_threads_lose_no_increment)
{
    const char *path;
    struct database *database = open_with_counter(&path);
    pthread_t threads[8];
    for (int i = 0; i < 8; i++) {
        CHECK(pthread_create(&threads[i], NULL, increment_often, database) == 0);
    }
    for (int i = 0; i < 8; i++) {
        void *failed;
        (void)pthread_join(threads[i], &failed);
        CHECK(failed == NULL);
    }
    CHECK_INTEGER(value_of(database, "n"), 8 * INCREMENTS);
    database_close(database);
}

TEST(database_processes_open_and_increment_at_once)
{
    const char *path;
    database_close(open_with_counter(&path));
    for (int i = 0; i < 8; i++) {
        if (fork() == 0) {
            struct error err;
            struct database *own = database_open(path, &err);
            _exit(own == NULL || !database_execute(own, SCHEMA, &err) || increment_often(own));
        }
    }
    for (int i = 0; i < 8; i++) {
        int status = -1;
        (void)wait(&status);
        CHECK_INTEGER(status, 0);
    }
    struct error err;
    struct database *database = database_open(path, &err);
    CHECK_INTEGER(value_of(database, "n"), 8 * INCREMENTS);
    database_close(database);
}
