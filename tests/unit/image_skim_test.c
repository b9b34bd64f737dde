/*
 * image_skim_test.c - a photo has the samples that libjpeg makes of it, whoever reads it.
 */
#include "tests/jpeg_planes.h"
#include "tests/unit/check.h"
#include "tests/unit/image_sample.h"

struct photo {
    int width, height, quality;
    int across[3], down[3]; /* of each component; none of the second: grey */
    unsigned interval;      /* MCUs between restarts */
    bool optimised, progressive;
    bool baseline; /* no step of more than 8 bits */
    int noise;     /* the most that is added to a sample */
};

static unsigned next(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}

static void draw_row(JSAMPLE *row, const struct photo *photo, int y, unsigned *state)
{
    for (int i = 0; i < photo->width * 3; i++) {
        int x = i / 3, ramp = (x * (3 + i % 3) / 2 + y * (5 - i % 3) / 2) & 511;
        int value = ramp > 255 ? 511 - ramp : ramp;
        value += photo->noise > 0 ? (int)next(state) % photo->noise - photo->noise / 2 : 0;
        row[i] = (JSAMPLE)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
}

static void set_up(struct jpeg_compress_struct *jpeg, const struct photo *photo)
{
    jpeg->image_width = (JDIMENSION)photo->width;
    jpeg->image_height = (JDIMENSION)photo->height;
    jpeg->input_components = 3;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_colorspace(jpeg, photo->across[1] == 0 ? JCS_GRAYSCALE : JCS_YCbCr);
    jpeg_set_quality(jpeg, photo->quality, photo->baseline);
    for (int i = 0; i < jpeg->num_components && photo->across[0] != 0; i++) {
        jpeg->comp_info[i].h_samp_factor = photo->across[i];
        jpeg->comp_info[i].v_samp_factor = photo->down[i];
    }
    jpeg->restart_interval = photo->interval;
    jpeg->optimize_coding = photo->optimised;
    if (photo->progressive) {
        jpeg_simple_progression(jpeg);
    }
}

/* That the coarsest tables are too coarse for baseline files is known. */
static void on_output(j_common_ptr jpeg)
{
    (void)jpeg;
}

static struct sample make(const struct photo *photo)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr manager;
    unsigned char *bytes = NULL;
    unsigned long length = 0;
    unsigned state = 1;
    JSAMPLE *row = malloc((size_t)photo->width * 3);
    jpeg.err = jpeg_std_error(&manager);
    manager.output_message = on_output;
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, &length);
    set_up(&jpeg, photo);
    jpeg_start_compress(&jpeg, TRUE);
    for (int y = 0; row != NULL && y < photo->height; y++) {
        draw_row(row, photo, y, &state);
        (void)jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    free(row);
    return (struct sample){bytes, length};
}

#define SAMPLED_420                                                                                \
    {2, 1, 1},                                                                                     \
    {                                                                                              \
        2, 1, 1                                                                                    \
    }
#define SAMPLED_444                                                                                \
    {1, 1, 1},                                                                                     \
    {                                                                                              \
        1, 1, 1                                                                                    \
    }

