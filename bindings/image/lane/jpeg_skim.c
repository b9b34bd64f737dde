/*
 * jpeg_skim.c - reads just enough of a sequential JPEG for an eighth of its size. Called by
 * jpeg_read.c. Sections and annexes are those of ITU-T T.81.
 */
#include "bindings/image/lane/jpeg_skim.h"

#include <stdlib.h>
#include <string.h>

/* Coefficients of a block; as many bits as tables are looked up by; of the longest code. */
enum { BLOCK = 64, SIGHT = 12, LONGEST = 16 };

/* ---- bits ---------------------------------------------------------------------------------- */

/* Entropy-coded bytes, F.1.2.3: a 0 follows each 255, and a 255 with anything else ends them. */
struct bits {
    const uint8_t *next, *end;
    uint64_t buffer;    /* the next `count` bits, from the top; beyond them it may hold some more */
    unsigned count;     /* up to 63 */
    unsigned long made; /* zeros that were added at the end of the bytes: not to be used */
};

/* By value, here and where it is called, so that the bits may stay in registers meanwhile. */
static struct bits refill_slowly(struct bits bits)
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

/* F.2.2.1, RECEIVE and EXTEND: of 1 to 15 bits. */
static inline int take_number(struct bits *bits, unsigned size)
{
    int value = (int)peek(bits, size);
    drop(bits, size);
    /* All ones for a negative one: a branch would be mistaken every other time. */
    int negative = (value >> (size - 1)) - 1;
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

/* ---- codes --------------------------------------------------------------------------------- */

/* The codes of a table, by the bits that are in sight. */
struct codes {
    /* The first code's value, and its length above it; 0 for a longer one. */
    uint16_t symbol[1 << SIGHT];
    /* What can be skipped at once: how many bits, STEP coefficients each, END after the last. */
    uint16_t skip[1 << SIGHT];
    /* Of each length, the first number that isn't a code, and a code's place among the values. */
    int32_t beyond[LONGEST + 1], place[LONGEST + 1];
    const UINT8 *value; /* borrowed */
};

enum { LENGTH = 1 << 8 };
enum { BITS_MASK = 0xff, STEP = 1 << 8, STEPS_MASK = 63, END = 1 << 15 };

/* Annex C. False for what is no table. */
static bool list_codes(struct codes *codes, const JHUFF_TBL *table)
{
    int32_t code = 0, place = 0;
    codes->value = table->huffval;
    for (int length = 1; length <= LONGEST; length++, code *= 2) {
        int32_t count = table->bits[length];
        codes->place[length] = place - code;
        codes->beyond[length] = code + count;
        if (place + count > 256 || code + count > 1 << length) {
            return false;
        }
        for (int32_t i = 0; i < count && length <= SIGHT; i++) {
            int32_t each = 1 << (SIGHT - length), first = (code + i) * each;
            for (int32_t k = 0; k < each; k++) {
                codes->symbol[first + k] = (uint16_t)(length * LENGTH + table->huffval[place + i]);
            }
        }
        code += count;
        place += count;
    }
    return true;
}

/* F.1.2.2: a symbol is a run of zeros and the size of the number after it, whose bits follow; 0
 * ends the block, and so do its like but for the run of 16. */
static inline bool ends(unsigned symbol)
{
    return (symbol & 15) == 0 && symbol >> 4 != 15;
}

static unsigned skippable(const struct codes *codes, unsigned sight)
{
    unsigned used = 0, steps = 0;
    while (used < SIGHT) {
        unsigned entry = codes->symbol[(sight << used) & ((1 << SIGHT) - 1)];
        unsigned length = entry / LENGTH, symbol = entry % LENGTH;
        unsigned step = ends(symbol) ? 0 : (symbol >> 4) + 1;
        if (length == 0 || used + length > SIGHT || steps + step > STEPS_MASK) {
            break;
        }
        used += length + (symbol & 15); /* the number need not be in sight */
        steps += step;
        if (ends(symbol)) {
            return END | steps * STEP | used;
        }
    }
    return steps * STEP | used;
}

static bool make_codes(struct codes *codes, const JHUFF_TBL *table)
{
    if (table == NULL || !list_codes(codes, table)) {
        return false;
    }
    for (unsigned sight = 0; sight < 1 << SIGHT; sight++) {
        codes->skip[sight] = (uint16_t)skippable(codes, sight);
    }
    return true;
}

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

/* ---- blocks -------------------------------------------------------------------------------- */

/* The difference to the last block's mean, F.2.2.1. */
static inline bool take_mean(struct bits *bits, const struct codes *codes, int *mean)
{
    refill(bits);
    int size = take_symbol(bits, codes);
    if (size < 0 || size > 15) {
        return false;
    }
    *mean += size > 0 ? take_number(bits, (unsigned)size) : 0;
    return *mean >= INT16_MIN && *mean <= INT16_MAX;
}

/* Past one symbol and its number. *at: the next coefficient; BLOCK when there is none. */
static inline bool skip_one(struct bits *bits, const struct codes *codes, unsigned *at)
{
    int symbol = take_symbol(bits, codes);
    if (symbol < 0) {
        return false;
    }
    drop(bits, (unsigned)symbol & 15);
    *at = ends((unsigned)symbol) ? BLOCK : *at + ((unsigned)symbol >> 4) + 1;
    return *at <= BLOCK;
}

static inline bool skip_block(struct bits *bits, const struct codes *codes)
{
    for (unsigned at = 1; at < BLOCK;) {
        refill_below(bits, LONGEST + 16);
        unsigned entry = codes->skip[peek(bits, SIGHT)];
        unsigned next = at + (entry / STEP & STEPS_MASK);
        if ((entry & BITS_MASK) == 0 || next >= BLOCK) {
            if (!skip_one(bits, codes, &at)) {
                return false;
            }
            continue;
        }
        drop(bits, entry & BITS_MASK);
        if ((entry & END) != 0) {
            return true;
        }
        at = next;
    }
    return true;
}

/* ---- samples ------------------------------------------------------------------------------- */

/* Figure A.6: in which row and column, 8 * row + column, the coefficients lie that follow. */
static const uint8_t zigzag[BLOCK] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

/* libjpeg's processor-specific ways differ in what they make of numbers that no encoder writes, in
 * products of more than 16 bits, and in samples far outside of their range. */
static inline bool in_16_bits(int64_t value)
{
    return value >= INT16_MIN && value <= INT16_MAX;
}

/* A.3.1's level shift. */
static inline bool put_sample(int64_t value, uint8_t *to)
{
    int64_t sample = value + 128;
    *to = (uint8_t)(sample < 0 ? 0 : sample > 255 ? 255 : sample);
    return value >= -512 && value < 512;
}

/* libjpeg's jpeg_idct_1x1(). */
static inline bool put_one(int mean, uint8_t *to)
{
    return in_16_bits(mean) && put_sample((mean + 4) >> 3, to);
}

/* libjpeg's jpeg_idct_2x2(), in 8192ths: what a coefficient of each row counts for. That of the
 * first is for both halves of a column, the others are added to the upper and taken from the lower
 * one; and so it goes on with the rows that are left. */
static const int weight[8] = {1 << 15, 29692, 0, -10426, 0, 6967, 0, -5906};

/* sum[0]: of the first coefficient of each column, weighted; sum[1]: of the others. */
static inline bool put_four(int64_t sum[2][8], uint8_t *to, int64_t stride)
{
    int64_t both[2] = {1 << 19, 1 << 19}, differ[2] = {0, 0};
    bool fits = true;
    static const int needed[] = {0, 1, 3, 5, 7};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        int x = needed[i];
        int64_t middle = sum[0][x] + (1 << 12);
        int64_t upper = (middle + sum[1][x]) >> 13, lower = (middle - sum[1][x]) >> 13;
        fits = fits && in_16_bits(upper) && in_16_bits(lower);
        int64_t *rows = x == 0 ? both : differ;
        rows[0] += upper * weight[x];
        rows[1] += lower * weight[x];
    }
    return fits && put_sample((both[0] + differ[0]) >> 20, to) &&
           put_sample((both[0] - differ[0]) >> 20, to + 1) &&
           put_sample((both[1] + differ[1]) >> 20, to + stride) &&
           put_sample((both[1] - differ[1]) >> 20, to + stride + 1);
}

