/*
 * skim_fuzz.c - what jpeg_skim.c reads of a JPEG, libjpeg reads alike and without complaint.
 */
#include "tests/jpeg_planes.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    for (unsigned divisor = 8; divisor >= 1; divisor /= 2) {
        if (skim_compare(bytes, length, divisor) == SKIM_DIFFERS) {
            abort();
        }
    }
    return 0;
}
