/*
 * engine.h - the image engine: bytes in, variants out. It knows neither Lua nor the loop.
 *
 * Bytes are hostile: the format is sniffed from the content and never from a name, only the
 * formats below exist, limits are checked on the header before a pixel is decoded, and the decoder
 * is forced. No delegate, no vector or script format, no network, no child process, no temporary
 * file, ever.
 *
 * Errors: `bad_image` (not an allowed format, damaged, truncated), `unsupported` (a known format
 * that this build can't do, or a kind of it), `limit` (which limit, what was asked, how to raise
 * it), `usage` (a target that makes no sense), `memory`, and whatever control->stopped sets.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_ENGINE_H
#define LUNETTE_BINDINGS_IMAGE_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "host/error.h"
#include "host/worker.h"

enum image_format {
    IMAGE_UNKNOWN,
    IMAGE_JPEG,
    IMAGE_PNG,
    IMAGE_WEBP,
    IMAGE_GIF,
    IMAGE_TIFF,
    IMAGE_BMP,
    IMAGE_HEIC, /* read only, where the library has it */
    IMAGE_AVIF, /* read only, where the library has it */
    IMAGE_FORMATS
};

/* "jpeg", "image/jpeg", "jpg". Static strings; "unknown", "application/octet-stream", "bin". */
const char *image_format_name(enum image_format format);
const char *image_format_content_type(enum image_format format);
const char *image_format_extension(enum image_format format);
enum image_format image_format_from_name(const char *name); /* jpeg or jpg, ...; else UNKNOWN */
bool image_format_readable(enum image_format format);       /* in this build */
bool image_format_writable(enum image_format format);

/* A script may lower these, only the environment may raise them (LUNETTE_MAX_PIXELS, ...). */
struct image_limits {
    int64_t pixels;         /* width x height, summed over frames; default 50 million */
    int64_t side;           /* default 16,384 */
    int64_t frames;         /* default 256 */
    int64_t metadata_bytes; /* EXIF, XMP, ICC, IPTC together; default 1 MiB */
    int64_t bytes;          /* of the file; default 50 MB */
    bool allow_damaged;     /* of a damaged file what there is, instead of `bad_image` */
};
void image_limits_default(struct image_limits *limits);
/* The defaults as raised by LUNETTE_MAX_PIXELS, _SIDE, _FRAMES, _METADATA_BYTES, _BYTES. */
MUST_CHECK bool image_limits_from_environment(struct image_limits *limits, struct error *err);

/* A part of the file's bytes; length 0: there is none. */
struct image_span {
    size_t offset, length;
};

/* What the header says. `width` and `height` are as stored; the `oriented_` pair as displayed. */
struct image_info {
    enum image_format format;
    int64_t width, height;
    int64_t oriented_width, oriented_height;
    int orientation; /* EXIF 1 to 8; 1 when there is none */
    int64_t frames;  /* 1 for a still */
    bool animated;
    bool alpha;            /* has an alpha channel or a transparent colour */
    bool lossless;         /* of a still WebP's pixels */
    int depth;             /* bits a channel */
    int channels;          /* 1 grey, 3 colour, 4 CMYK; alpha not counted */
    bool progressive;      /* JPEG: progressive; PNG, GIF: interlaced */
    int64_t profile_bytes; /* of the ICC profile, 0 for none */
    int64_t metadata_bytes;
    struct image_span exif;    /* the block: a TIFF header and what it points to */
    struct image_span xmp;     /* WebP only */
    struct image_span profile; /* of the ICC profile as much as lies together, PNG: its chunk */
    bool allow_damaged; /* as the limits said: a fast lane leaves what it can't read to decode.h */
};

/* Reads the header only. Fails for what is no image of ours and for what is over a limit. */
MUST_CHECK bool image_probe(const void *bytes, size_t length, const struct image_limits *limits,
                            struct image_info *info, struct error *err);

