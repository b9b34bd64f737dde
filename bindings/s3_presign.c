/*
 * s3_presign.c - s3.presign and s3.presign_post: reads their arguments, signs with what the store
 * lends, makes Lua values of it. Entered in the module's table by s3.c; the contract is
 * bindings/api/s3.lua.
 */
#include <inttypes.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "bindings/arguments.h"
#include "bindings/aws/s3_presign.h"
#include "bindings/s3_job.h"

#define EXPIRES_DEFAULT_S 3600

enum { ARGUMENTS = 1, JOB = 2 }; /* where they are on the stack */

/* Both are jobs, so that they end as all calls do: cancelled, at the deadline, or with an error
 * that knows its operation. They are done at once; only to renew credentials may take time. */
struct presign_job {
    struct s3_job call; /* first */
    struct s3_presign_rules rules;
    int64_t content_length; /* -1: any */
    int method;
    struct s3_presigned made;
};

struct form_job {
    struct s3_job call; /* first */
    struct s3_form_rules rules;
    struct s3_text key_prefix, content_type_prefix, success_redirect;
    int64_t success_status; /* 0: S3's own */
    char status[8];
    struct s3_presigned_form made;
};

/* ---- signing --------------------------------------------------------------------------------- */

static bool borrow_signer(const struct s3_job *call, struct s3_signer *signer, struct error *err)
{
    if (call->store->lend_signer == NULL) {
        s3_signer_example(signer);
        return true;
    }
    return call->store->lend_signer(call->store, &call->request, signer, err);
}

static bool sign_address(struct job *job, struct error *err)
{
    struct presign_job *presign = (struct presign_job *)job;
    struct s3_signer signer;
    if (!borrow_signer(&presign->call, &signer, err) ||
        !s3_presign(&signer, &presign->rules, loop_wall_ms(), &presign->made, err)) {
        return false;
    }
    job_finish(job, NULL);
    return true;
}

static bool sign_form(struct job *job, struct error *err)
{
    struct form_job *form = (struct form_job *)job;
    struct s3_signer signer;
    if (!borrow_signer(&form->call, &signer, err) ||
        !s3_presign_form(&signer, &form->rules, loop_wall_ms(), &form->made, err)) {
        return false;
    }
    job_finish(job, NULL);
    return true;
}

static void release_address(struct job *job)
{
    s3_presigned_release(&((struct presign_job *)job)->made);
    s3_job_release(job);
}

static void release_form(struct job *job)
{
    s3_presigned_form_release(&((struct form_job *)job)->made);
    s3_job_release(job);
}

/* ---- results --------------------------------------------------------------------------------- */

static void push_headers(lua_State *L, const struct http_header *headers, size_t count)
{
    lua_createtable(L, 0, (int)count);
    for (size_t i = 0; i < count; i++) {
        lua_pushstring(L, headers[i].value);
        lua_setfield(L, -2, headers[i].name);
    }
}

static void push_url(lua_State *L, const struct buffer *url)
{
    lua_pushlstring(L, url->data, url->length);
}

static int push_address(lua_State *L, struct job *job)
{
    const struct s3_presigned *made = &((struct presign_job *)job)->made;
    const struct aws_request *request = &made->wire.request;
    push_url(L, &made->url);
    lua_createtable(L, 0, 3);
    lua_pushstring(L, request->method);
    lua_setfield(L, -2, "method");
    push_headers(L, request->headers, request->header_count);
    lua_setfield(L, -2, "headers");
    lua_pushinteger(L, made->expires_ms);
    lua_setfield(L, -2, "expires");
    return 2;
}

static int push_form(lua_State *L, struct job *job)
{
    const struct s3_presigned_form *made = &((struct form_job *)job)->made;
    lua_createtable(L, 0, 3);
    push_url(L, &made->url);
    lua_setfield(L, -2, "url");
    push_headers(L, made->form.fields, made->form.field_count);
    lua_setfield(L, -2, "fields");
    lua_pushinteger(L, made->expires_ms);
    lua_setfield(L, -2, "expires");
    return 1;
}

/* ---- arguments ------------------------------------------------------------------------------- */

static void *new_job(lua_State *L, const struct job_type *type, enum s3_operation operation,
                     size_t size)
{
    struct s3_store *store = s3_job_store(L, type->name);
    lua_settop(L, 1);
    struct s3_job *call = job_new(L, type, size);
    call->store = store;
    call->request.operation = operation;
    return call;
}

