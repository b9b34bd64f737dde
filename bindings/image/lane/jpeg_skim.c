/*
 * jpeg_skim.c - reads a sequential JPEG, and no more of it than its scale needs. Called by
 * jpeg_read.c. Sections and annexes are those of ITU-T T.81.
 */
#include "bindings/image/lane/jpeg_skim.h"
#include "bindings/image/lane/jpeg_codes.h"
#include "bindings/image/lane/jpeg_idct.h"

#include <stdlib.h>
#include <string.h>

/* Places that a coefficient can be said to be at: 63 at most, and two steps; and the one in memory
 * that those beyond a block share. */
enum { PLACES = 256, NOWHERE = BLOCK };

/* The first so many are in the first four rows and columns. */
enum { SPARSE = 10 };

struct part {
    _Alignas(16) int16_t step[BLOCK]; /* B.2.4.1, by row and column; of the mean 0, see: */
    int mean_step;
    const struct codes *means;
    const struct runs *rest;
    int across, down; /* blocks of an MCU, A.2.3 */
    int size;         /* samples of a block each way: 1, 2, 4 or 8 */
    int mean;         /* of the last block */
};

struct jpeg_skim {
    struct part part[MAX_COMPS_IN_SCAN];
    _Alignas(16) int16_t block[BLOCK + 8]; /* zeros between two */
    struct bits bits;
    int count;
    unsigned columns, rows;  /* of MCUs; those that are left */
    unsigned interval, left; /* MCUs between restarts, 0: there are none; until the next */
    unsigned restart;        /* the next marker's number, 0 to 7 */
    uint8_t place[PLACES];   /* of each coefficient, by row and column */
    struct codes means[NUM_HUFF_TBLS];
    struct runs rest[NUM_HUFF_TBLS];
};

/* ---- coefficients -------------------------------------------------------------------------- */