enum image_fit { IMAGE_INSIDE, IMAGE_COVER, IMAGE_CONTAIN, IMAGE_FILL, IMAGE_OUTSIDE };
enum image_gravity {
    IMAGE_CENTER,
    IMAGE_NORTH,
    IMAGE_NORTHEAST,
    IMAGE_EAST,
    IMAGE_SOUTHEAST,
    IMAGE_SOUTH,
    IMAGE_SOUTHWEST,
    IMAGE_WEST,
    IMAGE_NORTHWEST,
    IMAGE_ENTROPY,  /* cover: the part with the most information; else the center */
    IMAGE_ATTENTION /* cover: the part that eyes turn to; else the center */
};

enum image_filter {
    IMAGE_LANCZOS,  /* three lobes: the sharpest, for photos */
    IMAGE_MITCHELL, /* softer, without halos */
    IMAGE_CATROM,   /* Catmull and Rom's cubic: between the two */
    IMAGE_TRIANGLE, /* bilinear */
    IMAGE_BOX,      /* the mean of what a pixel covers */
    IMAGE_NEAREST,  /* one pixel of the source each: for pixel art */
};

/* How many pixels share a colour in a JPEG. */
enum image_chroma {
    IMAGE_CHROMA_AUTO, /* 4:2:0 below quality 90, 4:4:4 from there on */
    IMAGE_CHROMA_420,  /* four: half the width and height */
    IMAGE_CHROMA_444,  /* none: every pixel has its own */
};

/* What happens before the resize, or to a target after it, in the order given. */
struct image_overlay; /* overlay.h */
struct image_text;    /* annotate.h */
enum image_step_kind {
    IMAGE_CROP,   /* x, y, width, height, in displayed pixels */
    IMAGE_ROTATE, /* angle: 90, 180, 270 clockwise */
    IMAGE_FLIP,   /* top to bottom */
    IMAGE_FLOP,   /* left to right */
    IMAGE_GRAYSCALE,
    IMAGE_BLUR,     /* sigma */
    IMAGE_SHARPEN,  /* sigma */
    IMAGE_PIXELATE, /* width = height = size of a block */
    IMAGE_SEPIA,
    IMAGE_TINT,      /* colour */
    IMAGE_BORDER,    /* width = height, colour */
    IMAGE_ROUND,     /* width = radius of the corners */
    IMAGE_COMPOSITE, /* overlay; x, y inwards from where its gravity puts it */
    IMAGE_MASK,      /* overlay: how bright it is says how much is seen */
    IMAGE_ANNOTATE,  /* text; x, y as of an overlay */
};
struct image_step {
    enum image_step_kind kind;
    int64_t x, y, width, height;
    double sigma;
    int angle;
    uint8_t colour[3];                   /* sRGB */
    const struct image_overlay *overlay; /* borrowed as long as the step is used */
    const struct image_text *text;       /* likewise */
};

/* The displayed size that *width and *height become; fails with `usage` for a step that can't be
 * done to a picture of that size (a crop that leaves it, an angle that is no quarter turn, ...). */
MUST_CHECK bool image_steps_size(const struct image_step *steps, size_t count, int64_t *width,
                                 int64_t *height, struct error *err);

#define IMAGE_DEFAULT_QUALITY     80 /* JPEG and WebP */
#define IMAGE_DEFAULT_MIN_QUALITY 30
#define IMAGE_DEFAULT_EFFORT      (-1) /* what each format gets for it was measured */

