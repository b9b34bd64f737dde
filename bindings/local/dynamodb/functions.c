/*
 * functions.c - the operands of expressions: paths, values, and functions with what DynamoDB checks
 * of their arguments before it looks at any item. Called by the condition and update parsers.
 */
#include "bindings/local/dynamodb/parser.h"

#include <string.h>

#include "bindings/local/dynamodb/value.h"

struct function {
    const char *name;
    enum node_kind kind;
    size_t arguments;
    bool first_is_path; /* its first argument has to be a document path */
    bool in_update;     /* allowed in updates only; else in conditions only */
};

static const struct function functions[] = {
    {"attribute_exists", NODE_ATTRIBUTE_EXISTS, 1, true, false},
    {"attribute_not_exists", NODE_ATTRIBUTE_NOT_EXISTS, 1, true, false},
    {"attribute_type", NODE_ATTRIBUTE_TYPE, 2, true, false},
    {"begins_with", NODE_BEGINS_WITH, 2, false, false},
    {"contains", NODE_CONTAINS, 2, false, false},
    {"size", NODE_SIZE, 1, false, false},
    {"if_not_exists", NODE_IF_NOT_EXISTS, 2, true, true},
    {"list_append", NODE_LIST_APPEND, 2, false, true},
};

static const char *const kind_names[NODE_KINDS] = {
    [NODE_PATH] = "path",
    [NODE_VALUE] = "value",
    [NODE_SIZE] = "size",
    [NODE_IF_NOT_EXISTS] = "if_not_exists",
    [NODE_LIST_APPEND] = "list_append",
    [NODE_PLUS] = "+",
    [NODE_MINUS] = "-",
    [NODE_OR] = "OR",
    [NODE_AND] = "AND",
    [NODE_NOT] = "NOT",
    [NODE_EQUAL] = "=",
    [NODE_NOT_EQUAL] = "<>",
    [NODE_LESS] = "<",
    [NODE_LESS_EQUAL] = "<=",
    [NODE_GREATER] = ">",
    [NODE_GREATER_EQUAL] = ">=",
    [NODE_BETWEEN] = "BETWEEN",
    [NODE_IN] = "IN",
    [NODE_ATTRIBUTE_EXISTS] = "attribute_exists",
    [NODE_ATTRIBUTE_NOT_EXISTS] = "attribute_not_exists",
    [NODE_ATTRIBUTE_TYPE] = "attribute_type",
    [NODE_BEGINS_WITH] = "begins_with",
    [NODE_CONTAINS] = "contains",
};

const char *node_kind_name(enum node_kind kind)
{
    return kind_names[kind];
}

bool node_is_operand(const struct node *node)
{
    return node->kind < NODE_OR;
}

/* Names of functions are told apart by case, unlike keywords. */
static const struct function *find_function(struct parser *parser)
{
    const struct token *token = &parser->token;
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        const struct function *function = &functions[i];
        bool same = strlen(function->name) == token->length &&
                    memcmp(function->name, token->text, token->length) == 0;
        if (same && function->in_update != parser->in_update) {
            (void)parser_fail(parser, "The function is not allowed in %s expression; function: %s",
                              parser->in_update ? "an update" : "a condition", function->name);
            return NULL;
        }
        if (same) {
            return function;
        }
    }
    (void)parser_fail(parser, "Invalid function name; function: %.*s", (int)token->length,
                      token->text);
    return NULL;
}

static bool wrong_type(struct parser *parser, const struct node *node, const struct node *operand)
{
    return parser_fail(parser,
                       "Incorrect operand type for operator or function; operator or function: "
                       "%s, operand type: %s",
                       node_kind_name(node->kind), value_type_name(value_type(operand->value)));
}

static bool check_type_name(struct parser *parser, const struct node *node)
{
    const struct node *name = node->first->next;
    if (name->kind != NODE_VALUE || value_type(name->value) != VALUE_S) {
        return parser_fail(parser, "Incorrect operand type for operator or function; operator or "
                                   "function: attribute_type, operand type: not a string value");
    }
    json_t *text = value_content(name->value);
    enum value_type type;
    if (!value_type_find(json_string_value(text), json_string_length(text), &type)) {
        return parser_fail(parser,
                           "Invalid attribute type name found; type: %.64s, valid types: "
                           "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
                           json_string_value(text));
    }
    return true;
}

static bool check_prefix(struct parser *parser, const struct node *node)
{
    for (const struct node *operand = node->first; operand != NULL; operand = operand->next) {
        if (operand->kind != NODE_VALUE) {
            continue;
        }
        enum value_type type = value_type(operand->value);
        if (type != VALUE_S && type != VALUE_B) {
            return wrong_type(parser, node, operand);
        }
    }
    return true;
}

