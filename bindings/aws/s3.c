/*
 * s3.c - the S3 that AWS, and every compatible server, runs: one call after the other from request
 * to response, and what an answer leaves open asked with a second request. Opened by store.c; the
 * `s3` module calls it through struct s3_store.
 */
#include "bindings/aws/s3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/aws/answer.h"
#include "bindings/aws/s3_failure.h"
#include "bindings/aws/s3_parse.h"
#include "bindings/aws/s3_presign.h"
#include "bindings/aws/s3_request.h"
#include "bindings/aws/s3_upload.h"
#include "host/env.h"

#define UPLOAD_ABOVE (64 * 1024 * 1024)

/* Everything of one running operation. Owned by the store until the job is finished. */
struct s3_operation_call {
    struct aws_operation operation; /* first */
    struct s3_aws *s3;
    const struct s3_request *request;
    struct s3_response *response; /* written at the end, on success */
    struct s3_place place;
    struct s3_wire wire;
    struct aws_call attempts;

    struct s3_request question;  /* what is asked when the answer left something open */
    struct error failure;        /* the answer's, meanwhile */
    char marker[S3_MARKER_SIZE]; /* of the put that is asked about */
};

static void free_call(struct s3_operation_call *call)
{
    aws_operation_end(&call->operation);
    s3_wire_release(&call->wire);
    free(call);
}

static void finish(struct s3_operation_call *call, const struct error *err)
{
    struct job *job = call->operation.job;
    struct error copy;
    if (err != NULL) {
        copy = *err;
    } else {
        job->error.attempts = call->attempts.retry.attempts; /* effects_record() tells it */
    }
    free_call(call);
    job_finish(job, err == NULL ? NULL : &copy);
}

/* ---- failures -------------------------------------------------------------------------------- */

static void finish_failed(struct s3_operation_call *call, struct error *failure)
{
    s3_failure_name(failure, call->request);
    finish(call, failure);
}

static bool move(void *context, const char *region)
{
    struct s3_operation_call *call = context;
    return s3_place_move(&call->s3->places, &call->s3->client.settings, call->request->bucket,
                         region, &call->place);
}

/* Sends what `wire` holds. */
static bool send(struct s3_operation_call *call, aws_done *done, struct error *err)
{
    call->wire.request.region = call->place.region;
    call->wire.request.move = move;
    call->attempts = (struct aws_call){.client = &call->s3->client,
                                       .loop = call->operation.job->loop,
                                       .job = call->operation.job,
                                       .request = &call->wire.request,
                                       .done = done,
                                       .context = call};
    return aws_call_start(&call->attempts, err);
}

/* Sends a HEAD in place of what is answered already. False: it could not even be begun. */
static bool ask(struct s3_operation_call *call, struct s3_text key, aws_done *done)
{
    struct error ignored;
    s3_wire_release(&call->wire);
    call->question = (struct s3_request){.operation = S3_HEAD,
                                         .bucket = call->request->bucket,
                                         .bucket_owner = call->request->bucket_owner,
                                         .key = key};
    return s3_wire_make(&call->wire, &call->question, &call->place.endpoint, false, &ignored) &&
           send(call, done, &ignored);
}

/* HEAD's 404 has no body that tells what isn't there: the bucket, the key or its version. */
static void on_bucket_asked(void *context, struct http_response *answer, const struct error *err)
{
    struct s3_operation_call *call = context;
    struct error failure = call->failure;
    bool no_bucket = err != NULL && answer->status == 404;
    bool versioned = call->request->version_id.data != NULL;
    int attempts = failure.attempts;
    (void)s3_fail(&failure,
                  no_bucket   ? "NoSuchBucket"
                  : versioned ? "NoSuchVersion"
                              : "NoSuchKey",
                  404, "%s",
                  no_bucket   ? "the bucket does not exist"
                  : versioned ? "there is no such version of the object"
                              : "there is no such object");
    failure.attempts = attempts;
    memcpy(failure.request_id, call->failure.request_id, sizeof failure.request_id);
    finish_failed(call, &failure);
}

