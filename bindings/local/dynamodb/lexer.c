/*
 * lexer.c - cuts an expression into tokens. Called by the parsers.
 */
#include "bindings/local/dynamodb/lexer.h"

#include <string.h>
#include <strings.h>

static bool is_space(char character)
{
    return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

static bool is_name_start(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

static bool is_name(char character)
{
    return is_name_start(character) || is_digit(character) || character == '_';
}

static size_t count_while(const struct lexer *lexer, size_t from, bool (*accepts)(char))
{
    size_t available = (size_t)(lexer->end - lexer->at), length = from;
    while (length < available && accepts(lexer->at[length])) {
        length++;
    }
    return length;
}

/* A placeholder has at least one letter after its sign. */
static size_t measure_placeholder(const struct lexer *lexer, enum token_kind *kind)
{
    size_t length = count_while(lexer, 1, is_name);
    if (length > 1) {
        *kind = *lexer->at == '#' ? TOKEN_NAME : TOKEN_VALUE;
    }
    return length;
}

static size_t measure_sign(const struct lexer *lexer, enum token_kind *kind)
{
    static const struct {
        const char *text;
        enum token_kind kind;
    } signs[] = {
        {"<>", TOKEN_NOT_EQUAL}, {"<=", TOKEN_LESS_EQUAL}, {">=", TOKEN_GREATER_EQUAL},
        {"=", TOKEN_EQUAL},      {"<", TOKEN_LESS},        {">", TOKEN_GREATER},
        {"+", TOKEN_PLUS},       {"-", TOKEN_MINUS},       {",", TOKEN_COMMA},
        {".", TOKEN_DOT},        {"(", TOKEN_OPEN},        {")", TOKEN_CLOSE},
        {"[", TOKEN_OPEN_INDEX}, {"]", TOKEN_CLOSE_INDEX},
    };
    size_t available = (size_t)(lexer->end - lexer->at);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        size_t length = strlen(signs[i].text);
        if (length <= available && memcmp(lexer->at, signs[i].text, length) == 0) {
            *kind = signs[i].kind;
            return length;
        }
    }
    return 1;
}

static size_t measure(const struct lexer *lexer, enum token_kind *kind)
{
    char first = *lexer->at;
    if (is_name_start(first)) {
        *kind = TOKEN_IDENTIFIER;
        return count_while(lexer, 1, is_name);
    }
    if (is_digit(first)) {
        *kind = TOKEN_NUMBER;
        return first == '0' ? 1 : count_while(lexer, 1, is_digit); /* "01" is two numbers */
    }
    if (first == '#' || first == ':') {
        return measure_placeholder(lexer, kind);
    }
    return measure_sign(lexer, kind);
}

struct token lexer_next(struct lexer *lexer)
{
    while (lexer->at < lexer->end && is_space(*lexer->at)) {
        lexer->at++;
    }
    struct token token = {.kind = TOKEN_END, .text = lexer->at, .length = 0};
    if (lexer->at < lexer->end) {
        token.kind = TOKEN_INVALID;
        token.length = measure(lexer, &token.kind);
        lexer->at += token.length;
    }
    return token;
}

bool token_is_keyword(const struct token *token, const char *keyword)
{
    return token->kind == TOKEN_IDENTIFIER && token->length == strlen(keyword) &&
           strncasecmp(token->text, keyword, token->length) == 0;
}
