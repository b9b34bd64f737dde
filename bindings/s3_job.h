/*
 * s3_job.h - one call of the `s3` module on its way: what s3.c (arguments), s3_results.c (what
 * comes back) and s3_presign.c share.
 */
#ifndef LUNETTE_BINDINGS_S3_JOB_H
#define LUNETTE_BINDINGS_S3_JOB_H

#include <lua.h>

#include "bindings/s3_store.h"
#include "host/loop.h"

#define S3_BODY_DEFAULT ((int64_t)128 * 1024 * 1024) /* max_bytes of a get that names none */

/* What the script gets a body as. */
enum s3_body { S3_BODY_STRING, S3_BODY_BYTES };

struct s3_job {
    struct job job; /* first */
    struct s3_store *store;
    struct s3_request request;
    struct s3_response response;
    bool optional;        /* find: what isn't there is nil */
    bool allow_recursion; /* put, copy: also where the invocation's event came from */
    int as;               /* get, find: an enum s3_body */
    int64_t max_bytes, max_keys;
    struct s3_pair *metadata, *tags; /* owned; the texts are anchored to the job */
    struct s3_text *keys;            /* owned, likewise */
};

/* Of s3.c, for s3_presign.c, too: the store that `operation` runs on (raises when there is none),
 * the fields `metadata` and `tags` (raises; the arguments at 1, the job at 2), what a
 * job_type.release does. */
struct s3_store *s3_job_store(lua_State *L, const char *operation);
void s3_job_read_tables(lua_State *L, const char *function, struct s3_job *call);
void s3_job_release(struct job *job);

/* s3.presign and s3.presign_post, in s3_presign.c. */
int s3_presign_lua(lua_State *L);
int s3_presign_post_lua(lua_State *L);

/* What job_type.push and .failed do; every operation's results are described in api/s3.lua. A job
 * that was never run has the results of an empty response, and is no effect. */
int s3_results_push(lua_State *L, struct job *job);
int s3_results_failed(lua_State *L, struct job *job, const struct error *err);

#endif
