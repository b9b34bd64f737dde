/*
 * skim_fuzz.c - what jpeg_skim.c reads of a JPEG, libjpeg reads alike and without complaint.
 */
#include "tests/jpeg_planes.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (skim_compare(bytes, length) == SKIM_DIFFERS) {
        abort();
    }
    return 0;
}