/* ---- components ---------------------------------------------------------------------------- */

struct part {
    const struct codes *means, *rest;
    int across, down;   /* blocks of an MCU, A.2.3 */
    int size;           /* samples of a block each way, 1 or 2 */
    const UINT16 *step; /* B.2.4.1, by row and column; borrowed */
    int mean;           /* of the last block */
};

/* The other coefficients, and what they are for. */
static inline bool take_four(struct bits *bits, const struct part *part, int mean, uint8_t *to,
                             int64_t stride)
{
    int64_t sum[2][8] = {{(int64_t)mean * weight[0]}};
    bool fits = in_16_bits(mean);
    unsigned at = 1;
    for (; at < BLOCK; at++) {
        refill_below(bits, LONGEST + 16);
        int symbol = take_symbol(bits, part->rest);
        if (symbol < 0) {
            return false;
        }
        if (ends((unsigned)symbol)) {
            break;
        }
        at += (unsigned)symbol >> 4;
        if (at >= BLOCK) {
            return false;
        }
        if ((symbol & 15) != 0) {
            unsigned place = zigzag[at];
            int number = take_number(bits, (unsigned)symbol & 15) * part->step[place];
            fits = fits && in_16_bits(number);
            sum[place >= 8][place % 8] += (int64_t)number * weight[place / 8];
        }
    }
    if (at == 1) { /* most blocks of colours are even: the same in less time */
        bool made = put_one(mean, to);
        to[1] = to[stride] = to[stride + 1] = to[0];
        return made;
    }
    return fits && put_four(sum, to, stride);
}