/* The difference to the last block's mean, F.2.2.1. */
static inline bool take_mean(struct bits *bits, const struct codes *codes, int *mean)
{
    refill(bits);
    int size = take_symbol(bits, codes);
    if (size < 0 || size > 15) {
        return false;
    }
    *mean += take_number(bits, (unsigned)size);
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

static inline bool skip_block(struct bits *bits, const struct runs *runs)
{
    for (unsigned at = 1; at < BLOCK;) {
        refill_below(bits, LONGEST + 16);
        unsigned entry = runs->skip[peek(bits, SIGHT)];
        unsigned next = at + (entry / STEP & STEPS_MASK);
        if ((entry & BITS_MASK) == 0 || next >= BLOCK) {
            if (!skip_one(bits, &runs->codes, &at)) {
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

/* Where a block's other coefficients are being taken. */
struct walk {
    uint64_t buffer; /* the bits, before the last pair was taken */
    uint64_t pair;   /* the last one; 0: it isn't in sight */
    unsigned first;  /* the place of its first coefficient */
    unsigned at;     /* of the last that was taken; BLOCK and more after the end */
};

/* One or two. False when there is something to be seen to: the end, or what isn't in sight. */
static inline bool take_pair(struct bits *bits, struct walk *walk, const struct runs *runs,
                             const uint8_t *places, int16_t *block)
{
    uint64_t pair = runs->pair[peek(bits, PAIR_SIGHT)];
    walk->pair = pair;
    if (pair == 0) {
        return false;
    }
    walk->buffer = bits->buffer;
    bits->buffer <<= pair & 63;
    bits->count -= (unsigned)pair; /* of which the last 8 bits count: see take_rest() */
    walk->first = walk->at + (unsigned)(pair >> FIRST_STEP & 255);
    walk->at += (unsigned)(pair >> OTHER_STEP);
    /* In this order: the two are one where it is alone. */
    block[places[walk->at]] = (int16_t)(pair >> OTHER_VALUE);
    block[places[walk->first]] = (int16_t)(pair >> FIRST_VALUE);
    return walk->at < BLOCK - 1;
}

/* What isn't in sight: a long code, or a large number. */
static inline bool take_one(struct bits *bits, struct walk *walk, const struct part *part,
                            const uint8_t *places, int16_t *block)
{
    refill(bits);
    int symbol = take_symbol(bits, &part->rest->codes);
    if (symbol < 0) {
        return false;
    }
    if (ends((unsigned)symbol)) {
        walk->at += LAST_STEP;
        return true;
    }
    walk->at += ((unsigned)symbol >> 4) + 1;
    if (walk->at >= BLOCK) {
        return false;
    }
    int number = take_number(bits, (unsigned)symbol & 15);
    unsigned place = places[walk->at];
    block[place] = (int16_t)number;
    return abs(number * part->step[place]) <= COEFFICIENT_MOST;
}

/* After the last pair: of a block that is full its second code was not. False where there are more
 * coefficients than a block has. */
static inline bool end_walk(struct bits *bits, struct walk *walk)
{
    if (walk->pair != 0 && walk->first == BLOCK - 1 && walk->at != BLOCK - 1) {
        bits->buffer = walk->buffer;
        bits->count += (unsigned)(walk->pair & 255);
        drop(bits, walk->pair >> FIRST_BITS & 255);
        walk->at = BLOCK - 1;
    }
    return walk->at < BLOCK || (walk->at >= LAST_STEP && walk->at < LAST_STEP + BLOCK);
}

/* All but the mean, into a block of zeros. *even: there are none. Five pairs need no more bits than
 * there are. */
static inline bool take_rest(struct bits *bits, const struct part *part, const uint8_t *places,
                             int16_t *block, unsigned *last)
{
    const struct runs *runs = part->rest;
    struct walk walk = {.at = 0};
    do {
        refill(bits);
        bool on = take_pair(bits, &walk, runs, places, block);
        on = on && take_pair(bits, &walk, runs, places, block);
        on = on && take_pair(bits, &walk, runs, places, block);
        on = on && take_pair(bits, &walk, runs, places, block);
        on = on && take_pair(bits, &walk, runs, places, block);
        bits->count &= 255;
        if (!on && walk.pair == 0 && !take_one(bits, &walk, part, places, block)) {
            return false;
        }
    } while (walk.at < BLOCK - 1);
    bool sound = end_walk(bits, &walk);
    *last = walk.at % LAST_STEP;
    return sound;
}

/* ---- rows ---------------------------------------------------------------------------------- */

static inline bool take_block(struct bits *bits, struct jpeg_skim *skim, struct part *part,
                              uint8_t *to, int64_t stride)
{
    if (!take_mean(bits, part->means, &part->mean)) {
        return false;
    }
    int mean = part->mean * part->mean_step;
    if (part->size == 1) {
        return idct_even(mean, to, stride, 1) && skip_block(bits, part->rest);
    }
    int16_t *block = skim->block;
    unsigned last;
    if (mean < -1 - MEAN_MOST || mean > MEAN_MOST ||
        !take_rest(bits, part, skim->place, block, &last)) {
        return false;
    }
    if (last == 0) { /* most blocks of colours are: the same in less time */
        return idct_even(mean, to, stride, part->size);
    }
    return part->size == 2   ? idct_two(block, part->step, mean, to, stride)
           : part->size == 4 ? idct_four(block, part->step, mean, last < SPARSE, to, stride)
                             : idct_eight(block, part->step, mean, last < SPARSE, to, stride);
}

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
                if (!take_block(bits, skim, part, row + x * part->size, stride[i])) {
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

/* Figure A.6: in which row and column, 8 * row + column, the coefficients lie that follow. */
static const uint8_t zigzag[BLOCK] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

/* A single scan of all components, by Huffman codes, at sizes that jpeg_idct.h has. One component
 * alone comes without MCUs (A.2.2), whatever its sampling says. */
static bool suits(const struct jpeg_decompress_struct *jpeg)
{
    bool plain = !jpeg->progressive_mode && !jpeg->arith_code && jpeg->data_precision == 8 &&
                 jpeg->comps_in_scan == jpeg->num_components && jpeg->unread_marker == 0 &&
                 jpeg->Ss == 0 && jpeg->Se == BLOCK - 1 && jpeg->Ah == 0 && jpeg->Al == 0;
    for (int i = 0; plain && i < jpeg->comps_in_scan; i++) {
        const jpeg_component_info *part = jpeg->cur_comp_info[i];
        plain = part == &jpeg->comp_info[i] && part->quant_table != NULL &&
                part->DCT_scaled_size <= 8 && 8 % part->DCT_scaled_size == 0 &&
                (jpeg->num_components > 1 || part->h_samp_factor * part->v_samp_factor == 1);
    }
    return plain;
}

static bool make_tables(struct jpeg_skim *skim, const struct jpeg_decompress_struct *jpeg,
                        const jpeg_component_info *from, struct part *part)
{
    int means = from->dc_tbl_no, rest = from->ac_tbl_no;
    if (means < 0 || means >= NUM_HUFF_TBLS || rest < 0 || rest >= NUM_HUFF_TBLS) {
        return false;
    }
    if (!codes_make(&skim->means[means], jpeg->dc_huff_tbl_ptrs[means]) ||
        !codes_make(&skim->rest[rest].codes, jpeg->ac_huff_tbl_ptrs[rest])) {
        return false;
    }
    if (part->size == 1) {
        runs_make_skips(&skim->rest[rest]);
    } else {
        runs_make_pairs(&skim->rest[rest]);
    }
    part->means = &skim->means[means];
    part->rest = &skim->rest[rest];
    return true;
}

/* Those of 8 bits where they matter. libjpeg reckons with signed ones of 16. */
static bool set_steps(struct part *part, const JQUANT_TBL *table)
{
    part->mean_step = table->quantval[0];
    for (int i = 1; i < BLOCK; i++) {
        if (part->size > 1 && table->quantval[i] > UINT8_MAX) {
            return false;
        }
        part->step[i] = (int16_t)table->quantval[i];
    }
    return part->mean_step <= INT16_MAX;
}

static bool begin(struct jpeg_skim *skim, const struct jpeg_decompress_struct *jpeg)
{
    skim->bits.next = jpeg->src->next_input_byte;
    skim->bits.end = skim->bits.next + jpeg->src->bytes_in_buffer;
    skim->count = jpeg->num_components;
    skim->columns = jpeg->MCUs_per_row;
    skim->rows = jpeg->total_iMCU_rows;
    skim->interval = skim->left = jpeg->restart_interval;
    memset(skim->place, NOWHERE, sizeof skim->place);
    memcpy(skim->place, zigzag, sizeof zigzag);
    for (int i = 0; i < skim->count; i++) {
        const jpeg_component_info *from = jpeg->cur_comp_info[i];
        struct part *part = &skim->part[i];
        part->across = from->h_samp_factor;
        part->down = from->v_samp_factor;
        part->size = from->DCT_scaled_size;
        if (!set_steps(part, from->quant_table) || !make_tables(skim, jpeg, from, part)) {
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