/* ---- conditional puts whose answer was lost -------------------------------------------------- */

/* The object as it is now says whether the put made it. If not, nobody knows: it may have been
 * done and replaced since. Then the failure stays one, for the script to look and decide; a lost
 * condition stays lost, for then somebody else's object is there. */
static void on_outcome_asked(void *context, struct http_response *answer, const struct error *err)
{
    struct s3_operation_call *call = context;
    struct s3_response now;
    struct error ignored;
    if (err == NULL && s3_parse_has_marker(answer, call->marker) &&
        s3_parse(&call->question, answer, &now, &ignored)) {
        *call->response = now;
        finish(call, NULL);
        return;
    }
    if (call->failure.status != 412 || (err != NULL && answer->status != 404)) {
        s3_failure_leave_open(&call->failure);
    }
    finish_failed(call, &call->failure);
}

/* ---- answers --------------------------------------------------------------------------------- */

/* For a failure that a second request may explain. */
static bool ask_about(struct s3_operation_call *call, const struct error *failure)
{
    enum s3_operation operation = call->request->operation;
    struct s3_text no_key = {0};
    call->failure = *failure;
    if (operation == S3_HEAD && failure->status == 404) {
        return ask(call, no_key, on_bucket_asked);
    }
    /* Refused with 503, and then the condition is lost: perhaps to the first attempt. */
    bool lost_again = failure->status == 412 && failure->attempts > 1;
    memcpy(call->marker, call->wire.marker, sizeof call->marker);
    if (call->marker[0] == '\0' || !(call->attempts.uncertain || lost_again)) {
        return false;
    }
    if (!ask(call, call->request->key, on_outcome_asked)) {
        s3_failure_leave_open(&call->failure);
        finish_failed(call, &call->failure);
    }
    return true;
}

/* The limit that a body was too large for is the script's, and it has a name. */
static void name_limit(const struct s3_operation_call *call, const struct http_response *answer,
                       struct error *failure)
{
    if (error_is(failure, "too_large") && answer->body.state == BUFFER_FULL &&
        call->request->operation == S3_GET) {
        struct error told = *failure;
        (void)s3_fail(failure, told.code, told.status,
                      "the object is larger than max_bytes allows (%zu bytes); give a larger "
                      "max_bytes or a range",
                      call->request->max_bytes);
        failure->attempts = told.attempts;
    }
}

/* S3 says it in the words of its interface; a person wants to know how to go on. */
static void name_copy_limit(const struct s3_operation_call *call, struct error *failure)
{
    if (call->request->operation == S3_COPY && error_is(failure, "InvalidRequest") &&
        strstr(failure->message, "maximum allowable size") != NULL) {
        (void)snprintf(failure->message, sizeof failure->message,
                       "the source has more than %lld bytes, the most that S3 copies in one "
                       "request",
                       (long long)S3_PUT_MAX);
    }
}

/* Ceph answers some of the writers that lose a race for one object with 500 UnknownError. */
static bool is_lost_race(const struct s3_operation_call *call, struct error *failure)
{
    if (!call->wire.request.once || !error_is(failure, "UnknownError")) {
        return false;
    }
    struct error told = *failure;
    (void)s3_fail(failure, "PreconditionFailed", 412, "another write of the object came first");
    failure->attempts = told.attempts;
    memcpy(failure->request_id, told.request_id, sizeof failure->request_id);
    return true;
}

static void on_done(void *context, struct http_response *answer, const struct error *err)
{
    struct s3_operation_call *call = context;
    struct s3_response made;
    struct error failure;
    if (err != NULL) {
        failure = *err;
        name_limit(call, answer, &failure);
        name_copy_limit(call, &failure);
        if (is_lost_race(call, &failure)) {
            finish_failed(call, &failure);
        } else if (!ask_about(call, &failure)) {
            finish_failed(call, &failure);
        }
        return;
    }
    if (!s3_parse(call->request, answer, &made, &failure)) {
        failure.attempts = call->attempts.retry.attempts;
        finish_failed(call, &failure);
        return;
    }
    *call->response = made;
    finish(call, NULL);
}

