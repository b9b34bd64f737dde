/*
 * query.c - Query and Scan: pages of items in the order of their keys. Called by request.c.
 */
#include <string.h>

#include "bindings/local/dynamodb/evaluate.h"
#include "bindings/local/dynamodb/items.h"
#include "bindings/local/dynamodb/key_range.h"
#include "bindings/local/dynamodb/rows.h"
#include "host/loop.h"

#define SEGMENTS_MAX 1000000

enum select { SELECT_ALL, SELECT_COUNT, SELECT_SPECIFIC, SELECT_PROJECTED };

static const char *const select_names[] = {"ALL_ATTRIBUTES", "COUNT", "SPECIFIC_ATTRIBUTES",
                                           "ALL_PROJECTED_ATTRIBUTES", NULL};

/* What Query and Scan have in common. */
struct page {
    struct table table;
    struct expressions expressions;
    struct node *filter;
    struct projection projection;
    int64_t limit; /* items looked at; INT64_MAX when not given */
    bool count_only;
    bool has_start;
    struct item_key start;
    int64_t segment, segments; /* a part of a parallel scan: segment of segments */

    json_t *items;
    int64_t count, scanned;
    size_t size; /* bytes of the items looked at */
    bool full;   /* the last item's key has been put into the answer */
};

static bool read_select(json_t *request, bool projected, bool *count_only, struct error *err)
{
    int select = projected ? SELECT_SPECIFIC : SELECT_ALL;
    if (!dynamodb_field_choice(request, "Select", select_names, &select, err)) {
        return false;
    }
    if (select == SELECT_PROJECTED) {
        return dynamodb_invalid(err, "One or more parameter values were invalid: Select type "
                                     "ALL_PROJECTED_ATTRIBUTES is not supported for tables");
    }
    if (projected && select != SELECT_SPECIFIC) {
        return dynamodb_invalid(err,
                                "Cannot specify the ProjectionExpression when choosing to get "
                                "%s",
                                select == SELECT_COUNT ? "only the Count" : "ALL_ATTRIBUTES");
    }
    if (!projected && select == SELECT_SPECIFIC) {
        return dynamodb_invalid(err, "Must specify the ProjectionExpression when choosing to get "
                                     "SPECIFIC_ATTRIBUTES");
    }
    *count_only = select == SELECT_COUNT;
    return true;
}

static bool check_minimum(const char *name, int64_t value, int64_t minimum, struct error *err)
{
    if (value >= minimum) {
        return true;
    }
    return dynamodb_invalid(err,
                            "1 validation error detected: Value '%lld' at '%s' failed to satisfy "
                            "constraint: Member must have value greater than or equal to %lld",
                            (long long)value, name, (long long)minimum);
}

static bool read_start(json_t *request, struct page *page, struct error *err)
{
    json_t *start = json_object_get(request, "ExclusiveStartKey");
    page->has_start = start != NULL;
    if (start == NULL || items_read_key(&page->table, start, &page->start, err)) {
        return true;
    }
    bool ours = error_is(err, "ValidationException");
    return ours ? dynamodb_invalid(err, "The provided starting key is invalid") : false;
}

static bool open_page(const struct dynamodb_call *call, struct page *page, struct error *err)
{
    json_t *request = call->request;
    const char *index = NULL;
    page->limit = INT64_MAX;
    page->segments = 1;
    if (!dynamodb_refuse_legacy(request, err) ||
        !tables_of_request(call, request, &page->table, err) ||
        !dynamodb_field_text(request, "IndexName", &index, err)) {
        return false;
    }
    if (index != NULL) {
        return dynamodb_invalid(err, "The table does not have the specified index: %.255s", index);
    }
    return dynamodb_field_integer(request, "Limit", &page->limit, err) &&
           check_minimum("limit", page->limit, 1, err) &&
           expressions_open(&page->expressions, request, err) &&
           expressions_condition(&page->expressions, "FilterExpression", &page->filter, err) &&
           projection_parse(&page->expressions, "ProjectionExpression", &page->projection, err) &&
           read_select(request, page->projection.paths != NULL, &page->count_only, err) &&
           read_start(request, page, err) &&
           (page->items = document_new(json_array(), err)) != NULL;
}