TEST(image_skim_makes_the_samples_that_libjpeg_makes)
{
    static const struct photo photos[] = {
        {640, 480, 85, SAMPLED_420},
        {641, 479, 85, SAMPLED_420, .noise = 40},
        {633, 497, 30, SAMPLED_420, .noise = 200, .optimised = true},
        {633, 497, 100, SAMPLED_420, .noise = 510},
        {633, 497, 100, SAMPLED_420, .noise = 510, .optimised = true},
        {633, 497, 1, SAMPLED_420, .noise = 510, .baseline = true},
        {639, 481, 92, SAMPLED_444, .noise = 60},
        {639, 481, 92, {2, 1, 1}, {1, 1, 1}, .noise = 60},
        {639, 481, 92, {1, 1, 1}, {2, 1, 1}, .noise = 60},
        {639, 481, 92, {4, 1, 1}, {1, 1, 1}, .noise = 60},
        {639, 481, 92, {2, 2, 1}, {2, 1, 1}, .noise = 60},
        {639, 481, 92, {2, 1, 2}, {2, 1, 1}, .noise = 60},
        {639, 481, 92, {1, 2, 2}, {1, 2, 2}, .noise = 60},
        {640, 480, 85, .noise = 60},
        {5, 3, 85, SAMPLED_420, .noise = 60},
        {640, 480, 85, SAMPLED_420, .interval = 1, .noise = 60},
        {641, 481, 85, SAMPLED_420, .interval = 7, .noise = 60},
        {640, 480, 85, SAMPLED_420, .interval = 40, .noise = 60, .optimised = true},
        {640, 480, 85, .interval = 1000, .noise = 60},
    };
    for (size_t i = 0; i < sizeof photos / sizeof photos[0]; i++) {
        struct sample sample = make(&photos[i]);
        for (unsigned divisor = 8; divisor >= 1; divisor /= 2) {
            check_case("photo %zu at 1/%u", i, divisor);
            CHECK_INTEGER(skim_compare(sample.bytes, sample.length, divisor), SKIM_ALIKE);
        }
        sample_release(&sample);
    }
}

TEST(image_skim_leaves_rare_files_to_libjpeg)
{
    static const struct photo photos[] = {
        {640, 480, 85, SAMPLED_420, .progressive = true},
        {640, 480, 85, {2}, {2}},
        {633, 497, 1, SAMPLED_420, .noise = 510},
    };
    for (size_t i = 0; i < sizeof photos / sizeof photos[0]; i++) {
        struct sample sample = make(&photos[i]);
        for (unsigned divisor = 8; divisor >= 1; divisor /= 2) {
            check_case("photo %zu at 1/%u", i, divisor);
            CHECK_INTEGER(skim_compare(sample.bytes, sample.length, divisor), SKIM_LEFT);
        }
        sample_release(&sample);
    }
}

TEST(image_skim_leaves_damaged_files_to_libjpeg)
{
    static const struct photo plain = {640, 480, 85, SAMPLED_420, .noise = 60};
    struct sample sample = make(&plain);
    for (size_t length = 0; length < sample.length; length += length < 700 ? 1 : 997) {
        check_case("cut at %zu", length);
        CHECK_INTEGER(skim_compare(sample.bytes, length, 8), SKIM_LEFT);
        CHECK_INTEGER(skim_compare(sample.bytes, length, 2), SKIM_LEFT);
    }
    unsigned state = 1;
    for (int i = 0; i < 500; i++) {
        size_t at = 700 + (next(&state) << 8 | next(&state) % 256) % (sample.length - 700);
        unsigned char was = sample.bytes[at];
        sample.bytes[at] = (unsigned char)next(&state);
        check_case("byte %zu is %d", at, sample.bytes[at]);
        CHECK(skim_compare(sample.bytes, sample.length, 8) != SKIM_DIFFERS);
        CHECK(skim_compare(sample.bytes, sample.length, 2) != SKIM_DIFFERS);
        sample.bytes[at] = was;
    }
    sample_release(&sample);
}

/* ---- coefficients that no photo has ---------------------------------------------------------- */

/* With up to `count` coefficients that are up to `most`. */
static void fill_block(JCOEF *block, int count, int most, unsigned *state)
{
    memset(block, 0, DCTSIZE2 * sizeof *block);
    for (int i = (int)next(state) % (count + 1); i > 0; i--) {
        block[next(state) % DCTSIZE2] = (JCOEF)((int)next(state) % (2 * most + 1) - most);
    }
    block[0] = (JCOEF)((int)next(state) % 201 - 100);
}

