/*
 * database.c - SQLite behind database.h: connections, the write lock, prepared statements. Called
 * by the embedded S3 and DynamoDB; the only file that includes SQLite.
 */
#include "bindings/local/database.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sqlite3.h>

#include "host/loop.h"

#define SLEEP_FIRST_US 500
#define SLEEP_MAX_US   20000

struct database {
    char *path;
    pthread_mutex_t mutex; /* guards the two fields below */
    struct database_connection *idle;
    int idle_count;
};

struct database_query {
    struct database_connection *connection;
    sqlite3_stmt *statement;
    int failure;      /* what prepare or bind returned, when it was not SQLITE_OK */
    bool busy;        /* between prepare and finish */
    uint64_t used_at; /* the connection's clock, to find the longest unused */
};

struct database_connection {
    struct database *database;
    sqlite3 *handle;
    struct database_connection *next; /* in the list of idle ones */
    const struct job *job;
    int64_t waiting_since_us;
    struct error stopped; /* why waiting for a lock was given up, when the job said so */
    uint64_t clock, random;
    struct database_query queries[DATABASE_QUERIES_MAX];
    struct database_query none_left; /* what prepare hands out when all of them are busy */
};

static bool set_error(struct database_connection *connection, int result, const char *what,
                      struct error *err)
{
    const char *path = connection->database->path;
    switch (result & 0xFF) {
    case SQLITE_NOMEM:
        return error_set_memory(err, "talking to the local database");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        if (connection->stopped.code[0] != '\0') {
            *err = connection->stopped;
            return false;
        }
        (void)error_set(err, "busy", "%s: another process has been writing for more than %d ms",
                        path, DATABASE_BUSY_MS);
        err->retryable = true;
        return false;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return error_set(err, "io", "%s is damaged or not a database (%s)", path,
                         sqlite3_errstr(result));
    case SQLITE_MISUSE:
        return error_set(err, "usage", "%s: more than %d statements held at once", path,
                         DATABASE_QUERIES_MAX);
    case SQLITE_FULL:
        return error_set(err, "io", "%s: the disk is full", path);
    default:
        return error_set(err, "io", "%s: %s: %s", path, what, sqlite3_errmsg(connection->handle));
    }
}

/* Waiters that sleep for the same time meet again at the same time: hence a random share. */
static void sleep_a_little(struct database_connection *connection, int attempt)
{
    int64_t bound_us = SLEEP_MAX_US;
    if (attempt < 6) {
        bound_us = (int64_t)SLEEP_FIRST_US << attempt;
    }
    connection->random ^= connection->random << 13;
    connection->random ^= connection->random >> 7;
    connection->random ^= connection->random << 17;
    int64_t sleep_us = bound_us / 4 + (int64_t)(connection->random % (uint64_t)bound_us);
    struct timespec pause = {.tv_sec = 0, .tv_nsec = (long)sleep_us * 1000};
    (void)nanosleep(&pause, NULL);
}

/* SQLite calls this when somebody else has the lock: nonzero means "try again". */
static int wait_for_lock(void *context, int attempt)
{
    struct database_connection *connection = context;
    if (attempt == 0) {
        connection->waiting_since_us = loop_now_us();
    } else if (loop_now_us() - connection->waiting_since_us > (int64_t)DATABASE_BUSY_MS * 1000) {
        return 0;
    }
    if (connection->job != NULL && job_stopped(connection->job, &connection->stopped)) {
        return 0;
    }
    sleep_a_little(connection, attempt);
    return 1;
}

static void close_connection(struct database_connection *connection)
{
    for (int i = 0; i < DATABASE_QUERIES_MAX; i++) {
        (void)sqlite3_finalize(connection->queries[i].statement);
    }
    (void)sqlite3_close(connection->handle);
    free(connection);
}

static bool execute(struct database_connection *connection, const char *sql, struct error *err)
{
    connection->stopped.code[0] = '\0';
    int result = sqlite3_exec(connection->handle, sql, NULL, NULL, NULL);
    if (result != SQLITE_OK) {
        return set_error(connection, result, sql, err);
    }
    return true;
}

/* The change to WAL needs the file for itself and does not ask the busy handler for all of its
 * locks: several processes that create one store at once would see an error without this loop. */
