/*
 * utf8.c - checks UTF-8 by the table of RFC 3629, section 4.
 */
#include "host/utf8.h"

static bool in_range(const char *text, size_t index, unsigned char low, unsigned char high)
{
    unsigned char byte = (unsigned char)text[index];
    return byte >= low && byte <= high;
}

static bool is_tail(const char *text, size_t index)
{
    return in_range(text, index, 0x80, 0xBF);
}

size_t utf8_sequence(const char *text, size_t length)
{
    if (length == 0) {
        return 0;
    }
    unsigned char lead = (unsigned char)text[0];
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        return length >= 2 && is_tail(text, 1) ? 2 : 0;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        unsigned char low = lead == 0xE0 ? 0xA0 : 0x80;
        unsigned char high = lead == 0xED ? 0x9F : 0xBF;
        return length >= 3 && in_range(text, 1, low, high) && is_tail(text, 2) ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        unsigned char low = lead == 0xF0 ? 0x90 : 0x80;
        unsigned char high = lead == 0xF4 ? 0x8F : 0xBF;
        return length >= 4 && in_range(text, 1, low, high) && is_tail(text, 2) && is_tail(text, 3)
                   ? 4
                   : 0;
    }
    return 0;
}

bool utf8_valid(const char *text, size_t length)
{
    while (length > 0) {
        size_t sequence = utf8_sequence(text, length);
        if (sequence == 0) {
            return false;
        }
        text += sequence;
        length -= sequence;
    }
    return true;
}