static void close_page(struct page *page)
{
    json_decref(page->items);
    expressions_close(&page->expressions);
}

static bool keep_item(struct page *page, json_t *item, struct error *err)
{
    page->count++;
    if (page->count_only) {
        return true;
    }
    json_t *projected = projection_apply(&page->projection, item, err);
    return projected != NULL && document_append(page->items, projected, err);
}

/* The limits count what is looked at, before the filter. */
static bool look_at(struct dynamodb_call *call, struct page *page, json_t *item, struct error *err)
{
    bool holds;
    page->scanned++;
    page->size += value_item_size(item);
    if (!evaluate_condition(page->filter, item, &holds, err) ||
        (holds && !keep_item(page, item, err))) {
        return false;
    }
    page->full = page->scanned >= page->limit || page->size >= DYNAMODB_PAGE_MAX;
    if (!page->full) {
        return true;
    }
    json_t *last = item_key_extract(&page->table, item, err);
    return last != NULL && document_set_field(call->answer, "LastEvaluatedKey", last, err);
}

/* The partitions spread over the segments by a hash (FNV-1a) of their keys. */
static bool in_segment(const struct page *page, struct database_query *query)
{
    size_t length;
    const unsigned char *key = database_blob(query, 0, &length);
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ key[i]) * 1099511628211u;
    }
    return hash % (uint64_t)page->segments == (uint64_t)page->segment;
}

static bool look_at_row(struct dynamodb_call *call, struct page *page, struct database_query *query,
                        struct error *err)
{
    size_t length;
    const char *text = database_text(query, 1, &length);
    json_t *item = rows_parse(text, length, err);
    bool good = item != NULL && look_at(call, page, item, err);
    json_decref(item);
    return good;
}

/* Rows are (partition key, item). The query is finished here. */
static bool read_rows(struct dynamodb_call *call, struct page *page, struct database_query *query,
                      struct error *err)
{
    enum database_result result = DATABASE_DONE;
    bool good = true;
    while (good && !page->full && (result = database_step(query, err)) == DATABASE_ROW) {
        good = (call->job == NULL || !job_stopped(call->job, err)) &&
               (!in_segment(page, query) || look_at_row(call, page, query, err));
    }
    database_finish(query);
    return good && result != DATABASE_FAILED;
}

static bool answer_page(struct dynamodb_call *call, struct page *page, struct error *err)
{
    if (!page->count_only &&
        !document_set_field(call->answer, "Items", json_incref(page->items), err)) {
        return false;
    }
    return document_set_field(call->answer, "Count", json_integer(page->count), err) &&
           document_set_field(call->answer, "ScannedCount", json_integer(page->scanned), err);
}

static struct database_query *select_range(struct dynamodb_call *call, const struct page *page,
                                           const struct key_range *range, bool backward)
{
    struct database_query *query = database_prepare(
        call->connection,
        backward ? "SELECT partition_key, item FROM dynamodb_item WHERE table_name = ?1"
                   " AND partition_key = ?2 AND sort_key >= ?3 AND sort_key < ?4"
                   " ORDER BY sort_key DESC"
                 : "SELECT partition_key, item FROM dynamodb_item WHERE table_name = ?1"
                   " AND partition_key = ?2 AND sort_key >= ?3 AND sort_key < ?4"
                   " ORDER BY sort_key");
    database_bind_text(query, 1, page->table.name, strlen(page->table.name));
    database_bind_blob(query, 2, range->partition, range->partition_length);
    database_bind_blob(query, 3, range->low.bytes, range->low.length);
    database_bind_blob(query, 4, range->high.bytes, range->high.length);
    return query;
}

