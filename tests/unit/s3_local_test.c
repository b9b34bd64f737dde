/*
 * s3_local_test.c - every operation of the embedded S3, through the interface that the `s3` module
 * uses.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bindings/local/s3_local.h"
#include "bindings/local/store.h"
#include "host/loop.h"
#include "host/loop_internal.h"
#include "tests/unit/check.h"
#include "tests/unit/s3_client.h"

TEST(s3_get_gives_back_what_was_put)
{
    struct s3_client client;
    client_open(&client);
    struct s3_request put = client_request(S3_PUT, "photos/cat.jpg");
    put.body = TEXT("hello");
    put.content_type = TEXT("image/jpeg");
    put.cache_control = TEXT("max-age=60");
    struct s3_pair metadata[] = {{TEXT("author"), TEXT("Ann")}, {TEXT("empty"), TEXT("")}};
    put.metadata = metadata;
    put.metadata_count = 2;
    CHECK(client_run(&client, &put));
    CHECK_TEXT(client.response.object.etag, "\"5d41402abc4b2a76b9719d911017c592\"");
    CHECK(client_get(&client, "photos/cat.jpg"));
    const struct s3_object *object = &client.response.object;
    CHECK_TEXT(client.response.body, "hello");
    CHECK_INTEGER(client.response.body_length, 5);
    CHECK_INTEGER(object->size, 5);
    CHECK_TEXT(object->etag, "\"5d41402abc4b2a76b9719d911017c592\"");
    CHECK_TEXT(object->content_type, "image/jpeg");
    CHECK_TEXT(object->cache_control, "max-age=60");
    CHECK(object->content_encoding == NULL);
    CHECK_INTEGER(object->metadata_count, 2);
    CHECK_TEXT(object->metadata[0].name, "author");
    CHECK_TEXT(object->metadata[0].value, "Ann");
    CHECK_TEXT(object->metadata[1].value, "");
    CHECK(object->last_modified_ms > 1600000000000);
    client_close(&client);
}

TEST(s3_replacing_and_deleting_leave_no_file_behind)
{
    struct s3_client client;
    client_open(&client);
    for (int i = 0; i < 5; i++) {
        CHECK(client_put(&client, "deep/down/cat.jpg", "body"));
        CHECK(client_put(&client, "deep/dog.jpg", "body"));
    }
    CHECK_INTEGER(client_count_files(&client), 2);
    struct s3_request lost = client_request(S3_PUT, "deep/dog.jpg");
    lost.if_none_match = TEXT("*");
    (void)client_refuses(&client, &lost, "PreconditionFailed", 412);
    CHECK_INTEGER(client_count_files(&client), 2);
    CHECK(client_delete(&client, "deep/down/cat.jpg"));
    CHECK(client_delete(&client, "deep/down/cat.jpg"));
    CHECK_INTEGER(client_count_files(&client), 1);
    char folder[512];
    (void)snprintf(folder, sizeof folder, "%s/" CLIENT_BUCKET "/deep/down", client.folder);
    CHECK(access(folder, F_OK) != 0);
    CHECK(client_delete(&client, "deep/dog.jpg"));
    CHECK_INTEGER(client_count_files(&client), 0);
    client_close(&client);
}

TEST(s3_tells_the_path_of_a_body)
{
    struct s3_client client;
    client_open(&client);
    CHECK(client_put(&client, "a/cat.jpg", "meow"));
    char *path = NULL;
    CHECK(local_store_path(client.store, CLIENT_BUCKET, "a/cat.jpg", 9, &path, &client.error));
    FILE *file = fopen(path, "r");
    char text[16] = "";
    if (CHECK(file != NULL)) {
        CHECK(fgets(text, sizeof text, file) != NULL);
        (void)fclose(file);
    }
    CHECK_TEXT(text, "meow");
    free(path);
    CHECK(!local_store_path(client.store, CLIENT_BUCKET, "b", 1, &path, &client.error));
    CHECK_TEXT(client.error.code, "NoSuchKey");
    client_close(&client);
}

TEST(s3_opens_again_with_everything_in_it)
{
    struct s3_client client;
    client_open(&client);
    char folder[sizeof client.folder];
    memcpy(folder, client.folder, sizeof folder);
    CHECK(client_put(&client, "kept", "body"));
    client_close(&client);
    CHECK(client_open_at(&client, folder));
    CHECK(client_get(&client, "kept"));
    CHECK_TEXT(client.response.body, "body");
    client_close(&client);
}

TEST(s3_makes_the_store_folder_with_those_above_it)
{
    struct s3_client client;
    char folder[512];
    (void)snprintf(folder, sizeof folder, "%s/one/two//three/", check_folder());
    CHECK(client_open_at(&client, folder));
    CHECK(client_put(&client, "k", "v"));
    client_close(&client);
    (void)snprintf(folder, sizeof folder, "/dev/null/store");
    CHECK(!client_open_at(&client, folder));
    CHECK_TEXT(client.error.code, "io");
    CHECK(strstr(client.error.message, "/dev/null/store") != NULL);
}

TEST(s3_declares_buckets_by_the_rules)
{
    static const struct {
        const char *name;
        bool legal;
    } cases[] = {
        {"abc", true},   {"a-b.c1", true},   {"1234", true},        {"1.2.3.4.5", true},
        {"tmp", true},   {"ab", false},      {"A-b", false},        {".tmp", false},
        {"a..b", false}, {"1.2.3.4", false}, {"a/b", false},        {"..", false},
        {"abc-", false}, {"", false},        {"lunette.db", false}, {"lunette.db-wal", false},
    };
    struct s3_client client;
    client_open(&client);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_case("'%s'", cases[i].name);
        bool ok = local_store_declare_bucket(client.store, cases[i].name, &client.error);
        CHECK_INTEGER(ok, cases[i].legal);
        if (!ok) {
            CHECK_TEXT(client.error.code, "InvalidBucketName");
        }
    }
    CHECK(local_store_declare_bucket(client.store, "abc", &client.error)); /* once more */
    client_close(&client);
}

