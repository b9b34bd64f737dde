/*
 * jpeg_codes.h - the Huffman codes of a JPEG, for jpeg_skim.c. Sections and annexes are those of
 * ITU-T T.81.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_LANE_JPEG_CODES_H
#define LUNETTE_BINDINGS_IMAGE_LANE_JPEG_CODES_H

#include "bindings/image/lane/jpeg_bits.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>

/* Coefficients of a block; bits of the longest code; as many as tables are looked up by: of
 * symbols, and of pairs, where a smaller table, that stays in the fastest memory, does better. */
enum { BLOCK = 64, LONGEST = 16, SIGHT = 12, PAIR_SIGHT = 11 };

/* The codes of a table, by the bits that are in sight. */
struct codes {
    /* The first code's value, and its length above it; 0 for a longer one. */
    uint16_t symbol[1 << SIGHT];
    /* Of each length, the first number that isn't a code, and a code's place among the values. */
    int32_t beyond[LONGEST + 1], place[LONGEST + 1];
    const UINT8 *value; /* borrowed; NULL: not made yet */
};

enum { LENGTH = 1 << 8 };

/* Of what can be skipped at once: bits, STEP coefficients each, END after the last of a block. */
enum { BITS_MASK = 0xff, STEP = 1 << 8, STEPS_MASK = 63, END = 1 << 15 };

/* Of what can be taken at once, one or two coefficients: from the lowest bit, 8 bits each, all that
 * is used up (0: not even one is all in sight) and the steps to the first one; 16 each, their
 * values; 8 each, what is used up by the first, and the steps to the second, or to the first if it
 * is alone. The end of a block counts as LAST_STEP steps. */
enum { FIRST_STEP = 8, FIRST_VALUE = 16, OTHER_VALUE = 32, FIRST_BITS = 48, OTHER_STEP = 56 };
enum { LAST_STEP = 2 * BLOCK };

/* The values of a pair are of so many bits, so that their products by a baseline file's steps are
 * of 16. */
enum { PAIR_NUMBER = 7 };

/* The codes of a block's other coefficients, F.1.2.2, and tables made of them as needed. */
struct runs {
    struct codes codes;
    bool skips, pairs; /* are made */
    uint16_t skip[1 << SIGHT];
    uint64_t pair[1 << PAIR_SIGHT];
};

/* Makes each at most once. False for what is no table; NULL, too. Its values are borrowed. */
bool codes_make(struct codes *codes, const JHUFF_TBL *table);

/* After the codes; each at most once, too. */
void runs_make_skips(struct runs *runs);
void runs_make_pairs(struct runs *runs);

/* F.2.2.3, DECODE. -1 for what is no code. */
static inline int take_long(struct bits *bits, const struct codes *codes)
{
    for (int length = SIGHT + 1; length <= LONGEST; length++) {
        int32_t code = (int32_t)peek(bits, (unsigned)length);
        if (code < codes->beyond[length]) {
            drop(bits, (unsigned)length);
            return codes->value[(code + codes->place[length]) & 255];
        }
    }
    return -1;
}

/* At least 16 bits have to be there. */
static inline int take_symbol(struct bits *bits, const struct codes *codes)
{
    unsigned entry = codes->symbol[peek(bits, SIGHT)];
    if (entry == 0) {
        return take_long(bits, codes);
    }
    drop(bits, entry / LENGTH);
    return (int)(entry % LENGTH);
}

/* F.1.2.2: a symbol is a run of zeros and the size of the number after it, whose bits follow; 0
 * ends the block, and so do its like but for the run of 16. */
static inline bool ends(unsigned symbol)
{
    return (symbol & 15) == 0 && symbol >> 4 != 15;
}

#endif
