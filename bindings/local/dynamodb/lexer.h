/*
 * lexer.h - the words and signs of DynamoDB's expressions.
 */
#ifndef LUNETTE_BINDINGS_LOCAL_DYNAMODB_LEXER_H
#define LUNETTE_BINDINGS_LOCAL_DYNAMODB_LEXER_H

#include <stdbool.h>
#include <stddef.h>

enum token_kind {
    TOKEN_END,
    TOKEN_INVALID,    /* one byte that belongs to no token */
    TOKEN_IDENTIFIER, /* a name, a keyword, a function */
    TOKEN_NAME,       /* #name */
    TOKEN_VALUE,      /* :name */
    TOKEN_NUMBER,     /* digits */
    TOKEN_EQUAL,
    TOKEN_NOT_EQUAL,
    TOKEN_LESS,
    TOKEN_LESS_EQUAL,
    TOKEN_GREATER,
    TOKEN_GREATER_EQUAL,
    TOKEN_PLUS,
    TOKEN_MINUS,
    TOKEN_COMMA,
    TOKEN_DOT,
    TOKEN_OPEN,        /* ( */
    TOKEN_CLOSE,       /* ) */
    TOKEN_OPEN_INDEX,  /* [ */
    TOKEN_CLOSE_INDEX, /* ] */
};

struct token {
    enum token_kind kind;
    const char *text; /* borrowed from the expression */
    size_t length;
};

struct lexer {
    const char *at, *end;
};

/* The next token; TOKEN_END again and again at the end. Reads nothing beyond `end`. */
struct token lexer_next(struct lexer *lexer);

/* An identifier that spells `keyword`, in any mix of upper and lower case. */
bool token_is_keyword(const struct token *token, const char *keyword);

#endif