/* clang-format off */
#define TEXT(field, of, member)                                                                  \
    {.name = (field), .type = ARGUMENT_TEXT, .offset = offsetof(of, member)}
#define NEEDED_TEXT(field, of, member)                                                           \
    {.name = (field), .type = ARGUMENT_TEXT, .offset = offsetof(of, member), .required = true}
#define INTEGER(field, of, member, least, most)                                                  \
    {.name = (field), .type = ARGUMENT_INTEGER, .offset = offsetof(of, member), .min = (least),  \
     .max = (most)}
#define END {.name = NULL}

#define HEADER_FIELDS(of)                                                                        \
    TEXT("content_type", of, call.request.content_type),                                         \
    TEXT("cache_control", of, call.request.cache_control),                                       \
    TEXT("content_disposition", of, call.request.content_disposition),                           \
    TEXT("content_encoding", of, call.request.content_encoding),                                 \
    TEXT("storage_class", of, call.request.storage_class),                                       \
    {.name = "metadata", .type = ARGUMENT_TABLE}
/* clang-format on */

static const char *const methods[] = {"GET", "HEAD", "PUT", "DELETE", NULL};
static const enum s3_operation operations[] = {S3_GET, S3_HEAD, S3_PUT, S3_DELETE};

static const struct argument address_fields[] = {
    NEEDED_TEXT("bucket", struct presign_job, call.request.bucket),
    NEEDED_TEXT("key", struct presign_job, call.request.key),
    {.name = "method",
     .type = ARGUMENT_CHOICE,
     .offset = offsetof(struct presign_job, method),
     .choices = methods},
    INTEGER("expires_s", struct presign_job, rules.expires_s, 1, SIGV4_EXPIRES_MAX_S),
    TEXT("version_id", struct presign_job, call.request.version_id),
    TEXT("response_content_type", struct presign_job, rules.share.response_content_type),
    TEXT("response_cache_control", struct presign_job, rules.share.response_cache_control),
    TEXT("response_content_disposition", struct presign_job,
         rules.share.response_content_disposition),
    TEXT("response_content_encoding", struct presign_job, rules.share.response_content_encoding),
    HEADER_FIELDS(struct presign_job),
    {.name = "tags", .type = ARGUMENT_TABLE},
    TEXT("if_none_match", struct presign_job, call.request.if_none_match),
    INTEGER("content_length", struct presign_job, content_length, 0, S3_PUT_MAX),
    END,
};

static const struct argument form_fields[] = {
    NEEDED_TEXT("bucket", struct form_job, call.request.bucket),
    TEXT("key", struct form_job, call.request.key),
    TEXT("key_starts_with", struct form_job, key_prefix),
    INTEGER("expires_s", struct form_job, rules.expires_s, 1, SIGV4_EXPIRES_MAX_S),
    {.name = "max_bytes",
     .type = ARGUMENT_INTEGER,
     .offset = offsetof(struct form_job, rules.max_bytes),
     .required = true,
     .min = 1,
     .max = S3_PUT_MAX},
    INTEGER("min_bytes", struct form_job, rules.min_bytes, 0, S3_PUT_MAX),
    HEADER_FIELDS(struct form_job),
    TEXT("content_type_starts_with", struct form_job, content_type_prefix),
    INTEGER("success_action_status", struct form_job, success_status, 200, 204),
    TEXT("success_action_redirect", struct form_job, success_redirect),
    END,
};

#define PUT   (1u << S3_PUT)
#define READS (1u << S3_GET | 1u << S3_HEAD)

/* What says nothing with a method is a mistake of the caller's, who believes in it. */
static void check_method(lua_State *L, const struct presign_job *presign)
{
    static const struct {
        const char *field;
        unsigned operations;
    } fields[] = {
        {"version_id", READS | 1u << S3_DELETE},
        {"response_content_type", READS},
        {"response_cache_control", READS},
        {"response_content_disposition", READS},
        {"response_content_encoding", READS},
        {"content_type", PUT},
        {"cache_control", PUT},
        {"content_disposition", PUT},
        {"content_encoding", PUT},
        {"storage_class", PUT},
        {"metadata", PUT},
        {"tags", PUT},
        {"if_none_match", PUT},
        {"content_length", PUT},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        lua_pushstring(L, fields[i].field);
        bool given = lua_rawget(L, ARGUMENTS) != LUA_TNIL;
        if (given && (fields[i].operations & 1u << presign->call.request.operation) == 0) {
            arguments_complain(L, ARGUMENTS, "presign", "field '%s' has no effect with method %s",
                               fields[i].field, methods[presign->method]);
        }
        lua_pop(L, 1);
    }
}