static inline bool take_block(struct bits *bits, struct part *part, uint8_t *to, int64_t stride)
{
    if (!take_mean(bits, part->means, &part->mean)) {
        return false;
    }
    if (part->size == 2) {
        return take_four(bits, part, part->mean * part->step[0], to, stride);
    }
    return put_one(part->mean * part->step[0], to) && skip_block(bits, part->rest);
}

/* ---- rows ---------------------------------------------------------------------------------- */

struct jpeg_skim {
    struct bits bits;
    struct part part[MAX_COMPS_IN_SCAN];
    int count;
    unsigned columns, rows;  /* of MCUs; those that are left */
    unsigned interval, left; /* MCUs between restarts, 0: there are none; until the next */
    unsigned restart;        /* the next marker's number, 0 to 7 */
    struct codes means[NUM_HUFF_TBLS], rest[NUM_HUFF_TBLS];
};

/* B.2.1: between intervals. */
static bool pass_restart(struct jpeg_skim *skim, struct bits *bits)
{
    if (!take_marker(bits, JPEG_RST0 + skim->restart)) {
        return false;
    }
    skim->restart = (skim->restart + 1) % 8;
    skim->left = skim->interval;
    for (int i = 0; i < skim->count; i++) {
        skim->part[i].mean = 0;
    }
    return true;
}

static inline bool take_unit(struct jpeg_skim *skim, struct bits *bits, unsigned column,
                             uint8_t *const *to, const int64_t *stride)
{
    for (int i = 0; i < skim->count; i++) {
        struct part *part = &skim->part[i];
        uint8_t *row = to[i] + (int64_t)column * part->across * part->size;
        for (int y = 0; y < part->down; y++, row += part->size * stride[i]) {
            for (int x = 0; x < part->across; x++) {
                if (!take_block(bits, part, row + x * part->size, stride[i])) {
                    return false;
                }
            }
        }
    }
    return true;
}

static bool take_row(struct jpeg_skim *skim, struct bits *bits, uint8_t *const *to,
                     const int64_t *stride)
{
    for (unsigned column = 0; column < skim->columns; column++) {
        if (skim->interval > 0) {
            if (skim->left == 0 && !pass_restart(skim, bits)) {
                return false;
            }
            skim->left--;
        }
        if (!take_unit(skim, bits, column, to, stride)) {
            return false;
        }
    }
    return bits->count >= bits->made;
}

