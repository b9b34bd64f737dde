/*
 * describe.c - CreateTable and DescribeTable, as far as a local table has properties: a name, keys,
 * and that it is there at once.
 */
#include <string.h>

#include "bindings/local/dynamodb/tables.h"

static bool add_key(json_t *schema, json_t *definitions, const struct table_key *key,
                    const char *role, struct error *err)
{
    return document_append(
               schema, json_pack("{s:s, s:s}", "AttributeName", key->name, "KeyType", role), err) &&
           document_append(definitions,
                           json_pack("{s:s, s:s}", "AttributeName", key->name, "AttributeType",
                                     value_type_name(key->type)),
                           err);
}

/* A new empty array that `object` owns. NULL with `memory`. */
static json_t *add_array(json_t *object, const char *name, struct error *err)
{
    json_t *array = document_new(json_array(), err);
    return array != NULL && document_set_field(object, name, array, err) ? array : NULL;
}

static bool fill(json_t *description, const struct table *table, struct error *err)
{
    json_t *schema = add_array(description, "KeySchema", err);
    json_t *definitions =
        schema == NULL ? NULL : add_array(description, "AttributeDefinitions", err);
    double created_s = (double)table->created_ms / 1000;
    return definitions != NULL && add_key(schema, definitions, &table->partition, "HASH", err) &&
           (!table->has_sort || add_key(schema, definitions, &table->sort, "RANGE", err)) &&
           document_set_field(description, "TableName", json_string(table->name), err) &&
           document_set_field(description, "TableStatus", json_string("ACTIVE"), err) &&
           document_set_field(description, "CreationDateTime", json_real(created_s), err);
}

static bool describe(struct dynamodb_call *call, const char *field, const struct table *table,
                     struct error *err)
{
    json_t *description = document_new(json_object(), err);
    return description != NULL && document_set_field(call->answer, field, description, err) &&
           fill(description, table, err);
}

bool dynamodb_describe_table(struct dynamodb_call *call, struct error *err)
{
    struct table table;
    return tables_of_request(call, call->request, &table, err) &&
           describe(call, "Table", &table, err);
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
           describe(call, "TableDescription", &table, err);
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
