/*
 * describe.c - CreateTable and DescribeTable, as far as a local table has properties: a name, keys,
 * and that it is there at once.
 */
#include <string.h>

#include "bindings/local/dynamodb/tables.h"

static json_t *key_element(const struct table_key *key, const char *role)
{
    return json_pack("{s:s, s:s}", "AttributeName", key->name, "KeyType", role);
}

static json_t *definition(const struct table_key *key)
{
    return json_pack("{s:s, s:s}", "AttributeName", key->name, "AttributeType",
                     value_type_name(key->type));
}

static json_t *describe(const struct table *table)
{
    json_t *schema = json_pack("[o]", key_element(&table->partition, "HASH"));
    json_t *definitions = json_pack("[o]", definition(&table->partition));
    if (table->has_sort && schema != NULL && definitions != NULL) {
        bool full = json_array_append_new(schema, key_element(&table->sort, "RANGE")) == 0 &&
                    json_array_append_new(definitions, definition(&table->sort)) == 0;
        if (!full) {
            json_decref(schema);
            schema = NULL;
        }
    }
    return json_pack("{s:s, s:s, s:f, s:o, s:o}", "TableName", table->name, "TableStatus", "ACTIVE",
                     "CreationDateTime", (double)table->created_ms / 1000, "KeySchema", schema,
                     "AttributeDefinitions", definitions);
}

bool dynamodb_describe_table(struct dynamodb_call *call, struct error *err)
{
    struct table table;
    return tables_of_request(call, call->request, &table, err) &&
           document_set_field(call->answer, "Table", describe(&table), err);
}

static const char *member_text(json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

/* The attribute that KeySchema gives this role (HASH, RANGE); NULL when there is none. */
static const char *schema_name(json_t *schema, const char *role)
{
    size_t index;
    json_t *element;
    json_array_foreach(schema, index, element)
    {
        if (strcmp(member_text(element, "KeyType"), role) == 0) {
            return member_text(element, "AttributeName");
        }
    }
    return NULL;
}

static const char *attribute_type(json_t *definitions, const char *name)
{
    size_t index;
    json_t *element;
    json_array_foreach(definitions, index, element)
    {
        if (strcmp(member_text(element, "AttributeName"), name) == 0) {
            return member_text(element, "AttributeType");
        }
    }
    return "";
}

/* The keys in the words of --table ("id:S,at:N"), so that both go the same way. */
static bool read_keys(json_t *request, struct buffer *spec, struct error *err)
{
    json_t *schema, *definitions;
    if (!dynamodb_field_container(request, "KeySchema", JSON_ARRAY, &schema, err) ||
        !dynamodb_field_container(request, "AttributeDefinitions", JSON_ARRAY, &definitions, err)) {
        return false;
    }
    const char *partition = schema_name(schema, "HASH"), *sort = schema_name(schema, "RANGE");
    if (partition == NULL) {
        return dynamodb_invalid(err, "Invalid KeySchema: The first KeySchemaElement is not a HASH "
                                     "key type");
    }
    (void)buffer_printf(spec, "%s:%s", partition, attribute_type(definitions, partition));
    if (sort != NULL) {
        (void)buffer_printf(spec, ",%s:%s", sort, attribute_type(definitions, sort));
    }
    return buffer_check(spec, "KeySchema", err);
}

static bool create(struct dynamodb_call *call, const char *name, const char *spec,
                   struct error *err)
{
    struct table table;
    if (!tables_parse_spec(name, spec, &table, err)) {
        return false;
    }
    table.created_ms = call->local->now_ms();
    return tables_create(call->connection, &table, false, err) &&
           document_set_field(call->answer, "TableDescription", describe(&table), err);
}

bool dynamodb_create_table(struct dynamodb_call *call, struct error *err)
{
    bool indexed = json_object_get(call->request, "GlobalSecondaryIndexes") != NULL ||
                   json_object_get(call->request, "LocalSecondaryIndexes") != NULL;
    if (indexed) {
        return dynamodb_invalid(err, "the embedded store has no secondary indexes");
    }
    const char *name = "";
    struct buffer spec;
    buffer_init(&spec, 1024);
    bool good = dynamodb_field_text(call->request, "TableName", &name, err) &&
                read_keys(call->request, &spec, err) && create(call, name, buffer_text(&spec), err);
    buffer_release(&spec);
    return good;
}
