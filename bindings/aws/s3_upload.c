/*
 * s3_upload.c - puts in parts, for s3.c. See s3_upload.h.
 *
 *     create ──> parts, LANES at a time ──> complete ──> finish
 *        └───────────────┴─────────────────────┴── fail ──> abort ──> end
 */
#include "bindings/aws/s3_upload.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/aws/answer.h"
#include "bindings/aws/s3_failure.h"
#include "bindings/aws/s3_parse.h"
#include "bindings/aws/s3_request.h"
#include "host/log.h"

#define LANES     4 /* requests at a time: more fill no line that a function has */
#define PART_SIZE ((size_t)16 * 1024 * 1024)

struct lane {
    struct s3_upload *upload;
    struct s3_wire wire;
    struct aws_call call;
    size_t part; /* from 0 */
};

struct s3_upload {
    struct aws_operation operation; /* first; its job is NULL when this goes on without, to abort */
    struct s3_aws *s3;
    struct loop *loop;
    const struct s3_request *request; /* borrowed as long as there is a job */
    struct s3_response *response;

    struct s3_request named; /* bucket, key and owner, as texts of its own: */
    char bucket[64], key[S3_KEY_MAX + 1], owner[16];
    struct s3_place place;

    char *id; /* NULL: not created yet */
    char marker[S3_MARKER_SIZE];
    struct s3_part *parts;
    size_t part_size, part_count, parts_begun, parts_done;
    struct lane lanes[LANES]; /* the first one also does all but the parts */

    struct error failure;    /* while it is aborted */
    struct loop_timer limit; /* of the abort; runs while it does */
};

