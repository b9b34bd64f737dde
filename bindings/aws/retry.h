/*
 * retry.h - whether and when a failed attempt is repeated: the AWS SDKs' "standard" mode in its
 * 2026 profile. Pure: time, randomness and the failure are given; nothing is waited for here.
 *
 *     struct retry retry = {.policy = &retry_s3, .tokens = &tokens};
 *     retry_begin(&retry);                      the first attempt
 *     ... it failed ...
 *     if (retry_again(&retry, &failure, &delay_ms)) { wait delay_ms; next attempt; }
 *     ... one succeeded ...
 *     retry_succeeded(&retry);
 *
 * Tokens are shared by all operations of a service as long as the process lives: when most
 * attempts fail, retries stop by themselves. Not thread-safe: the loop's thread has them.
 */
#ifndef LUNETTE_BINDINGS_AWS_RETRY_H
#define LUNETTE_BINDINGS_AWS_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#define RETRY_TOKENS_MAX    500
#define RETRY_COST_FAILURE  14
#define RETRY_COST_THROTTLE 5
#define RETRY_DELAY_MAX_MS  20000
#define RETRY_HINT_SPAN_MS  5000 /* a server's hint lengthens a delay by at most this */
#define RETRY_MARGIN_MS     300  /* less time than this is not worth an attempt */

enum retry_kind {
    RETRY_NEVER,     /* repeating it gives the same answer */
    RETRY_TRANSIENT, /* the network, a server's bad moment */
    RETRY_THROTTLED  /* too many requests: longer delays */
};

struct retry_policy {
    int attempts_max;    /* the first one included */
    int64_t failure_ms;  /* back-off base after a transient failure */
    int64_t throttle_ms; /* after throttling */
};

extern const struct retry_policy retry_s3, retry_dynamodb;

struct retry {
    const struct retry_policy *policy;
    int *tokens;      /* shared; begins as RETRY_TOKENS_MAX */
    int attempts_max; /* instead of the policy's, where the user says so; 0: the policy's */
    int attempts;     /* begun so far */
    int last_cost;    /* of the last retry */
};

struct retry_failure {
    enum retry_kind kind;
    int64_t hint_ms;      /* x-amz-retry-after; -1: none */
    int64_t remaining_ms; /* until the operation has to have ended */
    double random;        /* 0 <= random < 1 */
};

/* What a failure is, by its HTTP status (0: none arrived) and AWS's or our own code. */
enum retry_kind retry_classify(int status, const char *code);

void retry_begin(struct retry *retry);

/* True: another attempt is begun, after *delay_ms. False: it ends with the failure there is. */
bool retry_again(struct retry *retry, const struct retry_failure *failure, int64_t *delay_ms);

void retry_succeeded(struct retry *retry);

#endif
