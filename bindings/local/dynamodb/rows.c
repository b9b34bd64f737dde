/*
 * rows.c - loads, saves and deletes items. Called by every operation on items.
 */
#include "bindings/local/dynamodb/rows.h"

#include <string.h>

/* An item's text is longer than DynamoDB's measure of it: type names, base64, escapes. */
#define TEXT_MAX ((size_t)64 * DYNAMODB_ITEM_MAX)

static void bind_key(struct database_query *query, const struct table *table,
                     const struct item_key *key)
{
    database_bind_text(query, 1, table->name, strlen(table->name));
    database_bind_blob(query, 2, key->partition, key->partition_length);
    database_bind_blob(query, 3, key->sort, key->sort_length);
}

json_t *rows_parse(const char *text, size_t length, struct error *err)
{
    json_t *item = document_parse(text, length, err);
    if (item == NULL && error_is(err, "SerializationException")) {
        struct error damage = *err;
        (void)error_set(err, "io", "an item in the local database is damaged: %s", damage.message);
    }
    return item;
}

bool rows_load(struct database_connection *connection, const struct table *table,
               const struct item_key *key, json_t **item, struct error *err)
{
    struct database_query *query =
        database_prepare(connection, "SELECT item FROM dynamodb_item WHERE table_name = ?1"
                                     " AND partition_key = ?2 AND sort_key = ?3");
    bind_key(query, table, key);
    json_t *loaded = NULL;
    enum database_result result = database_step(query, err);
    bool good = result != DATABASE_FAILED;
    if (result == DATABASE_ROW) {
        size_t length;
        const char *text = database_text(query, 0, &length);
        loaded = rows_parse(text, length, err);
        good = loaded != NULL;
    }
    database_finish(query);
    if (good) {
        *item = loaded;
    }
    return good;
}

bool rows_save(struct database_connection *connection, const struct table *table,
               const struct item_key *key, json_t *item, struct error *err)
{
    struct buffer text;
    buffer_init(&text, TEXT_MAX);
    bool good = document_print(item, &text, err);
    if (good) {
        struct database_query *query = database_prepare(
            connection, "INSERT INTO dynamodb_item (table_name, partition_key, sort_key, item)"
                        " VALUES (?1, ?2, ?3, ?4)"
                        " ON CONFLICT (table_name, partition_key, sort_key)"
                        " DO UPDATE SET item = excluded.item");
        bind_key(query, table, key);
        database_bind_text(query, 4, text.data, text.length);
        good = database_run(query, err);
    }
    buffer_release(&text);
    return good;
}

bool rows_delete(struct database_connection *connection, const struct table *table,
                 const struct item_key *key, struct error *err)
{
    struct database_query *query =
        database_prepare(connection, "DELETE FROM dynamodb_item WHERE table_name = ?1"
                                     " AND partition_key = ?2 AND sort_key = ?3");
    bind_key(query, table, key);
    return database_run(query, err);
}
