/*
 * dynamodb_fuzz.c - any bytes as the expressions of an update of one item, without a database. The
 * input is four lines: UpdateExpression, ConditionExpression, ProjectionExpression, and a document
 * of names, values and the item ({"n":{},"v":{},"i":{}}), or nothing for the one below.
 *
 * Whatever gets through must be an item as others are: read again it is the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/local/dynamodb/evaluate.h"
#include "bindings/local/dynamodb/projection.h"
#include "bindings/local/dynamodb/update.h"
#include "bindings/local/dynamodb/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const char usual[] =
    "{\"n\":{\"#a\":\"a\",\"#b\":\"b\"},\"v\":{\":n\":{\"N\":\"1.5\"},\":s\":{\"S\":\"x\"},"
    "\":l\":{\"L\":[{\"N\":\"1\"}]},\":t\":{\"SS\":[\"p\",\"q\"]},"
    "\":m\":{\"M\":{\"k\":{\"S\":\"v\"}}}},"
    "\"i\":{\"a\":{\"N\":\"1\"},\"b\":{\"L\":[{\"S\":\"0\"},{\"S\":\"1\"},"
    "{\"M\":{\"c\":{\"N\":\"3\"}}}]},"
    "\"m\":{\"M\":{\"d\":{\"S\":\"y\"},\"e\":{\"B\":\"AAE=\"}}},\"t\":{\"SS\":[\"p\"]}}}";

static void require(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void check_item(json_t *item)
{
    struct error err;
    json_t *again = value_read_item(item, &err);
    /* An update may nest deeper than a request can: the operation refuses that afterwards. */
    bool deep = value_item_depth(item) > VALUE_DEPTH_MAX;
    require(deep || (again != NULL && json_equal(item, again) == 1));
    json_decref(again);
}

static void run(struct expressions *expressions, json_t *item)
{
    struct update update;
    struct projection projection;
    struct node *condition = NULL;
    struct error err;
    bool holds;
    if (expressions_condition(expressions, "ConditionExpression", &condition, &err)) {
        require(evaluate_condition(condition, item, &holds, &err));
        require(evaluate_condition(condition, NULL, &holds, &err));
    }
    if (projection_parse(expressions, "ProjectionExpression", &projection, &err)) {
        json_t *part = projection_apply(&projection, item, &err);
        require(part != NULL);
        check_item(part);
        json_decref(part);
    }
    json_t *changed = NULL;
    if (update_parse(expressions, &update, &err)) {
        changed = update_apply(&update, item, &err);
    }
    if (changed != NULL) {
        check_item(changed);
        json_decref(changed);
    }
}

static void set_line(json_t *request, const char *field, const uint8_t **bytes, size_t *length)
{
    const uint8_t *end = *length == 0 ? NULL : memchr(*bytes, '\n', *length);
    size_t taken = end == NULL ? *length : (size_t)(end - *bytes);
    if (taken > 0) {
        /* No check of UTF-8 here: a lexer has to stand everything. */
        (void)json_object_set_new(request, field,
                                  json_stringn_nocheck((const char *)*bytes, taken));
    }
    taken += end == NULL ? 0 : 1;
    *bytes += taken;
    *length -= taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct error err;
    json_t *request = json_object();
    set_line(request, "UpdateExpression", &bytes, &length);
    set_line(request, "ConditionExpression", &bytes, &length);
    set_line(request, "ProjectionExpression", &bytes, &length);
    json_t *rest = length == 0 ? document_parse(usual, sizeof usual - 1, &err)
                               : document_parse((const char *)bytes, length, &err);
    json_t *given = json_object_get(rest, "i");
    json_t *item = given == NULL ? NULL : value_read_item(given, &err);
    (void)json_object_set(request, "ExpressionAttributeNames", json_object_get(rest, "n"));
    (void)json_object_set(request, "ExpressionAttributeValues", json_object_get(rest, "v"));
    struct expressions expressions = {.any = false};
    if (item != NULL && expressions_open(&expressions, request, &err)) {
        run(&expressions, item);
        (void)expressions_check_used(&expressions, &err);
    }
    expressions_close(&expressions);
    json_decref(item);
    json_decref(rest);
    json_decref(request);
    return 0;
}
