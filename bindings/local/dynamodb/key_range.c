/*
 * key_range.c - key conditions. Called by Query.
 *
 * Every bound is brought into one form, low <= key < high, with the fact that the byte string next
 * after x is x and a zero byte.
 */
#include "bindings/local/dynamodb/key_range.h"

#include <string.h>

/* `path kind value`, or `value kind path` turned around. */
struct test {
    enum node_kind kind;
    const struct node *path, *value; /* NULL in a test that is not given */
};

struct conditions {
    struct test partition, sort;
};

static bool unsupported(struct error *err)
{
    return dynamodb_invalid(err, "Query key condition not supported");
}

/* The next larger byte string. */
static void bound_after(struct key_bound *bound)
{
    bound->bytes[bound->length++] = 0;
}

static void bound_above_all(struct key_bound *bound)
{
    memset(bound->bytes, 0xFF, sizeof bound->bytes);
    bound->length = sizeof bound->bytes;
}

/* The first byte string that no longer begins with the bound's bytes. */
static void bound_after_prefix(struct key_bound *bound)
{
    while (bound->length > 0 && bound->bytes[bound->length - 1] == 0xFF) {
        bound->length--;
    }
    if (bound->length == 0) {
        bound_above_all(bound);
    } else {
        bound->bytes[bound->length - 1]++;
    }
}

static bool read_bound(const struct node *value, const struct table_key *key,
                       struct key_bound *bound, struct error *err)
{
    if (value->kind != NODE_VALUE) {
        return unsupported(err);
    }
    if (value_type(value->value) != key->type) {
        return dynamodb_invalid(err, "One or more parameter values were invalid: Condition "
                                     "parameter type does not match schema type");
    }
    return item_key_encode(value->value, bound->bytes, DYNAMODB_SORT_KEY_MAX, &bound->length, err);
}

static bool read_comparison(const struct table_key *key, const struct test *test,
                            struct key_range *range, struct error *err)
{
    struct key_bound bound;
    if (!read_bound(test->value, key, &bound, err)) {
        return false;
    }
    bool sets_low = test->kind == NODE_EQUAL || test->kind == NODE_GREATER ||
                    test->kind == NODE_GREATER_EQUAL || test->kind == NODE_BEGINS_WITH;
    bool sets_high = test->kind == NODE_EQUAL || test->kind == NODE_LESS ||
                     test->kind == NODE_LESS_EQUAL || test->kind == NODE_BEGINS_WITH;
    if (sets_low) {
        range->low = bound;
    }
    if (sets_high) {
        range->high = bound;
    }
    if (test->kind == NODE_GREATER) {
        bound_after(&range->low);
    }
    if (test->kind == NODE_EQUAL || test->kind == NODE_LESS_EQUAL) {
        bound_after(&range->high);
    }
    if (test->kind == NODE_BEGINS_WITH) {
        bound_after_prefix(&range->high);
    }
    return true;
}

static bool read_sort(const struct table_key *key, const struct test *test, struct key_range *range,
                      struct error *err)
{
    range->low.length = 0;
    bound_above_all(&range->high);
    if (test->value == NULL) {
        return true;
    }
    if (test->kind != NODE_BETWEEN) {
        return read_comparison(key, test, range, err);
    }
    const struct node *low = test->value;
    if (!read_bound(low, key, &range->low, err) || !read_bound(low->next, key, &range->high, err)) {
        return false;
    }
    bound_after(&range->high);
    return true;
}

static bool read_partition(const struct table_key *key, const struct test *test,
                           struct key_range *range, struct error *err)
{
    const struct node *value = test->value;
    if (value == NULL) {
        return dynamodb_invalid(err, "Query condition missed key schema element: %s", key->name);
    }
    if (test->kind != NODE_EQUAL || value->kind != NODE_VALUE) {
        return unsupported(err);
    }
    if (value_type(value->value) != key->type) {
        return dynamodb_invalid(err, "One or more parameter values were invalid: Condition "
                                     "parameter type does not match schema type");
    }
    return item_key_encode(value->value, range->partition, sizeof range->partition,
                           &range->partition_length, err);
}

static bool names_key(const struct table_key *key, const struct node *path)
{
    const struct path_step *step = &path->path.steps[0];
    return strlen(key->name) == step->name_length &&
           memcmp(key->name, step->name, step->name_length) == 0;
}

