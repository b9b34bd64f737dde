/*
 * budget.h - the memory that all renders of this process share. A render takes what it will need
 * at most before it starts and gives it back at its end; what doesn't fit now waits its turn,
 * first come first served. Nobody waits while holding, so there is no deadlock.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_BUDGET_H
#define LUNETTE_BINDINGS_IMAGE_BUDGET_H

#include "bindings/image/engine.h"

void budget_set(int64_t bytes); /* any time; what is taken stays taken */

/* Fails with `limit` when `bytes` is more than there will ever be, or with what control says. */
MUST_CHECK bool budget_take(int64_t bytes, const struct image_control *control, struct error *err);
void budget_give_back(int64_t bytes);

int64_t budget_in_use(void);
int64_t budget_total(void);

#endif