TEST(s3_never_follows_links_out_of_the_store)
{
    struct s3_client client;
    client_open(&client);
    char outside[512], path[1024];
    (void)snprintf(outside, sizeof outside, "%s", check_folder());
    (void)snprintf(path, sizeof path, "%s/" CLIENT_BUCKET "/photos", client.folder);
    CHECK(symlink(outside, path) == 0);
    CHECK(!client_put(&client, "photos/cat.jpg", "body"));
    CHECK_TEXT(client.error.code, "io");
    CHECK(rmdir(outside) == 0); /* still empty */
    CHECK(client_put(&client, "other/cat.jpg", "body"));
    client_close(&client);
}

/* Puts a file in the place of the object's. */
static void replace_body(struct s3_client *client, const char *key, const char *text)
{
    char *path = NULL;
    if (CHECK(local_store_path(client->store, CLIENT_BUCKET, key, strlen(key), &path,
                               &client->error))) {
        (void)unlink(path);
        FILE *file = text == NULL ? NULL : fopen(path, "w");
        if (file != NULL) {
            (void)fputs(text, file);
            (void)fclose(file);
        }
    }
    free(path);
}

TEST(s3_says_when_a_body_was_meddled_with)
{
    struct s3_client client;
    client_open(&client);
    CHECK(client_put(&client, "cat.jpg", "body"));
    replace_body(&client, "cat.jpg", "bo");
    CHECK(!client_get(&client, "cat.jpg"));
    CHECK_TEXT(client.error.code, "io");
    replace_body(&client, "cat.jpg", NULL);
    CHECK(!client_get(&client, "cat.jpg"));
    CHECK_TEXT(client.error.code, "io");
    CHECK(strstr(client.error.message, "cat.jpg") != NULL);
    struct s3_request copy = client_request(S3_COPY, "copy.jpg");
    copy.source_bucket = TEXT(CLIENT_BUCKET);
    copy.source_key = TEXT("cat.jpg");
    (void)client_refuses(&client, &copy, "io", 0);
    CHECK(client_put(&client, "cat.jpg", "new")); /* heals */
    CHECK(client_get(&client, "cat.jpg"));
    client_close(&client);
}

TEST(s3_copies_large_bodies_whole)
{
    struct s3_client client;
    client_open(&client);
    size_t length = 3 * 1024 * 1024 + 17;
    char *body = malloc(length);
    for (size_t i = 0; i < length; i++) {
        body[i] = (char)(i * 31 + i / 1000);
    }
    struct s3_request put = client_request(S3_PUT, "large");
    put.body = (struct s3_text){body, length};
    CHECK(client_run(&client, &put));
    struct s3_request copy = client_request(S3_COPY, "copy");
    copy.source_bucket = TEXT(CLIENT_BUCKET);
    copy.source_key = TEXT("large");
    CHECK(client_run(&client, &copy));
    CHECK(client_get(&client, "copy"));
    CHECK_BYTES(client.response.body, client.response.body_length, body, length);
    free(body);
    client_close(&client);
}

TEST(s3_copies_between_buckets)
{
    struct s3_client client;
    client_open(&client);
    CHECK(local_store_declare_bucket(client.store, "other", &client.error));
    CHECK(client_put(&client, "k", "v"));
    struct s3_request copy = client_request(S3_COPY, "k");
    copy.bucket = TEXT("other");
    copy.source_bucket = TEXT(CLIENT_BUCKET);
    copy.source_key = TEXT("k");
    CHECK(client_run(&client, &copy));
    struct s3_request get = client_request(S3_GET, "k");
    get.bucket = TEXT("other");
    CHECK(client_run(&client, &get));
    CHECK_TEXT(client.response.body, "v");
    copy.source_bucket = TEXT("missing");
    (void)client_refuses(&client, &copy, "NoSuchBucket", 404);
    client_close(&client);
}

