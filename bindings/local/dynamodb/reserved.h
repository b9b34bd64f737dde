/*
 * reserved.h - the words that DynamoDB does not accept as attribute names in an expression.
 */
#ifndef LUNETTE_BINDINGS_LOCAL_DYNAMODB_RESERVED_H
#define LUNETTE_BINDINGS_LOCAL_DYNAMODB_RESERVED_H

#include <stdbool.h>
#include <stddef.h>

/* In any mix of upper and lower case. */
bool reserved_word(const char *word, size_t length);

#endif
