/*
 * s3_results.c - Lua values of what an S3 store answered; the other half of s3.c. The contract is
 * bindings/api/s3.lua.
 */
#include <lauxlib.h>
#include <string.h>

#include "bindings/bytes.h"
#include "bindings/effects.h"
#include "bindings/s3_job.h"

static bool is_write(enum s3_operation operation)
{
    return operation == S3_PUT || operation == S3_COPY || operation == S3_DELETE ||
           operation == S3_DELETE_ALL;
}

static void record(lua_State *L, const struct s3_job *call, const struct error *err)
{
    const struct s3_request *request = &call->request;
    struct s3_text key = request->operation == S3_LIST ? request->prefix : request->key;
    struct effect effect = {.operation = call->job.type->name,
                            .place = request->bucket.data,
                            .place_length = request->bucket.length,
                            .key = key.data,
                            .key_length = key.length,
                            .bytes = (int64_t)(request->operation == S3_PUT
                                                   ? request->body.length
                                                   : call->response.body_length),
                            .write = is_write(request->operation)};
    effects_record(L, &effect, &call->job, err);
}

static void set_text(lua_State *L, const char *field, const char *text)
{
    if (text != NULL) {
        lua_pushstring(L, text);
        lua_setfield(L, -2, field);
    }
}

static void set_integer(lua_State *L, const char *field, int64_t value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, field);
}

static void set_pairs(lua_State *L, const char *field, const struct s3_owned_pair *pairs,
                      size_t count)
{
    lua_createtable(L, 0, (int)count);
    for (size_t i = 0; i < count; i++) {
        lua_pushstring(L, pairs[i].value);
        lua_setfield(L, -2, pairs[i].name);
    }
    lua_setfield(L, -2, field);
}

/* S3 leaves the most common class out of most answers. */
static void set_storage_class(lua_State *L, const struct s3_object *object)
{
    set_text(L, "storage_class",
             object->storage_class == NULL ? "STANDARD" : object->storage_class);
}

static void push_object(lua_State *L, const struct s3_object *object)
{
    lua_createtable(L, 0, 12);
    set_text(L, "etag", object->etag);
    set_text(L, "content_type", object->content_type);
    set_text(L, "cache_control", object->cache_control);
    set_text(L, "content_disposition", object->content_disposition);
    set_text(L, "content_encoding", object->content_encoding);
    set_text(L, "version_id", object->version_id);
    set_storage_class(L, object);
    set_integer(L, "size", object->size);
    set_integer(L, "last_modified", object->last_modified_ms);
    set_pairs(L, "metadata", object->metadata, object->metadata_count);
}

/* Onto a table on top of the stack. */
static void set_body(lua_State *L, struct s3_job *call)
{
    struct s3_response *response = &call->response;
    if (call->as == S3_BODY_BYTES) {
        bytes_new(L);
        char *body = response->body;
        response->body = NULL;
        bytes_take(L, body, response->body_length);
    } else {
        lua_pushlstring(L, response->body, response->body_length);
    }
    lua_setfield(L, -2, "body");
}

static int push_got(lua_State *L, struct s3_job *call)
{
    const struct s3_response *response = &call->response;
    if (response->not_modified) {
        lua_pushnil(L);
        lua_pushliteral(L, "not_modified");
        return 2;
    }
    push_object(L, &response->object);
    if (call->request.operation == S3_GET) {
        set_body(L, call);
    }
    if (call->request.ranged) {
        set_integer(L, "range_first", response->range_first);
    }
    return 1;
}

static int push_written(lua_State *L, const struct s3_object *object)
{
    lua_createtable(L, 0, 3);
    set_text(L, "etag", object->etag);
    set_text(L, "version_id", object->version_id);
    return 1;
}

static void push_listed(lua_State *L, const struct s3_object *object)
{
    lua_createtable(L, 0, 5);
    set_text(L, "key", object->key);
    set_text(L, "etag", object->etag);
    set_integer(L, "size", object->size);
    set_integer(L, "last_modified", object->last_modified_ms);
    set_storage_class(L, object);
}

static int push_page(lua_State *L, const struct s3_response *response)
{
    lua_createtable(L, 0, 3);
    lua_createtable(L, (int)response->object_count, 0);
    for (size_t i = 0; i < response->object_count; i++) {
        push_listed(L, &response->objects[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "objects");
    lua_createtable(L, (int)response->prefix_count, 0);
    for (size_t i = 0; i < response->prefix_count; i++) {
        lua_pushstring(L, response->prefixes[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "prefixes");
    set_text(L, "next_token", response->next_token);
    return 1;
}

static int push_deleted(lua_State *L, const struct s3_job *call)
{
    const struct s3_response *response = &call->response;
    lua_createtable(L, 0, 2);
    set_integer(L, "deleted", (int64_t)(call->request.key_count - response->key_error_count));
    lua_createtable(L, (int)response->key_error_count, 0);
    for (size_t i = 0; i < response->key_error_count; i++) {
        const struct s3_key_error *error = &response->key_errors[i];
        lua_createtable(L, 0, 3);
        set_text(L, "key", error->key);
        set_text(L, "code", error->code);
        set_text(L, "message", error->message);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "errors");
    return 1;
}

int s3_results_push(lua_State *L, struct job *job)
{
    struct s3_job *call = (struct s3_job *)job;
    luaL_checkstack(L, LUA_MINSTACK, job->type->name);
    if (job->state != JOB_NEW) {
        record(L, call, NULL);
    }
    switch (call->request.operation) {
    case S3_GET:
    case S3_HEAD:
        return push_got(L, call);
    case S3_PUT:
    case S3_COPY:
        return push_written(L, &call->response.object);
    case S3_DELETE:
        lua_pushboolean(L, 1);
        return 1;
    case S3_DELETE_ALL:
        return push_deleted(L, call);
    case S3_LIST:
        return push_page(L, &call->response);
    }
    return 0;
}

/* AWS answers 404, not 412, to a write that wanted an ETag of an object that is gone: to the
 * writer that is the same conflict. (A copy's 404 may be about its source: that is no conflict.) */
static bool lost_condition(const struct s3_request *request, const struct error *err)
{
    bool given = request->if_match.data != NULL || request->if_none_match.data != NULL ||
                 request->source_if_match.data != NULL;
    bool writes = request->operation == S3_PUT || request->operation == S3_DELETE;
    return given &&
           (error_is(err, "PreconditionFailed") || error_is(err, "ConditionalRequestConflict") ||
            (writes && request->if_match.data != NULL && error_is(err, "NoSuchKey")));
}

int s3_results_failed(lua_State *L, struct job *job, const struct error *err)
{
    struct s3_job *call = (struct s3_job *)job;
    luaL_checkstack(L, LUA_MINSTACK, job->type->name);
    record(L, call, err);
    if (call->optional && (error_is(err, "NoSuchKey") || error_is(err, "NoSuchVersion"))) {
        lua_pushnil(L);
        return 1;
    }
    if (lost_condition(&call->request, err)) {
        lua_pushnil(L);
        lua_pushliteral(L, "conflict");
        return 2;
    }
    return -1;
}
