/*
 * s3_local_test.c - every operation of the embedded S3, through the interface that the `s3` module
 * uses.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bindings/local/store.h"
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
