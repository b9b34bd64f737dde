/*
 * expression.c - the life of a request's expressions. Called by the operations.
 */
#include "bindings/local/dynamodb/expression.h"

bool expressions_open(struct expressions *expressions, json_t *request, struct error *err)
{
    *expressions = (struct expressions){.request = request};
    return placeholders_read(&expressions->placeholders, request, err);
}

void expressions_close(struct expressions *expressions)
{
    placeholders_release(&expressions->placeholders);
    arena_release(&expressions->arena);
}

bool expressions_check_used(const struct expressions *expressions, struct error *err)
{
    return placeholders_check_used(&expressions->placeholders, expressions->any, err);
}
