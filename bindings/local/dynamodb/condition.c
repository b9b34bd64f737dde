/*
 * condition.c - the grammar of conditions: ConditionExpression, FilterExpression,
 * KeyConditionExpression. Called by the operations through expressions_condition().
 *
 *     or      = and { OR and }
 *     and     = not { AND not }
 *     not     = NOT not | test
 *     test    = primary [ comparator primary | BETWEEN primary AND primary | IN ( operands ) ]
 *     primary = ( or ) | operand
 *
 * A parenthesis may hold a condition or an operand; which of the two it is, and whether that fits
 * where it stands, is known only afterwards.
 */
#include <string.h>

#include "bindings/local/dynamodb/parser.h"
#include "bindings/local/dynamodb/value.h"

static struct node *parse_or(struct parser *parser);

static struct node *failed(bool failure)
{
    (void)failure;
    return NULL;
}

static struct node *parse_parentheses(struct parser *parser)
{
    parser_advance(parser);
    struct node *node = parser_enter(parser) ? parse_or(parser) : NULL;
    if (node == NULL || !parser_expect(parser, TOKEN_CLOSE)) {
        return NULL;
    }
    parser_leave(parser);
    if (node->parenthesised) {
        return failed(parser_fail(parser, "The expression has redundant parentheses;"));
    }
    node->parenthesised = true;
    return node;
}

static struct node *parse_primary(struct parser *parser)
{
    return parser->token.kind == TOKEN_OPEN ? parse_parentheses(parser) : parser_operand(parser);
}

/* A condition stands where a value is needed: `(a = :x) = :y`, or a function that tests. */
static bool require_operand(struct parser *parser, const struct node *node)
{
    if (node_is_operand(node)) {
        return true;
    }
    if (node->kind >= NODE_ATTRIBUTE_EXISTS) {
        return parser_fail(parser,
                           "The function is not allowed to be used this way in an expression; "
                           "function: %s",
                           node_kind_name(node->kind));
    }
    return parser_syntax_error(parser);
}

static bool require_condition(struct parser *parser, const struct node *node)
{
    if (!node_is_operand(node)) {
        return true;
    }
    if (node->kind == NODE_SIZE) {
        return parser_fail(parser,
                           "The function is not allowed to be used this way in an expression; "
                           "function: size");
    }
    return parser_syntax_error(parser);
}

static struct node *parse_operand(struct parser *parser)
{
    struct node *node = parse_primary(parser);
    return node != NULL && require_operand(parser, node) ? node : NULL;
}

static bool has_order(const struct node *node)
{
    if (node->kind != NODE_VALUE) {
        return true;
    }
    enum value_type type = value_type(node->value);
    return type == VALUE_S || type == VALUE_N || type == VALUE_B;
}

static bool check_ordered(struct parser *parser, const struct node *test)
{
    for (const struct node *operand = test->first; operand != NULL; operand = operand->next) {
        if (!has_order(operand)) {
            return parser_fail(parser,
                               "Incorrect operand type for operator or function; operator or "
                               "function: %s, operand type: %s",
                               node_kind_name(test->kind),
                               value_type_name(value_type(operand->value)));
        }
    }
    return true;
}

static bool check_bounds(struct parser *parser, const struct node *low, const struct node *high)
{
    int order;
    if (low->kind != NODE_VALUE || high->kind != NODE_VALUE) {
        return true;
    }
    if (!value_compare(low->value, high->value, &order)) {
        return parser_fail(parser, "The BETWEEN operator requires same data type for lower and "
                                   "upper bounds");
    }
    return order <= 0 || parser_fail(parser, "The BETWEEN operator requires upper bound to be "
                                             "greater than or equal to lower bound");
}

static struct node *parse_comparison(struct parser *parser, struct node *left, enum node_kind kind)
{
    parser_advance(parser);
    struct node *test = parser_node(parser, kind);
    struct node *right = test == NULL ? NULL : parse_operand(parser);
    if (right == NULL) {
        return NULL;
    }
    test->first = left;
    left->next = right;
    bool ordered = kind == NODE_EQUAL || kind == NODE_NOT_EQUAL || check_ordered(parser, test);
    return ordered && parser_check_first(parser, test) ? test : NULL;
}

static struct node *parse_between(struct parser *parser, struct node *value)
{
    struct node *test = parser_node(parser, NODE_BETWEEN);
    struct node *low = test == NULL ? NULL : parse_operand(parser);
    if (low == NULL) {
        return NULL;
    }
    if (!parser_take_keyword(parser, "AND")) {
        return failed(parser_syntax_error(parser));
    }
    struct node *high = parse_operand(parser);
    if (high == NULL) {
        return NULL;
    }
    test->first = value;
    value->next = low;
    low->next = high;
    bool good = check_ordered(parser, test) && parser_check_first(parser, test) &&
                check_bounds(parser, low, high);
    return good ? test : NULL;
}

