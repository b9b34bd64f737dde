/*
 * xray.h - tells X-Ray of the calls of S3 and DynamoDB, as the parts of an invocation that took
 * their time: one UDP datagram a call to the daemon that Lambda runs beside the function.
 *
 * Only where AWS_XRAY_DAEMON_ADDRESS says where that is, and when the invocation is sampled
 * (_X_AMZN_TRACE_ID, Sampled=1). What can't be sent is dropped: nobody waits for a trace.
 *
 * Format: AWS X-Ray Developer Guide, "Segment documents" and "Sending trace data".
 */
#ifndef LUNETTE_BINDINGS_XRAY_H
#define LUNETTE_BINDINGS_XRAY_H

#include "bindings/effects.h"

/* The call has ended; `err` is NULL when it went well. May raise (memory). */
void xray_record(lua_State *L, const struct effect *effect, const struct job *job,
                 const struct error *err);

#endif
