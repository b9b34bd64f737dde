/*
 * request.h - the function behind struct dynamodb_store.
 */
#ifndef LUNETTE_BINDINGS_LOCAL_DYNAMODB_REQUEST_H
#define LUNETTE_BINDINGS_LOCAL_DYNAMODB_REQUEST_H

#include "bindings/dynamodb_store.h"

/* dynamodb_store.execute; `store` is the first member of a struct dynamodb_local. */
MUST_CHECK bool request_execute(struct dynamodb_store *store, const char *operation,
                                const char *body, size_t body_length, struct buffer *response,
                                const struct job *job, struct error *err);

#endif