struct image_target {
    int64_t width, height; /* 0: not given; both 0: the size stays */
    enum image_fit fit;
    enum image_gravity gravity; /* cover and contain */
    enum image_filter filter;   /* of the resize */
    bool enlarge;               /* false: never larger than the source */
    enum image_format format;   /* UNKNOWN: the source's, if it is writable, else JPEG (PNG when
                                    the source has alpha) */
    int quality;                /* 1 to 100; 0: the format's default */
    int64_t max_bytes;          /* the best quality whose file is no larger; 0: any size */
    int min_quality;            /* for max_bytes: 1 to 100; 0: IMAGE_DEFAULT_MIN_QUALITY */
    bool progressive;
    enum image_chroma chroma; /* JPEG */
    int effort;               /* WebP, PNG: 0 (fast) to 6 (small); IMAGE_DEFAULT_EFFORT */
    bool lossless;            /* WebP */
    bool near_lossless;       /* WebP: lossless but for the lowest bits; `quality` says of which */
    bool smart_subsample;     /* WebP: slower, sharper edges of colours */
    int alpha_quality;        /* lossy WebP: 0 to 100 */
    bool keep_metadata;       /* false: strip all but copyright */
    uint8_t background[3];    /* sRGB, for flattening and `contain`; default white */
    bool transparent_background;    /* `contain` into a format that has alpha */
    bool animated;                  /* keep the frames (GIF to GIF); false: the first one */
    const struct image_step *after; /* done to the picture in the target's size; borrowed */
    size_t after_count;
};
/* Inside, center, Lanczos, white, the default effort, alpha of full quality, zeros. */
void image_target_default(struct image_target *target);

struct image_output {
    void *bytes; /* owned by the caller, free() */
    size_t length;
    int64_t width, height, frames;
    enum image_format format;
    int quality; /* that it has; 0: the format knows none */
};
void image_output_release(struct image_output *output);

/* How its caller takes part in a render. All may be NULL, and all but `stopped` are asked from
 * any thread that works on it. */
struct image_control {
    bool (*stopped)(void *context, struct error *err); /* asked often; true: give up, *err is set */
    void *context;

    /* Takes a part of the work to another thread, which begins with it now, or returns false. */
    bool (*hand_over)(void *context, struct worker_item *part);
    int hands; /* how many parts are worked on at once, at most; 0 and 1: one after the other */

    /* A picture is ready, before others are: takes over its bytes. */
    void (*ready)(void *context, size_t index, const struct image_output *output);
};

/*
 * Decodes once, orients, converts to sRGB, applies the steps, and makes each target; a picture is
 * encoded while the next ones are made, if there is another hand. outputs[i] belongs to targets[i];
 * nothing is written to it when there is control->ready. On failure no output is left but for what
 * `ready` has got. Thread-safe; returns when no other thread works on it any more. `info` is
 * image_probe()'s of the same bytes.
 */
MUST_CHECK bool image_render(const void *bytes, size_t length, const struct image_info *info,
                             const struct image_limits *limits, const struct image_step *steps,
                             size_t step_count, const struct image_target *targets,
                             size_t target_count, struct image_output *outputs,
                             const struct image_control *control, struct error *err);

/* How image_render() would go about it. */
struct image_plan {
    int divisor;           /* a JPEG is decoded at 1/divisor: 1, 2, 4 or 8 */
    int64_t width, height; /* of the decoded picture, as stored */
    int64_t memory_bytes;  /* the most that is held at once: what is taken of the budget */
};
enum { IMAGE_PLAN_DECODED = -1 };
struct image_plan_target {
    int64_t width, height;
    enum image_format format;
    size_t turn; /* made as the how manieth, from 0 */
    int source;  /* the target that it is made of, or IMAGE_PLAN_DECODED */
};

/* For as many hands. Fails as image_render() does before it decodes; made[i] belongs to
 * targets[i]. */
MUST_CHECK bool image_plan(const struct image_info *info, const struct image_limits *limits,
                           const struct image_step *steps, size_t step_count,
                           const struct image_target *targets, size_t target_count, int hands,
                           struct image_plan *plan, struct image_plan_target *made,
                           struct error *err);

/* Once per process, before the first render, from one thread; cheap when called again. `memory` is
 * the most the library may use for pixels, in bytes. */
MUST_CHECK bool image_engine_start(int64_t memory, struct error *err);

const char *image_engine_versions(void); /* for --version; from one thread */

#endif
