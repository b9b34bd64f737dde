/*
 * expression.h - the syntax trees of conditions, filters, key conditions, and of the operands of
 * an update; and the one place where a request's expressions are read.
 *
 *     struct expressions expressions;
 *     if (expressions_open(&expressions, request, err) &&
 *         expressions_condition(&expressions, "ConditionExpression", &condition, err) &&
 *         expressions_check_used(&expressions, err)) { ... condition ... }
 *     expressions_close(&expressions);
 *
 * Trees borrow from the request and live in the arena until expressions_close().
 */
#ifndef LUNETTE_BINDINGS_LOCAL_DYNAMODB_EXPRESSION_H
#define LUNETTE_BINDINGS_LOCAL_DYNAMODB_EXPRESSION_H

#include <stdbool.h>

#include "bindings/document.h"
#include "bindings/local/dynamodb/arena.h"
#include "bindings/local/dynamodb/path.h"
#include "bindings/local/dynamodb/placeholders.h"
#include "host/error.h"

#define EXPRESSION_LENGTH_MAX    4096
#define EXPRESSION_OPERATORS_MAX 300 /* operators and functions; also the depth of parentheses */
#define EXPRESSION_IN_MAX        100

enum node_kind {
    /* Operands: they have a value, or none when a path leads nowhere. */
    NODE_PATH,
    NODE_VALUE,
    NODE_SIZE,
    NODE_IF_NOT_EXISTS, /* from here to NODE_MINUS: in updates only */
    NODE_LIST_APPEND,
    NODE_PLUS,
    NODE_MINUS,
    /* Conditions: true or false. */
    NODE_OR,
    NODE_AND,
    NODE_NOT,
    NODE_EQUAL,
    NODE_NOT_EQUAL,
    NODE_LESS,
    NODE_LESS_EQUAL,
    NODE_GREATER,
    NODE_GREATER_EQUAL,
    NODE_BETWEEN,
    NODE_IN,
    NODE_ATTRIBUTE_EXISTS,
    NODE_ATTRIBUTE_NOT_EXISTS,
    NODE_ATTRIBUTE_TYPE,
    NODE_BEGINS_WITH,
    NODE_CONTAINS,
    NODE_KINDS
};

struct node {
    enum node_kind kind;
    bool parenthesised;
    struct path path;   /* NODE_PATH */
    json_t *value;      /* NODE_VALUE, borrowed */
    struct node *first; /* operands, in order, linked by `next` */
    struct node *next;
};

struct expressions {
    json_t *request; /* borrowed */
    struct arena arena;
    struct placeholders placeholders;
    bool any; /* an expression was there */
};

MUST_CHECK bool expressions_open(struct expressions *expressions, json_t *request,
                                 struct error *err);
void expressions_close(struct expressions *expressions); /* also after a failed open */

/* The field's expression as a condition; *condition is NULL when the field is absent. */
MUST_CHECK bool expressions_condition(struct expressions *expressions, const char *field,
                                      struct node **condition, struct error *err);

/* After the last expression has been read: no #name or :value was given in vain. */
MUST_CHECK bool expressions_check_used(const struct expressions *expressions, struct error *err);

/* "=", "BETWEEN", "begins_with", ...: as messages name it. */
const char *node_kind_name(enum node_kind kind);
bool node_is_operand(const struct node *node);

#endif