TEST(s3_gives_up_when_its_job_is_stopped)
{
    struct s3_client client;
    client_open(&client);
    CHECK(client_put(&client, "k", "v"));
    struct job job = {.deadline_ms = LOOP_NO_DEADLINE};
    atomic_store(&job.stop, LOOP_STOP_CANCELLED);
    struct s3_store *s3 = local_store_s3(client.store);
    struct s3_response response = {0};
    struct s3_request get = client_request(S3_GET, "k"), put = client_request(S3_PUT, "k2");
    put.body = TEXT("v");
    CHECK(!s3->execute(s3, &get, &response, &job, &client.error));
    CHECK_TEXT(client.error.code, "cancelled");
    CHECK(!s3->execute(s3, &put, &response, &job, &client.error));
    CHECK_TEXT(client.error.code, "cancelled");
    CHECK_INTEGER(client_count_files(&client), 1);
    client_close(&client);
}

/* ---- the sweep ------------------------------------------------------------------------------- */

static int64_t shift_ms;

static int64_t shifted_now_ms(void)
{
    return loop_wall_ms() + shift_ms;
}

static void make_file(const struct s3_client *client, const char *name)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", client->folder, name);
    FILE *file = fopen(path, "w");
    if (CHECK(file != NULL)) {
        (void)fputs("left behind", file);
        (void)fclose(file);
    }
}

static bool has_file(const struct s3_client *client, const char *name)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", client->folder, name);
    return access(path, F_OK) == 0;
}

TEST(s3_sweeps_what_nobody_owns_when_it_is_old)
{
    struct s3_client client;
    client_open(&client);
    CHECK(client_put(&client, "deep/cat.jpg", "body"));
    make_file(&client, CLIENT_BUCKET "/deep/cat~00000000.jpg");
    make_file(&client, CLIENT_BUCKET "/deep/mine.jpg");
    make_file(&client, ".tmp/0123456789abcdef0123456789abcdef");
    struct s3_local *s3 = (struct s3_local *)local_store_s3(client.store);
    s3->now_ms = shifted_now_ms;
    shift_ms = S3_LOCAL_SWEEP_MS - 60000; /* not due yet */
    s3_sweep(s3);
    CHECK(has_file(&client, CLIENT_BUCKET "/deep/cat~00000000.jpg"));
    shift_ms = S3_LOCAL_SWEEP_MS + 1000;
    s3_sweep(s3);
    CHECK(!has_file(&client, CLIENT_BUCKET "/deep/cat~00000000.jpg"));
    CHECK(!has_file(&client, ".tmp/0123456789abcdef0123456789abcdef"));
    CHECK(has_file(&client, CLIENT_BUCKET "/deep/mine.jpg"));
    CHECK(client_get(&client, "deep/cat.jpg"));
    client_close(&client);
}

TEST(s3_does_not_sweep_what_may_be_a_put_on_its_way)
{
    struct s3_client client;
    client_open(&client);
    make_file(&client, CLIENT_BUCKET "/cat~00000000.jpg");
    make_file(&client, ".tmp/0123456789abcdef0123456789abcdef");
    char mark[1024];
    (void)snprintf(mark, sizeof mark, "%s/.tmp/swept", client.folder);
    CHECK(unlink(mark) == 0);
    struct s3_local *s3 = (struct s3_local *)local_store_s3(client.store);
    s3->now_ms = shifted_now_ms;
    shift_ms = S3_LOCAL_GRACE_MS - 60000;
    s3_sweep(s3);
    CHECK(has_file(&client, CLIENT_BUCKET "/cat~00000000.jpg"));
    CHECK(has_file(&client, ".tmp/0123456789abcdef0123456789abcdef"));
    client_close(&client);
}

TEST(s3_local_keeps_one_version)
{
    struct s3_client client;
    client_open(&client);
    CHECK(client_put(&client, "k", "body"));
    struct s3_request get = client_request(S3_GET, "k");
    get.version_id = TEXT("other");
    client_refuses(&client, &get, "NoSuchVersion", 404);
    struct s3_request copy = client_request(S3_COPY, "c");
    copy.source_bucket = TEXT(CLIENT_BUCKET);
    copy.source_key = TEXT("k");
    copy.source_version_id = TEXT("other");
    client_refuses(&client, &copy, "NoSuchVersion", 404);
    struct s3_request delete = client_request(S3_DELETE, "k");
    delete.version_id = TEXT("other");
    CHECK(client_run(&client, &delete)); /* of that one there is nothing */
    CHECK(client_get(&client, "k"));
    client_close(&client);
}
