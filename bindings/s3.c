/*
 * s3.c - the module `s3`: reads a call's arguments into an s3_request and runs it on the store that
 * the program was started with. What comes back is made in s3_results.c; the contract is
 * bindings/api/s3.lua.
 */
#include <inttypes.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/arguments.h"
#include "bindings/bindings.h"
#include "bindings/recursion.h"
#include "bindings/s3_job.h"
#include "host/loop.h"
#include "host/raise.h"

/* ---- the job --------------------------------------------------------------------------------- */

static bool work(struct job *job, struct error *err)
{
    struct s3_job *call = (struct s3_job *)job;
    return call->store->execute(call->store, &call->request, &call->response, job, err);
}

static bool start(struct job *job, struct error *err)
{
    struct s3_job *call = (struct s3_job *)job;
    return call->store->start(call->store, &call->request, &call->response, job, err);
}

static void cancel(struct job *job)
{
    struct s3_job *call = (struct s3_job *)job;
    call->store->cancel(call->store, job);
}

void s3_job_release(struct job *job)
{
    struct s3_job *call = (struct s3_job *)job;
    s3_response_release(&call->response);
    free(call->metadata);
    free(call->tags);
    free(call->keys);
    call->metadata = call->tags = NULL;
    call->keys = NULL;
}

/* For every function one type for a store that blocks and one for a store that starts. */
/* clang-format off */
#define TYPES(operation_name)                                                                      \
    {                                                                                              \
        {.name = (operation_name), .work = work, .push = s3_results_push,                          \
         .failed = s3_results_failed, .release = s3_job_release},                                  \
        {.name = (operation_name), .start = start, .cancel = cancel, .push = s3_results_push,      \
         .failed = s3_results_failed, .release = s3_job_release},                                  \
    }
/* clang-format on */

struct s3_store *s3_job_store(lua_State *L, const char *operation)
{
    struct s3_store *store = bindings_of(L)->s3;
    if (store == NULL) {
        struct error err;
        (void)error_set(&err, "usage", "%s: no store was opened for this command", operation);
        raise_error(L, &err);
    }
    return store;
}

static struct s3_job *new_job(lua_State *L, const struct job_type types[2],
                              enum s3_operation operation)
{
    struct s3_store *store = s3_job_store(L, types[0].name);
    lua_settop(L, 1);
    struct s3_job *call = job_new(L, &types[store->execute == NULL], sizeof *call);
    call->store = store;
    call->request.operation = operation;
    call->max_bytes = S3_BODY_DEFAULT;
    call->max_keys = S3_LIST_MAX;
    return call;
}

/* ---- arguments ------------------------------------------------------------------------------- */

enum { ARGUMENTS = 1, JOB = 2 }; /* where they are on the stack */

/* clang-format off */
#define TEXT(field, member)                                                                        \
    {.name = (field), .type = ARGUMENT_TEXT, .offset = offsetof(struct s3_job, member)}
#define NEEDED_TEXT(field, member)                                                                 \
    {.name = (field), .type = ARGUMENT_TEXT, .offset = offsetof(struct s3_job, member),            \
     .required = true}
#define INTEGER(field, member, most)                                                               \
    {.name = (field), .type = ARGUMENT_INTEGER, .offset = offsetof(struct s3_job, member),         \
     .min = 1, .max = (most)}
#define END {.name = NULL}

#define BUCKET_FIELDS                                                                              \
    NEEDED_TEXT("bucket", request.bucket),                                                         \
    TEXT("expected_bucket_owner", request.bucket_owner)

#define OBJECT_FIELDS                                                                              \
    BUCKET_FIELDS,                                                                                 \
    NEEDED_TEXT("key", request.key)

#define VERSION_FIELD TEXT("version_id", request.version_id)

#define HEADER_FIELDS                                                                              \
    TEXT("content_type", request.content_type),                                                    \
    TEXT("cache_control", request.cache_control),                                                  \
    TEXT("content_disposition", request.content_disposition),                                      \
    TEXT("content_encoding", request.content_encoding),                                            \
    TEXT("storage_class", request.storage_class),                                                  \
    {.name = "metadata", .type = ARGUMENT_TABLE},                                                  \
    {.name = "tags", .type = ARGUMENT_TABLE}

#define CONDITION_FIELDS                                                                           \
    TEXT("if_match", request.if_match),                                                            \
    TEXT("if_none_match", request.if_none_match)

#define RECURSION_FIELD                                                                            \
    {.name = "allow_recursion", .type = ARGUMENT_BOOLEAN,                                          \
     .offset = offsetof(struct s3_job, allow_recursion)}
/* clang-format on */