/* One MCU, of 16 x 16 pixels. */
static struct sample make_wild(unsigned *state)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr manager;
    unsigned char *bytes = NULL;
    unsigned long length = 0;
    jvirt_barray_ptr blocks[3];
    static const struct photo plain = {16, 16, .across = {2, 1, 1}, .down = {2, 1, 1}};
    static const int limits[] = {1, 4, 30, 127, 400, 1023};
    int count = (int)(next(state) % 20), most = limits[next(state) % 6];
    struct photo photo = plain;
    photo.quality = 1 + (int)(next(state) % 100);
    photo.baseline = true;
    photo.optimised = next(state) % 2 == 0;
    jpeg.err = jpeg_std_error(&manager);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, &length);
    set_up(&jpeg, &photo);
    for (int i = 0; i < 3; i++) {
        JDIMENSION side = (JDIMENSION)photo.across[i];
        blocks[i] =
            jpeg.mem->request_virt_barray((j_common_ptr)&jpeg, JPOOL_IMAGE, TRUE, side, side, side);
    }
    jpeg_write_coefficients(&jpeg, blocks);
    for (int i = 0; i < 6; i++) {
        int part = i < 4 ? 0 : i - 3, x = i < 4 ? i % 2 : 0;
        JDIMENSION y = i < 4 ? (JDIMENSION)i / 2 : 0;
        JBLOCKARRAY rows =
            jpeg.mem->access_virt_barray((j_common_ptr)&jpeg, blocks[part], y, 1, TRUE);
        fill_block(rows[0][x], count, most, state);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return (struct sample){bytes, length};
}

/* As libjpeg's, or left to it: not all of its ways are the same there. */
TEST(image_skim_knows_its_limits)
{
    unsigned state = 1;
    int outcomes[3] = {0};
    for (int i = 0; i < 3000; i++) {
        struct sample sample = make_wild(&state);
        for (unsigned divisor = 8; divisor >= 1; divisor /= 2) {
            enum skim_outcome outcome = skim_compare(sample.bytes, sample.length, divisor);
            check_case("file %d at 1/%u", i, divisor);
            CHECK(outcome != SKIM_DIFFERS);
            outcomes[outcome]++;
        }
        sample_release(&sample);
    }
    CHECK(outcomes[SKIM_LEFT] > 1000 && outcomes[SKIM_ALIKE] > 1000);
}

/* ---- from one to the other ------------------------------------------------------------------- */

/* The last 255 of the data with another before it: libjpeg takes no notice, the skim does. */
static struct sample with_two_255(const struct sample *sample)
{
    struct sample made = {malloc(sample->length + 1), sample->length + 1};
    size_t at = sample->length - 3;
    while (at > 0 && (sample->bytes[at] != 0xff || sample->bytes[at + 1] != 0)) {
        at--;
    }
    if (CHECK(made.bytes != NULL && at > sample->length / 2)) {
        memcpy(made.bytes, sample->bytes, at);
        made.bytes[at] = 0xff;
        memcpy(made.bytes + at + 1, sample->bytes + at, sample->length - at);
    }
    return made;
}

/* From rows that were skimmed on with rows of libjpeg's. */
TEST(image_skim_is_taken_over_from_in_the_middle)
{
    static const struct photo plain = {1600, 1200, 85, SAMPLED_420, .noise = 60};
    struct sample sample = make(&plain), odd = with_two_255(&sample);
    struct image_target target = sample_target(100, 0, IMAGE_JPEG);
    struct image_output skimmed, taken;
    struct error err = {.message = ""};
    CHECK_INTEGER(skim_compare(sample.bytes, sample.length, 8), SKIM_ALIKE);
    CHECK_INTEGER(skim_compare(odd.bytes, odd.length, 8), SKIM_LEFT);
    if (CHECK(sample_render(sample.bytes, sample.length, NULL, 0, &target, &skimmed, &err))) {
        if (CHECK(sample_render(odd.bytes, odd.length, NULL, 0, &target, &taken, &err))) {
            CHECK(taken.length == skimmed.length &&
                  memcmp(taken.bytes, skimmed.bytes, taken.length) == 0);
            image_output_release(&taken);
        }
        image_output_release(&skimmed);
    }
    sample_release(&odd);
    sample_release(&sample);
}
