/*
 * s3_client.c - see s3_client.h.
 */
#include "tests/unit/s3_client.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/check.h"

struct s3_text client_text(const char *text)
{
    return (struct s3_text){text, text == NULL ? 0 : strlen(text)};
}

bool client_open_at(struct s3_client *client, const char *folder)
{
    *client = (struct s3_client){.store = NULL};
    (void)snprintf(client->folder, sizeof client->folder, "%s", folder);
    client->store = local_store_open(folder, &client->error);
    return client->store != NULL &&
           local_store_declare_bucket(client->store, CLIENT_BUCKET, &client->error);
}

void client_open(struct s3_client *client)
{
    if (!CHECK(client_open_at(client, check_folder()))) {
        printf("  %s: %s\n", client->error.code, client->error.message);
    }
}

void client_close(struct s3_client *client)
{
    s3_response_release(&client->response);
    local_store_close(client->store);
}

struct s3_request client_request(enum s3_operation operation, const char *key)
{
    return (struct s3_request){.operation = operation,
                               .bucket = TEXT(CLIENT_BUCKET),
                               .key = client_text(key),
                               .max_bytes = 1 << 30,
                               .max_keys = S3_LIST_MAX};
}

bool client_run(struct s3_client *client, const struct s3_request *request)
{
    s3_response_release(&client->response);
    struct s3_store *s3 = local_store_s3(client->store);
    return s3->execute(s3, request, &client->response, NULL, &client->error);
}

bool client_get(struct s3_client *client, const char *key)
{
    struct s3_request request = client_request(S3_GET, key);
    return client_run(client, &request);
}

bool client_put(struct s3_client *client, const char *key, const char *body)
{
    struct s3_request request = client_request(S3_PUT, key);
    request.body = client_text(body);
    return client_run(client, &request);
}

bool client_delete(struct s3_client *client, const char *key)
{
    struct s3_request request = client_request(S3_DELETE, key);
    return client_run(client, &request);
}

bool client_refuses(struct s3_client *client, const struct s3_request *request, const char *code,
                    int status)
{
    bool ok = CHECK(!client_run(client, request));
    return ok && CHECK_TEXT(client->error.code, code) &&
           CHECK_INTEGER(client->error.status, status);
}

static int files;

static int count_file(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info, (void)at;
    files += type == FTW_F && strchr(path, '~') != NULL;
    return 0;
}

int client_count_files(const struct s3_client *client)
{
    files = 0;
    (void)nftw(client->folder, count_file, 16, FTW_PHYS);
    return files;
}