static const char *const body_kinds[] = {"string", "bytes", NULL}; /* by enum s3_body */

static const struct argument get_fields[] = {
    OBJECT_FIELDS,
    VERSION_FIELD,
    CONDITION_FIELDS,
    {.name = "range", .type = ARGUMENT_ANY},
    INTEGER("max_bytes", max_bytes, INT64_MAX),
    {.name = "as",
     .type = ARGUMENT_CHOICE,
     .offset = offsetof(struct s3_job, as),
     .choices = body_kinds},
    END,
};

static const struct argument head_fields[] = {
    OBJECT_FIELDS,
    VERSION_FIELD,
    CONDITION_FIELDS,
    END,
};

static const struct argument put_fields[] = {
    OBJECT_FIELDS,
    {.name = "body",
     .type = ARGUMENT_BYTES,
     .offset = offsetof(struct s3_job, request.body),
     .required = true},
    HEADER_FIELDS,
    CONDITION_FIELDS,
    RECURSION_FIELD,
    END,
};

static const struct argument copy_fields[] = {
    OBJECT_FIELDS,
    TEXT("source_bucket", request.source_bucket),
    NEEDED_TEXT("source_key", request.source_key),
    TEXT("source_if_match", request.source_if_match),
    TEXT("source_version_id", request.source_version_id),
    TEXT("source_expected_bucket_owner", request.source_bucket_owner),
    {.name = "replace_metadata",
     .type = ARGUMENT_BOOLEAN,
     .offset = offsetof(struct s3_job, request.replace_metadata)},
    HEADER_FIELDS,
    CONDITION_FIELDS,
    RECURSION_FIELD,
    END,
};

static const struct argument delete_fields[] = {
    OBJECT_FIELDS,
    VERSION_FIELD,
    TEXT("if_match", request.if_match),
    END,
};

static const struct argument delete_all_fields[] = {
    BUCKET_FIELDS,
    {.name = "keys", .type = ARGUMENT_TABLE, .required = true},
    END,
};

static const struct argument list_fields[] = {
    BUCKET_FIELDS,
    TEXT("prefix", request.prefix),
    TEXT("delimiter", request.delimiter),
    TEXT("start_after", request.start_after),
    TEXT("token", request.continuation_token),
    INTEGER("max_keys", max_keys, S3_LIST_MAX),
    END,
};

/* Pushes the field; false, with nothing pushed, when it is absent. */
static bool push_field(lua_State *L, const char *field)
{
    lua_pushstring(L, field);
    if (lua_rawget(L, ARGUMENTS) == LUA_TNIL) {
        lua_pop(L, 1);
        return false;
    }
    return true;
}

/* The string at `index`, kept alive by the job. */
static struct s3_text read_anchored(lua_State *L, int index)
{
    struct s3_text text;
    text.data = lua_tolstring(L, index, &text.length);
    job_anchor(L, JOB, index);
    return text;
}

static size_t count_entries(lua_State *L, int index)
{
    size_t count = 0;
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        lua_pop(L, 1);
        count++;
    }
    return count;
}

/* One element more than needed: an empty array is no failure to allocate. */
static void *new_array(lua_State *L, size_t count, size_t size)
{
    void *array = calloc(count + 1, size);
    if (array == NULL) {
        struct error err;
        (void)error_set_memory(&err, "reading arguments");
        raise_error(L, &err);
    }
    return array;
}

static void check_pair(lua_State *L, const char *function, const char *field)
{
    if (lua_type(L, -2) != LUA_TSTRING) {
        arguments_complain(L, ARGUMENTS, function,
                           "field '%s' has a key that is a %s, expected names", field,
                           luaL_typename(L, -2));
    }
    if (lua_type(L, -1) != LUA_TSTRING) {
        arguments_complain(L, ARGUMENTS, function, "field '%s.%.64s' is a %s, expected a string",
                           field, lua_tostring(L, -2), luaL_typename(L, -1));
    }
}

/* Reads a table of names and strings into *pairs, which the job already owns while this raises. */
static size_t read_pairs(lua_State *L, const char *function, const char *field,
                         struct s3_pair **pairs)
{
    if (!push_field(L, field)) {
        return 0;
    }
    int table = lua_gettop(L);
    size_t most = count_entries(L, table), count = 0;
    *pairs = new_array(L, most, sizeof **pairs);
    lua_pushnil(L);
    /* Meanwhile a finalizer may run, and put more into the table. */
    while (count < most && lua_next(L, table) != 0) {
        check_pair(L, function, field);
        int value = lua_gettop(L);
        (*pairs)[count].name = read_anchored(L, value - 1);
        (*pairs)[count].value = read_anchored(L, value);
        count++;
        lua_pop(L, 1);
    }
    lua_settop(L, table - 1);
    return count;
}