static struct node *parse_in(struct parser *parser, struct node *value)
{
    struct node *test = parser_node(parser, NODE_IN);
    if (test == NULL || !parser_expect(parser, TOKEN_OPEN)) {
        return NULL;
    }
    test->first = value;
    struct node *last = value;
    int count = 0;
    do {
        struct node *candidate = parse_operand(parser);
        if (candidate == NULL) {
            return NULL;
        }
        if (++count > EXPRESSION_IN_MAX) {
            return failed(parser_fail(parser,
                                      "The IN operator is provided with too many operands; "
                                      "limit: %d",
                                      EXPRESSION_IN_MAX));
        }
        last->next = candidate;
        last = candidate;
    } while (parser_take(parser, TOKEN_COMMA));
    bool good = parser_expect(parser, TOKEN_CLOSE) && parser_check_first(parser, test);
    return good ? test : NULL;
}

static bool comparator(enum token_kind token, enum node_kind *kind)
{
    if (token < TOKEN_EQUAL || token > TOKEN_GREATER_EQUAL) {
        return false;
    }
    static const enum node_kind kinds[] = {NODE_EQUAL,      NODE_NOT_EQUAL, NODE_LESS,
                                           NODE_LESS_EQUAL, NODE_GREATER,   NODE_GREATER_EQUAL};
    *kind = kinds[token - TOKEN_EQUAL];
    return true;
}

static struct node *parse_test(struct parser *parser)
{
    struct node *node = parse_primary(parser);
    if (node == NULL) {
        return NULL;
    }
    enum node_kind kind;
    bool compares = comparator(parser->token.kind, &kind);
    bool between = token_is_keyword(&parser->token, "BETWEEN");
    bool in = token_is_keyword(&parser->token, "IN");
    if (!compares && !between && !in) {
        return node;
    }
    if (!require_operand(parser, node)) {
        return NULL;
    }
    if (compares) {
        return parse_comparison(parser, node, kind);
    }
    parser_advance(parser);
    return between ? parse_between(parser, node) : parse_in(parser, node);
}

static struct node *parse_not(struct parser *parser)
{
    if (!token_is_keyword(&parser->token, "NOT")) {
        return parse_test(parser);
    }
    parser_advance(parser);
    struct node *node = parser_enter(parser) ? parser_node(parser, NODE_NOT) : NULL;
    struct node *operand = node == NULL ? NULL : parse_not(parser);
    if (operand == NULL || !require_condition(parser, operand)) {
        return NULL;
    }
    parser_leave(parser);
    node->first = operand;
    return node;
}

/* `a AND b AND c` becomes one node with three operands: no depth for a long chain. */
static struct node *parse_chain(struct parser *parser, enum node_kind kind,
                                struct node *(*parse_link)(struct parser *))
{
    const char *keyword = node_kind_name(kind);
    struct node *first = parse_link(parser);
    if (first == NULL || !token_is_keyword(&parser->token, keyword)) {
        return first;
    }
    struct node *chain = NULL, *last = first;
    if (!require_condition(parser, first)) {
        return NULL;
    }
    while (parser_take_keyword(parser, keyword)) {
        struct node *counted = parser_node(parser, kind);
        chain = chain == NULL ? counted : chain;
        struct node *link = counted == NULL ? NULL : parse_link(parser);
        if (link == NULL || !require_condition(parser, link)) {
            return NULL;
        }
        last->next = link;
        last = link;
    }
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): the loop ran, see above */
    chain->first = first;
    return chain;
}

static struct node *parse_and(struct parser *parser)
{
    return parse_chain(parser, NODE_AND, parse_not);
}

static struct node *parse_or(struct parser *parser)
{
    return parse_chain(parser, NODE_OR, parse_and);
}

bool expressions_condition(struct expressions *expressions, const char *field,
                           struct node **condition, struct error *err)
{
    struct parser parser;
    bool present;
    if (!parser_open(&parser, expressions, field, &present, err)) {
        return false;
    }
    if (!present) {
        *condition = NULL;
        return true;
    }
    struct node *node = parse_or(&parser);
    if (node == NULL || !require_condition(&parser, node)) {
        return false;
    }
    if (parser.token.kind != TOKEN_END) {
        return parser_syntax_error(&parser);
    }
    *condition = node;
    return true;
}
