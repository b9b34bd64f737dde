/*
 * s3_allocation_test.c - every allocation fails once: in copy and delete_all of the embedded S3,
 * and in the module's way there and back.
 */
#include "tests/unit/allocation.h"
#include "tests/unit/check.h"
#include "tests/unit/s3_client.h"
#include "tests/unit/script.h"

static bool copy_and_delete(void *context, struct error *err)
{
    struct s3_client *client = context;
    static const struct s3_text keys[] = {{"a", 1}, {"b/c", 3}, {"d", 1}};
    struct s3_request copy = client_request(S3_COPY, "b/c");
    copy.source_bucket = TEXT(CLIENT_BUCKET);
    copy.source_key = TEXT("source");
    copy.storage_class = TEXT("STANDARD_IA");
    struct s3_request replace = copy;
    replace.key = TEXT("a");
    replace.replace_metadata = true;
    replace.cache_control = TEXT("no-cache");
    struct s3_request delete_all = client_request(S3_DELETE_ALL, NULL);
    delete_all.keys = keys;
    delete_all.key_count = 3;
    bool ok = client_run(client, &copy) && client_run(client, &replace) &&
              client_run(client, &delete_all);
    if (!ok) {
        *err = client->error;
    }
    return ok;
}

TEST(s3_allocation_failures_in_copy_and_delete_all)
{
    struct s3_client client;
    client_open(&client);
    struct s3_request put = client_request(S3_PUT, "source");
    struct s3_pair pair = {TEXT("name"), TEXT("value")};
    put.metadata = put.tags = &pair;
    put.metadata_count = put.tag_count = 1;
    put.content_disposition = TEXT("inline");
    put.storage_class = TEXT("GLACIER_IR");
    CHECK(client_run(&client, &put));
    allocation_check("copy", copy_and_delete, &client);
    CHECK_INTEGER(client_count_files(&client), 1); /* of what failed, nothing is left */
    client_close(&client);
}

static const char script[] =
    "local s3 = require 's3'\n"
    "return function()\n"
    "  local b = 'uploads'\n"
    "  s3.put { bucket = b, key = 'k', body = 'body', metadata = { a = '1' },\n"
    "    tags = { t = 'x' } }\n"
    "  local o = s3.get { bucket = b, key = 'k', range = { 0, 1 } }\n"
    "  s3.find { bucket = b, key = 'none' }\n"
    "  s3.put { bucket = b, key = 'k', body = '', if_none_match = '*' }\n"
    "  s3.copy { bucket = b, key = 'c', source_key = 'k' }\n"
    "  local p = s3.list { bucket = b, delimiter = '/', max_keys = 1 }\n"
    "  local ok, err = pcall(s3.put, { bucket = b, key = 'in/x', body = '' })\n"
    "  if err.code ~= 'recursion' then error(err, 0) end\n"
    "  s3.delete_all { bucket = b, keys = { 'c', 'd' } }\n"
    "  s3.presign { bucket = b, key = 'k', method = 'PUT', metadata = { a = '1' } }\n"
    "  s3.presign_post { bucket = b, key_starts_with = 'k', max_bytes = 9,\n"
    "    metadata = { a = '1' } }\n"
    "  return { o.body, p.objects[1].key }\n"
    "end\n";

TEST(s3_allocation_failures_in_the_module)
{
    static const struct script_case module = {
        .name = "module",
        .script = script,
        .event = "{\"Records\":[{\"eventSource\":\"aws:s3\",\"s3\":{\"bucket\":"
                 "{\"name\":\"uploads\"},\"object\":{\"key\":\"in/k\"}}}]}",
        .wanted = "[\"bo\",\"c\"]"};
    struct s3_client client;
    client_open(&client);
    struct bindings bindings = {.s3 = local_store_s3(client.store)};
    script_check_allocations(&module, &bindings);
    client_close(&client);
}
