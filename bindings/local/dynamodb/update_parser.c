/*
 * update_parser.c - the grammar of UpdateExpression. Called by UpdateItem.
 *
 *     update = { SET set {, set} | REMOVE path {, path} | ADD path :value ... | DELETE ... }
 *     set    = path = operand [ + operand | - operand ]
 */
#include <stdlib.h>

#include "bindings/local/dynamodb/parser.h"
#include "bindings/local/dynamodb/update.h"
#include "bindings/local/dynamodb/value.h"

static const char *const verbs[UPDATE_VERBS] = {
    [UPDATE_SET] = "SET",
    [UPDATE_REMOVE] = "REMOVE",
    [UPDATE_ADD] = "ADD",
    [UPDATE_DELETE] = "DELETE",
};

/* What DynamoDB calls the types here, and nowhere else. */
static const char *const long_names[] = {
    [VALUE_S] = "STRING",  [VALUE_N] = "NUMBER", [VALUE_B] = "BINARY", [VALUE_BOOL] = "BOOLEAN",
    [VALUE_NULL] = "NULL", [VALUE_L] = "LIST",   [VALUE_M] = "MAP",
};

static bool check_number(struct parser *parser, const struct node *sum)
{
    for (const struct node *operand = sum->first; operand != NULL; operand = operand->next) {
        if (operand->kind == NODE_VALUE && value_type(operand->value) != VALUE_N) {
            return parser_fail(parser,
                               "Incorrect operand type for operator or function; operator or "
                               "function: %s, operand type: %s",
                               node_kind_name(sum->kind),
                               value_type_name(value_type(operand->value)));
        }
    }
    return true;
}

static struct node *parse_sum(struct parser *parser)
{
    struct node *left = parser_operand(parser);
    bool plus = parser->token.kind == TOKEN_PLUS, minus = parser->token.kind == TOKEN_MINUS;
    if (left == NULL || (!plus && !minus)) {
        return left;
    }
    parser_advance(parser);
    struct node *sum = parser_node(parser, plus ? NODE_PLUS : NODE_MINUS);
    struct node *right = sum == NULL ? NULL : parser_operand(parser);
    if (right == NULL) {
        return NULL;
    }
    sum->first = left;
    left->next = right;
    return check_number(parser, sum) ? sum : NULL;
}

static bool fits_verb(enum update_verb verb, enum value_type type)
{
    return value_is_set(type) || (verb == UPDATE_ADD && type == VALUE_N);
}

/* The value of ADD and DELETE is always given by the request. */
static struct node *parse_given(struct parser *parser, enum update_verb verb)
{
    if (parser->token.kind != TOKEN_VALUE) {
        (void)parser_syntax_error(parser);
        return NULL;
    }
    struct node *value = parser_operand(parser);
    if (value == NULL || fits_verb(verb, value_type(value->value))) {
        return value;
    }
    (void)parser_fail(parser,
                      "Incorrect operand type for operator or function; operator: %s, operand "
                      "type: %s, typeSet: ALLOWED_FOR_%s_OPERAND",
                      verbs[verb], long_names[value_type(value->value)], verbs[verb]);
    return NULL;
}

static bool parse_operand(struct parser *parser, struct update_action *action)
{
    switch (action->verb) {
    case UPDATE_REMOVE:
        return true;
    case UPDATE_SET:
        action->operand = parser_expect(parser, TOKEN_EQUAL) ? parse_sum(parser) : NULL;
        return action->operand != NULL;
    default:
        action->operand = parse_given(parser, action->verb);
        return action->operand != NULL;
    }
}

static bool parse_action(struct parser *parser, enum update_verb verb, struct update *update)
{
    struct update_action *action = &update->actions[update->count];
    *action = (struct update_action){.verb = verb};
    if (!parser_path(parser, &action->path)) {
        return false;
    }
    for (size_t i = 0; i < update->count; i++) {
        if (!parser_check_distinct(parser, &update->actions[i].path, &action->path)) {
            return false;
        }
    }
    update->count++;
    return parse_operand(parser, action);
}

static bool find_verb(const struct token *token, enum update_verb *verb)
{
    for (int i = 0; i < UPDATE_VERBS; i++) {
        if (token_is_keyword(token, verbs[i])) {
            *verb = (enum update_verb)i;
            return true;
        }
    }
    return false;
}

static bool parse_section(struct parser *parser, struct update *update, bool seen[UPDATE_VERBS])
{
    enum update_verb verb;
    if (!find_verb(&parser->token, &verb)) {
        return parser_syntax_error(parser);
    }
    if (seen[verb]) {
        return parser_fail(parser,
                           "The \"%s\" section can only be used once in an update expression;",
                           verbs[verb]);
    }
    seen[verb] = true;
    parser_advance(parser);
    do {
        if (!parse_action(parser, verb, update)) {
            return false;
        }
    } while (parser_take(parser, TOKEN_COMMA));
    return true;
}

static int compare_actions(const void *left, const void *right)
{
    const struct update_action *one = left, *other = right;
    return path_order(&one->path, &other->path);
}

/* Sorted, actions that lengthen a list do so in the order of their indexes. */
static bool finish(struct parser *parser, struct update *update)
{
    qsort(update->actions, update->count, sizeof update->actions[0], compare_actions);
    update->touched.paths = parser_allocate(parser, update->count * sizeof(struct path *));
    if (update->touched.paths == NULL) {
        return false;
    }
    for (size_t i = 0; i < update->count; i++) {
        update->touched.paths[i] = &update->actions[i].path;
    }
    update->touched.count = update->count;
    return true;
}

bool update_parse(struct expressions *expressions, struct update *update, struct error *err)
{
    struct parser parser;
    bool present, seen[UPDATE_VERBS] = {false};
    *update = (struct update){.count = 0};
    if (!parser_open(&parser, expressions, "UpdateExpression", &present, err)) {
        return false;
    }
    if (!present) {
        return true;
    }
    parser.in_update = true;
    /* A comma less than actions in each section. */
    size_t most = parser_commas(&parser) + UPDATE_VERBS;
    update->actions = parser_allocate(&parser, most * sizeof update->actions[0]);
    if (update->actions == NULL) {
        return false;
    }
    do {
        if (!parse_section(&parser, update, seen)) {
            return false;
        }
    } while (parser.token.kind != TOKEN_END);
    return finish(&parser, update);
}