/* ---- the functions --------------------------------------------------------------------------- */

/* s3.presign{bucket=, key=, method=, expires_s=, ...} -> url, {method=, headers=, expires=} */
int s3_presign_lua(lua_State *L)
{
    static const struct job_type type = {.name = "s3.presign",
                                         .start = sign_address,
                                         .push = push_address,
                                         .release = release_address};
    struct presign_job *presign = new_job(L, &type, S3_GET, sizeof *presign);
    presign->rules.request = &presign->call.request;
    presign->rules.expires_s = EXPIRES_DEFAULT_S;
    presign->content_length = -1;
    arguments_read(L, ARGUMENTS, "presign", address_fields, presign, JOB);
    presign->call.request.operation = operations[presign->method];
    check_method(L, presign);
    s3_job_read_tables(L, "presign", &presign->call);
    presign->rules.share.sized = presign->content_length >= 0;
    presign->rules.share.content_length = presign->content_length;
    return job_run(L);
}

static void read_key(lua_State *L, struct form_job *form)
{
    struct s3_text *key = &form->call.request.key;
    if ((key->data == NULL) == (form->key_prefix.data == NULL)) {
        arguments_complain(L, ARGUMENTS, "presign_post",
                           "give 'key' (exactly this) or 'key_starts_with' (the sender chooses), "
                           "one of the two");
    }
    if (form->key_prefix.data != NULL && form->key_prefix.length == 0) {
        arguments_complain(L, ARGUMENTS, "presign_post",
                           "field 'key_starts_with' is empty: the sender could replace every "
                           "object of the bucket");
    }
    form->rules.key_is_prefix = key->data == NULL;
    if (form->rules.key_is_prefix) {
        *key = form->key_prefix;
    }
}

static void read_content_type(lua_State *L, struct form_job *form)
{
    if (form->call.request.content_type.data != NULL && form->content_type_prefix.data != NULL) {
        arguments_complain(L, ARGUMENTS, "presign_post",
                           "'content_type' and 'content_type_starts_with' exclude each other");
    }
    form->rules.content_type_prefix = form->content_type_prefix.data;
}

/* S3 ignores a status that it doesn't know, and a redirect that is no address. */
static void read_success(lua_State *L, struct form_job *form)
{
    const char *redirect = form->success_redirect.data;
    int64_t status = form->success_status;
    if (status != 0 && status != 200 && status != 201 && status != 204) {
        arguments_complain(L, ARGUMENTS, "presign_post",
                           "field 'success_action_status' is %d, expected 200, 201 or 204",
                           (int)status);
    }
    if (redirect != NULL && strncmp(redirect, "https://", 8) != 0 &&
        strncmp(redirect, "http://", 7) != 0) {
        arguments_complain(L, ARGUMENTS, "presign_post",
                           "field 'success_action_redirect' does not begin with https:// or "
                           "http://");
    }
    (void)snprintf(form->status, sizeof form->status, "%d", (int)status);
    form->rules.success_status = status == 0 ? NULL : form->status;
    form->rules.success_redirect = redirect;
}

/* s3.presign_post{bucket=, key=, max_bytes=, ...} -> {url=, fields=, expires=} */
int s3_presign_post_lua(lua_State *L)
{
    static const struct job_type type = {
        .name = "s3.presign_post", .start = sign_form, .push = push_form, .release = release_form};
    struct form_job *form = new_job(L, &type, S3_PUT, sizeof *form);
    form->rules.request = &form->call.request;
    form->rules.expires_s = EXPIRES_DEFAULT_S;
    arguments_read(L, ARGUMENTS, "presign_post", form_fields, form, JOB);
    read_key(L, form);
    read_content_type(L, form);
    read_success(L, form);
    if (form->rules.min_bytes > form->rules.max_bytes) {
        arguments_complain(L, ARGUMENTS, "presign_post",
                           "field 'min_bytes' is %" PRId64 ", more than max_bytes allows (%" PRId64
                           ")",
                           form->rules.min_bytes, form->rules.max_bytes);
    }
    s3_job_read_tables(L, "presign_post", &form->call);
    return job_run(L);
}
