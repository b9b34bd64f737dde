/*
 * aws_retry_test.c - the retry policy: what is repeated, after how long, how often, and when the
 * tokens or the time don't allow it.
 */
#include "tests/unit/check.h"

#include <stdint.h>

#include "bindings/aws/retry.h"

TEST(retry_classifies_failures)
{
    static const struct {
        int status;
        const char *code;
        enum retry_kind kind;
    } cases[] = {
        {500, "", RETRY_TRANSIENT},
        {500, "InternalError", RETRY_TRANSIENT},
        {200, "InternalError", RETRY_TRANSIENT}, /* S3's 200 with an error */
        {502, "", RETRY_TRANSIENT},
        {503, "", RETRY_TRANSIENT},
        {504, "", RETRY_TRANSIENT},
        {503, "SlowDown", RETRY_THROTTLED},
        {429, "", RETRY_THROTTLED},
        {400, "ProvisionedThroughputExceededException", RETRY_THROTTLED},
        {400, "ThrottlingException", RETRY_THROTTLED},
        {400, "RequestTimeout", RETRY_TRANSIENT},
        {0, "timeout", RETRY_TRANSIENT},
        {0, "connect", RETRY_TRANSIENT},
        {0, "network", RETRY_TRANSIENT},
        {200, "checksum", RETRY_TRANSIENT},
        {0, "tls", RETRY_NEVER},
        {0, "usage", RETRY_NEVER},
        {0, "memory", RETRY_NEVER},
        {200, "too_large", RETRY_NEVER},
        {501, "NotImplemented", RETRY_NEVER},
        {400, "ValidationException", RETRY_NEVER},
        {403, "AccessDenied", RETRY_NEVER},
        {404, "NoSuchKey", RETRY_NEVER},
        {409, "ConditionalRequestConflict", RETRY_NEVER},
        {412, "PreconditionFailed", RETRY_NEVER},
        {400, "ConditionalCheckFailedException", RETRY_NEVER},
        {400, "TransactionConflictException", RETRY_NEVER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_case("%d %s", cases[i].status, cases[i].code);
        CHECK_INTEGER(retry_classify(cases[i].status, cases[i].code), cases[i].kind);
    }
}

static struct retry begun(const struct retry_policy *policy, int *tokens)
{
    struct retry retry = {.policy = policy, .tokens = tokens};
    retry_begin(&retry);
    return retry;
}

static struct retry_failure failure(enum retry_kind kind, double random)
{
    return (struct retry_failure){
        .kind = kind, .hint_ms = -1, .remaining_ms = INT64_MAX, .random = random};
}

TEST(retry_delays_grow)
{
    static const struct {
        const struct retry_policy *policy;
        enum retry_kind kind;
        double random;
        int64_t delays_ms[4]; /* -1: no more */
    } cases[] = {
        {&retry_s3, RETRY_TRANSIENT, 0.5, {25, 50, -1}},
        {&retry_s3, RETRY_TRANSIENT, 0.0, {0, 0, -1}},
        {&retry_s3, RETRY_THROTTLED, 0.5, {500, 1000, -1}},
        {&retry_dynamodb, RETRY_TRANSIENT, 0.8, {20, 40, 80, -1}},
        {&retry_dynamodb, RETRY_THROTTLED, 0.25, {250, 500, 1000, -1}},
        {&retry_s3, RETRY_NEVER, 0.5, {-1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int tokens = RETRY_TOKENS_MAX;
        struct retry retry = begun(cases[i].policy, &tokens);
        struct retry_failure what = failure(cases[i].kind, cases[i].random);
        for (int j = 0;; j++) {
            int64_t delay_ms = -1;
            bool again = retry_again(&retry, &what, &delay_ms);
            check_case("row %zu, retry %d", i, j + 1);
            CHECK_INTEGER(delay_ms, cases[i].delays_ms[j]);
            CHECK_INTEGER(retry.attempts, again ? j + 2 : j + 1);
            if (!again || delay_ms != cases[i].delays_ms[j]) {
                break;
            }
        }
    }
}

TEST(retry_delay_has_a_bound)
{
    int tokens = RETRY_TOKENS_MAX;
    struct retry retry = begun(&retry_s3, &tokens);
    struct retry_failure what = failure(RETRY_THROTTLED, 0.999999);
    int64_t delay_ms = 0;
    retry.attempts_max = 100;
    for (int i = 0; i < 90; i++) {
        tokens = RETRY_TOKENS_MAX;
        CHECK(retry_again(&retry, &what, &delay_ms));
        CHECK(delay_ms < RETRY_DELAY_MAX_MS);
    }
    CHECK_INTEGER(delay_ms, 19999);
}

TEST(retry_heeds_a_hint_within_its_span)
{
    static const struct {
        int64_t hint_ms, delay_ms;
    } cases[] = {{-1, 25}, {0, 25}, {10, 25}, {1000, 1000}, {5025, 5025}, {60000, 5025}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int tokens = RETRY_TOKENS_MAX;
        struct retry retry = begun(&retry_s3, &tokens);
        struct retry_failure what = failure(RETRY_TRANSIENT, 0.5);
        int64_t delay_ms = -1;
        what.hint_ms = cases[i].hint_ms;
        check_case("hint %lld", (long long)cases[i].hint_ms);
        CHECK(retry_again(&retry, &what, &delay_ms));
        CHECK_INTEGER(delay_ms, cases[i].delay_ms);
    }
}

TEST(retry_is_bounded_by_the_time_that_remains)
{
    static const struct {
        int64_t remaining_ms;
        bool again;
    } cases[] = {{0, false}, {300, false}, {800, false}, {801, true}, {60000, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int tokens = RETRY_TOKENS_MAX;
        struct retry retry = begun(&retry_s3, &tokens);
        struct retry_failure what = failure(RETRY_THROTTLED, 0.5); /* 500 ms */
        int64_t delay_ms = -1;
        what.remaining_ms = cases[i].remaining_ms;
        check_case("%lld ms left", (long long)cases[i].remaining_ms);
        CHECK_INTEGER(retry_again(&retry, &what, &delay_ms), cases[i].again);
        CHECK_INTEGER(tokens, RETRY_TOKENS_MAX - (cases[i].again ? RETRY_COST_THROTTLE : 0));
    }
}

TEST(retry_costs_tokens_and_success_earns_them)
{
    int tokens = RETRY_TOKENS_MAX;
    int64_t delay_ms;
    struct retry_failure failed = failure(RETRY_TRANSIENT, 0.5);
    struct retry_failure slowed = failure(RETRY_THROTTLED, 0.5);
    struct retry retry = begun(&retry_s3, &tokens);
    CHECK(retry_again(&retry, &failed, &delay_ms));
    CHECK_INTEGER(tokens, 486);
    CHECK(retry_again(&retry, &slowed, &delay_ms));
    CHECK_INTEGER(tokens, 481);
    retry_succeeded(&retry); /* gives back what the last one cost */
    CHECK_INTEGER(tokens, 486);
    retry = begun(&retry_s3, &tokens);
    retry_succeeded(&retry);
    CHECK_INTEGER(tokens, 487);
    tokens = RETRY_TOKENS_MAX;
    retry_succeeded(&retry);
    CHECK_INTEGER(tokens, RETRY_TOKENS_MAX);
}

TEST(retry_stops_when_most_attempts_fail)
{
    int tokens = RETRY_TOKENS_MAX, retries = 0;
    int64_t delay_ms;
    struct retry_failure what = failure(RETRY_TRANSIENT, 0.5);
    for (int i = 0; i < 100; i++) {
        struct retry retry = begun(&retry_s3, &tokens);
        while (retry_again(&retry, &what, &delay_ms)) {
            retries++;
        }
    }
    CHECK_INTEGER(retries, RETRY_TOKENS_MAX / RETRY_COST_FAILURE);
    CHECK_INTEGER(tokens, RETRY_TOKENS_MAX % RETRY_COST_FAILURE);
}

TEST(retry_attempts_can_be_set)
{
    int tokens = RETRY_TOKENS_MAX;
    int64_t delay_ms;
    struct retry_failure what = failure(RETRY_TRANSIENT, 0.5);
    struct retry retry = {.policy = &retry_s3, .tokens = &tokens, .attempts_max = 1};
    retry_begin(&retry);
    CHECK(!retry_again(&retry, &what, &delay_ms));
    CHECK_INTEGER(retry.attempts, 1);
}
