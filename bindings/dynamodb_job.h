/*
 * dynamodb_job.h - what dynamodb.c (requests) and dynamodb_results.c (answers) share.
 */
#ifndef LUNETTE_BINDINGS_DYNAMODB_JOB_H
#define LUNETTE_BINDINGS_DYNAMODB_JOB_H

#include <lua.h>

#include "bindings/document.h"
#include "bindings/dynamodb_store.h"
#include "host/loop.h"

struct dynamodb_kind {
    const char *function;  /* "put" */
    const char *operation; /* "PutItem" */
    bool write;
    int (*push)(lua_State *L, json_t *answer); /* as job_type.push */
    struct job_type types[2];                  /* a store that blocks; one that starts */
};

struct dynamodb_job {
    struct job job;
    const struct dynamodb_kind *kind;
    struct dynamodb_store *store;
    /* Anchored in the job. */
    const char *table, *key, *body;
    size_t table_length, key_length, body_length;

    struct buffer response;
    json_t *document; /* of the response, while it is made into Lua values */
};

/* Each pushes results and returns their number; may raise, for the job owns the document. */
int dynamodb_results_item(lua_State *L, json_t *answer);    /* item or nil */
int dynamodb_results_written(lua_State *L, json_t *answer); /* true[, attributes] */
int dynamodb_results_keys(lua_State *L, json_t *answer);    /* {{name=, type="S"}, ...} */
int dynamodb_results_page(lua_State *L, json_t *answer);    /* {items, count, ...} */
int dynamodb_results_batch(lua_State *L, json_t *answer);   /* {[table]={item...}}, text or nil */
int dynamodb_results_unprocessed(lua_State *L, json_t *answer); /* text or nil */

/* nil, "conflict" and what beat the condition; or -1 when the error is another one. */
int dynamodb_results_conflict(lua_State *L, json_t *failure);

#endif
