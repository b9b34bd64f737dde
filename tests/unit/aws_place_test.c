/*
 * aws_place_test.c - buckets of other regions: who is asked, and what is remembered.
 */
#include "bindings/aws/s3_place.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/check.h"

static struct s3_text text(const char *literal)
{
    return (struct s3_text){literal, strlen(literal)};
}

static struct endpoint_settings settings = {.service = ENDPOINT_S3, .region = "eu-west-1"};

static void expect(const struct s3_places *places, const char *bucket, const char *region,
                   const char *host)
{
    struct s3_place place;
    struct error err;
    if (CHECK(s3_place_find(places, &settings, text(bucket), &place, &err))) {
        CHECK_TEXT(place.region, region);
        CHECK_TEXT(place.endpoint.host, host);
    }
}

TEST(aws_place_is_remembered_by_bucket)
{
    struct s3_places places = {0};
    struct s3_place place = {0};
    expect(&places, "one", "eu-west-1", "one.s3.eu-west-1.amazonaws.com");
    CHECK(s3_place_move(&places, &settings, text("one"), "cn-north-1", &place));
    CHECK_TEXT(place.endpoint.host, "one.s3.cn-north-1.amazonaws.com.cn");
    expect(&places, "one", "cn-north-1", "one.s3.cn-north-1.amazonaws.com.cn");
    expect(&places, "two", "eu-west-1", "two.s3.eu-west-1.amazonaws.com");
    CHECK(s3_place_move(&places, &settings, text("one"), "us-east-1", &place));
    expect(&places, "one", "us-east-1", "one.s3.us-east-1.amazonaws.com");
}

TEST(aws_place_takes_no_text_for_a_region)
{
    static const char *const regions[] = {
        "", "evil.test/", "us-west-2.evil", "-",
        "a-region-of-more-than-the-63-bytes-that-a-label-of-a-name-may-have"};
    struct s3_places places = {0};
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++) {
        struct s3_place place = {.region = "as-it-was"};
        check_case("%s", regions[i]);
        CHECK(!s3_place_move(&places, &settings, text("one"), regions[i], &place));
        CHECK_TEXT(place.region, "as-it-was");
        expect(&places, "one", "eu-west-1", "one.s3.eu-west-1.amazonaws.com");
    }
}

TEST(aws_place_forgets_the_oldest)
{
    struct s3_places places = {0};
    struct s3_place place = {0};
    for (int i = 0; i <= S3_PLACES_MAX; i++) {
        char bucket[32];
        (void)snprintf(bucket, sizeof bucket, "bucket-%d", i);
        CHECK(s3_place_move(&places, &settings, text(bucket), "us-west-2", &place));
    }
    expect(&places, "bucket-0", "eu-west-1", "bucket-0.s3.eu-west-1.amazonaws.com");
    expect(&places, "bucket-1", "us-west-2", "bucket-1.s3.us-west-2.amazonaws.com");
}
