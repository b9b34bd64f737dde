/*
 * runtime_workers.h - several processes, where Lambda hands out several events at a time (its
 * managed instances). Each is a runtime of its own, with its own Lua state; nothing is shared.
 */
#ifndef LUNETTE_HOST_RUNTIME_WORKERS_H
#define LUNETTE_HOST_RUNTIME_WORKERS_H

#include <stdbool.h>

/*
 * Starts `count` processes and looks after them. Returns true in each of those, with its number
 * from 0 in *worker. In the caller it returns false when all have ended, with the exit status in
 * *status: 0 after SIGTERM, which it hands on; else that of the first one that ended by itself,
 * for what one can't do the others can't. A worker that crashes is replaced.
 *
 * Before any thread is started. Only one place may call it, once.
 */
bool runtime_workers_start(int count, int *worker, int *status);

#endif