void s3_job_read_tables(lua_State *L, const char *function, struct s3_job *call)
{
    struct s3_request *request = &call->request;
    request->metadata_count = read_pairs(L, function, "metadata", &call->metadata);
    request->metadata = call->metadata;
    request->tag_count = read_pairs(L, function, "tags", &call->tags);
    request->tags = call->tags;
}

static void read_keys(lua_State *L, struct s3_job *call)
{
    (void)push_field(L, "keys");
    int table = lua_gettop(L);
    size_t count = (size_t)luaL_len(L, table);
    if (count > S3_DELETE_MAX) {
        arguments_complain(L, ARGUMENTS, "delete_all",
                           "field 'keys' has %zu entries, at most %d are "
                           "allowed in one call",
                           count, S3_DELETE_MAX);
    }
    call->keys = new_array(L, count, sizeof *call->keys);
    for (size_t i = 0; i < count; i++) {
        if (lua_rawgeti(L, table, (lua_Integer)i + 1) != LUA_TSTRING) {
            arguments_complain(L, ARGUMENTS, "delete_all",
                               "field 'keys[%zu]' is a %s, expected a string", i + 1,
                               luaL_typename(L, -1));
        }
        call->keys[i] = read_anchored(L, lua_gettop(L));
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    call->request.keys = call->keys;
    call->request.key_count = count;
}

static _Noreturn void complain_range(lua_State *L)
{
    arguments_complain(L, ARGUMENTS, "get",
                       "field 'range' is neither {first, last}, {first}, {-count} nor one of "
                       "\"bytes=0-99\", \"bytes=100-\", \"bytes=-50\"");
}

static bool read_digits(const char **at, int64_t *value)
{
    char *end;
    if (**at < '0' || **at > '9') {
        return false;
    }
    intmax_t number = strtoimax(*at, &end, 10);
    *at = end;
    *value = number;
    return number < INT64_MAX;
}

static bool parse_range(const char *text, struct s3_request *request)
{
    if (strncmp(text, "bytes=", strlen("bytes=")) != 0) {
        return false;
    }
    const char *at = text + strlen("bytes=");
    bool suffix = *at == '-';
    int64_t first = 0, last = -1;
    if (suffix) {
        at++;
        if (!read_digits(&at, &first) || first == 0) {
            return false;
        }
        first = -first;
    } else if (!read_digits(&at, &first) || *at++ != '-' ||
               (*at != '\0' && !read_digits(&at, &last))) {
        return false;
    }
    request->range_first = first;
    request->range_last = last;
    return *at == '\0';
}

static bool read_range_table(lua_State *L, int index, struct s3_request *request)
{
    int first_ok, last_ok = 1;
    (void)lua_rawgeti(L, index, 1);
    request->range_first = lua_tointegerx(L, -1, &first_ok);
    request->range_last = -1;
    if (lua_rawgeti(L, index, 2) != LUA_TNIL) {
        request->range_last = lua_tointegerx(L, -1, &last_ok);
        last_ok = last_ok && request->range_first >= 0 && request->range_last >= 0;
    }
    lua_pop(L, 2);
    return first_ok && last_ok && request->range_first > INT64_MIN;
}

static void read_range(lua_State *L, struct s3_request *request)
{
    if (!push_field(L, "range")) {
        return;
    }
    bool ok = lua_type(L, -1) == LUA_TSTRING  ? parse_range(lua_tostring(L, -1), request)
              : lua_type(L, -1) == LUA_TTABLE ? read_range_table(L, lua_gettop(L), request)
                                              : false;
    if (!ok || (request->range_last != -1 && request->range_last < request->range_first)) {
        complain_range(L);
    }
    request->ranged = true;
    lua_pop(L, 1);
}

/* ---- the functions --------------------------------------------------------------------------- */

/* What is fetched is what is worked on: should it crash a decoder, its name is known. */
static void set_subject(lua_State *L, const struct s3_request *request)
{
    char subject[LOOP_SUBJECT_MAX];
    int length = snprintf(subject, sizeof subject, "%.*s/%.*s", (int)request->bucket.length,
                          request->bucket.data, (int)request->key.length, request->key.data);
    size_t whole = length < 0 ? 0 : (size_t)length;
    loop_set_subject(loop_of(L), subject, whole < sizeof subject ? whole : sizeof subject - 1);
}

static int run_get(lua_State *L, const char *function, struct s3_job *call)
{
    arguments_read(L, ARGUMENTS, function, get_fields, call, JOB);
    read_range(L, &call->request);
    call->request.max_bytes = (size_t)call->max_bytes;
    set_subject(L, &call->request);
    return job_run(L);
}

/* s3.get{bucket=, key=, version_id=, if_match=, if_none_match=, range=, max_bytes=, as=, ...} */
static int l_get(lua_State *L)
{
    static const struct job_type types[] = TYPES("s3.get");
    return run_get(L, "get", new_job(L, types, S3_GET));
}

/* s3.find{...}: get, but nil when there is no such object. */
static int l_find(lua_State *L)
{
    static const struct job_type types[] = TYPES("s3.find");
    struct s3_job *call = new_job(L, types, S3_GET);
    call->optional = true;
    return run_get(L, "find", call);
}

/* s3.head{bucket=, key=, version_id=, if_match=, if_none_match=, ...} */
static int l_head(lua_State *L)
{
    static const struct job_type types[] = TYPES("s3.head");
    struct s3_job *call = new_job(L, types, S3_HEAD);
    arguments_read(L, ARGUMENTS, "head", head_fields, call, JOB);
    return job_run(L);
}

/* For what creates an object; its last step before it runs. */
static int run_creating(lua_State *L, const struct s3_job *call)
{
    if (!call->allow_recursion) {
        recursion_check(L, &call->request);
    }
    return job_run(L);
}

/* s3.put{bucket=, key=, body=, ...} */
static int l_put(lua_State *L)
{
    static const struct job_type types[] = TYPES("s3.put");
    struct s3_job *call = new_job(L, types, S3_PUT);
    arguments_read(L, ARGUMENTS, "put", put_fields, call, JOB);
    s3_job_read_tables(L, "put", call);
    return run_creating(L, call);
}

/* Headers that would be ignored are a mistake of the caller's, who believes in them. */
static void check_replacing(lua_State *L, const struct s3_job *call)
{
    static const char *const fields[] = {"content_type",     "cache_control", "content_disposition",
                                         "content_encoding", "metadata",      "tags"};
    for (size_t i = 0; !call->request.replace_metadata && i < sizeof fields / sizeof *fields; i++) {
        if (push_field(L, fields[i])) {
            arguments_complain(L, ARGUMENTS, "copy",
                               "field '%s' has no effect without replace_metadata = true",
                               fields[i]);
        }
    }
}

/* s3.copy{source_key=, key=, bucket=, source_bucket=, ...} */
static int l_copy(lua_State *L)
{
    static const struct job_type types[] = TYPES("s3.copy");
    struct s3_job *call = new_job(L, types, S3_COPY);
    arguments_read(L, ARGUMENTS, "copy", copy_fields, call, JOB);
    check_replacing(L, call);
    s3_job_read_tables(L, "copy", call);
    if (call->request.source_bucket.data == NULL) {
        call->request.source_bucket = call->request.bucket;
    }
    return run_creating(L, call);
}

/* s3.delete{bucket=, key=, version_id=, if_match=, ...} */
static int l_delete(lua_State *L)
{
    static const struct job_type types[] = TYPES("s3.delete");
    struct s3_job *call = new_job(L, types, S3_DELETE);
    arguments_read(L, ARGUMENTS, "delete", delete_fields, call, JOB);
    return job_run(L);
}

/* s3.delete_all{bucket=, keys={...}} */
static int l_delete_all(lua_State *L)
{
    static const struct job_type types[] = TYPES("s3.delete_all");
    struct s3_job *call = new_job(L, types, S3_DELETE_ALL);
    arguments_read(L, ARGUMENTS, "delete_all", delete_all_fields, call, JOB);
    read_keys(L, call);
    if (call->request.key_count == 0) {
        return s3_results_push(L,
                               &call->job); /* S3 refuses an empty list; a script need not care */
    }
    return job_run(L);
}

/* s3.list{bucket=, prefix=, delimiter=, start_after=, token=, max_keys=} */
static int l_list(lua_State *L)
{
    static const struct job_type types[] = TYPES("s3.list");
    struct s3_job *call = new_job(L, types, S3_LIST);
    arguments_read(L, ARGUMENTS, "list", list_fields, call, JOB);
    call->request.max_keys = (int)call->max_keys;
    return job_run(L);
}

static const luaL_Reg functions[] = {
    {"get", l_get},
    {"find", l_find},
    {"head", l_head},
    {"put", l_put},
    {"copy", l_copy},
    {"delete", l_delete},
    {"delete_all", l_delete_all},
    {"list", l_list},
    {"presign", s3_presign_lua},
    {"presign_post", s3_presign_post_lua},
    {NULL, NULL},
};

int luaopen_s3(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
