/*
 * aws_upload_test.c - how a body is divided into parts.
 */
#include "bindings/aws/s3_upload.h"

#include "bindings/aws/s3_request.h"
#include "tests/unit/check.h"

#define MIB ((size_t)1024 * 1024)

TEST(aws_upload_parts_have_a_size_that_s3_takes)
{
    static const struct {
        size_t length, above, size;
    } cases[] = {
        {65 * MIB, 64 * MIB, 16 * MIB},
        {5120 * MIB, 64 * MIB, 16 * MIB},
        {6 * MIB, 5 * MIB, 5 * MIB},
        {6 * MIB, 1, 5 * MIB},
        {10000 * 5 * MIB, 5 * MIB, 5 * MIB},
        {10000 * 5 * MIB + 1, 5 * MIB, 5 * MIB + 1},
        {SIZE_MAX / 2, 64 * MIB, (SIZE_MAX / 2 + 9999) / 10000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size = s3_upload_part_size(cases[i].length, cases[i].above);
        check_case("%zu bytes, above %zu", cases[i].length, cases[i].above);
        CHECK_INTEGER((long long)size, (long long)cases[i].size);
        CHECK((cases[i].length + size - 1) / size <= S3_PARTS_MAX);
    }
}