static enum node_kind turned(enum node_kind kind)
{
    switch (kind) {
    case NODE_LESS:
        return NODE_GREATER;
    case NODE_LESS_EQUAL:
        return NODE_GREATER_EQUAL;
    case NODE_GREATER:
        return NODE_LESS;
    case NODE_GREATER_EQUAL:
        return NODE_LESS_EQUAL;
    default:
        return kind;
    }
}

static struct test read_test(const struct node *node)
{
    const struct node *left = node->first, *right = left->next;
    bool compares = node->kind >= NODE_EQUAL && node->kind <= NODE_GREATER_EQUAL;
    if (compares && left->kind == NODE_VALUE && right->kind == NODE_PATH) {
        return (struct test){.kind = turned(node->kind), .path = right, .value = left};
    }
    return (struct test){.kind = node->kind, .path = left, .value = right};
}

static bool check_form(const struct test *test, struct error *err)
{
    bool allowed =
        (test->kind >= NODE_EQUAL && test->kind <= NODE_BETWEEN && test->kind != NODE_NOT_EQUAL) ||
        test->kind == NODE_BEGINS_WITH;
    if (!allowed) {
        return dynamodb_invalid(err, "Invalid operator used in KeyConditionExpression: %s",
                                node_kind_name(test->kind));
    }
    if (test->path->kind != NODE_PATH) {
        return unsupported(err);
    }
    return test->path->path.count == 1 ||
           dynamodb_invalid(err, "KeyConditionExpressions cannot have conditions on nested "
                                 "attributes");
}

static bool place(const struct table *table, const struct node *node, struct conditions *conditions,
                  struct error *err)
{
    struct test test = read_test(node);
    if (!check_form(&test, err)) {
        return false;
    }
    struct test *place = NULL;
    if (names_key(&table->partition, test.path)) {
        place = &conditions->partition;
    } else if (table->has_sort && names_key(&table->sort, test.path)) {
        place = &conditions->sort;
    } else {
        bool missed_sort = table->has_sort && conditions->partition.value != NULL;
        return dynamodb_invalid(err, "Query condition missed key schema element: %s",
                                missed_sort ? table->sort.name : table->partition.name);
    }
    if (place->value != NULL) {
        return dynamodb_invalid(err, "KeyConditionExpressions must only contain one condition "
                                     "per key");
    }
    *place = test;
    return true;
}

static bool collect(const struct table *table, const struct node *node,
                    struct conditions *conditions, struct error *err)
{
    if (node->kind != NODE_AND) {
        return place(table, node, conditions, err);
    }
    for (const struct node *link = node->first; link != NULL; link = link->next) {
        if (!collect(table, link, conditions, err)) {
            return false;
        }
    }
    return true;
}

bool key_range_read(const struct table *table, const struct node *condition,
                    struct key_range *range, struct error *err)
{
    struct conditions conditions = {0};
    return collect(table, condition, &conditions, err) &&
           read_partition(&table->partition, &conditions.partition, range, err) &&
           read_sort(&table->sort, &conditions.sort, range, err);
}

static int compare_bound(const struct item_key *key, const struct key_bound *bound)
{
    size_t shorter = key->sort_length < bound->length ? key->sort_length : bound->length;
    int order = memcmp(key->sort, bound->bytes, shorter);
    return order != 0 ? order
                      : (key->sort_length > bound->length) - (key->sort_length < bound->length);
}

bool key_range_continue(struct key_range *range, const struct item_key *start, bool backward,
                        struct error *err)
{
    bool same_partition = start->partition_length == range->partition_length &&
                          memcmp(start->partition, range->partition, start->partition_length) == 0;
    if (!same_partition || compare_bound(start, &range->low) < 0 ||
        compare_bound(start, &range->high) >= 0) {
        return dynamodb_invalid(err, "The provided starting key is outside query boundaries based "
                                     "on provided conditions");
    }
    struct key_bound *bound = backward ? &range->high : &range->low;
    memcpy(bound->bytes, start->sort, start->sort_length);
    bound->length = start->sort_length;
    if (!backward) {
        bound_after(bound);
    }
    return true;
}
