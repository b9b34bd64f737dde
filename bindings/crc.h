/*
 * crc.h - cyclic redundancy checks, as S3 and DynamoDB use them: against damage on the way, not
 * against anybody who wants to deceive.
 */
#ifndef LUNETTE_BINDINGS_CRC_H
#define LUNETTE_BINDINGS_CRC_H

#include <stddef.h>
#include <stdint.h>

enum crc_kind {
    CRC_32,     /* zip's, PNG's, DynamoDB's */
    CRC_32C,    /* Castagnoli's */
    CRC_64_NVME /* S3's own default */
};

/* `crc` is 0 or the result for the bytes before. From any thread. */
uint64_t crc_update(enum crc_kind kind, uint64_t crc, const void *bytes, size_t length);

/* Bytes of a result: 4 or 8. */
size_t crc_size(enum crc_kind kind);

#endif
