/*
 * uuid.c - writes UUIDs. For the module `uuid`, requests to AWS and the request ids of local
 * commands.
 */
#include "host/uuid.h"

void uuid_write(unsigned char bytes[UUID_BYTES], int version, char text[UUID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    bytes[6] = (unsigned char)((bytes[6] & 0x0F) | version << 4);
    bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80);
    for (int i = 0; i < UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *text++ = '-';
        }
        *text++ = digits[bytes[i] >> 4];
        *text++ = digits[bytes[i] & 0x0F];
    }
    *text = '\0';
}
