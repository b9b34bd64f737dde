/*
 * s3_local.h - the embedded S3: what its files share. store.c opens it; nobody else includes this.
 *
 * An object is a row and a file. The row is the truth: it names the file, and a file that no row
 * names is nothing. A put writes a new file and makes it durable, then points the row at it in one
 * transaction, which is where the conditions are judged, then removes the old file. So whatever
 * is killed whenever, every row has its whole body, and the worst that stays is a file too many,
 * which s3_file_sweep() removes.
 */
#ifndef LUNETTE_BINDINGS_LOCAL_S3_LOCAL_H
#define LUNETTE_BINDINGS_LOCAL_S3_LOCAL_H

#include <stddef.h>
#include <stdint.h>

#include "bindings/local/database.h"
#include "bindings/s3_store.h"
#include "host/error.h"

#define S3_LOCAL_GRACE_MS (15 * 60 * 1000)      /* an unknown file may be a put's for this long */
#define S3_LOCAL_SWEEP_MS (60 * 60 * 1000)      /* between two sweeps */
#define S3_LOCAL_CHUNK    ((size_t)1024 * 1024) /* bytes between two looks at the deadline */

struct s3_local {
    struct s3_store store; /* first: its functions get at the rest through it */
    struct database *database;
    int directory;           /* the store's folder */
    int temporary;           /* DIR/.tmp */
    int64_t (*now_ms)(void); /* since the epoch; a test may set another */
};

/* One operation on its way. Its functions return false with *err set; what they put in `response`
 * on the way is released by the caller then. */
struct s3_call {
    struct s3_local *s3;
    struct database_connection *connection;
    const struct s3_request *request;
    struct s3_response *response;
    const struct job *job;
};

/* ---- s3_local.c: opening, closing, dispatch -------------------------------------------------- */

/* `database` and the folder's descriptor are borrowed until s3_local_close(). */
MUST_CHECK bool s3_local_open(struct s3_local *s3, struct database *database, int directory,
                              struct error *err);
void s3_local_close(struct s3_local *s3); /* a zeroed one is allowed */

MUST_CHECK bool s3_local_declare_bucket(struct s3_local *s3, const char *bucket, struct error *err);

/* The body's file relative to the store's folder; owned by the caller. */
MUST_CHECK bool s3_local_path(struct s3_local *s3, const char *bucket, const char *key,
                              size_t key_length, char **path, struct error *err);

/* ---- s3_row.c: objects as rows --------------------------------------------------------------- */

struct s3_row {
    struct s3_object object; /* without `key` */
    char *file;              /* below the bucket's folder; NULL: there is no such object */
};

void s3_row_release(struct s3_row *row);

/* NoSuchBucket unless it is declared. */
MUST_CHECK bool s3_row_check_bucket(struct database_connection *connection, struct s3_text bucket,
                                    struct error *err);

/* row->file is NULL when there is none. The row is released by the caller, on success only. */
MUST_CHECK bool s3_row_find(struct database_connection *connection, struct s3_text bucket,
                            struct s3_text key, struct s3_row *row, struct error *err);
MUST_CHECK bool s3_row_save(struct database_connection *connection, struct s3_text bucket,
                            struct s3_text key, const struct s3_row *row, struct error *err);
MUST_CHECK bool s3_row_delete(struct database_connection *connection, struct s3_text bucket,
                              struct s3_text key, struct error *err);

/* Does any object live in this file? */
MUST_CHECK bool s3_row_owns_file(struct database_connection *connection, const char *bucket,
                                 const char *file, bool *owned, struct error *err);

/* Fills the fields that a put or a replacing copy gives. */
MUST_CHECK bool s3_row_describe(struct s3_object *object, const struct s3_request *request,
                                struct error *err);

MUST_CHECK bool s3_no_such_key(struct s3_text key, struct error *err); /* always false */

/* ---- s3_file.c: bodies as files -------------------------------------------------------------- */

/* Where a new body comes from: memory, or (`bytes` NULL) a descriptor read from its beginning. */
struct s3_body {
    const void *bytes;
    int descriptor;
    size_t length;
};

/* Writes a new file, durable when this returns, and tells its name below the bucket's folder
 * (owned by the caller). */
MUST_CHECK bool s3_file_write(const struct s3_call *call, const struct s3_body *body, char **file,
                              struct error *err);

/* *descriptor is -1 when the file isn't there, which is no failure. Closed by the caller. */
MUST_CHECK bool s3_file_open(const struct s3_local *s3, struct s3_text bucket, const char *file,
                             int *descriptor, struct error *err);
MUST_CHECK bool s3_file_exists(const struct s3_local *s3, struct s3_text bucket, const char *file);

/* Reads `length` bytes from `offset` into `to`. */
MUST_CHECK bool s3_file_read(const struct s3_call *call, int descriptor, int64_t offset, char *to,
                             size_t length, struct error *err);

/* Removes the file, and the folders that it leaves empty. What fails is left to the sweep. */
void s3_file_remove(const struct s3_local *s3, struct s3_text bucket, const char *file);

/* ---- s3_sweep.c: files that a killed process left -------------------------------------------- */

/* Removes bodies and temporary files that are older than S3_LOCAL_GRACE_MS and belong to nobody;
 * does so at most every S3_LOCAL_SWEEP_MS. Fails silently: the next one tries again. */
void s3_sweep(struct s3_local *s3);

/* ---- the operations -------------------------------------------------------------------------- */

MUST_CHECK bool s3_get_run(struct s3_call *call, struct error *err); /* get and head */
MUST_CHECK bool s3_put_run(struct s3_call *call, struct error *err);
MUST_CHECK bool s3_copy_run(struct s3_call *call, struct error *err);
MUST_CHECK bool s3_delete_run(struct s3_call *call, struct error *err);
MUST_CHECK bool s3_delete_all_run(struct s3_call *call, struct error *err);
MUST_CHECK bool s3_list_run(struct s3_call *call, struct error *err);

#endif
