/*
 * parser.c - tokens, paths and complaints for the parsers of conditions (condition.c), updates
 * (update_parser.c) and projections (projection.c).
 */
#include "bindings/local/dynamodb/parser.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bindings/local/dynamodb/reserved.h"

#define INDEX_MAX 2147483647

bool parser_fail(struct parser *parser, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)error_set_v(parser->err, "ValidationException", format, arguments);
    va_end(arguments);
    return error_prefix(parser->err, "Invalid %s", parser->field);
}

bool parser_open(struct parser *parser, struct expressions *expressions, const char *field,
                 bool *present, struct error *err)
{
    *parser = (struct parser){.expressions = expressions, .field = field, .err = err};
    json_t *text = json_object_get(expressions->request, field);
    *present = text != NULL;
    if (text == NULL) {
        return true;
    }
    expressions->any = true;
    if (!json_is_string(text)) {
        return error_set(err, "SerializationException", "%s has to be a string", field);
    }
    size_t length = json_string_length(text);
    if (length > EXPRESSION_LENGTH_MAX) {
        return parser_fail(parser,
                           "Expression size has exceeded the maximum allowed size; expression "
                           "size: %zu, maximum: %d",
                           length, EXPRESSION_LENGTH_MAX);
    }
    parser->lexer.at = json_string_value(text);
    parser->lexer.end = parser->lexer.at + length;
    parser->previous = (struct token){.kind = TOKEN_END, .text = parser->lexer.at};
    parser->token = lexer_next(&parser->lexer);
    parser->following = lexer_next(&parser->lexer);
    return parser->token.kind != TOKEN_END ||
           parser_fail(parser, "The expression can not be empty;");
}

bool parser_syntax_error(struct parser *parser)
{
    const struct token *token = &parser->token;
    bool end = token->kind == TOKEN_END;
    const char *near = parser->previous.text;
    const char *near_end = parser->following.text + parser->following.length;
    return parser_fail(parser, "Syntax error; token: \"%.*s\", near: \"%.*s\"",
                       end ? 5 : (int)token->length, end ? "<EOF>" : token->text,
                       (int)(near_end - near), near);
}

void parser_advance(struct parser *parser)
{
    parser->previous = parser->token;
    parser->token = parser->following;
    parser->following = lexer_next(&parser->lexer);
}

bool parser_take(struct parser *parser, enum token_kind kind)
{
    if (parser->token.kind != kind) {
        return false;
    }
    parser_advance(parser);
    return true;
}

bool parser_take_keyword(struct parser *parser, const char *keyword)
{
    if (!token_is_keyword(&parser->token, keyword)) {
        return false;
    }
    parser_advance(parser);
    return true;
}

bool parser_expect(struct parser *parser, enum token_kind kind)
{
    return parser_take(parser, kind) || parser_syntax_error(parser);
}

void *parser_allocate(struct parser *parser, size_t size)
{
    void *memory = arena_allocate(&parser->expressions->arena, size);
    if (memory == NULL) {
        (void)error_set_memory(parser->err, "reading an expression");
    }
    return memory;
}

struct node *parser_node(struct parser *parser, enum node_kind kind)
{
    bool is_operator = kind != NODE_PATH && kind != NODE_VALUE;
    if (is_operator && ++parser->operators > EXPRESSION_OPERATORS_MAX) {
        (void)parser_fail(parser,
                          "The expression contains too many operators and functions; limit: %d",
                          EXPRESSION_OPERATORS_MAX);
        return NULL;
    }
    struct node *node = parser_allocate(parser, sizeof *node);
    if (node != NULL) {
        node->kind = kind;
    }
    return node;
}

size_t parser_commas(const struct parser *parser)
{
    size_t commas = 0;
    for (const char *at = parser->token.text; at < parser->lexer.end; at++) {
        commas += *at == ',';
    }
    return commas;
}

bool parser_enter(struct parser *parser)
{
    if (++parser->depth <= EXPRESSION_OPERATORS_MAX) {
        return true;
    }
    return parser_fail(parser, "The expression is nested too deeply; limit: %d",
                       EXPRESSION_OPERATORS_MAX);
}