bool jpeg_skim_rows(struct jpeg_skim *skim, uint8_t *const *to, const int64_t *stride)
{
    if (skim->rows == 0) {
        return false;
    }
    struct bits bits = skim->bits;
    bool ok = take_row(skim, &bits, to, stride) && (skim->rows > 1 || take_marker(&bits, JPEG_EOI));
    skim->bits = bits;
    skim->rows = ok ? skim->rows - 1 : 0;
    return ok;
}

/* ---- opening ------------------------------------------------------------------------------- */

/* A single scan of all components, by Huffman codes, with the samples that libjpeg makes by the two
 * ways above. One component alone comes without MCUs (A.2.2), whatever its sampling says. */
static bool suits(const struct jpeg_decompress_struct *jpeg)
{
    bool plain = !jpeg->progressive_mode && !jpeg->arith_code && jpeg->data_precision == 8 &&
                 jpeg->min_DCT_scaled_size == 1 && jpeg->comps_in_scan == jpeg->num_components &&
                 jpeg->unread_marker == 0 && jpeg->Ss == 0 && jpeg->Se == BLOCK - 1 &&
                 jpeg->Ah == 0 && jpeg->Al == 0;
    for (int i = 0; plain && i < jpeg->comps_in_scan; i++) {
        const jpeg_component_info *part = jpeg->cur_comp_info[i];
        plain = part == &jpeg->comp_info[i] && part->quant_table != NULL &&
                part->DCT_scaled_size <= 2 &&
                (jpeg->num_components > 1 || part->h_samp_factor * part->v_samp_factor == 1);
    }
    return plain;
}

static const struct codes *codes_of(struct codes *codes, JHUFF_TBL *const *tables, int number)
{
    if (number < 0 || number >= NUM_HUFF_TBLS) {
        return NULL;
    }
    bool made = codes[number].value != NULL || make_codes(&codes[number], tables[number]);
    return made ? &codes[number] : NULL;
}

/* libjpeg reckons with signed ones. */
static bool steps_fit(const JQUANT_TBL *table)
{
    for (int i = 0; i < BLOCK; i++) {
        if (table->quantval[i] > INT16_MAX) {
            return false;
        }
    }
    return true;
}

static bool begin(struct jpeg_skim *skim, const struct jpeg_decompress_struct *jpeg)
{
    skim->bits.next = jpeg->src->next_input_byte;
    skim->bits.end = skim->bits.next + jpeg->src->bytes_in_buffer;
    skim->count = jpeg->num_components;
    skim->columns = jpeg->MCUs_per_row;
    skim->rows = jpeg->total_iMCU_rows;
    skim->interval = skim->left = jpeg->restart_interval;
    for (int i = 0; i < skim->count; i++) {
        const jpeg_component_info *from = jpeg->cur_comp_info[i];
        skim->part[i] =
            (struct part){.means = codes_of(skim->means, jpeg->dc_huff_tbl_ptrs, from->dc_tbl_no),
                          .rest = codes_of(skim->rest, jpeg->ac_huff_tbl_ptrs, from->ac_tbl_no),
                          .across = from->h_samp_factor,
                          .down = from->v_samp_factor,
                          .size = from->DCT_scaled_size,
                          .step = from->quant_table->quantval};
        if (skim->part[i].means == NULL || skim->part[i].rest == NULL ||
            !steps_fit(from->quant_table)) {
            return false;
        }
    }
    return true;
}

bool jpeg_skim_open(struct jpeg_skim **skim, const struct jpeg_decompress_struct *jpeg,
                    struct error *err)
{
    *skim = NULL;
    if (!suits(jpeg)) {
        return true;
    }
    struct jpeg_skim *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set_memory(err, "reading a jpeg");
    }
    if (begin(made, jpeg)) {
        *skim = made;
    } else {
        jpeg_skim_close(made);
    }
    return true;
}

void jpeg_skim_close(struct jpeg_skim *skim)
{
    free(skim);
}
