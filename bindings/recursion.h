/*
 * recursion.h - the guard against a function that starts itself: what creates an object where the
 * event of the current invocation came from is refused. recursion.lua says what came from where.
 */
#ifndef LUNETTE_BINDINGS_RECURSION_H
#define LUNETTE_BINDINGS_RECURSION_H

#include <lua.h>

#include "bindings/s3_store.h"

/*
 * Raises `recursion` when an upload in the invocation's event lies in this bucket, in the key's
 * folder or one above it. To be called before anything is sent; the request owns nothing but what
 * a userdata releases.
 */
void recursion_check(lua_State *L, const struct s3_request *request);

#endif
