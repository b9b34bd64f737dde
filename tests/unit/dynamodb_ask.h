/*
 * dynamodb_ask.h - an embedded DynamoDB in a fresh folder, and requests to it, for the unit tests.
 */
#ifndef LUNETTE_TESTS_DYNAMODB_ASK_H
#define LUNETTE_TESTS_DYNAMODB_ASK_H

#include <stddef.h>

#include "bindings/local/database.h"
#include "bindings/local/dynamodb/dynamodb_local.h"

struct ask {
    struct database *database;
    struct dynamodb_local *local;
};

/* With the tables `things` (id), `lines` (id:S,at:N) and `bytes` (id:B,part:S). */
struct ask ask_open(void);
void ask_close(struct ask *ask);

/*
 * One request and what it has to bring: a JSON document to be equal to, or "!Code: part of the
 * message". In JSON, ' stands for ", so that C can hold it.
 */
struct ask_step {
    const char *operation, *request, *wanted;
};

void ask_steps(struct ask *ask, const struct ask_step *steps, size_t count);

#define ASK(ask, steps) ask_steps((ask), (steps), sizeof(steps) / sizeof(steps)[0])

#endif
