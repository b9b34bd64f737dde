/*
 * jpeg_codes.c - tables of Huffman codes, and of what several codes in a row come to. Called by
 * jpeg_skim.c when it opens a file.
 */
#include "bindings/image/lane/jpeg_codes.h"

/* Annex C. */
bool codes_make(struct codes *codes, const JHUFF_TBL *table)
{
    if (table == NULL || codes->value != NULL) {
        return table != NULL;
    }
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

/* One coefficient, or the end of the block; length 0: not all of it is in sight. */
struct step {
    unsigned length, steps;
    int value;
};

/* Of `sight` the first `count` bits are known. */
static struct step step_of(const struct codes *codes, unsigned sight, unsigned count)
{
    unsigned entry = codes->symbol[sight << (SIGHT - PAIR_SIGHT)];
    unsigned symbol = entry % LENGTH, size = symbol & 15, length = entry / LENGTH + size;
    if (entry == 0 || length > count || size > PAIR_NUMBER) {
        return (struct step){.length = 0};
    }
    if (ends(symbol)) {
        return (struct step){length, LAST_STEP, 0};
    }
    struct bits number = {.buffer = (uint64_t)sight << (64 - PAIR_SIGHT) << entry / LENGTH};
    return (struct step){length, (symbol >> 4) + 1, take_number(&number, size)};
}

static uint64_t pair_of(const struct codes *codes, unsigned sight)
{
    struct step first = step_of(codes, sight, PAIR_SIGHT), other = {.length = 0};
    if (first.length > 0 && first.steps != LAST_STEP) {
        unsigned rest = (sight << first.length) & ((1 << PAIR_SIGHT) - 1);
        other = step_of(codes, rest, PAIR_SIGHT - first.length);
    }
    return (first.length + other.length) | (uint64_t)first.steps << FIRST_STEP |
           (uint64_t)(uint16_t)first.value << FIRST_VALUE |
           (uint64_t)(uint16_t)other.value << OTHER_VALUE | (uint64_t)first.length << FIRST_BITS |
           (uint64_t)(first.steps + other.steps) << OTHER_STEP;
}

void runs_make_skips(struct runs *runs)
{
    for (unsigned sight = 0; !runs->skips && sight < 1 << SIGHT; sight++) {
        runs->skip[sight] = (uint16_t)skippable(&runs->codes, sight);
    }
    runs->skips = true;
}

void runs_make_pairs(struct runs *runs)
{
    for (unsigned sight = 0; !runs->pairs && sight < 1 << PAIR_SIGHT; sight++) {
        runs->pair[sight] = pair_of(&runs->codes, sight);
    }
    runs->pairs = true;
}
