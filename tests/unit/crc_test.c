/*
 * crc_test.c - the CRCs against their published check values, whole and in pieces.
 */
#include "bindings/crc.h"

#include "tests/unit/check.h"

TEST(crc_has_the_published_check_values)
{
    static const struct {
        enum crc_kind kind;
        uint64_t check; /* of "123456789" */
        size_t size;
    } cases[] = {
        {CRC_32, 0xCBF43926, 4},
        {CRC_32C, 0xE3069283, 4},
        {CRC_64_NVME, 0xAE8B14860A799888, 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_case("CRC %zu", i);
        CHECK(crc_update(cases[i].kind, 0, "123456789", 9) == cases[i].check);
        CHECK(crc_update(cases[i].kind, 0, "", 0) == 0);
        CHECK_INTEGER((long long)crc_size(cases[i].kind), (long long)cases[i].size);
    }
}

TEST(crc_continues_anywhere)
{
    unsigned char bytes[100];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)(i * 37 + 11);
    }
    for (int kind = CRC_32; kind <= CRC_64_NVME; kind++) {
        uint64_t whole = 0; /* byte by byte: never eight at a time */
        for (size_t i = 0; i < sizeof bytes; i++) {
            whole = crc_update((enum crc_kind)kind, whole, bytes + i, 1);
        }
        for (size_t cut = 0; cut <= sizeof bytes; cut++) {
            check_case("CRC %d, cut at %zu", kind, cut);
            uint64_t crc = crc_update((enum crc_kind)kind, 0, bytes, cut);
            CHECK(crc_update((enum crc_kind)kind, crc, bytes + cut, sizeof bytes - cut) == whole);
        }
    }
}
