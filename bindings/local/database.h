/*
 * database.h - one SQLite file, shared by threads and processes. The only file that includes
 * SQLite is database.c.
 *
 * The file is in WAL mode with synchronous=FULL: what has been committed survives a power cut,
 * readers never wait for the writer. A thread takes a connection, uses it alone, and gives it
 * back. Whoever changes anything does it between database_begin() and database_commit(), which is
 * BEGIN IMMEDIATE: the write lock is had before the first row is looked at, so that a condition
 * that was read stays true until the change that hangs on it is committed.
 *
 *     struct database_connection *connection = database_acquire(database, job, err);
 *     struct database_query *query = database_prepare(connection, "SELECT a FROM t WHERE k = ?1");
 *     database_bind_text(query, 1, key, length);
 *     while ((step = database_step(query, err)) == DATABASE_ROW) { database_integer(query, 0); }
 *     database_finish(query);
 *     database_release(connection);
 *
 * Failures: `busy` (retryable: another process held the write lock for DATABASE_BUSY_MS), `memory`,
 * `io` (naming the file), and what job_stopped() says while waiting for the lock.
 */
#ifndef LUNETTE_BINDINGS_LOCAL_DATABASE_H
#define LUNETTE_BINDINGS_LOCAL_DATABASE_H

#include <stddef.h>
#include <stdint.h>

#include "host/error.h"

struct job;
struct database;
struct database_connection;
struct database_query;

#define DATABASE_BUSY_MS     30000 /* patience with another writer, when no deadline is nearer */
#define DATABASE_IDLE_MAX    16    /* connections kept open while nobody uses them */
#define DATABASE_QUERIES_MAX 48    /* prepared statements kept by a connection */

/* Opens or creates the file. NULL on failure. Free with database_close(), when every connection
 * has been released; NULL is allowed. Not to be used across fork(). */
struct database *database_open(const char *path, struct error *err);
void database_close(struct database *database);

/* Runs statements separated by semicolons, in one transaction: a schema ("CREATE TABLE IF NOT
 * EXISTS ..."). */
MUST_CHECK bool database_execute(struct database *database, const char *sql, struct error *err);

/* A connection for this thread until database_release(), which rolls back a transaction that is
 * still open. `job` may be NULL; else waiting for a lock ends when it is stopped. NULL on failure;
 * releasing NULL is allowed. */
struct database_connection *database_acquire(struct database *database, const struct job *job,
                                             struct error *err);
void database_release(struct database_connection *connection);

MUST_CHECK bool database_begin(struct database_connection *connection, struct error *err);
MUST_CHECK bool database_commit(struct database_connection *connection, struct error *err);
void database_rollback(struct database_connection *connection); /* nothing open: does nothing */

/*
 * A statement, ready to be bound (parameters count from 1, columns from 0). Never NULL to the
 * caller's eye: what goes wrong in prepare or bind is kept and reported by the first step, so that
 * nobody has to look in between. Bound bytes are borrowed until database_finish(); NULL data binds
 * NULL. database_finish() is due for every prepared statement, before commit or release.
 */
struct database_query *database_prepare(struct database_connection *connection, const char *sql);
void database_bind_text(struct database_query *query, int index, const char *text, size_t length);
void database_bind_blob(struct database_query *query, int index, const void *bytes, size_t length);
void database_bind_integer(struct database_query *query, int index, int64_t value);
void database_finish(struct database_query *query);

enum database_result { DATABASE_ROW, DATABASE_DONE, DATABASE_FAILED };
MUST_CHECK enum database_result database_step(struct database_query *query, struct error *err);

/* Steps once, finishes, and wants no row: for INSERT, UPDATE and DELETE. */
MUST_CHECK bool database_run(struct database_query *query, struct error *err);

/* Columns of the current row. Pointers are borrowed until the next step or finish; NULL (and
 * length 0) for an SQL NULL. Text is NUL-terminated. An empty blob is NULL too: SQLite's way. */
bool database_is_null(struct database_query *query, int column);
int64_t database_integer(struct database_query *query, int column);
const char *database_text(struct database_query *query, int column, size_t *length);
const void *database_blob(struct database_query *query, int column, size_t *length);

/* Rows that the last INSERT, UPDATE or DELETE on this connection touched. */
int database_changes(const struct database_connection *connection);

/* SQLite's version, for --version. */
const char *database_version(void);

#endif
