/*
 * jpeg_bits.h - the bits of a JPEG's scan, and numbers in them. Called by jpeg_codes.h and
 * jpeg_skim.c: inline, for it is done for each coefficient. Sections are those of ITU-T T.81.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_LANE_JPEG_BITS_H
#define LUNETTE_BINDINGS_IMAGE_LANE_JPEG_BITS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Entropy-coded bytes, F.1.2.3: a 0 follows each 255, and a 255 with anything else ends them. */
struct bits {
    const uint8_t *next, *end;
    uint64_t buffer;    /* the next `count` bits, from the top; beyond them it may hold some more */
    unsigned count;     /* up to 63 */
    unsigned long made; /* zeros that were added at the end of the bytes: not to be used */
};

/* By value, here and where it is called, so that the bits may stay in registers meanwhile. */
static inline struct bits refill_slowly(struct bits bits)
{
    while (bits.count < 56) {
        bool ended = bits.next == bits.end ||
                     (bits.next[0] == 0xff && (bits.end - bits.next < 2 || bits.next[1] != 0));
        if (ended) {
            bits.made += 8;
        } else {
            bits.buffer |= (uint64_t)bits.next[0] << (56 - bits.count);
            bits.next += bits.next[0] == 0xff ? 2 : 1;
        }
        bits.count += 8;
    }
    return bits;
}

static inline uint64_t eight_bytes(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline bool has_255(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    return ((~word - ones) & word & (ones << 7)) != 0;
}

/* At least 56 bits. */
static inline void refill(struct bits *bits)
{
    if (bits->end - bits->next >= 8) {
        uint64_t word = eight_bytes(bits->next);
        if (!has_255(word)) {
            bits->buffer |= word >> bits->count;
            bits->next += (63 - bits->count) / 8;
            bits->count |= 56;
            return;
        }
    }
    *bits = refill_slowly(*bits);
}

/* Less often, where a symbol and the number after it need 31 bits at most. */
static inline void refill_below(struct bits *bits, unsigned count)
{
    if (bits->count < count) {
        refill(bits);
    }
}

static inline unsigned peek(const struct bits *bits, unsigned count)
{
    return (unsigned)(bits->buffer >> (64 - count));
}

static inline void drop(struct bits *bits, unsigned count)
{
    bits->buffer <<= count;
    bits->count -= count;
}

/* F.2.2.1, RECEIVE and EXTEND: of 0 to 15 bits. */
static inline int take_number(struct bits *bits, unsigned size)
{
    int value = (int)(bits->buffer >> 1 >> (63 - size));
    drop(bits, size);
    /* All ones for a negative one: a branch would be mistaken every other time. */
    int negative = -(int)(value < 1 << size >> 1);
    return value + (negative & (1 - (1 << size)));
}

/* Are all bytes used up, and does this marker (B.1.1.2) follow? Past it. */
static inline bool take_marker(struct bits *bits, unsigned marker)
{
    if (bits->count < bits->made || bits->count - bits->made >= 8) {
        return false;
    }
    while (bits->end - bits->next >= 2 && bits->next[0] == 0xff && bits->next[1] == 0xff) {
        bits->next++;
    }
    if (bits->end - bits->next < 2 || bits->next[0] != 0xff || bits->next[1] != marker) {
        return false;
    }
    *bits = (struct bits){.next = bits->next + 2, .end = bits->end};
    return true;
}

#endif
