/*
 * uuid.h - UUIDs as text. Pure; where the bytes come from is the caller's affair.
 */
#ifndef LUNETTE_HOST_UUID_H
#define LUNETTE_HOST_UUID_H

#define UUID_BYTES 16
#define UUID_SIZE  37 /* as text, with its NUL */

/* Puts the version (1 to 15) and RFC 9562's variant into `bytes`, and writes them in lower case. */
void uuid_write(unsigned char bytes[UUID_BYTES], int version, char text[UUID_SIZE]);

#endif