static bool enter_wal_mode(struct database_connection *connection, struct error *err)
{
    int64_t begun_us = loop_now_us();
    for (int attempt = 0;; attempt++) {
        if (execute(connection, "PRAGMA journal_mode = WAL", err)) {
            return true;
        }
        if (!error_is(err, "busy") || loop_now_us() - begun_us > (int64_t)DATABASE_BUSY_MS * 1000) {
            return false;
        }
        sleep_a_little(connection, attempt);
    }
}

static bool set_up(struct database_connection *connection, struct error *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int result = sqlite3_open_v2(connection->database->path, &connection->handle, flags, NULL);
    if (result != SQLITE_OK) {
        return set_error(connection, result, "open", err);
    }
    (void)sqlite3_extended_result_codes(connection->handle, 1);
    (void)sqlite3_busy_handler(connection->handle, wait_for_lock, connection);
    return enter_wal_mode(connection, err) &&
           execute(connection, "PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF", err);
}

static struct database_connection *new_connection(struct database *database, struct error *err)
{
    struct database_connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) {
        (void)error_set_memory(err, "opening the local database");
        return NULL;
    }
    connection->database = database;
    connection->random = (uint64_t)loop_now_us() ^ (uint64_t)(uintptr_t)connection;
    connection->none_left.connection = connection;
    connection->none_left.failure = SQLITE_MISUSE;
    if (!set_up(connection, err)) {
        close_connection(connection);
        return NULL;
    }
    return connection;
}

struct database *database_open(const char *path, struct error *err)
{
    struct database *database = calloc(1, sizeof *database);
    char *copy = strdup(path);
    if (database == NULL || copy == NULL || pthread_mutex_init(&database->mutex, NULL) != 0) {
        free(database);
        free(copy);
        (void)error_set_memory(err, "opening the local database");
        return NULL;
    }
    database->path = copy;
    struct database_connection *first = database_acquire(database, NULL, err);
    if (first == NULL) {
        database_close(database);
        return NULL;
    }
    database_release(first);
    return database;
}

void database_close(struct database *database)
{
    if (database == NULL) {
        return;
    }
    while (database->idle != NULL) {
        struct database_connection *next = database->idle->next;
        close_connection(database->idle);
        database->idle = next;
    }
    (void)pthread_mutex_destroy(&database->mutex);
    free(database->path);
    free(database);
}

bool database_execute(struct database *database, const char *sql, struct error *err)
{
    struct database_connection *connection = database_acquire(database, NULL, err);
    if (connection == NULL) {
        return false;
    }
    bool ok = database_begin(connection, err) && execute(connection, sql, err) &&
              database_commit(connection, err);
    database_release(connection);
    return ok;
}

struct database_connection *database_acquire(struct database *database, const struct job *job,
                                             struct error *err)
{
    (void)pthread_mutex_lock(&database->mutex);
    struct database_connection *connection = database->idle;
    if (connection != NULL) {
        database->idle = connection->next;
        database->idle_count--;
    }
    (void)pthread_mutex_unlock(&database->mutex);
    if (connection == NULL) {
        connection = new_connection(database, err);
    }
    if (connection != NULL) {
        connection->job = job;
        connection->next = NULL;
    }
    return connection;
}

void database_release(struct database_connection *connection)
{
    if (connection == NULL) {
        return;
    }
    struct database *database = connection->database;
    for (int i = 0; i < DATABASE_QUERIES_MAX; i++) {
        database_finish(&connection->queries[i]);
    }
    database_rollback(connection);
    connection->job = NULL;
    (void)pthread_mutex_lock(&database->mutex);
    bool keep = database->idle_count < DATABASE_IDLE_MAX;
    if (keep) {
        connection->next = database->idle;
        database->idle = connection;
        database->idle_count++;
    }
    (void)pthread_mutex_unlock(&database->mutex);
    if (!keep) {
        close_connection(connection);
    }
}

bool database_begin(struct database_connection *connection, struct error *err)
{
    return execute(connection, "BEGIN IMMEDIATE", err);
}

bool database_commit(struct database_connection *connection, struct error *err)
{
    return execute(connection, "COMMIT", err);
}

void database_rollback(struct database_connection *connection)
{
    if (!sqlite3_get_autocommit(connection->handle)) {
        (void)sqlite3_exec(connection->handle, "ROLLBACK", NULL, NULL, NULL);
    }
}

