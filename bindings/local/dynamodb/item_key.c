/*
 * item_key.c - from key attributes to sortable bytes. Called by every operation on items.
 */
#include "bindings/local/dynamodb/item_key.h"

#include <stdlib.h>
#include <string.h>

static bool too_long(size_t size, struct error *err)
{
    if (size == DYNAMODB_PARTITION_KEY_MAX) {
        return dynamodb_invalid(err,
                                "One or more parameter values were invalid: Size of hashkey has "
                                "exceeded the maximum size limit of%d bytes",
                                DYNAMODB_PARTITION_KEY_MAX);
    }
    return dynamodb_invalid(err,
                            "One or more parameter values were invalid: Aggregated size of all "
                            "range keys has exceeded the size limit of %d bytes",
                            DYNAMODB_SORT_KEY_MAX);
}

static bool encode_text(json_t *value, unsigned char *bytes, size_t size, size_t *length,
                        struct error *err)
{
    unsigned char *text;
    size_t text_length;
    if (value_size(value) > size) {
        return too_long(size, err);
    }
    if (!value_bytes(value, &text, &text_length, err)) {
        return false;
    }
    memcpy(bytes, text, text_length);
    *length = text_length;
    free(text);
    return true;
}

bool item_key_encode(json_t *value, unsigned char *bytes, size_t size, size_t *length,
                     struct error *err)
{
    if (value_type(value) != VALUE_N) {
        return encode_text(value, bytes, size, length, err);
    }
    struct decimal number;
    unsigned char encoded[DECIMAL_KEY_MAX];
    value_number(value, &number);
    *length = decimal_key(&number, encoded);
    memcpy(bytes, encoded, *length);
    return true;
}

static bool check_filled(const struct table_key *key, json_t *value, struct error *err)
{
    if (value_size(value) > 0) {
        return true;
    }
    return dynamodb_invalid(err,
                            "One or more parameter values are not valid. The AttributeValue for a "
                            "key attribute cannot contain an empty %s value. Key: %s",
                            key->type == VALUE_S ? "string" : "binary", key->name);
}

static bool check_item_attribute(const struct table_key *key, json_t *item, struct error *err)
{
    json_t *value = json_object_get(item, key->name);
    if (value == NULL) {
        return dynamodb_invalid(err,
                                "One or more parameter values were invalid: Missing the key %s in "
                                "the item",
                                key->name);
    }
    if (value_type(value) != key->type) {
        return dynamodb_invalid(err,
                                "One or more parameter values were invalid: Type mismatch for key "
                                "%s expected: %s actual: %s",
                                key->name, value_type_name(key->type),
                                value_type_name(value_type(value)));
    }
    return check_filled(key, value, err);
}

static bool encode_both(const struct table *table, json_t *item, struct item_key *key,
                        struct error *err)
{
    json_t *partition = json_object_get(item, table->partition.name);
    key->sort_length = 0;
    if (!item_key_encode(partition, key->partition, sizeof key->partition, &key->partition_length,
                         err)) {
        return false;
    }
    if (!table->has_sort) {
        return true;
    }
    json_t *sort = json_object_get(item, table->sort.name);
    return item_key_encode(sort, key->sort, sizeof key->sort, &key->sort_length, err);
}

bool item_key_of_item(const struct table *table, json_t *item, struct item_key *key,
                      struct error *err)
{
    return check_item_attribute(&table->partition, item, err) &&
           (!table->has_sort || check_item_attribute(&table->sort, item, err)) &&
           encode_both(table, item, key, err);
}

static bool matches(const struct table_key *key, json_t *attributes)
{
    json_t *value = json_object_get(attributes, key->name);
    return value != NULL && value_type(value) == key->type;
}

bool item_key_of_key(const struct table *table, json_t *attributes, struct item_key *key,
                     struct error *err)
{
    size_t wanted = table->has_sort ? 2 : 1;
    bool match = json_object_size(attributes) == wanted && matches(&table->partition, attributes) &&
                 (!table->has_sort || matches(&table->sort, attributes));
    if (!match) {
        return dynamodb_invalid(err, "The provided key element does not match the schema");
    }
    return item_key_of_item(table, attributes, key, err);
}

json_t *item_key_extract(const struct table *table, json_t *item, struct error *err)
{
    json_t *key = document_new(json_object(), err);
    if (key == NULL) {
        return NULL;
    }
    json_t *partition = json_object_get(item, table->partition.name);
    bool good = document_set_field(key, table->partition.name, json_incref(partition), err);
    if (good && table->has_sort) {
        json_t *sort = json_object_get(item, table->sort.name);
        good = document_set_field(key, table->sort.name, json_incref(sort), err);
    }
    if (!good) {
        json_decref(key);
        return NULL;
    }
    return key;
}

bool item_key_equal(const struct item_key *one, const struct item_key *other)
{
    return one->partition_length == other->partition_length &&
           one->sort_length == other->sort_length &&
           memcmp(one->partition, other->partition, one->partition_length) == 0 &&
           memcmp(one->sort, other->sort, one->sort_length) == 0;
}
