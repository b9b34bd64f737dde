/*
 * placeholders.h - what the #names and :values of a request stand for, and which were used.
 */
#ifndef LUNETTE_BINDINGS_LOCAL_DYNAMODB_PLACEHOLDERS_H
#define LUNETTE_BINDINGS_LOCAL_DYNAMODB_PLACEHOLDERS_H

#include <stdbool.h>

#include "bindings/document.h"
#include "bindings/local/dynamodb/lexer.h"
#include "host/error.h"

/* Zeroed is empty: neither names nor values. */
struct placeholders {
    json_t *names;  /* the request's own object, or NULL */
    json_t *values; /* checked and normalised */
    json_t *names_used, *values_used;
};

/* Takes ExpressionAttributeNames and ExpressionAttributeValues out of a request (or one of the
 * parts of a transaction). Fails with a ValidationException. To be released in any case. */
MUST_CHECK bool placeholders_read(struct placeholders *placeholders, json_t *request,
                                  struct error *err);
void placeholders_release(struct placeholders *placeholders);

/* The string or value that a token stands for, marked as used. Borrowed; NULL when it is not
 * defined, with *err set. */
json_t *placeholders_name(struct placeholders *placeholders, const struct token *token,
                          struct error *err);
json_t *placeholders_value(struct placeholders *placeholders, const struct token *token,
                           struct error *err);

/* Every one that was given has been used. `expressions` says whether there was any expression. */
MUST_CHECK bool placeholders_check_used(const struct placeholders *placeholders, bool expressions,
                                        struct error *err);

#endif