/* The slot that has this very SQL, else an empty one, else the longest unused. NULL: all busy. */
static struct database_query *find_slot(struct database_connection *connection, const char *sql)
{
    struct database_query *oldest = NULL;
    for (int i = 0; i < DATABASE_QUERIES_MAX; i++) {
        struct database_query *query = &connection->queries[i];
        if (query->busy) {
            continue;
        }
        if (query->statement != NULL && strcmp(sqlite3_sql(query->statement), sql) == 0) {
            return query;
        }
        if (oldest == NULL || query->used_at < oldest->used_at) {
            oldest = query;
        }
    }
    if (oldest != NULL) {
        (void)sqlite3_finalize(oldest->statement);
        oldest->statement = NULL;
    }
    return oldest;
}

struct database_query *database_prepare(struct database_connection *connection, const char *sql)
{
    struct database_query *query = find_slot(connection, sql);
    if (query == NULL) {
        return &connection->none_left;
    }
    query->connection = connection;
    query->busy = true;
    query->used_at = ++connection->clock;
    query->failure = SQLITE_OK;
    connection->stopped.code[0] = '\0';
    if (query->statement == NULL) {
        query->failure = sqlite3_prepare_v3(connection->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                            &query->statement, NULL);
    }
    return query;
}

static void keep_failure(struct database_query *query, int result)
{
    if (query->failure == SQLITE_OK) {
        query->failure = result;
    }
}

void database_bind_text(struct database_query *query, int index, const char *text, size_t length)
{
    if (query->failure == SQLITE_OK) {
        keep_failure(query, sqlite3_bind_text64(query->statement, index, text, length,
                                                SQLITE_STATIC, SQLITE_UTF8));
    }
}

void database_bind_blob(struct database_query *query, int index, const void *bytes, size_t length)
{
    if (query->failure == SQLITE_OK) {
        keep_failure(query,
                     sqlite3_bind_blob64(query->statement, index, bytes, length, SQLITE_STATIC));
    }
}

void database_bind_integer(struct database_query *query, int index, int64_t value)
{
    if (query->failure == SQLITE_OK) {
        keep_failure(query, sqlite3_bind_int64(query->statement, index, value));
    }
}

void database_finish(struct database_query *query)
{
    if (!query->busy) {
        return;
    }
    query->busy = false;
    if (query->statement != NULL) {
        (void)sqlite3_reset(query->statement);
        (void)sqlite3_clear_bindings(query->statement);
    }
}

enum database_result database_step(struct database_query *query, struct error *err)
{
    int result = query->failure;
    if (result == SQLITE_OK) {
        result = sqlite3_step(query->statement);
    }
    if (result == SQLITE_ROW) {
        return DATABASE_ROW;
    }
    if (result == SQLITE_DONE) {
        return DATABASE_DONE;
    }
    const char *sql = query->statement == NULL ? "prepare" : sqlite3_sql(query->statement);
    (void)set_error(query->connection, result, sql, err);
    return DATABASE_FAILED;
}

bool database_run(struct database_query *query, struct error *err)
{
    enum database_result result = database_step(query, err);
    database_finish(query);
    return result != DATABASE_FAILED;
}

bool database_is_null(struct database_query *query, int column)
{
    return sqlite3_column_type(query->statement, column) == SQLITE_NULL;
}

int64_t database_integer(struct database_query *query, int column)
{
    return sqlite3_column_int64(query->statement, column);
}

const char *database_text(struct database_query *query, int column, size_t *length)
{
    const char *text = (const char *)sqlite3_column_text(query->statement, column);
    if (length != NULL) {
        *length = text == NULL ? 0 : (size_t)sqlite3_column_bytes(query->statement, column);
    }
    return text;
}

const void *database_blob(struct database_query *query, int column, size_t *length)
{
    const void *bytes = sqlite3_column_blob(query->statement, column);
    *length = bytes == NULL ? 0 : (size_t)sqlite3_column_bytes(query->statement, column);
    return bytes;
}

int database_changes(const struct database_connection *connection)
{
    return sqlite3_changes(connection->handle);
}

const char *database_version(void)
{
    return sqlite3_libversion();
}
