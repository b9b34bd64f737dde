/*
 * parser.h - what the parsers of conditions, updates and projections share.
 *
 * Every function that can fail has set *parser->err when it returns false or NULL.
 */
#ifndef LUNETTE_BINDINGS_LOCAL_DYNAMODB_PARSER_H
#define LUNETTE_BINDINGS_LOCAL_DYNAMODB_PARSER_H

#include "bindings/local/dynamodb/expression.h"
#include "bindings/local/dynamodb/lexer.h"

struct parser {
    struct expressions *expressions;
    const char *field; /* "FilterExpression" */
    struct lexer lexer;
    struct token previous, token, following; /* `token` is the one to be looked at */
    int operators;
    int depth;
    bool in_update; /* which functions may be used */
    struct error *err;
};

/* False and *present false: the field is absent. */
MUST_CHECK bool parser_open(struct parser *parser, struct expressions *expressions,
                            const char *field, bool *present, struct error *err);

/* "Invalid FIELD: TEXT" as a ValidationException. Returns false. */
bool parser_fail(struct parser *parser, const char *format, ...) PRINTF_LIKE(2, 3);

/* Complains about the current token. Returns false. */
bool parser_syntax_error(struct parser *parser);

void parser_advance(struct parser *parser);
bool parser_take(struct parser *parser, enum token_kind kind); /* false: not there, no error */
bool parser_take_keyword(struct parser *parser, const char *keyword);
MUST_CHECK bool parser_expect(struct parser *parser, enum token_kind kind);

/* Zeroed memory of the arena, or NULL. */
void *parser_allocate(struct parser *parser, size_t size);
struct node *parser_node(struct parser *parser, enum node_kind kind);

/* Commas from here to the end: one less than the most parts that can come. */
size_t parser_commas(const struct parser *parser);

MUST_CHECK bool parser_path(struct parser *parser, struct path *path);

/* Counts a level of parentheses, functions or NOTs; false beyond the limit. */
MUST_CHECK bool parser_enter(struct parser *parser);
void parser_leave(struct parser *parser);

/* Complains when two of the paths overlap or conflict. */
MUST_CHECK bool parser_check_distinct(struct parser *parser, const struct path *one,
                                      const struct path *other);

/* Complains when the first operand is a path that comes again among the others. */
MUST_CHECK bool parser_check_first(struct parser *parser, const struct node *test);

/* name(operand, ...): what is checked is said in functions.c. */
struct node *parser_function(struct parser *parser);

/* A path, a value or a function: what stands where a value can stand. */
struct node *parser_operand(struct parser *parser);

#endif
