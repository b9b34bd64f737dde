/*
 * base64.c - base64 both ways. Called by the `dynamodb` module and the embedded DynamoDB.
 */
#include "bindings/base64.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const void *bytes, size_t length, char *text)
{
    const unsigned char *from = bytes;
    while (length > 0) {
        size_t taken = length < 3 ? length : 3;
        uint32_t group = (uint32_t)from[0] << 16;
        group |= taken > 1 ? (uint32_t)from[1] << 8 : 0;
        group |= taken > 2 ? (uint32_t)from[2] : 0;
        *text++ = alphabet[group >> 18];
        *text++ = alphabet[group >> 12 & 63];
        *text++ = taken > 1 ? alphabet[group >> 6 & 63] : '=';
        *text++ = taken > 2 ? alphabet[group & 63] : '=';
        from += taken;
        length -= taken;
    }
    *text = '\0';
}

static int sextet(char character)
{
    if (character >= 'A' && character <= 'Z') {
        return character - 'A';
    }
    if (character >= 'a' && character <= 'z') {
        return character - 'a' + 26;
    }
    if (character >= '0' && character <= '9') {
        return character - '0' + 52;
    }
    return character == '+' ? 62 : character == '/' ? 63 : -1;
}

/* The last group may hold one or two '='; `padding` of them are taken as zero bits. */
static bool decode_group(const char *text, size_t padding, unsigned char *bytes)
{
    uint32_t group = 0;
    for (size_t i = 0; i < 4; i++) {
        int value = i < 4 - padding ? sextet(text[i]) : 0;
        if (value < 0) {
            return false;
        }
        group = group << 6 | (uint32_t)value;
    }
    uint32_t unused = padding == 0 ? 0 : padding == 1 ? 0xFF : 0xFFFF;
    if ((group & unused) != 0) {
        return false;
    }
    for (size_t i = 0; i < 3 - padding; i++) {
        bytes[i] = (unsigned char)(group >> (16 - 8 * i));
    }
    return true;
}

bool base64_decode(const char *text, size_t length, unsigned char *bytes, size_t *decoded)
{
    if (length % 4 != 0) {
        return false;
    }
    size_t padding = 0;
    while (padding < 2 && padding < length && text[length - 1 - padding] == '=') {
        padding++;
    }
    for (size_t i = 0; i < length; i += 4) {
        if (!decode_group(text + i, i + 4 == length ? padding : 0, bytes + i / 4 * 3)) {
            return false;
        }
    }
    *decoded = length / 4 * 3 - padding;
    return true;
}