size_t s3_upload_part_size(size_t body_length, size_t upload_above)
{
    size_t size = upload_above < PART_SIZE ? upload_above : PART_SIZE;
    size_t needed = (body_length + S3_PARTS_MAX - 1) / S3_PARTS_MAX;
    size = size < S3_PART_MIN ? S3_PART_MIN : size;
    return size < needed ? needed : size;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static struct s3_text copy_text(char *to, size_t size, struct s3_text from)
{
    if (from.data == NULL) {
        return (struct s3_text){0};
    }
    (void)snprintf(to, size, "%.*s", (int)from.length, from.data);
    return (struct s3_text){to, from.length};
}

static struct s3_upload *new_upload(struct s3_aws *s3, const struct s3_request *request,
                                    struct s3_response *response, struct job *job)
{
    size_t size = s3_upload_part_size(request->body.length, s3->upload_above);
    size_t count = (request->body.length + size - 1) / size;
    struct s3_upload *upload = calloc(1, sizeof *upload);
    struct s3_part *parts = calloc(count, sizeof *parts);
    if (upload == NULL || parts == NULL) {
        free(upload);
        free(parts);
        return NULL;
    }
    *upload = (struct s3_upload){.s3 = s3, .loop = job->loop, .request = request};
    upload->response = response;
    upload->parts = parts;
    upload->part_size = size;
    upload->part_count = count;
    upload->named = (struct s3_request){.operation = S3_HEAD};
    upload->named.bucket = copy_text(upload->bucket, sizeof upload->bucket, request->bucket);
    upload->named.key = copy_text(upload->key, sizeof upload->key, request->key);
    upload->named.bucket_owner =
        copy_text(upload->owner, sizeof upload->owner, request->bucket_owner);
    for (size_t i = 0; i < LANES; i++) {
        upload->lanes[i].upload = upload;
    }
    aws_operation_begin(&upload->operation, &s3->uploads, job);
    return upload;
}

static void free_upload(struct s3_upload *upload)
{
    aws_operation_end(&upload->operation);
    for (size_t i = 0; i < LANES; i++) {
        s3_wire_release(&upload->lanes[i].wire);
    }
    for (size_t i = 0; i < upload->part_count; i++) {
        free(upload->parts[i].etag);
    }
    free(upload->parts);
    free(upload->id);
    free(upload);
}

static void finish(struct s3_upload *upload, struct error *failure)
{
    struct job *job = upload->operation.job;
    struct error copy;
    if (failure != NULL) {
        copy = *failure;
        s3_failure_name(&copy, upload->request);
    }
    free_upload(upload);
    job_finish(job, failure == NULL ? NULL : &copy);
}

static void cancel_lanes(struct s3_upload *upload)
{
    for (size_t i = 0; i < LANES; i++) {
        aws_call_cancel(&upload->lanes[i].call);
        s3_wire_release(&upload->lanes[i].wire);
    }
}

static bool move(void *context, const char *region)
{
    const struct lane *lane = context;
    struct s3_upload *upload = lane->upload;
    return s3_place_move(&upload->s3->places, &upload->s3->client.settings, upload->named.bucket,
                         region, &upload->place);
}

/* Sends what the lane's wire holds, in the job's time; without one in that of an abort. */
static bool send(struct lane *lane, const struct job *job, aws_done *done, struct error *err)
{
    struct s3_upload *upload = lane->upload;
    lane->wire.request.region = upload->place.region;
    lane->wire.request.move = move;
    lane->call = (struct aws_call){.client = &upload->s3->client,
                                   .loop = upload->loop,
                                   .job = job,
                                   .deadline_ms = loop_now_us() / 1000 + S3_UPLOAD_ABORT_MS,
                                   .request = &lane->wire.request,
                                   .done = done,
                                   .context = lane};
    return aws_call_start(&lane->call, err);
}

/* ---- abort ----------------------------------------------------------------------------------- */

/* A person can remove them with this id, or a rule of the bucket's life cycle. */
static void tell_what_is_left(struct s3_upload *upload, const struct error *why)
{
    if (upload->operation.job != NULL) {
        struct error told = upload->failure;
        (void)snprintf(upload->failure.message, sizeof upload->failure.message,
                       "%.400s; and the parts of its upload %.200s could not be removed: %.300s",
                       told.message, upload->id, why->message);
        return;
    }
    const struct log_field fields[] = {
        log_text("bucket", upload->bucket), log_text("key", upload->key),
        log_text("upload_id", upload->id), log_text("code", why->code),
        log_text("reason", why->message)};
    log_write(LOG_LEVEL_WARN, "parts of an upload that was stopped may be left in S3", fields,
              sizeof fields / sizeof *fields);
}

/* `why` is NULL when nothing is left. */
static void end_aborted(struct s3_upload *upload, const struct error *why)
{
    loop_timer_stop(upload->loop, &upload->limit);
    if (why != NULL && !error_is(why, "NoSuchUpload")) {
        tell_what_is_left(upload, why);
    }
    if (upload->operation.job != NULL) {
        finish(upload, &upload->failure);
        return;
    }
    loop_let_go(upload->loop);
    free_upload(upload);
}

static void on_aborted(void *context, struct http_response *answer, const struct error *err)
{
    const struct lane *lane = context;
    (void)answer;
    end_aborted(lane->upload, err);
}

static void on_limit(struct loop_timer *timer)
{
    struct s3_upload *upload =
        (struct s3_upload *)((char *)timer - offsetof(struct s3_upload, limit));
    struct error err;
    (void)error_set(&err, "timeout", "no answer to the request to remove them within %d ms",
                    S3_UPLOAD_ABORT_MS);
    cancel_lanes(upload);
    end_aborted(upload, upload->id == NULL ? NULL : &err); /* without an id there are no parts */
}

static void start_limit(struct s3_upload *upload)
{
    int64_t most_ms = loop_hard_remaining_ms(upload->loop);
    most_ms = most_ms > S3_UPLOAD_ABORT_MS ? S3_UPLOAD_ABORT_MS : most_ms;
    upload->limit.fire = on_limit;
    loop_timer_start(upload->loop, &upload->limit, loop_now_us() + most_ms * 1000);
}

/* Always sent, how little time there may be for an answer. Parts on their way are stopped first: S3
 * would keep one that arrives later. */
static void start_abort(struct s3_upload *upload)
{
    struct lane *lane = &upload->lanes[0];
    struct error err;
    cancel_lanes(upload);
    if (!upload->limit.running) {
        start_limit(upload);
    }
    if (!s3_wire_make_abort(&lane->wire, &upload->named, &upload->place.endpoint, upload->id,
                            &err) ||
        !send(lane, NULL, on_aborted, &err)) {
        end_aborted(upload, &err);
    }
}

static void fail(struct s3_upload *upload, const struct error *failure)
{
    upload->failure = *failure;
    if (upload->id != NULL) {
        start_abort(upload);
    } else {
        cancel_lanes(upload);
        finish(upload, &upload->failure);
    }
}

/* ---- complete -------------------------------------------------------------------------------- */

/* As with a put: the object as it is now tells whether this upload made it. */
static void on_outcome_asked(void *context, struct http_response *answer, const struct error *err)
{
    struct s3_upload *upload = ((struct lane *)context)->upload;
    struct s3_response now;
    struct error ignored;
    if (err == NULL && s3_parse_has_marker(answer, upload->marker) &&
        s3_parse(&upload->named, answer, &now, &ignored)) {
        *upload->response = now;
        finish(upload, NULL);
        return;
    }
    if (upload->failure.status != 412 || (err != NULL && answer->status != 404)) {
        s3_failure_leave_open(&upload->failure);
    }
    start_abort(upload);
}

static bool ask_outcome(struct s3_upload *upload)
{
    struct lane *lane = &upload->lanes[0];
    struct error ignored;
    s3_wire_release(&lane->wire);
    return s3_wire_make(&lane->wire, &upload->named, &upload->place.endpoint, false, &ignored) &&
           send(lane, upload->operation.job, on_outcome_asked, &ignored);
}

/* The answer to an attempt may have been lost, and the next one, which may have been curl's own,
 * has found no upload any more. Ceph 16 forgets the ETag in its answer. */
static void on_completed(void *context, struct http_response *answer, const struct error *err)
{
    struct lane *lane = context;
    struct s3_upload *upload = lane->upload;
    struct s3_response made;
    struct error failure;
    if (err == NULL && s3_parse_completed(answer, &made, &failure)) {
        *upload->response = made;
        finish(upload, NULL);
        return;
    }
    upload->failure = err != NULL ? *err : failure;
    bool lost_again = err != NULL && err->status == 412 && err->attempts > 1; /* as with a put */
    bool uncertain =
        err == NULL || lane->call.uncertain || lost_again || error_is(err, "NoSuchUpload");
    if (!uncertain) {
        start_abort(upload);
    } else if (!ask_outcome(upload)) {
        s3_failure_leave_open(&upload->failure);
        start_abort(upload);
    }
}

static bool check_completed(void *context, const struct http_response *answer, struct error *err)
{
    (void)context;
    if (answer_is_xml_error(answer)) {
        answer_read_error(answer, err);
        return false;
    }
    return true;
}

static void start_complete(struct s3_upload *upload)
{
    struct lane *lane = &upload->lanes[0];
    struct error err;
    s3_wire_release(&lane->wire);
    bool ok = s3_wire_make_complete(&lane->wire, upload->request, &upload->place.endpoint,
                                    upload->s3->bare_etags, upload->id, upload->parts,
                                    upload->part_count, &err);
    lane->wire.request.check = check_completed;
    if (!ok || !send(lane, upload->operation.job, on_completed, &err)) {
        fail(upload, &err);
    }
}

/* ---- parts ----------------------------------------------------------------------------------- */

static void on_part(void *context, struct http_response *answer, const struct error *err);

static bool start_part(struct lane *lane, struct error *err)
{
    struct s3_upload *upload = lane->upload;
    size_t from = upload->parts_begun * upload->part_size;
    size_t left = upload->request->body.length - from;
    struct s3_text bytes = {upload->request->body.data + from,
                            left < upload->part_size ? left : upload->part_size};
    lane->part = upload->parts_begun++;
    s3_wire_release(&lane->wire);
    return s3_wire_make_part(&lane->wire, &upload->named, &upload->place.endpoint, upload->id,
                             lane->part + 1, bytes, &upload->parts[lane->part], err) &&
           send(lane, upload->operation.job, on_part, err);
}

static void on_part(void *context, struct http_response *answer, const struct error *err)
{
    struct lane *lane = context;
    struct s3_upload *upload = lane->upload;
    struct error failure;
    bool ok = err == NULL;
    if (!ok) {
        failure = *err;
    }
    ok = ok && s3_parse_part(answer, &upload->parts[lane->part].etag, &failure);
    upload->parts_done += ok;
    if (ok && upload->parts_begun < upload->part_count) {
        ok = start_part(lane, &failure);
    }
    if (!ok) {
        fail(upload, &failure);
    } else if (upload->parts_done == upload->part_count) {
        start_complete(upload);
    }
}

static void start_parts(struct s3_upload *upload)
{
    struct error err;
    for (size_t i = 0; i < LANES && upload->parts_begun < upload->part_count; i++) {
        if (!start_part(&upload->lanes[i], &err)) {
            fail(upload, &err);
            return;
        }
    }
}

/* ---- create ---------------------------------------------------------------------------------- */

static void on_created(void *context, struct http_response *answer, const struct error *err)
{
    struct s3_upload *upload = ((struct lane *)context)->upload;
    struct error failure;
    bool ok = err == NULL;
    if (!ok) {
        failure = *err;
    }
    ok = ok && s3_parse_upload_id(answer, &upload->id, &failure);
    if (upload->operation.job == NULL) { /* cancelled meanwhile */
        if (ok) {
            start_abort(upload);
        } else {
            end_aborted(upload, NULL);
        }
    } else if (ok) {
        start_parts(upload);
    } else {
        fail(upload, &failure);
    }
}

static bool start_create(struct s3_upload *upload, struct error *err)
{
    struct lane *lane = &upload->lanes[0];
    if (!s3_place_find(&upload->s3->places, &upload->s3->client.settings, upload->named.bucket,
                       &upload->place, err) ||
        !s3_wire_make_create(&lane->wire, upload->request, &upload->place.endpoint, err)) {
        return false;
    }
    memcpy(upload->marker, lane->wire.marker, sizeof upload->marker);
    return send(lane, upload->operation.job, on_created, err);
}

bool s3_upload_start(struct s3_aws *s3, const struct s3_request *request,
                     struct s3_response *response, struct job *job, struct error *err)
{
    struct s3_upload *upload = new_upload(s3, request, response, job);
    if (upload == NULL) {
        return error_set_memory(err, "starting an upload");
    }
    if (!start_create(upload, err)) {
        free_upload(upload);
        return false;
    }
    return true;
}

/* What waits for S3 to say the upload's id goes on waiting, to remove what it names. */
void s3_upload_cancel(struct s3_aws *s3, const struct job *job)
{
    struct s3_upload *upload = (struct s3_upload *)aws_operation_of(s3->uploads, job);
    if (upload == NULL) {
        return;
    }
    upload->operation.job = NULL;
    upload->lanes[0].call.job = NULL;
    upload->lanes[0].call.deadline_ms = loop_now_us() / 1000 + S3_UPLOAD_ABORT_MS;
    upload->request = NULL;
    upload->response = NULL;
    loop_hold(upload->loop);
    if (upload->id == NULL) {
        start_limit(upload);
    } else if (!upload->limit.running) { /* else it is being aborted */
        start_abort(upload);
    }
}