/* Key attributes belong into the key condition: a filter on them would read for nothing. */
static bool check_filter(const struct table *table, const struct node *node, struct error *err)
{
    if (node == NULL) {
        return true;
    }
    if (node->kind == NODE_PATH) {
        const struct path_step *step = &node->path.steps[0];
        const struct table_key *keys[] = {&table->partition, &table->sort};
        for (size_t i = 0; i < (table->has_sort ? 2 : 1); i++) {
            if (strlen(keys[i]->name) == step->name_length &&
                memcmp(keys[i]->name, step->name, step->name_length) == 0) {
                return dynamodb_invalid(err,
                                        "Filter Expression can only contain non-primary key "
                                        "attributes: Primary key attribute: %s",
                                        keys[i]->name);
            }
        }
    }
    for (const struct node *operand = node->first; operand != NULL; operand = operand->next) {
        if (!check_filter(table, operand, err)) {
            return false;
        }
    }
    return true;
}

static bool read_range(struct dynamodb_call *call, struct page *page, struct key_range *range,
                       bool *backward, struct error *err)
{
    bool forward = true;
    struct node *condition;
    if (!dynamodb_field_boolean(call->request, "ScanIndexForward", &forward, err) ||
        !expressions_condition(&page->expressions, "KeyConditionExpression", &condition, err)) {
        return false;
    }
    *backward = !forward;
    if (condition == NULL) {
        return dynamodb_invalid(err, "Either the KeyConditions or KeyConditionExpression parameter "
                                     "must be specified in the request.");
    }
    return expressions_check_used(&page->expressions, err) &&
           key_range_read(&page->table, condition, range, err) &&
           check_filter(&page->table, page->filter, err) &&
           (!page->has_start || key_range_continue(range, &page->start, *backward, err));
}

bool dynamodb_query(struct dynamodb_call *call, struct error *err)
{
    struct page page = {.full = false};
    struct key_range range = {.partition_length = 0};
    bool backward;
    bool good = open_page(call, &page, err) && read_range(call, &page, &range, &backward, err) &&
                read_rows(call, &page, select_range(call, &page, &range, backward), err) &&
                answer_page(call, &page, err);
    close_page(&page);
    return good;
}

static struct database_query *select_table(struct dynamodb_call *call, const struct page *page)
{
    struct database_query *query = database_prepare(
        call->connection, "SELECT partition_key, item FROM dynamodb_item WHERE table_name = ?1"
                          " AND (partition_key, sort_key) > (?2, ?3)"
                          " ORDER BY partition_key, sort_key");
    database_bind_text(query, 1, page->table.name, strlen(page->table.name));
    /* No partition key is empty, so that the empty one comes before all. */
    database_bind_blob(query, 2, page->start.partition,
                       page->has_start ? page->start.partition_length : 0);
    database_bind_blob(query, 3, page->start.sort, page->has_start ? page->start.sort_length : 0);
    return query;
}

static bool read_segment(json_t *request, struct page *page, struct error *err)
{
    bool segment = json_object_get(request, "Segment") != NULL;
    bool segments = json_object_get(request, "TotalSegments") != NULL;
    if (segment != segments) {
        return dynamodb_invalid(err,
                                "The %s parameter is required but was not present in the request "
                                "when %s parameter is present",
                                segment ? "TotalSegments" : "Segment",
                                segment ? "Segment" : "TotalSegments");
    }
    if (!dynamodb_field_integer(request, "Segment", &page->segment, err) ||
        !dynamodb_field_integer(request, "TotalSegments", &page->segments, err) ||
        !check_minimum("segment", page->segment, 0, err) ||
        !check_minimum("totalSegments", page->segments, 1, err)) {
        return false;
    }
    if (page->segment >= page->segments || page->segments > SEGMENTS_MAX) {
        return dynamodb_invalid(err,
                                "The Segment parameter is zero-based and must be less than "
                                "parameter TotalSegments: Segment: %lld is not less than "
                                "TotalSegments: %lld (at most %d)",
                                (long long)page->segment, (long long)page->segments, SEGMENTS_MAX);
    }
    return true;
}

bool dynamodb_scan(struct dynamodb_call *call, struct error *err)
{
    struct page page = {.full = false};
    bool good = open_page(call, &page, err) && read_segment(call->request, &page, err) &&
                expressions_check_used(&page.expressions, err) &&
                read_rows(call, &page, select_table(call, &page), err) &&
                answer_page(call, &page, err);
    close_page(&page);
    return good;
}