void parser_leave(struct parser *parser)
{
    parser->depth--;
}

static bool is_syntax_word(const struct token *token)
{
    static const char *const words[] = {"AND", "OR", "NOT", "BETWEEN", "IN"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (token_is_keyword(token, words[i])) {
            return true;
        }
    }
    return false;
}

static bool read_plain_name(struct parser *parser, struct path_step *step)
{
    const struct token *token = &parser->token;
    if (is_syntax_word(token)) {
        return parser_syntax_error(parser);
    }
    if (reserved_word(token->text, token->length)) {
        return parser_fail(parser, "Attribute name is a reserved keyword; reserved keyword: %.*s",
                           (int)token->length, token->text);
    }
    step->name = token->text;
    step->name_length = token->length;
    parser_advance(parser);
    return true;
}

static bool read_name(struct parser *parser, struct path_step *step)
{
    if (parser->token.kind == TOKEN_IDENTIFIER) {
        return read_plain_name(parser, step);
    }
    if (parser->token.kind != TOKEN_NAME) {
        return parser_syntax_error(parser);
    }
    json_t *name =
        placeholders_name(&parser->expressions->placeholders, &parser->token, parser->err);
    if (name == NULL) {
        return error_prefix(parser->err, "Invalid %s", parser->field);
    }
    step->name = json_string_value(name);
    step->name_length = json_string_length(name);
    parser_advance(parser);
    return true;
}

static bool read_index(struct parser *parser, struct path_step *step)
{
    const struct token *token = &parser->token;
    if (token->kind != TOKEN_NUMBER) {
        return parser_syntax_error(parser);
    }
    size_t index = 0;
    for (size_t i = 0; i < token->length; i++) {
        index = index * 10 + (size_t)(token->text[i] - '0');
        if (index > INDEX_MAX) {
            return parser_fail(parser,
                               "List index is not within the allowable range; index: [%.*s]",
                               (int)token->length, token->text);
        }
    }
    step->index = index;
    parser_advance(parser);
    return parser_expect(parser, TOKEN_CLOSE_INDEX);
}

static bool read_steps(struct parser *parser, struct path_step *steps, size_t *count)
{
    if (!read_name(parser, &steps[0])) {
        return false;
    }
    for (*count = 1;; (*count)++) {
        bool is_index = parser->token.kind == TOKEN_OPEN_INDEX;
        if (!is_index && parser->token.kind != TOKEN_DOT) {
            return true;
        }
        if (*count == PATH_STEPS_MAX) {
            return parser_fail(parser, "The document path has too many nesting elements; limit: %d",
                               PATH_STEPS_MAX);
        }
        parser_advance(parser);
        steps[*count] = (struct path_step){.name = NULL};
        if (!(is_index ? read_index(parser, &steps[*count]) : read_name(parser, &steps[*count]))) {
            return false;
        }
    }
}

bool parser_path(struct parser *parser, struct path *path)
{
    struct path_step steps[PATH_STEPS_MAX] = {{.name = NULL}};
    size_t count;
    if (!read_steps(parser, steps, &count)) {
        return false;
    }
    struct path_step *kept = parser_allocate(parser, count * sizeof *kept);
    if (kept == NULL) {
        return false;
    }
    memcpy(kept, steps, count * sizeof *kept);
    *path = (struct path){kept, count};
    return true;
}

bool parser_check_distinct(struct parser *parser, const struct path *one, const struct path *other)
{
    enum path_relation relation = path_relate(one, other);
    if (relation == PATH_DISTINCT) {
        return true;
    }
    struct buffer paths;
    buffer_init(&paths, sizeof parser->err->message);
    (void)buffer_append_text(&paths, "path one: ");
    path_describe(one, &paths);
    (void)buffer_append_text(&paths, ", path two: ");
    path_describe(other, &paths);
    (void)parser_fail(parser,
                      "Two document paths %s with each other; must remove or rewrite one of these "
                      "paths; %s",
                      relation == PATH_OVERLAP ? "overlap" : "conflict", buffer_text(&paths));
    buffer_release(&paths);
    return false;
}
