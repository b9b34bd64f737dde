/*
 * tables.c - declares, finds and describes tables. Called by store.c for --table, and by every
 * operation for its table.
 */
#include "bindings/local/dynamodb/tables.h"

#include <stdio.h>
#include <string.h>

#include "host/utf8.h"

enum { SUGGESTED_NAME_MAX = 60, SUGGESTED_MAX = SUGGESTED_NAME_MAX + 3 };

const char tables_schema[] =
    "CREATE TABLE IF NOT EXISTS dynamodb_table ("
    " name TEXT PRIMARY KEY, partition_name TEXT NOT NULL, partition_type TEXT NOT NULL,"
    " sort_name TEXT, sort_type TEXT, created_ms INTEGER NOT NULL) WITHOUT ROWID;"
    /* Keys are encoded so that their bytes sort as DynamoDB sorts them (item_key.h); a table
     * without a sort key has empty ones. */
    "CREATE TABLE IF NOT EXISTS dynamodb_item ("
    " table_name TEXT NOT NULL, partition_key BLOB NOT NULL, sort_key BLOB NOT NULL,"
    " item TEXT NOT NULL, PRIMARY KEY (table_name, partition_key, sort_key));"
    "CREATE TABLE IF NOT EXISTS dynamodb_token ("
    " token TEXT PRIMARY KEY, request_digest TEXT NOT NULL, used_ms INTEGER NOT NULL)"
    " WITHOUT ROWID;";

static bool is_name_character(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '_' || character == '.' ||
           character == '-';
}

static bool check_name(const char *name, struct error *err)
{
    size_t length = strlen(name), good = 0;
    while (is_name_character(name[good])) {
        good++;
    }
    if (good < length) {
        return dynamodb_invalid(err,
                                "1 validation error detected: Value '%.255s' at 'tableName' "
                                "failed to satisfy constraint: Member must satisfy regular "
                                "expression pattern: [a-zA-Z0-9_.-]+",
                                name);
    }
    if (length < TABLE_NAME_MIN || length > TABLE_NAME_MAX) {
        return dynamodb_invalid(err,
                                "TableName must be at least %d characters long and at most %d "
                                "characters long, but was %zu: '%.255s'",
                                TABLE_NAME_MIN, TABLE_NAME_MAX, length, name);
    }
    return true;
}

static bool copy_name(char *to, size_t size, const char *name, size_t length)
{
    if (length >= size) {
        return false;
    }
    memcpy(to, name, length);
    to[length] = '\0';
    return true;
}

static bool is_key_type(enum value_type type)
{
    return type == VALUE_S || type == VALUE_N || type == VALUE_B;
}

static bool set_key(struct table_key *key, const char *name, size_t name_length, const char *type,
                    size_t type_length, struct error *err)
{
    bool named = name_length > 0 && utf8_valid(name, name_length) &&
                 copy_name(key->name, sizeof key->name, name, name_length);
    if (!named) {
        return dynamodb_invalid(err, "a key attribute's name has to have 1 to %d bytes of UTF-8",
                                TABLE_KEY_NAME_MAX);
    }
    if (!value_type_find(type, type_length, &key->type) || !is_key_type(key->type)) {
        return dynamodb_invalid(err, "key attribute %s has the type '%.*s', expected S, N or B",
                                key->name, (int)type_length, type);
    }
    return true;
}

/* "name" or "name:TYPE". */
static bool parse_key_spec(const char *spec, size_t length, struct table_key *key,
                           struct error *err)
{
    const char *colon = memchr(spec, ':', length);
    if (colon == NULL) {
        return set_key(key, spec, length, "S", 1, err);
    }
    size_t name_length = (size_t)(colon - spec);
    return set_key(key, spec, name_length, colon + 1, length - name_length - 1, err);
}