static bool check_sized(struct parser *parser, const struct node *node)
{
    if (node->first->kind == NODE_SIZE) {
        return parser_fail(parser, "Incorrect operand type for operator or function; operator or "
                                   "function: size, operand type: N");
    }
    if (node->first->kind != NODE_VALUE) {
        return true;
    }
    enum value_type type = value_type(node->first->value);
    bool sizeless = type == VALUE_N || type == VALUE_BOOL || type == VALUE_NULL;
    return !sizeless || wrong_type(parser, node, node->first);
}

static bool check_lists(struct parser *parser, const struct node *node)
{
    for (const struct node *operand = node->first; operand != NULL; operand = operand->next) {
        if (operand->kind == NODE_VALUE && value_type(operand->value) != VALUE_L) {
            return wrong_type(parser, node, operand);
        }
    }
    return true;
}

/* `a = a` says nothing: DynamoDB refuses it. */
bool parser_check_first(struct parser *parser, const struct node *test)
{
    const struct node *first = test->first;
    for (const struct node *other = first->next; other != NULL; other = other->next) {
        bool same_path = first->kind == NODE_PATH && other->kind == NODE_PATH &&
                         first->path.count == other->path.count &&
                         path_relate(&first->path, &other->path) == PATH_OVERLAP;
        if (same_path) {
            return parser_fail(parser,
                               "The first operand must be distinct from the remaining operands "
                               "for this operator or function; operator: %s, first operand: %.*s",
                               node_kind_name(test->kind), (int)first->path.steps[0].name_length,
                               first->path.steps[0].name);
        }
    }
    return true;
}

static bool check_arguments(struct parser *parser, const struct function *function,
                            const struct node *node, size_t count)
{
    if (count != function->arguments) {
        return parser_fail(parser,
                           "Incorrect number of operands for operator or function; operator or "
                           "function: %s, number of operands: %zu",
                           function->name, count);
    }
    if (function->first_is_path && node->first->kind != NODE_PATH) {
        return parser_fail(parser,
                           "Operator or function requires a document path; operator or function: "
                           "%s",
                           function->name);
    }
    switch (function->kind) {
    case NODE_ATTRIBUTE_TYPE:
        return check_type_name(parser, node);
    case NODE_BEGINS_WITH:
        return check_prefix(parser, node) && parser_check_first(parser, node);
    case NODE_CONTAINS:
        return parser_check_first(parser, node);
    case NODE_SIZE:
        return check_sized(parser, node);
    case NODE_LIST_APPEND:
        return check_lists(parser, node);
    default:
        return true;
    }
}

static bool read_arguments(struct parser *parser, struct node *node, size_t *count)
{
    struct node **end = &node->first;
    *count = 0;
    do {
        struct node *argument = parser_operand(parser);
        if (argument == NULL) {
            return false;
        }
        if (!node_is_operand(argument)) {
            return parser_fail(parser,
                               "The function is not allowed to be used this way in an "
                               "expression; function: %s",
                               node_kind_name(argument->kind));
        }
        *end = argument;
        end = &argument->next;
        (*count)++;
    } while (parser_take(parser, TOKEN_COMMA));
    return true;
}

struct node *parser_function(struct parser *parser)
{
    const struct function *function = find_function(parser);
    struct node *node = function == NULL ? NULL : parser_node(parser, function->kind);
    if (node == NULL || !parser_enter(parser)) {
        return NULL;
    }
    parser_advance(parser); /* its name */
    parser_advance(parser); /* ( */
    size_t count;
    bool good = read_arguments(parser, node, &count) && parser_expect(parser, TOKEN_CLOSE) &&
                check_arguments(parser, function, node, count);
    parser_leave(parser);
    return good ? node : NULL;
}

static struct node *read_value(struct parser *parser)
{
    json_t *value =
        placeholders_value(&parser->expressions->placeholders, &parser->token, parser->err);
    if (value == NULL) {
        (void)error_prefix(parser->err, "Invalid %s", parser->field);
        return NULL;
    }
    struct node *node = parser_node(parser, NODE_VALUE);
    if (node != NULL) {
        node->value = value;
        parser_advance(parser);
    }
    return node;
}

struct node *parser_operand(struct parser *parser)
{
    bool named = parser->token.kind == TOKEN_IDENTIFIER;
    if (named && parser->following.kind == TOKEN_OPEN && !token_is_keyword(&parser->token, "IN")) {
        return parser_function(parser);
    }
    if (parser->token.kind == TOKEN_VALUE) {
        return read_value(parser);
    }
    struct node *node = parser_node(parser, NODE_PATH);
    return node != NULL && parser_path(parser, &node->path) ? node : NULL;
}