/* A 200 may hold an error document (what failed half-way), a body may come damaged. */
static bool check_answer(void *context, const struct http_response *answer, struct error *err)
{
    const struct s3_operation_call *call = context;
    enum s3_operation operation = call->request->operation;
    bool document = operation == S3_COPY || operation == S3_DELETE_ALL || operation == S3_LIST;
    if (document && answer_is_xml_error(answer)) {
        answer_read_error(answer, err);
        return false;
    }
    return call->wire.request.method[0] != 'G' || s3_parse_checksum(answer, err);
}

/* ---- the store ------------------------------------------------------------------------------- */

static bool begin(struct s3_operation_call *call, struct error *err)
{
    const struct s3_request *request = call->request;
    if (!s3_place_find(&call->s3->places, &call->s3->client.settings, request->bucket, &call->place,
                       err) ||
        !s3_wire_make(&call->wire, request, &call->place.endpoint, call->s3->bare_etags, err)) {
        return false;
    }
    call->wire.request.check = check_answer;
    return send(call, on_done, err);
}

static bool start(struct s3_store *store, const struct s3_request *request,
                  struct s3_response *response, struct job *job, struct error *err)
{
    if (!s3_check_request(request, err)) {
        return false;
    }
    struct s3_aws *s3 = (struct s3_aws *)store;
    if (request->operation == S3_PUT && request->body.length > s3->upload_above) {
        return s3_upload_start(s3, request, response, job, err);
    }
    struct s3_operation_call *call = calloc(1, sizeof *call);
    if (call == NULL) {
        return error_set_memory(err, "starting an S3 request");
    }
    call->s3 = s3;
    call->request = request;
    call->response = response;
    aws_operation_begin(&call->operation, &s3->calls, job);
    if (!begin(call, err)) {
        free_call(call);
        return false;
    }
    return true;
}

static void cancel(struct s3_store *store, struct job *job)
{
    struct s3_aws *s3 = (struct s3_aws *)store;
    struct s3_operation_call *call = (struct s3_operation_call *)aws_operation_of(s3->calls, job);
    if (call != NULL) {
        job->error.attempts = call->attempts.retry.attempts;
        aws_call_cancel(&call->attempts);
        free_call(call);
    } else {
        s3_upload_cancel(s3, job);
    }
}

static bool lend_signer(struct s3_store *store, const struct s3_request *request,
                        struct s3_signer *signer, struct error *err)
{
    struct s3_aws *s3 = (struct s3_aws *)store;
    struct aws_client *client = &s3->client;
    struct s3_place place;
    if (!s3_place_find(&s3->places, &client->settings, request->bucket, &place, err) ||
        !aws_client_refresh(client, err)) {
        return false;
    }
    *signer = (struct s3_signer){.settings = client->settings,
                                 .credentials = client->credentials,
                                 .keys = &client->keys,
                                 .clock_ahead_ms = client->clock_ahead_ms};
    memcpy(signer->settings.region, place.region, sizeof place.region);
    return true;
}

bool s3_aws_open(struct s3_aws *s3, struct credentials *credentials, struct error *err)
{
    int64_t upload_above;
    *s3 = (struct s3_aws){
        .store = {.name = "aws", .start = start, .cancel = cancel, .lend_signer = lend_signer}};
    if (!env_integer("LUNETTE_S3_MULTIPART_BYTES", UPLOAD_ABOVE, S3_PART_MIN, S3_PUT_MAX,
                     &upload_above, err)) {
        return false;
    }
    s3->upload_above = (size_t)upload_above;
    return env_flag("LUNETTE_S3_BARE_ETAGS", false, &s3->bare_etags, err) &&
           aws_client_init(&s3->client, ENDPOINT_S3, credentials, err);
}

void s3_aws_close(struct s3_aws *s3)
{
    aws_client_release(&s3->client);
}