bool tables_parse_spec(const char *name, const char *spec, struct table *table, struct error *err)
{
    struct table parsed = {.has_sort = false};
    if (!check_name(name, err)) {
        return false;
    }
    (void)copy_name(parsed.name, sizeof parsed.name, name, strlen(name));
    const char *comma = strchr(spec, ',');
    size_t partition_length = comma == NULL ? strlen(spec) : (size_t)(comma - spec);
    parsed.has_sort = comma != NULL;
    if (!parse_key_spec(spec, partition_length, &parsed.partition, err) ||
        (comma != NULL && !parse_key_spec(comma + 1, strlen(comma + 1), &parsed.sort, err))) {
        return error_prefix(err, "table %s, keys '%.255s'", name, spec);
    }
    if (parsed.has_sort && strcmp(parsed.partition.name, parsed.sort.name) == 0) {
        return dynamodb_invalid(err, "table %s: partition and sort key have the same name '%s'",
                                name, parsed.sort.name);
    }
    *table = parsed;
    return true;
}

static void read_key_columns(struct database_query *query, int column, struct table_key *key)
{
    size_t name_length, type_length;
    const char *name = database_text(query, column, &name_length);
    const char *type = database_text(query, column + 1, &type_length);
    (void)copy_name(key->name, sizeof key->name, name, name_length);
    (void)value_type_find(type, type_length, &key->type);
}

/* *found is false when there is none; then *table is as it was. */
static bool look_up(struct database_connection *connection, const char *name, struct table *table,
                    bool *found, struct error *err)
{
    struct database_query *query = database_prepare(
        connection, "SELECT partition_name, partition_type, sort_name, sort_type, created_ms"
                    " FROM dynamodb_table WHERE name = ?1");
    database_bind_text(query, 1, name, strlen(name));
    enum database_result result = database_step(query, err);
    if (result == DATABASE_ROW) {
        *table = (struct table){.has_sort = !database_is_null(query, 2)};
        (void)copy_name(table->name, sizeof table->name, name, strlen(name));
        read_key_columns(query, 0, &table->partition);
        if (table->has_sort) {
            read_key_columns(query, 2, &table->sort);
        }
        table->created_ms = database_integer(query, 4);
    }
    database_finish(query);
    *found = result == DATABASE_ROW;
    return result != DATABASE_FAILED;
}

/* ---- which keys a table might have ----------------------------------------------------------- */

enum likeness { UNLIKELY, POSSIBLE, LIKELY, CERTAIN };

/* Of an attribute that was asked for with a name that can be typed: is it a key? */
static enum likeness key_likeness(const char *name)
{
    size_t length = strlen(name), good = 0;
    while (is_name_character(name[good])) {
        good++;
    }
    if (length == 0 || good < length || length > SUGGESTED_NAME_MAX) {
        return UNLIKELY;
    }
    if (strcmp(name, "id") == 0) {
        return CERTAIN;
    }
    const char *end = name + (length >= 3 ? length - 3 : 0);
    bool is_id = strcmp(end, "_id") == 0 || strcmp(end, "-id") == 0 ||
                 (length >= 3 && (strcmp(end + 1, "Id") == 0 || strcmp(end + 1, "ID") == 0));
    return is_id ? LIKELY : POSSIBLE;
}

/* The likeliest attribute but for `other`, as --table writes it: "name", "name:N"; "" when none is
 * as likely as `least`. Returns its name, borrowed from `attributes`. */
static const char *suggest_attribute(json_t *attributes, const char *other, enum likeness least,
                                     char spec[SUGGESTED_MAX])
{
    const char *name, *best = NULL;
    json_t *value;
    json_object_foreach(attributes, name, value)
    {
        const char *type = json_object_iter_key(json_object_iter(value));
        enum likeness likeness = key_likeness(name);
        bool is_key = type != NULL && strlen(type) == 1 && strchr("SNB", type[0]) != NULL;
        if (is_key && likeness >= least && (other == NULL || strcmp(name, other) != 0)) {
            (void)snprintf(spec, SUGGESTED_MAX, "%s%s%s", name, type[0] == 'S' ? "" : ":",
                           type[0] == 'S' ? "" : type);
            least = likeness + 1;
            best = name;
        }
    }
    return best;
}

