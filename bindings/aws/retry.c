/*
 * retry.c - the retry policy; the client (client.c) asks it after every attempt. Numbers and codes
 * are those of botocore's standard mode with AWS_NEW_RETRIES_2026.
 */
#include "bindings/aws/retry.h"

#include <stddef.h>
#include <string.h>

const struct retry_policy retry_s3 = {.attempts_max = 3, .failure_ms = 50, .throttle_ms = 1000};
const struct retry_policy retry_dynamodb = {
    .attempts_max = 4, .failure_ms = 25, .throttle_ms = 1000};

static const char *const throttling_codes[] = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "SlowDown",
    "TransactionInProgressException",
    "EC2ThrottledException",
    NULL,
};

static const char *const transient_codes[] = {
    "InternalError",
    "InternalServerError",
    "RequestTimeout",
    "RequestTimeoutException",
    "BadDigest", /* it was damaged on its way */
    "PriorRequestNotComplete",
    "ReplicatedWriteConflictException",
    "timeout", /* ours, from here on */
    "connect",
    "network",
    "checksum",
    NULL,
};

static bool is_among(const char *const *codes, const char *code)
{
    for (; *codes != NULL; codes++) {
        if (strcmp(*codes, code) == 0) {
            return true;
        }
    }
    return false;
}

enum retry_kind retry_classify(int status, const char *code)
{
    if (status == 429 || is_among(throttling_codes, code)) {
        return RETRY_THROTTLED;
    }
    bool server_failed = status == 500 || status == 502 || status == 503 || status == 504;
    return server_failed || is_among(transient_codes, code) ? RETRY_TRANSIENT : RETRY_NEVER;
}

void retry_begin(struct retry *retry)
{
    retry->attempts = 1;
    retry->last_cost = 0;
}

/* random * base * 2^(attempts - 1), bounded; a server's hint may only lengthen it, and not much. */
static int64_t delay_of(const struct retry *retry, const struct retry_failure *failure)
{
    int64_t bound_ms =
        failure->kind == RETRY_THROTTLED ? retry->policy->throttle_ms : retry->policy->failure_ms;
    for (int i = 1; i < retry->attempts && bound_ms < RETRY_DELAY_MAX_MS; i++) {
        bound_ms *= 2;
    }
    bound_ms = bound_ms > RETRY_DELAY_MAX_MS ? RETRY_DELAY_MAX_MS : bound_ms;
    int64_t delay_ms = (int64_t)(failure->random * (double)bound_ms);
    if (failure->hint_ms > delay_ms) {
        int64_t most_ms = delay_ms + RETRY_HINT_SPAN_MS;
        delay_ms = failure->hint_ms > most_ms ? most_ms : failure->hint_ms;
    }
    return delay_ms;
}

bool retry_again(struct retry *retry, const struct retry_failure *failure, int64_t *delay_ms)
{
    int most = retry->attempts_max > 0 ? retry->attempts_max : retry->policy->attempts_max;
    int cost = failure->kind == RETRY_THROTTLED ? RETRY_COST_THROTTLE : RETRY_COST_FAILURE;
    if (failure->kind == RETRY_NEVER || retry->attempts >= most || *retry->tokens < cost) {
        return false;
    }
    int64_t wanted_ms = delay_of(retry, failure);
    if (failure->remaining_ms <= RETRY_MARGIN_MS ||
        wanted_ms >= failure->remaining_ms - RETRY_MARGIN_MS) {
        return false;
    }
    *retry->tokens -= cost;
    retry->last_cost = cost;
    retry->attempts++;
    *delay_ms = wanted_ms;
    return true;
}

/* What the last retry cost comes back, as it helped; a first attempt earns one. */
void retry_succeeded(struct retry *retry)
{
    int earned = retry->last_cost > 0 ? retry->last_cost : 1;
    int tokens = *retry->tokens + earned;
    *retry->tokens = tokens > RETRY_TOKENS_MAX ? RETRY_TOKENS_MAX : tokens;
}
