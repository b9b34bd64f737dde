/*
 * crc.c - CRCs eight bytes at a time, by tables. For the AWS clients and the hash module.
 */
#include "bindings/crc.h"

#include <pthread.h>

/* All of them have the lowest bit first, so one of 32 bits is one of 64 whose upper half is 0. */
static struct kind {
    uint64_t polynomial, mask;
    uint64_t tables[8][256]; /* [i][byte]: of the byte with i zero bytes behind it */
} kinds[] = {
    [CRC_32] = {.polynomial = 0xEDB88320, .mask = 0xFFFFFFFF},
    [CRC_32C] = {.polynomial = 0x82F63B78, .mask = 0xFFFFFFFF},
    [CRC_64_NVME] = {.polynomial = 0x9A6C9329AC4BC9B5, .mask = UINT64_MAX},
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fill(struct kind *kind)
{
    for (uint64_t byte = 0; byte < 256; byte++) {
        uint64_t crc = byte;
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc & 1) != 0 ? (crc >> 1) ^ kind->polynomial : crc >> 1;
        }
        kind->tables[0][byte] = crc;
    }
    for (int i = 1; i < 8; i++) {
        for (int byte = 0; byte < 256; byte++) {
            uint64_t shorter = kind->tables[i - 1][byte];
            kind->tables[i][byte] = (shorter >> 8) ^ kind->tables[0][shorter & 0xFF];
        }
    }
}

static void fill_all(void)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        fill(&kinds[i]);
    }
}

size_t crc_size(enum crc_kind kind)
{
    return kind == CRC_64_NVME ? 8 : 4;
}

/* Byte by byte, so that neither the machine's order nor alignment matters; it becomes one load. */
static uint64_t read_little_endian(const unsigned char *bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; i++) {
        value |= (uint64_t)bytes[i] << (8 * i);
    }
    return value;
}

uint64_t crc_update(enum crc_kind kind, uint64_t crc, const void *bytes, size_t length)
{
    (void)pthread_once(&once, fill_all);
    const struct kind *of = &kinds[kind];
    const unsigned char *at = bytes;
    crc ^= of->mask;
    for (; length >= 8; length -= 8, at += 8) {
        uint64_t word = crc ^ read_little_endian(at);
        crc = 0;
        for (unsigned i = 0; i < 8; i++) {
            crc ^= of->tables[7 - i][word >> (8 * i) & 0xFF];
        }
    }
    for (; length > 0; length--, at++) {
        crc = (crc >> 8) ^ of->tables[0][(crc ^ *at) & 0xFF];
    }
    return crc ^ of->mask;
}
