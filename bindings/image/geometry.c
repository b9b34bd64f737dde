/*
 * geometry.c - the sizes and cut-outs of `inside`, `cover`, `contain`, `fill` and `outside`. Called
 * by the engine before it decodes, so that a target that can't be made costs nothing.
 */
#include "bindings/image/geometry.h"
#include "bindings/image/limits.h"

#include <inttypes.h>

struct size {
    int64_t width, height;
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* value x numerator / denominator to nearest, at least 1. Sides and targets fit 32 bits. */
static int64_t scaled(int64_t value, int64_t numerator, int64_t denominator)
{
    return most(1, (value * numerator + denominator / 2) / denominator);
}

static struct size by_width(struct size source, int64_t width)
{
    return (struct size){width, scaled(source.height, width, source.width)};
}

static struct size by_height(struct size source, int64_t height)
{
    return (struct size){scaled(source.width, height, source.height), height};
}

/* The source, scaled to touch the box from inside (or, `outside`, from outside). */
static struct size touching(struct size source, struct size box, bool outside)
{
    bool width_binds = box.width * source.height <= box.height * source.width;
    return width_binds != outside ? by_width(source, box.width) : by_height(source, box.height);
}

static bool larger(struct size a, struct size b)
{
    return a.width > b.width || a.height > b.height;
}

static struct size resized(struct size source, const struct image_target *target)
{
    struct size box = {target->width, target->height};
    if (box.width == 0 && box.height == 0) {
        return source;
    }

    struct size size;
    if (box.width == 0) {
        size = by_height(source, box.height);
    } else if (box.height == 0) {
        size = by_width(source, box.width);
    } else if (target->fit == IMAGE_FILL) {
        return target->enlarge ? box
                               : (struct size){least(box.width, source.width),
                                               least(box.height, source.height)};
    } else {
        bool outside = target->fit == IMAGE_COVER || target->fit == IMAGE_OUTSIDE;
        size = touching(source, box, outside);
    }
    return !target->enlarge && larger(size, source) ? source : size;
}

void geometry_place(enum image_gravity gravity, int64_t whole_width, int64_t whole_height,
                    int64_t part_width, int64_t part_height, bool up, int64_t *x, int64_t *y)
{
    /* In halves of the space that is left: 0 at the start, 1 in the middle, 2 at the end. */
    static const struct {
        signed char across, down;
    } place[] = {
        [IMAGE_CENTER] = {1, 1},    [IMAGE_NORTH] = {1, 0},     [IMAGE_NORTHEAST] = {2, 0},
        [IMAGE_EAST] = {2, 1},      [IMAGE_SOUTHEAST] = {2, 2}, [IMAGE_SOUTH] = {1, 2},
        [IMAGE_SOUTHWEST] = {0, 2}, [IMAGE_WEST] = {0, 1},      [IMAGE_NORTHWEST] = {0, 0},
        [IMAGE_ENTROPY] = {1, 1},   [IMAGE_ATTENTION] = {1, 1}, /* until the picture is seen */
    };
    *x = ((whole_width - part_width) * place[gravity].across + up) / 2;
    *y = ((whole_height - part_height) * place[gravity].down + up) / 2;
}

static void cut_or_pad(const struct image_target *target, struct geometry *plan)
{
    bool both = target->width != 0 && target->height != 0;
    if (both && target->fit == IMAGE_COVER) {
        plan->crop_width = least(plan->width, target->width);
        plan->crop_height = least(plan->height, target->height);
        geometry_place(target->gravity, plan->width, plan->height, plan->crop_width,
                       plan->crop_height, true, &plan->crop_x, &plan->crop_y);
    }
    plan->canvas_width = plan->crop_width;
    plan->canvas_height = plan->crop_height;
    if (both && target->fit == IMAGE_CONTAIN) {
        plan->canvas_width = target->width;
        plan->canvas_height = target->height;
        geometry_place(target->gravity, plan->canvas_width, plan->canvas_height, plan->crop_width,
                       plan->crop_height, false, &plan->offset_x, &plan->offset_y);
    }
}

static bool check_side(const char *name, int64_t value, const struct image_limits *limits,
                       struct error *err)
{
    if (value < 0) {
        return error_set(err, "usage", "target %s must be at least 1, not %" PRId64, name, value);
    }
    return limits_check("side", value, limits->side, err);
}

static bool check_size(int64_t width, int64_t height, const struct image_limits *limits,
                       struct error *err)
{
    return limits_check("side", most(width, height), limits->side, err) &&
           limits_check("pixels", width * height, limits->pixels, err);
}

bool geometry_plan(int64_t width, int64_t height, const struct image_target *target,
                   const struct image_limits *limits, struct geometry *plan, struct error *err)
{
    if (!check_side("width", target->width, limits, err) ||
        !check_side("height", target->height, limits, err)) {
        return false;
    }

    struct size size = resized((struct size){width, height}, target);
    struct geometry made = {.width = size.width,
                            .height = size.height,
                            .crop_width = size.width,
                            .crop_height = size.height};
    cut_or_pad(target, &made);
    if (!check_size(made.width, made.height, limits, err) ||
        !check_size(made.canvas_width, made.canvas_height, limits, err)) {
        return false;
    }
    *plan = made;
    return true;
}

int geometry_decode_divisor(int64_t width, int64_t height, const struct geometry *plan, int tenths)
{
    for (int divisor = 8; divisor > 1; divisor /= 2) {
        if (width * 10 >= plan->width * tenths * divisor &&
            height * 10 >= plan->height * tenths * divisor) {
            return divisor;
        }
    }
    return 1;
}