/* A Key has all of them; of an Item one can only guess. */
static void suggest_keys(json_t *request, char *keys, size_t size)
{
    char partition[SUGGESTED_MAX] = "", sort[SUGGESTED_MAX] = "";
    json_t *key = json_object_get(request, "Key");
    json_t *item = json_object_get(request, "Item");
    const char *first = key != NULL ? suggest_attribute(key, NULL, POSSIBLE, partition)
                                    : suggest_attribute(item, NULL, LIKELY, partition);
    if (key != NULL && first != NULL) {
        (void)suggest_attribute(key, first, POSSIBLE, sort);
    }
    (void)snprintf(keys, size, "%s%s%s", first != NULL ? partition : "id",
                   sort[0] != '\0' ? "," : "", sort);
}

bool tables_find(struct database_connection *connection, const char *name, json_t *request,
                 struct table *table, struct error *err)
{
    bool found;
    if (!check_name(name, err) || !look_up(connection, name, table, &found, err)) {
        return false;
    }
    if (found) {
        return true;
    }
    char keys[2 * SUGGESTED_MAX];
    suggest_keys(request, keys, sizeof keys);
    return error_set(err, "ResourceNotFoundException",
                     "Requested resource not found: Table: %s not found (in the local store a "
                     "table is declared with its key: --table %s=%s)",
                     name, name, keys);
}

bool tables_of_request(const struct dynamodb_call *call, json_t *request, struct table *table,
                       struct error *err)
{
    const char *name = NULL;
    if (!dynamodb_field_text(request, "TableName", &name, err)) {
        return false;
    }
    if (name == NULL) {
        return dynamodb_invalid(err, "The parameter 'TableName' is required but was not present "
                                     "in the request");
    }
    return tables_find(call->connection, name, request, table, err);
}

static void describe_keys(const struct table *table, char *text, size_t size)
{
    (void)snprintf(text, size, "%s:%s%s%s%s%s", table->partition.name,
                   value_type_name(table->partition.type), table->has_sort ? "," : "",
                   table->has_sort ? table->sort.name : "", table->has_sort ? ":" : "",
                   table->has_sort ? value_type_name(table->sort.type) : "");
}

static bool insert(struct database_connection *connection, const struct table *table,
                   struct error *err)
{
    struct database_query *query =
        database_prepare(connection, "INSERT INTO dynamodb_table (name, partition_name,"
                                     " partition_type, sort_name, sort_type, created_ms)"
                                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    const char *partition_type = value_type_name(table->partition.type);
    const char *sort_type = value_type_name(table->sort.type);
    database_bind_text(query, 1, table->name, strlen(table->name));
    database_bind_text(query, 2, table->partition.name, strlen(table->partition.name));
    database_bind_text(query, 3, partition_type, strlen(partition_type));
    database_bind_text(query, 4, table->has_sort ? table->sort.name : NULL,
                       strlen(table->sort.name));
    database_bind_text(query, 5, table->has_sort ? sort_type : NULL, strlen(sort_type));
    database_bind_integer(query, 6, table->created_ms);
    return database_run(query, err);
}

bool tables_create(struct database_connection *connection, const struct table *table, bool again,
                   struct error *err)
{
    struct table there;
    bool found;
    if (!database_begin(connection, err) ||
        !look_up(connection, table->name, &there, &found, err)) {
        return false;
    }
    if (!found) {
        return insert(connection, table, err) && database_commit(connection, err);
    }
    char old_keys[600], new_keys[600];
    describe_keys(&there, old_keys, sizeof old_keys);
    describe_keys(table, new_keys, sizeof new_keys);
    if (again && strcmp(old_keys, new_keys) == 0) {
        database_rollback(connection);
        return true;
    }
    return error_set(err, "ResourceInUseException",
                     "Table already exists: %s with the keys %s; asked for were %s", table->name,
                     old_keys, new_keys);
}
